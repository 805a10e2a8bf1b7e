"""``status``: how a run is doing, from its files alone, while it runs and after."""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataset.paths import DatasetPaths
from dataset.progress import Progress, read_progress
from pipeline.arguments import Parser
from pipeline.console import say
from pipeline.exits import ALL_MADE, BadInputError
from pipeline.lock import is_held

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """What is known of a run.

    Attributes:
        name: Of the dataset.
        running: Whether a run is at work, as far as this machine can know.
        asked: Tiles asked for.
        made: Tiles made, by this and earlier runs.
        failed: Tiles that failed in this run, by kind.
        left: Tiles that this run has still to make.
        seconds: Since the run began, or that it took.
        finished: Whether the dataset is whole.
        progress: Of the workers.
    """

    name: str
    running: bool
    asked: int
    made: int
    failed: dict[str, int]
    left: int
    seconds: float
    finished: bool
    progress: Progress

    @property
    def rate(self) -> float:
        """Tiles a second since the run began."""
        tally = self.progress.tally
        return (tally.made + tally.failed.total()) / max(self.seconds, 1e-9)

    def to_json(self) -> dict[str, Any]:
        """Returns JSON-ready values."""
        return {
            "name": self.name,
            "state": self.word,
            "asked": self.asked,
            "made": self.made,
            "failed": self.failed,
            "left": self.left,
            "seconds": round(self.seconds, 1),
            "tiles_per_second": round(self.rate, 3),
            "requests_in_flight": self.progress.in_flight,
            "requests_allowed": self.progress.limit,
            "throttled_seconds": round(self.progress.throttled_seconds, 1),
            "restricted_mode": self.progress.restricted,
        }

    @property
    def word(self) -> str:
        """``running``, ``finished`` or ``interrupted``."""
        if self.running:
            return "running"
        return "finished" if self.finished else "interrupted"


def main(arguments: Sequence[str]) -> int:
    """Prints the state of a run.

    Raises:
        BadInputError: There is no run there.
    """
    parser = Parser(
        prog="python -m pipeline status",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("run", metavar="RUN", help="directory of the dataset")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args(list(arguments))
    state = state_of(Path(args.run))
    say(json.dumps(state.to_json()) if args.json else words(state))
    return ALL_MADE


def paths_of(directory: Path) -> DatasetPaths:
    """Returns the paths of an existing run.

    Raises:
        BadInputError: There is none.
    """
    try:
        directory = directory.resolve()
        paths = DatasetPaths(directory.parent, directory.name)
        if paths.recipe.is_file():
            return paths
    except (ValueError, OSError) as error:
        _logger.debug("%s", error)
    raise BadInputError(
        f"{directory}: no run of earthloom's; name the directory that holds "
        "'state', such as datasets/data_sample_v001"
    )


def state_of(directory: Path) -> State:
    """Finds out how a run is doing.

    Raises:
        BadInputError: There is no run there.
    """
    paths = paths_of(directory)
    try:
        return _state(paths)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise BadInputError(
            f"{directory}: {paths.command.name} or {paths.run.name} is not as it was "
            f"written ({error!r}); the command that made the run writes them again"
        ) from error


def _state(paths: DatasetPaths) -> State:
    running = is_held(paths.lock)
    progress = read_progress(paths.progress)
    command, record = _read(paths.command), _read(paths.run)
    begun = float(command.get("begun", 0.0))
    if not running and record.get("begun_s", -1.0) == begun:
        counts = record["counts"]
        return State(
            name=paths.name,
            running=False,
            asked=counts["asked"],
            made=counts["made"],
            failed=counts["failed_by_reason"],
            left=0,
            seconds=record["seconds"],
            finished=True,
            progress=progress,
        )
    tally = progress.tally
    until = time.time() if running else (progress.time or begun)
    return State(
        name=paths.name,
        running=running,
        asked=int(command.get("asked", 0)),
        made=int(command.get("made_before", 0)) + tally.made,
        failed=dict(tally.failed),
        left=max(0, command.get("to_make", 0) - tally.made - tally.failed.total()),
        seconds=max(0.0, until - begun) if begun else 0.0,
        finished=False,
        progress=progress,
    )


def words(state: State) -> str:
    """Words a state for the user."""
    failed = sum(state.failed.values())
    lines = [
        f"{state.name}: {state.word}",
        f"tiles     {state.asked} asked, {state.made} made, {failed} failed, "
        f"{state.left} left",
    ]
    lines += [f"          {n:>6} {kind}" for kind, n in sorted(state.failed.items())]
    if state.running:
        ahead = state.left / state.rate if state.rate else 0.0
        soon = f", about {ahead / 60:.0f} min left" if state.rate else ""
        lines.append(f"speed     {state.rate:.2f} tiles a second{soon}")
        now = state.progress
        lines.append(
            f"engine    {now.in_flight} requests in flight of {now.limit} allowed, "
            f"{now.throttled_seconds:.0f} thread-seconds throttled"
            + ("; the project is in restricted mode" if now.restricted else "")
        )
    elif not state.finished:
        lines.append("          the same command goes on from there")
    return "\n".join(lines)


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}

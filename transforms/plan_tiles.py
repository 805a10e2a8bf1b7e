"""PlanTiles: tiles to plans, many tiles a request."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.utils.windowed_value import WindowedValue

from dataset.plan_log import Choices, PlanLog, read_plans
from dataset.row import Failure
from earthengine.errors import FATAL, EngineError, FatalEngineError
from earthengine.request import Usage
from earthengine.session import Session
from modalities.grid import grid_of
from modalities.plan import Choice, NoDataError, Plan, Site
from modalities.planning import Round, choose, question
from modalities.tile import Tile
from transforms.inflight import InFlight
from transforms.job import Job
from transforms.windows import in_global_window

_logger = logging.getLogger(__name__)

_ONE_TILES_FAULT = frozenset(
    ("bad_request", "too_large", "not_found", "deadline", "corrupt")
)
"""Kinds that a single tile may bring on its whole batch; an outage is not one."""

AHEAD = 8
"""Planning requests in flight or waiting to be used: enough that fetching never
starves while a batch is being planned."""


@dataclass(frozen=True)
class Planned:
    """A tile after planning: it has a plan, or a failure.

    Attributes:
        site: The tile and its grid.
        choices: Made so far, by modality.
        failure: Why there is no plan; None if there is one.
        usage: Of the planning requests; the first tile of a batch carries all.
    """

    site: Site
    choices: Mapping[str, Choice] = field(default_factory=dict)
    failure: Failure | None = None
    usage: Usage = field(default_factory=Usage)

    @property
    def plan(self) -> Plan:
        """The plan of a tile without failure."""
        return Plan(self.site, self.choices)


@dataclass
class PlanTiles(beam.PTransform):
    """Plans tiles in batches: ``PCollection[Tile]`` to ``PCollection[Planned]``.

    Attributes:
        job: What to plan, and with which engine.
        plans: Directory where plans are kept, and where those of earlier runs are;
            empty to keep none.
    """

    job: Job
    plans: str = ""

    def expand(self, tiles: Any) -> Any:
        """Plans."""
        return tiles | "PlanBatches" >> beam.ParDo(_PlanBatches(self.job, self.plans))


class _PlanBatches(beam.DoFn):
    """Keeps several batches in flight, so that planning runs ahead of fetching."""

    def __init__(self, job: Job, plans: str = "") -> None:
        self._job = job
        self._plans = plans
        self._log: PlanLog | None = None
        self._known: dict[str, Choices] = {}
        self._batch: list[Tile] = []
        self._calls: InFlight[list[Tile], list[Planned]] | None = None

    def setup(self) -> None:
        """Connects, once a process, and reads the plans that there are."""
        job = self._job
        session = job.session()
        if self._plans:
            self._log = PlanLog(Path(self._plans))
            self._known = read_plans(Path(self._plans))
        threads = max(1, min(AHEAD, job.share.concurrent // 4))
        self._calls = InFlight(
            lambda tiles: plan_batch(tiles, job, session), threads, AHEAD, eager=False
        )

    def start_bundle(self) -> None:
        """Begins with an empty batch: a failed bundle may have left one."""
        self._batch = []

    def process(self, tile: Tile) -> Iterator[Planned]:
        """Fills a batch, and yields what has been planned."""
        if (choices := self._known.get(tile.tile_id)) is not None:
            grid = grid_of(tile.lon, tile.lat, self._job.context.recipe.image_size)
            yield Planned(Site(tile, grid), choices)
            return
        self._batch.append(tile)
        if len(self._batch) >= self._job.plan_batch:
            yield from self._submit()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Plans what is left."""
        assert self._calls is not None
        if self._batch:
            yield from map(in_global_window, self._submit())
        for batch in self._calls.drain():
            yield from map(in_global_window, self._kept(batch))

    def teardown(self) -> None:
        """Ends the threads."""
        if self._calls is not None:
            self._calls.close()

    def _submit(self) -> Iterator[Planned]:
        assert self._calls is not None
        batch, self._batch = self._batch, []
        for planned in self._calls.submit(batch):
            yield from self._kept(planned)

    def _kept(self, batch: list[Planned]) -> list[Planned]:
        """Keeps plans before anything is made of them."""
        if self._log is not None:
            self._log.add(
                (p.site.tile.tile_id, p.choices) for p in batch if p.failure is None
            )
        return batch


def plan_batch(tiles: Sequence[Tile], job: Job, session: Session) -> list[Planned]:
    """Plans tiles together, round by round.

    Returns:
        One for each tile, in order.

    Raises:
        FatalEngineError: The engine refuses us altogether.
    """
    size = job.context.recipe.image_size
    usage = Usage()
    planned = [Planned(Site(t, grid_of(t.lon, t.lat, size))) for t in tiles]
    for members in job.rounds:
        alive = [i for i, p in enumerate(planned) if p.failure is None]
        for i, after in zip(
            alive,
            _plan_round(members, [planned[i] for i in alive], job, session, usage),
            strict=True,
        ):
            planned[i] = after
    first = planned[0]
    planned[0] = Planned(first.site, first.choices, first.failure, usage)
    return planned


def _plan_round(
    members: Round,
    tiles: Sequence[Planned],
    job: Job,
    session: Session,
    usage: Usage,
) -> list[Planned]:
    """Plans one round; a batch that fails is halved until the culprit is alone."""
    if not tiles:
        return []
    sites = [p.site for p in tiles]
    expression = question(members, sites, [p.choices for p in tiles], job.context)
    try:
        facts: list[Mapping[str, Any]] = [{}] * len(tiles)
        if expression is not None:
            facts = session.compute(
                expression, usage, lambda answer: _read_facts(answer, len(tiles))
            )
    except EngineError as error:
        if error.kind in FATAL:
            raise FatalEngineError(str(error)) from error
        if len(tiles) == 1 or error.kind not in _ONE_TILES_FAULT:
            names = ", ".join(m.name for m in members)
            message = f"planning {names}: {error}"
            failure = Failure(error.kind, message, "plan", _sources(members))
            return [Planned(p.site, p.choices, failure) for p in tiles]
        half = len(tiles) // 2
        return [
            *_plan_round(members, tiles[:half], job, session, usage),
            *_plan_round(members, tiles[half:], job, session, usage),
        ]
    return [_decide(members, p, f, job) for p, f in zip(tiles, facts, strict=True)]


def _decide(
    members: Round, tile: Planned, facts: Mapping[str, Any], job: Job
) -> Planned:
    try:
        new = choose(members, tile.site, facts, tile.choices, job.context)
    except NoDataError as error:
        failure = Failure("no_data", str(error), "plan", _sources(members))
        return Planned(tile.site, tile.choices, failure)
    except (LookupError, TypeError, ValueError) as error:
        # Facts are of the engine's making: one tile's nonsense ends no run.
        names = ", ".join(m.name for m in members)
        message = f"planning {names}: facts that can't be read: {error!r}"
        _logger.exception("tile %s: %s", tile.site.tile.tile_id, message)
        failure = Failure("corrupt", message, "plan", _sources(members))
        return Planned(tile.site, tile.choices, failure)
    return Planned(tile.site, {**tile.choices, **new})


def _sources(members: Round) -> tuple[str, ...]:
    """Names the assets that a round asks for, each once."""
    return tuple(dict.fromkeys(source for m in members for source in m.sources))


def _read_facts(answer: Any, count: int) -> list[Mapping[str, Any]]:
    """Holds a planning answer to its shape: a list with a dictionary a tile."""
    if (
        not isinstance(answer, list)
        or len(answer) != count
        or not all(isinstance(item, dict) for item in answer)
    ):
        raise EngineError(
            "corrupt", f"a planning answer that is no list of {count} dictionaries"
        )
    return answer

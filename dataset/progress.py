"""What the workers of a run say of themselves while it goes on.

A worker rewrites one small file every few seconds; whoever wants to know how a run is
doing adds the files up. Nothing depends on them.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dataset import files
from dataset.row import Row

EVERY_S = 2.0
"""Seconds between two writings of a file."""
PATTERN = "worker-*.json"


@dataclass
class Tally:
    """Tiles that passed by.

    Attributes:
        made: Tiles that were made.
        failed: Tiles that failed, by kind.
        requests: Sent for them.
        bytes: Of the answers.
    """

    made: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    bytes: int = 0

    def count(self, row: Row) -> None:
        """Counts a tile."""
        if row["status"] == "made":
            self.made += 1
        else:
            self.failed[row["failure"]["kind"]] += 1
        for usage in row["usage"].values():
            self.requests += usage["requests"]
            self.bytes += usage["bytes"]

    def failure_rate(self) -> float:
        """Returns the share of tiles that failed, of those that had something there.

        Tiles without data are no sign of anything going wrong.
        """
        wrong = self.failed.total() - self.failed["no_data"]
        return wrong / max(1, self.made + wrong)

    def to_json(self) -> dict[str, Any]:
        """Returns JSON-ready values."""
        return {
            "made": self.made,
            "failed": dict(self.failed),
            "requests": self.requests,
            "bytes": self.bytes,
        }


class ProgressFile:
    """One worker's file. One thread at a time."""

    def __init__(
        self, directory: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = directory / f"worker-{os.getpid()}-{secrets.token_hex(4)}.json"
        self._clock = clock
        self._next = 0.0

    def write(
        self, tally: Tally, gate: Mapping[str, Any], *, now: bool = False
    ) -> None:
        """Writes the file, if it is time or must be.

        Args:
            tally: Of the worker.
            gate: State of its gate, JSON-ready.
            now: Write even if it is not time.
        """
        if not now and self._clock() < self._next:
            return
        self._next = self._clock() + EVERY_S
        value = {"time": time.time(), **tally.to_json(), "gate": dict(gate)}
        # A full disk is found out where it matters.
        with contextlib.suppress(OSError):
            files.replace_quickly(self._path, files.to_json(value))


@dataclass(frozen=True)
class Progress:
    """All workers of a run together.

    Attributes:
        tally: Tiles of this run.
        in_flight: Requests in flight.
        limit: Requests that may be.
        throttled_seconds: Thread-seconds waited because of refusals.
        restricted: Whether the project is in restricted mode.
        time: When a worker wrote last, seconds since 1970; 0 if none did.
    """

    tally: Tally
    in_flight: int = 0
    limit: int = 0
    throttled_seconds: float = 0.0
    restricted: bool = False
    time: float = 0.0


def read_progress(directory: Path) -> Progress:
    """Adds up what the workers wrote; files that cannot be read are passed over."""
    tally = Tally()
    in_flight = limit = 0
    throttled = last = 0.0
    restricted = False
    for path in files.list_files(directory, PATTERN):
        try:
            worker = json.loads(path.read_text("utf-8"))
            gate = worker["gate"]
            tally.made += worker["made"]
            tally.failed.update(worker["failed"])
            tally.requests += worker["requests"]
            tally.bytes += worker["bytes"]
            in_flight += gate["in_flight"]
            limit += gate["limit"]
            throttled += gate["throttled_seconds"]
            restricted |= gate["restricted"]
            last = max(last, worker["time"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return Progress(tally, in_flight, limit, throttled, restricted, last)

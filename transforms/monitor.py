"""Watches the tiles of a worker go by: progress, metrics, and the emergency brake."""

from __future__ import annotations

from pathlib import Path

from dataset.progress import ProgressFile, Tally
from dataset.row import Row
from earthengine.gate import Gate
from transforms.gate_metrics import GateMetrics

FEWEST = 50
"""Tiles of a worker before its failure rate means anything."""


class FailureRateError(Exception):
    """So many tiles fail that the run would be worth nothing."""


class Monitor:
    """Watches one worker. Call it from the bundle's own thread.

    A stack is watched after it was handed on, so that it is in a shard before a run
    is stopped because of it.
    """

    def __init__(self, gate: Gate, progress: str, max_failure_rate: float) -> None:
        """Begins to watch.

        Args:
            gate: The process's gate.
            progress: Directory for the progress file; empty for none.
            max_failure_rate: Share of failed tiles that stops the run.
        """
        self._gate = gate
        self._file = ProgressFile(Path(progress)) if progress else None
        self._most = max_failure_rate
        self._tally = Tally()
        self._metrics = GateMetrics()

    def watch(self, row: Row) -> None:
        """Counts a tile.

        Raises:
            FailureRateError: Too many have failed.
        """
        self._tally.count(row)
        self.report()
        seen = self._tally.made + self._tally.failed.total()
        rate = self._tally.failure_rate()
        if seen >= FEWEST and rate > self._most:
            self.report(now=True)
            kinds = ", ".join(f"{n} {k}" for k, n in self._tally.failed.most_common())
            raise FailureRateError(
                f"{rate:.0%} of {seen} tiles failed ({kinds}), more than "
                f"--max_failure_rate {self._most:g}"
            )

    def report(self, *, now: bool = False) -> None:
        """Tells Beam and the progress file, if it is time or must be."""
        self._metrics.report(self._gate, now=now)
        if self._file is not None:
            self._file.write(self._tally, self._gate.state().to_json(), now=now)

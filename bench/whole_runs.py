"""Whole runs of the pipeline in processes of their own, measured from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine_process import ROOT, canned_engine
from tiles_of import write_tiles

NAME = "data_bench"

_UNLIMITED = 1e6  # requests a second: the gate's rate is not what is measured


class RunFailedError(Exception):
    """A run of the pipeline did not make all its tiles."""


@dataclass(frozen=True)
class WholeRun:
    """What a run cost.

    Attributes:
        tiles: Made, which is all that were asked for.
        wall_seconds: From start to end of the process.
        cpu_seconds: User and system time of the process, start-up included.
        peak_mb: Largest resident set of the process.
        engine: What the engine counted, from its own start-up on.
        engine_cpu_ms: CPU time of the engine a request.
        record: The run's own ``run.json``.
    """

    tiles: int
    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    engine: dict[str, Any]
    engine_cpu_ms: float
    record: dict[str, Any]


def whole_run(
    tiles: int, output: Path, *, latency: float = 0.0, concurrent: int = 40
) -> WholeRun:
    """Runs ``python -m pipeline`` against a canned engine of its own.

    Args:
        tiles: How many.
        output: Directory for the dataset, which stays there.
        latency: Of the engine, seconds. Without any, the client's limit of requests
            a second is lifted too.
        concurrent: Requests that the client may have in flight.

    Raises:
        RunFailedError: Any tile failed, or the run did.
    """
    output.mkdir(parents=True, exist_ok=True)
    places = output / "tiles.geojson"
    write_tiles(places, tiles)
    with canned_engine(latency) as engine, tempfile.TemporaryFile() as log:
        command = [
            *(sys.executable, "-m", "pipeline", "--runner=DirectRunner"),
            *("--tiles", str(places), "--output", str(output), "--name", NAME),
            *("--engine_url", engine.url),
            *("--max_concurrent_requests", str(concurrent)),
        ]
        if not latency:
            command += ["--max_requests_per_second", f"{_UNLIMITED:.0f}"]
        before = engine.stats()
        begun = time.monotonic()
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        # Not Popen.wait: only wait4 tells of this one process alone.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - begun
        counted = engine.stats()
        if process.returncode:
            log.seek(0)
            text = log.read().decode("utf-8", "replace")
            raise RunFailedError(f"exit code {process.returncode}:\n{text[-3000:]}")
    record = json.loads((output / NAME / "run.json").read_text("utf-8"))
    cpu = counted["cpu_seconds"] - before["cpu_seconds"]
    return WholeRun(
        tiles=tiles,
        wall_seconds=wall,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss * _MAXRSS_UNIT / 1e6,
        engine=counted,
        engine_cpu_ms=1000.0 * cpu / counted["requests"]["total"],
        record=record,
    )


# Kibibytes on Linux, bytes on macOS (getrusage(2)).
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024

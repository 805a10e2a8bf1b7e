"""What the emulator itself costs: CPU a tile, requests a second, memory.

``python bench/own_engine.py TILES COUNT`` is one run in one process, as the pipeline
makes it: tiles planned in batches, then each fetched once. It prints JSON.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from engine_process import HERE, ROOT

import emulator
from earthengine.engine import Budget, Engine
from earthengine.request import Patience, Usage
from emulator.service import Response, Service
from modalities import registry
from modalities.recipe import Context, Recipe
from modalities.stack import stack_image, wire_dtype
from transforms.job import Job
from transforms.plan_tiles import plan_batch
from transforms.tile_source import read_tiles

_TRIVIAL = {
    "expression": {"result": "0", "values": {"0": {"constantValue": 1}}},
}
_CLIENTS = 8


@dataclass
class Costs:
    """What a run cost in the engine, of the process's CPU time.

    Attributes:
        tiles: Made.
        bands: A tile, in the mean.
        plan_ms: Planning a tile: its share of the batches.
        pixels_ms: Its pixels.
        trivial_ms: A request that computes the constant 1.
        baseline_ms: Arithmetic on 25 bands of a tile (:func:`_arithmetic`).
        rss_mb: Resident set after each tenth of the tiles.
        requests: The last that were asked: path and body.
    """

    tiles: int = 0
    bands: float = 0.0
    plan_ms: float = 0.0
    pixels_ms: float = 0.0
    trivial_ms: float = 0.0
    baseline_ms: float = 0.0
    rss_mb: list[float] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)


class _Meter:
    """Stands before an engine and adds up what requests cost."""

    def __init__(self, service: Service) -> None:
        self._handle = service.handle
        self.seconds: dict[str, float] = {}
        self.requests: deque[tuple[str, str]] = deque(maxlen=100)

    def handle(
        self,
        method: str,
        uri: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> Response:
        begun = time.process_time()
        response = self._handle(method, uri, headers, body)
        spent = time.process_time() - begun
        kind = uri.partition("?")[0].rpartition("/")[2]
        self.seconds[kind] = self.seconds.get(kind, 0.0) + spent
        if body:
            text = body.decode() if isinstance(body, bytes) else body
            self.requests.append((re.sub(r"^https?://[^/]+", "", uri), text))
        return response


def _arithmetic() -> float:
    """Returns the CPU milliseconds of fixed work on 25 bands of 128 by 128 pixels."""
    bands = np.linspace(0.0, 1.0, 25 * 128 * 128, dtype=np.float32)
    begun = time.process_time()
    for _ in range(20):
        bands = np.sqrt(bands * bands + np.float32(0.5)) - np.float32(0.2)
    return 1000.0 * (time.process_time() - begun)


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _run(path: Path, count: int) -> Costs:
    costs = Costs()
    service = emulator.default_engine()
    meter = _Meter(service)
    # The client asks this very object.
    setattr(service, "handle", meter.handle)  # noqa: B010
    address = "https://engine/v1/projects/emulator/value:compute"
    meter.handle("POST", address, {}, json.dumps(_TRIVIAL))
    costs.trivial_ms = _trivial(meter, address)
    job = Job(
        engine=Engine("emulator"),
        budget=Budget(concurrent=1, per_second=1e6),
        patience=Patience(attempts=1),
        context=Context(Recipe(_modalities())),
        recipe_hash="bench",
    )
    session = job.session()
    tiles = list(read_tiles(path, need_biome=True, need_eco_region=True))[:count]
    # As in the pipeline: what is there now stays.
    gc.collect()
    gc.freeze()
    meter.seconds.clear()
    meter.requests.clear()
    baselines, bands, begun = [], 0, 0
    for start in range(0, len(tiles), job.plan_batch):
        baselines.append(_arithmetic())
        for planned in plan_batch(tiles[start : start + job.plan_batch], job, session):
            begun += 1
            if planned.failure is None:
                dtype = wire_dtype(planned.plan, job.stored)
                image = stack_image(planned.plan, job.stored, job.context)
                grid = planned.plan.site.grid.to_request()
                session.pixels(image, grid, dtype, Usage())
                costs.tiles += 1
                bands += len(dtype.names or ())
            if begun * 10 // len(tiles) > len(costs.rss_mb):
                costs.rss_mb.append(_rss_mb())
    costs.bands = bands / costs.tiles
    costs.plan_ms = 1000.0 * meter.seconds["value:compute"] / len(tiles)
    costs.pixels_ms = 1000.0 * meter.seconds["image:computePixels"] / costs.tiles
    costs.baseline_ms = float(np.median(baselines))
    costs.requests = list(meter.requests)
    return costs


def _modalities() -> tuple[str, ...]:
    """Returns all that ask something of the engine for each tile."""
    read_off_the_tile = {"biome", "eco_region"}
    return tuple(name for name in registry.names() if name not in read_off_the_tile)


def _trivial(meter: _Meter, address: str) -> float:
    begun = time.process_time()
    for _ in range(100):
        meter.handle("POST", address, {}, json.dumps(_TRIVIAL))
    return 10.0 * (time.process_time() - begun)


def own_costs(tiles: Path, count: int) -> Costs:
    """Returns what tiles cost the emulator, in a fresh process.

    Args:
        tiles: A GeoJSON file.
        count: How many of its tiles.
    """
    command = [sys.executable, str(HERE / "own_engine.py"), str(tiles), str(count)]
    done = subprocess.run(
        command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return Costs(**json.loads(done.stdout))


_START = """
import json, time, emulator
engine = emulator.default_engine()
one = {"result": "0", "values": {"0": {"constantValue": 1}}}
body = json.dumps({"expression": one})
address = "https://engine/v1/projects/emulator/value:compute"
assert engine.handle("POST", address, {}, body).status == 200
print(time.process_time())
"""


def start_seconds() -> float:
    """Returns the CPU seconds until a new process has answered its first request."""
    done = subprocess.run(
        [sys.executable, "-c", _START],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return float(done.stdout)


@contextlib.contextmanager
def _serving(workers: int) -> Iterator[str]:
    command = [sys.executable, "-m", "emulator", "--port", "0"]
    command += ["--workers", str(workers)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
        if found is None:
            raise RuntimeError("the emulator did not start")
        try:
            yield found[0]
        finally:
            process.terminate()


def served_per_second(requests: Sequence[tuple[str, str]], workers: int) -> float:
    """Returns requests a second by HTTP, eight clients asking at once.

    Args:
        requests: Path and body of each; nobody has asked for them before.
        workers: Worker processes of the emulator.
    """
    with _serving(workers) as url:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def ask(request: tuple[str, str]) -> None:
            path, body = request
            message = urllib.request.Request(
                url + path, body.encode(), {"Content-Type": "application/json"}
            )
            with opener.open(message, timeout=300.0) as answer:
                answer.read()

        ask(("/v1/projects/emulator/value:compute", json.dumps(_TRIVIAL)))
        begun = time.monotonic()
        with ThreadPoolExecutor(_CLIENTS) as pool:
            list(pool.map(ask, requests))
        return len(requests) / (time.monotonic() - begun)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_run(Path(sys.argv[1]), int(sys.argv[2])))))

"""Measures what a run costs on this machine, and prints it.

``python bench/bench.py`` measures everything, ``--only requests encoding`` some,
``--quick`` with fewer tiles. What each figure means stands in ``bench/README.md``;
all of them go to ``bench/results.json`` too.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import machine
from assembling import assembling
from encoding import encodings
from engine_process import HERE, ROOT, canned_engine
from own_engine import own_costs, served_per_second, start_seconds
from stages import StageTimes, stage_times
from tiles_of import write_tiles
from whole_runs import NAME, WholeRun, whole_run

from dataset.paths import DatasetPaths

CONCURRENT = 40


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        name: What it is.
        value: The figure.
        unit: Its unit.
        aim: What it should be, in words; empty if it explains another.
        met: Whether it is; None if there is no aim.
        baseline: What was measured beside it in the same run; empty if the figure
            stands for itself.
    """

    name: str
    value: float
    unit: str
    aim: str = ""
    met: bool | None = None
    baseline: str = ""


@dataclass(frozen=True)
class Sizes:
    """Tiles of each measurement."""

    small: int = 200
    middle: int = 500
    large: int = 2000
    slots: int = 640
    stages: int = 200
    encoding: int = 40
    engine: int = 88
    remembered: int = 1000


QUICK = Sizes(
    small=50,
    middle=100,
    large=300,
    slots=240,
    stages=50,
    encoding=16,
    engine=25,
    remembered=100,
)


class Bench:
    """Measures, each run only once however many figures come of it.

    Args:
        sizes: Tiles of each measurement.
        directory: For datasets.
    """

    def __init__(self, sizes: Sizes, directory: Path) -> None:
        self.sizes = sizes
        self._directory = directory

    @cached_property
    def small(self) -> WholeRun:
        """A short run without latency."""
        return self._run(self.sizes.small)

    @cached_property
    def middle(self) -> WholeRun:
        """A run of middle length without latency, whose dataset stays."""
        return self._run(self.sizes.middle)

    @cached_property
    def large(self) -> WholeRun:
        """A long run without latency."""
        return self._run(self.sizes.large)

    @cached_property
    def stages(self) -> StageTimes:
        """The client's work in one thread."""
        with canned_engine() as engine:
            return stage_times(engine, self.sizes.stages, self.sizes.encoding)

    def requests(self) -> list[Figure]:
        """Requests a tile, as the engine counts them."""
        counts = self.middle.engine["requests"]
        tiles = self.middle.tiles
        per_tile = counts["total"] / tiles
        kinds = [
            Figure(f"  of these: {kind}", counts[kind], "")
            for kind in counts
            if kind != "total"
        ]
        name = f"requests a tile, over {tiles} tiles"
        return [Figure(name, per_tile, "", "<= 1.1", per_tile <= 1.1), *kinds]

    def cpu(self) -> list[Figure]:
        """CPU time of the client a tile."""
        few, many = self.small, self.large
        more = many.tiles - few.tiles
        ms = 1000.0 * (many.cpu_seconds - few.cpu_seconds) / more
        start = few.cpu_seconds - ms / 1000.0 * few.tiles
        name = f"client CPU a tile, {few.tiles} to {many.tiles} tiles"
        rate = more / (many.wall_seconds - few.wall_seconds)
        figures = [
            Figure(name, ms, "ms", "<= 25 ms", ms <= 25.0),
            Figure("  start-up and end of a run", start, "s"),
            Figure("  tiles a second without latency", rate, "/s"),
            Figure("  engine's own CPU a request", many.engine_cpu_ms, "ms"),
        ]
        stages = self.stages.cpu_ms
        figures += [
            Figure(f"  in one thread: {stage}", spent, "ms")
            for stage, spent in stages.items()
        ]
        whole = sum(stages.values())
        return [*figures, Figure("  in one thread: all stages", whole, "ms")]

    def slots(self) -> list[Figure]:
        """Share of the slots that is busy while tiles are fetched."""
        run = self._run(self.sizes.slots, latency=1.0)
        engine = run.engine
        window, peak = engine["window_seconds"], engine["peak"]
        share = 100.0 * engine["window_slot_seconds"] / (CONCURRENT * window)
        name = f"slots busy at 1 s latency, {run.tiles} tiles, {CONCURRENT} slots"
        return [
            Figure(name, share, "%", ">= 90 %", share >= 90.0),
            Figure(
                "  most requests at once",
                peak,
                "",
                f"<= {CONCURRENT}",
                peak <= CONCURRENT,
            ),
            Figure("  from first to last fetch request", window, "s"),
            Figure("  whole run, start-up included", run.wall_seconds, "s"),
        ]

    def encoding(self) -> list[Figure]:
        """Our encoder against h5py's."""
        arrays, specs = self.stages.arrays, self.stages.job.specs
        ways = encodings(arrays, specs)
        ours = ways["ours"]
        figures = [
            Figure("encoding a tile: ours", ours.ms, "ms CPU"),
            Figure("  bytes", ours.bytes / 1e3, "kB"),
        ]
        for name in ("h5py gzip-4", "h5py gzip-4 + shuffle"):
            theirs = ways[name]
            # The aim is held against h5py's gzip-4 as it comes, without shuffle.
            aimed = name == "h5py gzip-4"
            faster, size = theirs.ms / ours.ms, ours.bytes / theirs.bytes
            figures += [
                Figure(f"encoding a tile: {name}", theirs.ms, "ms CPU"),
                Figure("  bytes", theirs.bytes / 1e3, "kB"),
                Figure(
                    "  ours is faster by",
                    faster,
                    "x",
                    ">= 4 x" if aimed else "",
                    faster >= 4.0 if aimed else None,
                    name,
                ),
                Figure(
                    "  our bytes to theirs",
                    size,
                    "x",
                    "<= 1 x" if aimed else "",
                    size <= 1.0 if aimed else None,
                    name,
                ),
            ]
        return figures

    def assembly(self) -> list[Figure]:
        """Assembly against a plain copy."""
        tiles = self.middle.tiles
        result = assembling(DatasetPaths(self._output(tiles, 0.0), NAME))
        copy = "copy of the file, fsync"
        return [
            Figure(
                f"assembly, {result.tiles} tiles, decoded bytes",
                result.logical_mb / result.seconds,
                "MB/s",
            ),
            Figure("  bytes on the disk", result.stored_mb / result.seconds, "MB/s"),
            Figure(f"  {copy}", result.stored_mb / result.copy_seconds, "MB/s"),
            Figure(
                "  time of a copy to time of the assembly",
                result.copy_seconds / result.seconds,
                "x",
                baseline=copy,
            ),
        ]

    def memory(self) -> list[Figure]:
        """Peak memory of a short, a long and a twice as long run.

        The short run fills neither the window of requests nor a shard; what it costs
        for each further tile shows between the two long ones.
        """
        few, many = self.small, self.large
        most = self._run(2 * many.tiles)
        a_tile = 1000.0 * (most.peak_mb - many.peak_mb) / (most.tiles - many.tiles)
        return [
            *(
                Figure(f"peak memory, {run.tiles} tiles", run.peak_mb, "MB")
                for run in (few, many, most)
            ),
            Figure(
                f"  growth a tile beyond {many.tiles}",
                a_tile,
                "kB",
                "<= 20 kB",
                a_tile <= 20.0,
            ),
        ]

    def engine(self) -> list[Figure]:
        """What the emulator itself costs, each tile planned and fetched once."""
        costs = own_costs(ROOT / "tiles.geojson", self.sizes.engine)
        plan, pixels, work = costs.plan_ms, costs.pixels_ms, "arithmetic, 25 bands"
        places = self._directory / "engine.geojson"
        write_tiles(places, self.sizes.remembered)
        many = own_costs(places, self.sizes.remembered)
        grown = many.rss_mb[-1] - many.rss_mb[len(many.rss_mb) // 2 - 1]
        asked = costs.requests[-self.sizes.engine // 2 :]
        return [
            Figure(
                f"CPU for a tile's {costs.bands:.1f} bands, {costs.tiles} tiles",
                pixels,
                "ms",
                "<= 60 ms",
                pixels <= 60.0,
            ),
            Figure("  in arithmetic", pixels / costs.baseline_ms, "x", baseline=work),
            Figure("CPU for its share of a plan", plan, "ms", "<= 15 ms", plan <= 15.0),
            Figure("  in arithmetic", plan / costs.baseline_ms, "x", baseline=work),
            Figure(f"  {work}", costs.baseline_ms, "ms"),
            Figure("  CPU of a trivial request", costs.trivial_ms, "ms"),
            Figure("  CPU to start and answer one", start_seconds(), "s"),
            Figure(
                "  tiles a CPU second in the process", 1000.0 / (pixels + plan), "/s"
            ),
            *(
                Figure(
                    f"  requests a second by HTTP, {workers} workers",
                    served_per_second(asked, workers),
                    "/s",
                )
                for workers in (0, 1, 2)
            ),
            Figure(f"resident set after {many.tiles} tiles", many.rss_mb[-1], "MB"),
            Figure(
                "  growth over their second half",
                grown,
                "MB",
                "<= 25 MB",
                grown <= 25.0,
            ),
        ]

    def _run(self, tiles: int, latency: float = 0.0) -> WholeRun:
        output = self._output(tiles, latency)
        return whole_run(tiles, output, latency=latency, concurrent=CONCURRENT)

    def _output(self, tiles: int, latency: float) -> Path:
        return self._directory / f"{tiles}-{latency:g}"


MEASUREMENTS: dict[str, Callable[[Bench], list[Figure]]] = {
    "requests": Bench.requests,
    "cpu": Bench.cpu,
    "slots": Bench.slots,
    "encoding": Bench.encoding,
    "assembly": Bench.assembly,
    "memory": Bench.memory,
    "engine": Bench.engine,
}


def main() -> int:
    """Measures what was asked for; returns 1 if an aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="fewer tiles")
    args = parser.parse_args()
    names = args.only or list(MEASUREMENTS)
    host = machine.describe()
    _print_machine(host)
    results: dict[str, Any] = {
        "machine": host,
        "begun": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "quick": args.quick,
        "figures": {},
    }
    missed, begun = 0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="earthloom-bench-") as directory:
        bench = Bench(QUICK if args.quick else Sizes(), Path(directory))
        for name in names:
            figures = MEASUREMENTS[name](bench)
            results["figures"][name] = [vars(figure) for figure in figures]
            print(f"\n{name}")
            for figure in figures:
                print(_line(figure))
                missed += figure.met is False
    results["seconds"] = round(time.monotonic() - begun, 1)
    path = HERE / "results.json"
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"\nWritten to {path}.")
    return 1 if missed else 0


def _line(figure: Figure) -> str:
    verdict = {None: "", True: "met", False: "MISSED"}[figure.met]
    aim = f"aim {figure.aim}" if figure.aim else ""
    ratio = f"ratio to: {figure.baseline}" if figure.baseline else ""
    notes = "  ".join(note for note in (aim, verdict, ratio) if note)
    value = f"{figure.value:,.2f}".rstrip("0").rstrip(".")
    return f"  {figure.name:<56}{value:>10} {figure.unit:<7} {notes}".rstrip()


def _print_machine(host: dict[str, Any]) -> None:
    packages = ", ".join(f"{name} {found}" for name, found in host["packages"].items())
    print(
        f"{host['cpu']}, {host['cores']} cores, {host['memory_gib']} GiB, "
        f"load {host['load_average_before']} before; {host['system']}\n"
        f"Python {host['python']}, HDF5 {host['hdf5']}, {packages}"
    )


if __name__ == "__main__":
    sys.exit(main())

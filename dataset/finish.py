"""From shards to the dataset: every file that users get, in tile order."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataset import files
from dataset.assembly import assemble
from dataset.index import write_index
from dataset.paths import DatasetPaths
from dataset.requests_table import RequestsTable
from dataset.row import Row, level_of
from dataset.shard import read_rows
from dataset.splits import make_splits
from dataset.tile_info import tile_info
from modalities.grid import RESOLUTION
from modalities.spec import Spec

_SHARDS_KEPT = 3
"""Parsed shards held at once. Tiles of a shard lie close together in the input, so
few are needed; each costs a few MB."""


@dataclass(frozen=True)
class SplitRule:
    """How tiles are split.

    Attributes:
        fractions: Of train, val and test; they sum to 1.
        block_km: Side of the spatial blocks that stay together.
        seed: Of the draw.
    """

    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1)
    block_km: float = 50.0
    seed: int = 42


def finish_dataset(
    paths: DatasetPaths,
    refs: Iterable[tuple[int, str, int, int]],
    statistics: Mapping[str, Any],
    specs: Sequence[Spec],
    size: int,
    split_rule: SplitRule,
    attributes: Mapping[str, Any],
) -> dict[str, Any]:
    """Writes all files of the dataset.

    Each file appears whole; the HDF5 file comes last, so that where it is, all is.

    Args:
        paths: Where they go.
        refs: (rank, shard, row number, position) of the row that counts of each
            tile, in any order.
        statistics: Content of ``band_stats.json``.
        specs: Modalities.
        size: Pixels a side.
        split_rule: How tiles are split.
        attributes: Of the HDF5 file.

    Returns:
        JSON-ready counts: tiles asked, made, failed by reason, missing modalities,
        requests, bytes, seconds of assembly.

    Raises:
        ShardError: A shard is not what it was.
    """
    begun = time.monotonic()
    ordered = sorted(refs, key=lambda ref: (ref[3], ref))
    tally = _Tally()
    write_index(paths.index, tally.watch(_rows(ordered)))
    tally.costs.write(paths.requests)
    made = [ref for ref in ordered if ref[0] == 0]
    _write_failures(paths.failures, ordered)
    files.write_text(paths.tile_info, _tile_info_text(made))
    splits = make_splits(
        tally.lon,
        tally.lat,
        tally.tile_ids,
        fractions=split_rule.fractions,
        seed=split_rule.seed,
        block_km=split_rule.block_km,
        tile_m=size * RESOLUTION,
        grids=(tally.epsg, tally.west, tally.north),
    )
    files.write_json(paths.splits, splits, indent=None)
    files.write_json(paths.band_stats, statistics)
    report = assemble(
        (
            (Path(shard), slot)
            for (_, shard, _, _), slot in zip(made, tally.slots, strict=True)
        ),
        len(made),
        specs,
        size,
        paths.h5,
        metadata=zip(tally.tile_ids, tally.levels, strict=True),
        attributes=attributes,
    )
    return {
        **tally.to_json(),
        "splits": {name: len(rows) for name, rows in splits.items()},
        "dataset_bytes": report.bytes,
        "assembly_seconds": round(report.seconds, 3),
        "finish_seconds": round(time.monotonic() - begun, 3),
    }


class _Tally:
    """Counts rows as they pass, and keeps the little that later files need."""

    def __init__(self) -> None:
        self.tile_ids: list[str] = []
        self.levels: list[str] = []
        self.slots: list[int] = []
        self.lon: list[float] = []
        self.lat: list[float] = []
        self.epsg: list[int] = []
        self.west: list[int] = []
        self.north: list[int] = []
        self.costs = RequestsTable()
        self._failed: Counter[str] = Counter()
        self._missing: Counter[str] = Counter()
        self._requests: Counter[str] = Counter()
        self._bytes = 0

    def watch(self, rows: Iterable[Row]) -> Iterator[tuple[Row, int | None]]:
        """Passes rows on, with their number in the HDF5 file."""
        for row in rows:
            self.costs.add(row)
            for stage, usage in row["usage"].items():
                self._requests[stage] += usage["requests"]
                self._bytes += usage["bytes"]
            if row["status"] != "made":
                self._failed[row["failure"]["kind"]] += 1
                yield row, None
                continue
            self._missing.update(row["missing"].keys())
            self.tile_ids.append(row["tile"]["tile_id"])
            self.lon.append(row["tile"]["lon"])
            self.lat.append(row["tile"]["lat"])
            self.epsg.append(row["grid"]["epsg"])
            self.west.append(row["grid"]["west"])
            self.north.append(row["grid"]["north"])
            self.levels.append(level_of(row))
            self.slots.append(row["slot"])
            yield row, len(self.slots) - 1

    def to_json(self) -> dict[str, Any]:
        """Returns the counts."""
        made, failed = len(self.slots), sum(self._failed.values())
        return {
            "asked": made + failed,
            "made": made,
            "failed": failed,
            "failed_by_reason": dict(sorted(self._failed.items())),
            "missing_modalities": dict(sorted(self._missing.items())),
            "levels": dict(sorted(Counter(self.levels).items())),
            "requests": dict(sorted(self._requests.items())),
            "response_bytes": self._bytes,
        }


def _rows(refs: Iterable[tuple[int, str, int, int]]) -> Iterator[Row]:
    """Reads rows in the order of their references."""
    kept: OrderedDict[str, list[Row]] = OrderedDict()
    for _, shard, number, _ in refs:
        if shard in kept:
            kept.move_to_end(shard)
        else:
            kept[shard] = [_without_statistics(row) for row in read_rows(Path(shard))]
            if len(kept) > _SHARDS_KEPT:
                kept.popitem(last=False)
        yield kept[shard][number]


def _without_statistics(row: Row) -> Row:
    """Drops what takes most room, and has been merged already."""
    row.pop("statistics", None)
    return row


def _write_failures(final: Path, refs: Sequence[tuple[int, str, int, int]]) -> None:
    """Writes one line a failed tile."""
    failed = (ref for ref in refs if ref[0] != 0)
    files.write_text(final, (_failure_line(row) for row in _rows(failed)))


def _failure_line(row: Row) -> str:
    usage = row["usage"]["fetch"]
    line = {
        "tile_id": row["tile"]["tile_id"],
        **row["failure"],
        "attempts": usage["requests"],
        "seconds": usage["seconds"],
        "last_status": usage["last_status"],
        "lon": row["tile"]["lon"],
        "lat": row["tile"]["lat"],
    }
    return files.to_json(line) + "\n"


def _tile_info_text(made: Sequence[tuple[int, str, int, int]]) -> Iterator[str]:
    """Yields ``tile_info.json`` a tile at a time: whole, it would fill the memory."""
    yield "{"
    for number, row in enumerate(_rows(made)):
        comma = ",\n" if number else "\n"
        tile_id = files.to_json(row["tile"]["tile_id"])
        yield f"{comma}{tile_id}: {files.to_json(tile_info(row))}"
    yield "\n}\n"

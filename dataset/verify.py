"""Reads a whole dataset back and says exactly what is wrong with it.

Everything is held against something written apart from it: pixels against the
checksums of the index, statistics against the pixels, rows against the index, splits
against the places of the tiles.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deflate
import h5py
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from dataset.assembly import METADATA
from dataset.index import SCHEMA
from dataset.partials import partial
from dataset.paths import DatasetPaths
from dataset.splits import NAMES, overlapping
from dataset.statistics import LEVELS, BandAccumulator
from modalities.grid import RESOLUTION

MOST = 100
"""Problems of one kind that are listed; more are only counted."""

_READ_ERRORS = (OSError, RuntimeError, ValueError, KeyError)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        file: Name of the file.
        what: In words, with the tile and the modality if it is theirs.
    """

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


@dataclass(frozen=True)
class _Made:
    """The index, of the tiles that were made, in order of their rows."""

    tile_ids: Sequence[str]
    levels: Sequence[str]
    missing: Sequence[Sequence[str]]
    crc32: Sequence[int]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    grids: npt.NDArray[np.int64]
    size: int


def verify(paths: DatasetPaths) -> Iterator[Problem]:
    """Yields what is wrong with a dataset; nothing if all is well.

    Args:
        paths: Of the dataset.
    """
    wanted = (
        *(paths.h5, paths.band_stats, paths.splits, paths.tile_info),
        *(paths.index, paths.failures, paths.run),
    )
    absent = [path for path in wanted if not path.is_file()]
    yield from (Problem(path.name, "is not there") for path in absent)
    if absent:
        return
    try:
        table = pq.read_table(paths.index)
    except _READ_ERRORS as error:
        yield Problem(paths.index.name, f"can't be read: {error}")
        return
    if table.schema.names != SCHEMA.names:
        yield Problem(paths.index.name, f"has the columns {table.schema.names}")
        return
    yield from _check_index(paths, table.to_pydict())
    made = _made(table.to_pydict())
    yield from _check_tile_info(paths, made)
    yield from _check_splits(paths, made)
    yield from _check_h5(paths, made)


def _made(columns: Mapping[str, list[Any]]) -> _Made:
    rows = [i for i, status in enumerate(columns["status"]) if status == "made"]

    def pick(name: str) -> list[Any]:
        return [columns[name][i] for i in rows]

    epsg = [int(crs.partition(":")[2]) for crs in pick("crs")]
    return _Made(
        tile_ids=pick("tile_id"),
        levels=[level or "" for level in pick("sentinel2_level")],
        missing=pick("missing"),
        crc32=pick("crc32"),
        lon=np.array(pick("lon"), np.float64),
        lat=np.array(pick("lat"), np.float64),
        grids=np.array([epsg, pick("west"), pick("north")], np.int64),
        size=max(pick("size"), default=1),
    )


def _check_index(
    paths: DatasetPaths, columns: Mapping[str, list[Any]]
) -> Iterator[Problem]:
    name = paths.index.name
    twice = [t for t, n in Counter(columns["tile_id"]).items() if n > 1]
    yield from _some(name, "tile {!r} is in it twice", twice)
    rows = [row for row in columns["row"] if row is not None]
    if rows != list(range(len(rows))):
        yield Problem(name, "its row numbers are not 0, 1, 2, ...")
    has_row = [row is not None for row in columns["row"]]
    if has_row != [status == "made" for status in columns["status"]]:
        yield Problem(name, "tiles that were not made have rows, or made ones have not")
    if len(set(columns["recipe"])) > 1:
        yield Problem(name, f"holds several recipes: {sorted(set(columns['recipe']))}")
    failed = {
        tile_id: reason
        for tile_id, reason, status in zip(
            columns["tile_id"], columns["reason"], columns["status"], strict=True
        )
        if status == "failed"
    }
    try:
        lines = paths.failures.read_text("utf-8").splitlines()
        noted = {line["tile_id"]: line["kind"] for line in map(json.loads, lines)}
    except _READ_ERRORS as error:
        yield Problem(paths.failures.name, f"can't be read: {error}")
        return
    if noted != failed:
        strange = sorted(dict(noted.items() ^ failed.items()))
        yield from _some(
            paths.failures.name, "tile {!r} is not as the index has it", strange
        )


def _check_tile_info(paths: DatasetPaths, made: _Made) -> Iterator[Problem]:
    info = yield from _json(paths.tile_info)
    if info is not None and list(info) != list(made.tile_ids):
        yield Problem(paths.tile_info.name, "its tiles are not those of the index")


def _check_splits(paths: DatasetPaths, made: _Made) -> Iterator[Problem]:
    name = paths.splits.name
    splits = yield from _json(paths.splits)
    if splits is None:
        return
    if tuple(splits) != NAMES:
        yield Problem(name, f"has the splits {', '.join(splits)}")
        return
    rows = [row for part in NAMES for row in splits[part]]
    if sorted(rows) != list(range(len(made.tile_ids))):
        yield Problem(name, "does not hold every row once")
        return
    of_row = np.empty(len(rows), np.int64)
    for number, part in enumerate(NAMES):
        of_row[splits[part]] = number
    if not rows:
        return
    together = overlapping(made.lon, made.lat, made.size * RESOLUTION, made.grids)
    torn = np.flatnonzero(of_row != of_row[together]).tolist()
    ids, first = made.tile_ids, together.tolist()
    pairs = [f"{ids[i]}' and '{ids[first[i]]}" for i in torn]
    yield from _some(
        name, "tiles '{}' overlap, themselves or by others, in two splits", pairs
    )


def _check_h5(paths: DatasetPaths, made: _Made) -> Iterator[Problem]:
    name = paths.h5.name
    try:
        file = h5py.File(paths.h5, "r", locking=False, rdcc_nbytes=0)
    except OSError as error:
        yield Problem(name, f"can't be opened: {error}")
        return
    with file:
        count, size = len(made.tile_ids), made.size
        modalities = [key for key in file if key != "metadata"]
        bad = False
        for key in modalities:
            shape, bands = file[key].shape, len(file[key].attrs["band_names"])
            wanted = (count, bands, size, size)[: len(shape)]
            if shape != wanted:
                yield Problem(name, f"{key} has shape {shape}, not {wanted}")
                bad = True
        problem = _metadata_problem(file, made)
        if problem:
            yield Problem(name, problem)
        if bad or problem:
            return
        stats = yield from _json(paths.band_stats)
        yield from _check_rows(name, file, modalities, made, stats, paths.band_stats)


def _metadata_problem(file: h5py.File, made: _Made) -> str:
    if "metadata" not in file or file["metadata"].dtype != METADATA:
        return "has no 'metadata' of MMEarth's form"
    try:
        rows = file["metadata"][:]
    except _READ_ERRORS as error:
        return f"metadata: {error}"
    ids = [row["tile_id"].decode("utf-8", "replace") for row in rows]
    levels = [row["S2_type"].decode("utf-8", "replace") for row in rows]
    if ids != list(made.tile_ids) or levels != list(made.levels):
        return "metadata: its tiles are not those of the index, row by row"
    return ""


def _check_rows(
    name: str,
    file: h5py.File,
    modalities: Sequence[str],
    made: _Made,
    stats: Mapping[str, Any] | None,
    stats_path: Path,
) -> Iterator[Problem]:
    # The order of a stack's checksum: that of the file's own datasets by creation.
    order = file.attrs["modalities"].split(",")
    sums: dict[str, BandAccumulator] = {}
    keys = set(stats or ())
    damaged = 0
    for row, tile_id in enumerate(made.tile_ids):
        crc, arrays = 0, {}
        for key in order:
            data = file[key]
            try:
                array = data[row]
                if data.ndim == 4:
                    _, octets = data.id.read_direct_chunk((row, 0, 0, 0))
                else:
                    octets = array.tobytes()
            except _READ_ERRORS as error:
                damaged += 1
                if damaged <= MOST:
                    what = f"tile {tile_id!r}, {key}: can't be read: {error}"
                    yield Problem(name, what)
                break
            crc = deflate.crc32(octets, crc)
            arrays[key] = array
        else:
            if crc != made.crc32[row]:
                damaged += 1
                if damaged <= MOST:
                    what = f"tile {tile_id!r} is not what its checksum says"
                    yield Problem(name, what)
            yield from _check_fill(name, file, arrays, made, row)
            _add(sums, keys, arrays, file, made.levels[row])
    if damaged > MOST:
        yield Problem(name, f"{damaged - MOST} more tiles are damaged")
    if stats is not None and not damaged:
        yield from _check_statistics(stats_path.name, stats, sums)


def _check_fill(
    name: str,
    file: h5py.File,
    arrays: Mapping[str, npt.NDArray[Any]],
    made: _Made,
    row: int,
) -> Iterator[Problem]:
    """Holds what is missing to its no-data value."""
    for key in made.missing[row]:
        no_data = file[key].attrs.get("no_data") if key in file else None
        if no_data is None:
            continue
        same = arrays[key] == no_data
        if np.isnan(no_data):
            same = np.isnan(arrays[key])
        if not same.all():
            yield Problem(
                name,
                f"tile {made.tile_ids[row]!r}, {key}: the index says that it is "
                "missing, but it has values",
            )


def _add(
    sums: dict[str, BandAccumulator],
    keys: set[str],
    arrays: Mapping[str, npt.NDArray[Any]],
    file: h5py.File,
    level: str,
) -> None:
    for name, array in arrays.items():
        by_level = {f"{name}_{one}" for one in LEVELS} & keys
        key = f"{name}_{level}" if by_level else name
        if key in keys:
            no_data = file[name].attrs.get("no_data")
            found = partial(array, None if no_data is None else float(no_data))
            sums.setdefault(key, BandAccumulator()).add(found)


def _check_statistics(
    name: str, stats: Mapping[str, Any], sums: Mapping[str, BandAccumulator]
) -> Iterator[Problem]:
    for key, noted in stats.items():
        if key not in sums:
            if any(noted["count"]):
                yield Problem(name, f"{key}: counts pixels, and there are none")
            continue
        found = sums[key].finish()
        wrong = [figure for figure in found if found[figure] != noted.get(figure)]
        if wrong:
            yield Problem(
                name, f"{key}: {', '.join(wrong)} are not those of the pixels"
            )


def _json(path: Path) -> Iterator[Problem] | Any:
    """Reads strict JSON; a generator that yields problems and returns the value."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    try:
        return json.loads(path.read_text("utf-8"), parse_constant=refuse)
    except _READ_ERRORS as error:
        yield Problem(path.name, f"can't be read: {error}")
        return None


def _some(file: str, words: str, which: Iterable[str]) -> Iterator[Problem]:
    """Yields a problem for each, up to :data:`MOST`."""
    names = list(which)
    for name in names[:MOST]:
        yield Problem(file, words.format(name))
    if len(names) > MOST:
        yield Problem(file, f"... and {len(names) - MOST} more like that")

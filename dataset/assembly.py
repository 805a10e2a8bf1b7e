"""Assembles the dataset's HDF5 file from shards, without decoding a pixel."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from dataset import files
from dataset.codec import FILTERS, encode_chunk
from dataset.hdf5_output import Output
from dataset.shard import LIBVER, Shard, ShardError, specs_to_json
from modalities.spec import Spec

METADATA = np.dtype([("tile_id", "S100"), ("S2_type", "S10")])
"""Dtype of the ``metadata`` dataset, MMEarth's."""

_OPEN_SHARDS = 32
_BLOCK = 64 * 1024  # bytes of one chunk of rows of an image-level dataset


@dataclass(frozen=True, slots=True)
class AssemblyReport:
    """What an assembly did.

    Attributes:
        tiles: Rows in the file.
        bytes: Size of the file.
        seconds: Wall time it took.
    """

    tiles: int
    bytes: int
    seconds: float


def assemble(
    refs: Iterable[tuple[str | Path, int]],
    count: int,
    specs: Sequence[Spec],
    size: int,
    destination: Path,
    *,
    metadata: Iterable[tuple[str, str]],
    attributes: Mapping[str, Any],
) -> AssemblyReport:
    """Writes the dataset's HDF5 file.

    Chunks are copied as they are, each checked against its checksum, one tile after
    the other, so that a reader of whole tiles reads the file straight on. The same
    tiles give the same bytes, whatever shards they come from: nothing in the file
    tells of time, place or machine. The file has its name only when it is whole.
    Memory does not grow with the number of tiles.

    Every dataset has the attributes ``band_names``, ``units`` and ``description``
    (one entry a band), ``sources``, and ``no_data`` unless every value counts.

    Args:
        refs: Shard and slot of each row, in the order of the rows.
        count: How many there are; 0 is a valid dataset.
        specs: The modalities, the same in every shard.
        size: Pixels a side.
        destination: The file; replaced if there is one.
        metadata: Tile id and Sentinel-2 level of each row, in the same order.
        attributes: Attributes of the file: text, numbers, or anything JSON-ready,
            which is stored as JSON text.

    Returns:
        Tiles, bytes and seconds.

    Raises:
        ShardError: A shard is damaged or holds other modalities; its message names
            the shard.
        ValueError: There are more or fewer refs or metadata than ``count``, or a
            text does not fit its field.
        OSError: A shard is missing, or the disk is full, or the like.
    """
    start = time.monotonic()
    with files.temporary(destination) as tmp:
        with Output(tmp, LIBVER) as output:
            file = output.file
            _set_attributes(file, attributes)
            file.attrs["modalities"] = ",".join(spec.name for spec in specs)
            pixels = [
                (spec.name, _create_pixels(file, spec, count, size).id)
                for spec in specs
                if spec.pixels
            ]
            tables = {
                spec.name: _create_values(file, spec, count)
                for spec in specs
                if not spec.pixels
            }
            names = _Table(file, "metadata", count, METADATA, ())
            rows = zip(refs, metadata, strict=True)
            with _open_shards(specs, size) as open_shard:
                row = -1
                for row, ((path, slot), (tile_id, level)) in enumerate(rows):
                    if row >= count:
                        raise ValueError(f"there are more than {count} rows")
                    shard = open_shard(Path(path))
                    for name, data in pixels:
                        data.write_direct_chunk((row, 0, 0, 0), shard.chunk(name, slot))
                    for name, table in tables.items():
                        table.append(shard.values(name, slot))
                    names.append(_metadata_row(tile_id, level))
                    output.check()
            if row + 1 != count:
                raise ValueError(f"there are {row + 1} rows, not {count}")
            for table in (*tables.values(), names):
                table.finish()
        octets = tmp.stat().st_size
    return AssemblyReport(count, octets, time.monotonic() - start)


class _Table:
    """A dataset of small rows, written in encoded chunks of about 64 kB."""

    def __init__(
        self,
        file: h5py.File,
        name: str,
        count: int,
        dtype: np.dtype[Any],
        shape: tuple[int, ...],
    ) -> None:
        width = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        length = max(1, min(count, _BLOCK // width))
        # HDF5 has no chunks in a dataset without rows, hence no filters.
        options = {"chunks": (length, *shape), **FILTERS} if count else {}
        self.data = file.create_dataset(
            name, shape=(count, *shape), dtype=dtype, track_times=False, **options
        )
        self._buffer = np.zeros((length, *shape), dtype)
        self._filled = 0
        self._start = 0

    def append(self, row: Any) -> None:
        """Adds the next row."""
        self._buffer[self._filled] = row
        self._filled += 1
        if self._filled == len(self._buffer):
            self.finish()

    def finish(self) -> None:
        """Writes what is held; the rest of a last, part-filled chunk is zero."""
        if not self._filled:
            return
        self._buffer[self._filled :] = np.zeros((), self._buffer.dtype)
        offset = (self._start,) + (0,) * (self._buffer.ndim - 1)
        self.data.id.write_direct_chunk(offset, encode_chunk(self._buffer))
        self._start += len(self._buffer)
        self._filled = 0


class _OpenShards:
    """The shards used last, held open; a few, as the system allows only so many."""

    def __init__(self, specs: Sequence[Spec], size: int) -> None:
        self._specs = _by_name(specs)
        self._size = size
        self._shards: OrderedDict[Path, Shard] = OrderedDict()

    def __call__(self, path: Path) -> Shard:
        shard = self._shards.get(path)
        if shard is not None:
            self._shards.move_to_end(path)
            return shard
        shard = Shard(path)
        if shard.size != self._size or _by_name(shard.specs) != self._specs:
            shard.close()
            raise ShardError(f"{path} holds other modalities or another tile size")
        if len(self._shards) >= _OPEN_SHARDS:
            self._shards.popitem(last=False)[1].close()
        self._shards[path] = shard
        return shard

    def close(self) -> None:
        while self._shards:
            self._shards.popitem()[1].close()


@contextmanager
def _open_shards(specs: Sequence[Spec], size: int) -> Iterator[_OpenShards]:
    shards = _OpenShards(specs, size)
    try:
        yield shards
    finally:
        shards.close()


def _create_pixels(file: h5py.File, spec: Spec, count: int, size: int) -> Any:
    shape = spec.row_shape(size)
    options = {"chunks": (1, *shape), **FILTERS} if count else {}
    data = file.create_dataset(
        spec.name,
        shape=(count, *shape),
        dtype=spec.storage.dtype,
        track_times=False,
        **options,
    )
    _describe(data, spec)
    return data


def _create_values(file: h5py.File, spec: Spec, count: int) -> _Table:
    dtype = np.dtype(spec.storage.dtype)
    table = _Table(file, spec.name, count, dtype, (len(spec.bands),))
    _describe(table.data, spec)
    return table


def _describe(data: Any, spec: Spec) -> None:
    data.attrs["band_names"] = _texts([band.name for band in spec.bands])
    data.attrs["units"] = _texts([band.units for band in spec.bands])
    data.attrs["description"] = _texts([band.description for band in spec.bands])
    data.attrs["sources"] = _texts(spec.sources)
    if spec.storage.no_data is not None:
        data.attrs["no_data"] = np.dtype(spec.storage.dtype).type(spec.storage.no_data)


def _set_attributes(file: h5py.File, attributes: Mapping[str, Any]) -> None:
    for name, value in attributes.items():
        if isinstance(value, bool | int | float):
            file.attrs[name] = value
        else:
            text = value if isinstance(value, str) else files.to_json(value)
            file.attrs[name] = text


def _texts(texts: Sequence[str]) -> npt.NDArray[Any]:
    """Returns texts of variable length: h5py reads those as ``str``."""
    return np.array(list(texts), h5py.string_dtype("utf-8"))


def _metadata_row(tile_id: str, level: str) -> Any:
    row = np.zeros((), METADATA)
    for name, text in (("tile_id", tile_id), ("S2_type", level)):
        octets = text.encode()
        if len(octets) > METADATA[name].itemsize or octets.endswith(b"\0"):
            raise ValueError(f"{text!r} does not fit the metadata field {name}")
        row[name] = octets
    return row


def _by_name(specs: Sequence[Spec]) -> dict[str, Any]:
    """Describes specs so that equal ones compare equal: a no-data may be NaN."""
    return {value["name"]: value for value in specs_to_json(specs)}

"""Shards: HDF5 files that hold some stacks, whole from when they have their name.

Inside, each pixel modality is a dataset at the root, one chunk a tile; each
image-level modality is a dataset of one row a tile. The group ``earthloom`` holds
``rows`` (one JSON object a line, for every tile processed, made or failed) and
``crc32`` (of each encoded chunk, one column a pixel modality). All but the pixel
chunks is guarded by HDF5's own ``fletcher32``.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import deflate
import h5py
import numpy as np
import numpy.typing as npt

from dataset import files
from dataset.codec import FILTERS, encode_chunk
from modalities.spec import Band, Spec, Storage

PATTERN = "shard-*.h5"
"""Glob that the names of shards match."""

LIBVER = ("v110", "v110")
"""Read by HDF5 1.10 and later; unlike older versions of the format, this one
guards its own structures by checksums."""

_log = logging.getLogger(__name__)

_GROUP = "earthloom"
_FORMAT = 1
_STEP = 64  # rows by which the datasets of an open shard grow


class ShardError(Exception):
    """A shard is not what it should be: cut short, altered, or no shard at all."""


@dataclass(frozen=True, slots=True)
class EncodedStack:
    """One tile's stack, ready to be written.

    Attributes:
        row: What is known of the tile, JSON-ready: ``row["tile"]["tile_id"]``,
            ``row["tile"]["position"]``, ``row["status"]``, and more.
        chunks: One encoded chunk a pixel modality.
        values: One 1-D array an image-level modality, in the stored dtype.
    """

    row: dict[str, Any]
    chunks: dict[str, bytes]
    values: dict[str, npt.NDArray[Any]]


def encode_stack(
    arrays: Mapping[str, npt.NDArray[Any]],
    row: dict[str, Any],
    specs: Sequence[Spec],
    size: int,
) -> EncodedStack:
    """Encodes a stack. Touches no HDF5, so threads do it side by side.

    Args:
        arrays: By modality, exactly those of ``specs``, as stored.
        row: The tile's row, ``status`` ``made``.
        specs: The modalities.
        size: Pixels a side.

    Raises:
        ValueError: A modality is missing or too many, or has another dtype or
            shape than its spec says, or the row lacks something.
    """
    _check_row(row, "made")
    _check_names(arrays, [spec.name for spec in specs], "stack")
    chunks, values = {}, {}
    for spec in specs:
        array = arrays[spec.name]
        dtype, shape = np.dtype(spec.storage.dtype), spec.row_shape(size)
        if array.dtype != dtype or array.shape != shape:
            raise ValueError(
                f"{spec.name} is {array.dtype} {array.shape}, not {dtype} {shape}"
            )
        if spec.pixels:
            chunks[spec.name] = encode_chunk(array)
        else:
            values[spec.name] = array
    return EncodedStack(row, chunks, values)


class ShardWriter:
    """Writes one shard.

    Pixels go to the disk as they come; rows and image-level values, a few kB a
    tile, are held until :meth:`close`. Not for several threads at once. After any
    error, :meth:`abort`.
    """

    def __init__(
        self,
        directory: Path,
        specs: Sequence[Spec],
        size: int,
        attributes: Mapping[str, Any],
    ) -> None:
        """Prepares a shard; the file is made when the first tile comes.

        Args:
            directory: Where it goes; made if need be.
            specs: The modalities of every stack.
            size: Pixels a side.
            attributes: JSON-ready values to keep with it.
        """
        self._final = directory / f"shard-{secrets.token_hex(8)}.h5"
        self._tmp = files.temporary_name(self._final)
        self._specs = tuple(specs)
        self._size = size
        self._attributes = dict(attributes)
        self._file: h5py.File | None = None
        self._data: dict[str, Any] = {}
        self._rows: list[bytes] = []
        self._values: dict[str, list[npt.NDArray[Any]]] = {
            spec.name: [] for spec in specs if not spec.pixels
        }
        self._crcs: list[list[int]] = []
        self._pixels = [spec for spec in specs if spec.pixels]

    @property
    def count(self) -> int:
        """Rows so far, failures included."""
        return len(self._rows)

    def add(self, stack: EncodedStack) -> None:
        """Writes a tile that was made.

        Raises:
            ValueError: The stack has other modalities than the shard.
            OSError: The disk is full, or the like.
        """
        _check_row(stack.row, "made")
        _check_names(stack.chunks, [spec.name for spec in self._pixels], "stack")
        _check_names(stack.values, list(self._values), "stack")
        self._open()
        slot = len(self._crcs)
        for spec in self._pixels:
            data = self._data[spec.name]
            if slot % _STEP == 0:
                data.resize(slot + _STEP, axis=0)
            data.id.write_direct_chunk((slot, 0, 0, 0), stack.chunks[spec.name])
        for name, held in self._values.items():
            held.append(stack.values[name])
        self._crcs.append([deflate.crc32(stack.chunks[s.name]) for s in self._pixels])
        self._rows.append(_to_line({**stack.row, "slot": slot}))

    def add_failure(self, row: dict[str, Any]) -> None:
        """Notes a tile that was not made.

        Raises:
            ValueError: The row lacks something.
        """
        _check_row(row, "failed")
        self._open()
        self._rows.append(_to_line(row))

    def close(self) -> Path | None:
        """Completes the shard and gives it its name.

        Returns:
            The shard, or None, and no file, if nothing was added.

        Raises:
            OSError: The disk is full, or the like; :meth:`abort` then.
        """
        if self._file is None:
            return None
        file, made = self._file, len(self._crcs)
        for spec in self._pixels:
            self._data[spec.name].resize(made, axis=0)
        for spec in self._specs:
            if not spec.pixels:
                rows = np.empty((made, len(spec.bands)), spec.storage.dtype)
                for slot, values in enumerate(self._values[spec.name]):
                    rows[slot] = values
                _guarded(file, spec.name, rows)
        crcs = np.array(self._crcs, np.uint32).reshape(made, len(self._pixels))
        _guarded(file, f"{_GROUP}/crc32", crcs)
        text = np.frombuffer(b"".join(self._rows), np.uint8)
        _guarded(file, f"{_GROUP}/rows", text)
        file.close()
        self._file = None
        files.publish(self._tmp, self._final)
        return self._final

    def abort(self) -> None:
        """Gives the shard up and leaves no file. Harmless after :meth:`close`."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except (OSError, RuntimeError) as error:
                # Closing flushes, which fails again on a full disk.
                _log.debug("closing %s: %s", self._tmp, error)
        files.remove(self._tmp)

    def _open(self) -> h5py.File:
        if self._file is not None:
            return self._file
        self._tmp.parent.mkdir(parents=True, exist_ok=True)
        # No lock: nobody else knows the name, and some shared disks have none.
        file = h5py.File(self._tmp, "x", libver=LIBVER, locking=False)
        self._file = file
        group = file.create_group(_GROUP)
        group.attrs["format"] = _FORMAT
        group.attrs["size"] = self._size
        _guarded(file, f"{_GROUP}/specs", _octets(specs_to_json(self._specs)))
        _guarded(file, f"{_GROUP}/attributes", _octets(self._attributes))
        for spec in self._pixels:
            shape = spec.row_shape(self._size)
            self._data[spec.name] = file.create_dataset(
                spec.name,
                shape=(0, *shape),
                maxshape=(None, *shape),
                chunks=(1, *shape),
                dtype=spec.storage.dtype,
                track_times=False,
                **FILTERS,
            )
        return file


class Shard:
    """Reads one shard. A context manager; not for several threads at once.

    Attributes:
        path: The file.
        specs: Its modalities.
        size: Pixels a side.
        attributes: What its writer was given to keep.
        made: Stacks in it; their slots are 0 to ``made - 1``.
    """

    def __init__(self, path: Path) -> None:
        """Opens a shard.

        Raises:
            FileNotFoundError: There is no such file.
            ShardError: It is no shard, or not all of one.
        """
        self.path = path
        try:
            self._file = h5py.File(path, "r", locking=False, rdcc_nbytes=0)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ShardError(f"{path} cannot be opened as a shard: {error}") from error
        try:
            self._read_head()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yields the rows in the order written; those of made tiles have ``slot``.

        Raises:
            ShardError: They cannot be read.
        """
        text = self._read(f"{_GROUP}/rows").tobytes()
        for number, line in enumerate(text.splitlines()):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise ShardError(f"{self.path}: row {number}: {error}") from error

    def chunk(self, name: str, slot: int) -> bytes:
        """Returns the encoded chunk of one tile, checked.

        Args:
            name: A pixel modality.
            slot: Its place in the shard.

        Raises:
            ShardError: There is none, or it is not what was written.
        """
        place = f"{self.path}: {name}, slot {slot}"
        if name not in self._columns or not 0 <= slot < self.made:
            raise ShardError(f"{place}: the shard holds no such chunk")
        try:
            if name not in self._data:
                self._data[name] = self._file[name].id
            mask, chunk = self._data[name].read_direct_chunk((slot, 0, 0, 0))
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise ShardError(f"{place}: {error}") from error
        if mask or deflate.crc32(chunk) != self._crcs[slot, self._columns[name]]:
            raise ShardError(f"{place}: the chunk is not the one that was written")
        return bytes(chunk)

    def values(self, name: str, slot: int) -> npt.NDArray[Any]:
        """Returns the values of one tile of an image-level modality, shape (bands,).

        Raises:
            ShardError: There are none, or they cannot be read.
        """
        if name in self._columns or not 0 <= slot < self.made:
            raise ShardError(f"{self.path}: {name}, slot {slot}: no such values")
        if name not in self._values:
            spec = next((spec for spec in self.specs if spec.name == name), None)
            if spec is None:
                raise ShardError(f"{self.path}: {name}: no such modality")
            self._values[name] = self._read(name, (self.made, len(spec.bands)))
        result: npt.NDArray[Any] = self._values[name][slot]
        return result

    def _read_head(self) -> None:
        group = self._file.get(_GROUP)
        if not isinstance(group, h5py.Group) or group.attrs.get("format") != _FORMAT:
            raise ShardError(f"{self.path} is no shard of format {_FORMAT}")
        try:
            self.size = int(group.attrs["size"])
            self.specs = specs_from_json(self._read_json(f"{_GROUP}/specs"))
            self.attributes: dict[str, Any] = self._read_json(f"{_GROUP}/attributes")
        except (ValueError, KeyError, TypeError) as error:
            raise ShardError(f"{self.path}: unreadable head: {error}") from error
        pixels = [spec.name for spec in self.specs if spec.pixels]
        self._columns = {name: column for column, name in enumerate(pixels)}
        self._crcs = self._read(f"{_GROUP}/crc32")
        self.made = int(self._crcs.shape[0])
        self._values: dict[str, npt.NDArray[Any]] = {}
        # Looking a dataset up by name costs more than reading a chunk of it.
        self._data: dict[str, Any] = {}

    def _read_json(self, name: str) -> Any:
        return json.loads(self._read(name).tobytes())

    def _read(self, name: str, shape: tuple[int, ...] | None = None) -> Any:
        try:
            array = self._file[name][()]
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise ShardError(f"{self.path}: {name}: {error}") from error
        if shape is not None and array.shape != shape:
            raise ShardError(f"{self.path}: {name} is {array.shape}, not {shape}")
        return array


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yields the rows of a shard; those of made tiles have ``slot``.

    Args:
        path: The shard.

    Raises:
        FileNotFoundError: There is no such file.
        ShardError: It is no shard, or not all of one.
    """
    with Shard(path) as shard:
        yield from shard.rows()


def specs_to_json(specs: Sequence[Spec]) -> list[dict[str, Any]]:
    """Returns specs as strict JSON; no-data as text, since JSON has no infinity."""
    result = []
    for spec in specs:
        values = asdict(spec)
        no_data = spec.storage.no_data
        values["storage"]["no_data"] = None if no_data is None else repr(float(no_data))
        result.append(values)
    return result


def specs_from_json(values: Sequence[Mapping[str, Any]]) -> tuple[Spec, ...]:
    """Rebuilds specs from :func:`specs_to_json`."""
    specs = []
    for value in values:
        storage = Storage(**value["storage"])
        if storage.no_data is not None:
            storage = replace(storage, no_data=float(storage.no_data))
        specs.append(
            Spec(
                name=value["name"],
                bands=tuple(Band(**band) for band in value["bands"]),
                storage=storage,
                pixels=value["pixels"],
                statistics=value["statistics"],
                sources=tuple(value["sources"]),
            )
        )
    return tuple(specs)


def _guarded(file: h5py.File, name: str, array: npt.NDArray[Any]) -> None:
    """Writes a whole dataset as one chunk, compressed, under HDF5's checksum."""
    if array.size:
        options: dict[str, Any] = {
            "chunks": array.shape,
            "fletcher32": True,
            **FILTERS,
        }
    else:
        options = {}
    file.create_dataset(name, data=array, track_times=False, **options)


def _octets(value: Any) -> npt.NDArray[np.uint8]:
    return np.frombuffer(files.to_json(value).encode(), np.uint8)


def _to_line(row: dict[str, Any]) -> bytes:
    return files.to_json(row).encode() + b"\n"


def _check_row(row: Mapping[str, Any], status: str) -> None:
    tile = row.get("tile", {})
    if not isinstance(tile.get("tile_id"), str) or "position" not in tile:
        raise ValueError("a row needs tile.tile_id and tile.position")
    if row.get("status") != status:
        raise ValueError(
            f"tile {tile['tile_id']}: status {row.get('status')!r}, not {status!r}"
        )


def _check_names(given: Mapping[str, Any], names: Sequence[str], what: str) -> None:
    if set(given) != set(names):
        missing = sorted(set(names) - set(given))
        surplus = sorted(set(given) - set(names))
        raise ValueError(f"the {what} lacks {missing} and has {surplus} too many")

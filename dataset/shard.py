"""Shards: HDF5 files that hold some stacks, whole from when they have their name.

Inside, each pixel modality is a dataset at the root, one chunk a tile; each
image-level modality is a dataset of one row a tile. The group ``earthloom`` holds
``rows`` (one JSON object a line, for every tile processed, made or failed) and
``crc32`` (of each encoded chunk, one column a pixel modality). All but the pixel
chunks is guarded by HDF5's own ``fletcher32``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import deflate
import h5py
import numpy.typing as npt

from modalities.spec import Band, Spec, Storage

PATTERN = "shard-*.h5"
"""Glob that the names of shards match."""

LIBVER = ("v110", "v110")
"""Read by HDF5 1.10 and later; unlike older versions of the format, this one
guards its own structures by checksums."""

GROUP = "earthloom"
"""The group of a shard's own data."""
FORMAT = 1


class ShardError(Exception):
    """A shard is not what it should be: cut short, altered, or no shard at all."""


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
        text = self._read(f"{GROUP}/rows").tobytes()
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
        group = self._file.get(GROUP)
        if not isinstance(group, h5py.Group) or group.attrs.get("format") != FORMAT:
            raise ShardError(f"{self.path} is no shard of format {FORMAT}")
        try:
            self.size = int(group.attrs["size"])
            self.specs = specs_from_json(self._read_json(f"{GROUP}/specs"))
            self.attributes: dict[str, Any] = self._read_json(f"{GROUP}/attributes")
        except (ValueError, KeyError, TypeError) as error:
            raise ShardError(f"{self.path}: unreadable head: {error}") from error
        pixels = [spec.name for spec in self.specs if spec.pixels]
        self._columns = {name: column for column, name in enumerate(pixels)}
        self._crcs = self._read(f"{GROUP}/crc32")
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

"""Stacks: one tile's arrays, encoded, with its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import deflate
import numpy as np
import numpy.typing as npt

from dataset.codec import encode_chunk
from modalities.spec import Spec


@dataclass(frozen=True, slots=True)
class EncodedStack:
    """One tile's stack, ready to be written.

    Attributes:
        row: What is known of the tile, JSON-ready: ``row["tile"]["tile_id"]``,
            ``row["tile"]["position"]``, ``row["status"]``, and more. If it was made,
            ``row["crc32"]`` is that of all its chunks and values, one after the other.
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
    check_row(row, "made")
    check_names(arrays, [spec.name for spec in specs], "stack")
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
    crc = 0
    for spec in specs:
        crc = deflate.crc32(_octets(spec, chunks, values), crc)
    return EncodedStack({**row, "crc32": crc}, chunks, values)


def _octets(
    spec: Spec,
    chunks: Mapping[str, bytes],
    values: Mapping[str, npt.NDArray[Any]],
) -> bytes:
    return chunks[spec.name] if spec.pixels else values[spec.name].tobytes()


def check_row(row: Mapping[str, Any], status: str) -> None:
    """Refuses a row that lacks something, or of another status.

    Raises:
        ValueError: It does.
    """
    tile = row.get("tile", {})
    if not isinstance(tile.get("tile_id"), str) or "position" not in tile:
        raise ValueError("a row needs tile.tile_id and tile.position")
    if row.get("status") != status:
        raise ValueError(
            f"tile {tile['tile_id']}: status {row.get('status')!r}, not {status!r}"
        )


def check_names(given: Mapping[str, Any], names: Sequence[str], what: str) -> None:
    """Refuses names that are not just those wanted.

    Raises:
        ValueError: Some are missing or too many.
    """
    if set(given) != set(names):
        missing = sorted(set(names) - set(given))
        surplus = sorted(set(given) - set(names))
        raise ValueError(f"the {what} lacks {missing} and has {surplus} too many")

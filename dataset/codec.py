"""Encodes arrays as HDF5's own ``shuffle`` + ``gzip`` filters do, only faster.

HDF5 works under one lock a process, so encoding inside it never uses a second
core. Chunks made here go in with ``write_direct_chunk``, which only copies, and any
HDF5 library reads them.
"""

from __future__ import annotations

import math
from typing import Any

import deflate
import numpy as np
import numpy.typing as npt

LEVEL = 1
"""libdeflate's level: the fastest that is still no larger than h5py's own gzip-4.
``bench/`` measures both, and gzip-4 with shuffle, which is a little smaller."""

FILTERS: dict[str, Any] = {
    "compression": "gzip",
    "compression_opts": LEVEL,
    "shuffle": True,
}
"""What ``h5py``'s ``create_dataset`` must declare for chunks made here. The level
is a note to readers: inflating does not use it."""


def encode_chunk(array: npt.NDArray[Any]) -> bytes:
    """Encodes one chunk.

    Safe and worthwhile in several threads: the compressor frees Python's lock.

    The stream comes from libdeflate, which looks for matches in the same way on
    every processor. ISA-L is faster still, but picks its code by instruction set
    and may so give other bytes on another machine.

    Args:
        array: All values of the chunk, of any shape and any dtype without
            references; stored little-endian in C order.

    Returns:
        The chunk as HDF5 stores it under :data:`FILTERS`, filter mask 0.
    """
    stored = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    octets = stored.reshape(-1).view(np.uint8)
    width = stored.dtype.itemsize
    if width > 1:
        # HDF5's shuffle: first bytes of all values, then second bytes, ...
        octets = np.ascontiguousarray(octets.reshape(-1, width).T)
    return bytes(deflate.zlib_compress(octets, LEVEL))


def decode_chunk(
    chunk: bytes, dtype: npt.DTypeLike, shape: tuple[int, ...]
) -> npt.NDArray[Any]:
    """Decodes what :func:`encode_chunk`, or HDF5 itself, has encoded.

    Args:
        chunk: The stored bytes.
        dtype: Dtype of the values.
        shape: Shape of the chunk.

    Returns:
        A new array of ``dtype`` and ``shape``.

    Raises:
        ValueError: The bytes are no such chunk.
    """
    stored = np.dtype(dtype).newbyteorder("<")
    size = math.prod(shape) * stored.itemsize
    try:
        octets = np.frombuffer(deflate.zlib_decompress(chunk, size), np.uint8)
    except deflate.DeflateError as error:
        raise ValueError(f"not a zlib stream of {size} bytes: {error}") from error
    if octets.size != size:
        raise ValueError(f"the chunk holds {octets.size} bytes, not {size}")
    if stored.itemsize > 1:
        octets = np.ascontiguousarray(octets.reshape(stored.itemsize, -1).T)
    return octets.reshape(-1).view(stored).reshape(shape).astype(dtype, copy=False)

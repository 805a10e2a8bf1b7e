"""Fixed tables of random numbers that scenes read at their own offset.

A scene's noise at a pixel is the table at the pixel's absolute place, shifted by the
scene: cheap, and the same in any window.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.planet import noise

_SIDE = 512


@functools.lru_cache(maxsize=1)
def _uniform() -> npt.NDArray[np.uint8]:
    index = np.arange(_SIDE, dtype=np.int64)
    hashes = noise.hash_pairs(index[None, :], index[:, None], 91)
    table = (hashes >> np.uint32(24)).astype(np.uint8)
    return np.tile(table, (2, 2))


@functools.lru_cache(maxsize=2)
def _decibels(salt: int) -> npt.NDArray[np.float32]:
    """Returns speckle of 4.4 looks in dB (512, 512): a logarithm of gamma noise."""
    index = np.arange(_SIDE, dtype=np.int64)
    power = np.zeros((_SIDE, _SIDE))
    for look in range(4):
        hashes = noise.hash_pairs(index[None, :], index[:, None], 100 * salt + look)
        power -= np.log((hashes + 0.5) / 2.0**32)
    table: npt.NDArray[np.float32] = (10.0 * np.log10(power / 4.0)).astype(np.float32)
    return np.tile(table, (2, 2))


def _window(
    table: npt.NDArray[Any], column: int, row: int, width: int, height: int
) -> npt.NDArray[Any]:
    """Returns a window of the table's endless repetition."""
    top, left = row % _SIDE, column % _SIDE
    if height <= _SIDE and width <= _SIDE:  # Tables are stored twice each way.
        return table[top : top + height, left : left + width]
    down = (top + np.arange(height)) % _SIDE
    across = (left + np.arange(width)) % _SIDE
    return table[down[:, None], across[None, :]]


def bytes_at(
    seed: int, column: int, row: int, width: int, height: int
) -> npt.NDArray[np.uint8]:
    """Returns uniform bytes (height, width) at absolute pixels."""
    shift = noise.hashed(seed, 92)
    found = _window(
        _uniform(), column + shift % 509, row + (shift >> 9) % 509, width, height
    )
    return found.astype(np.uint8, copy=False)


def decibels_at(
    seed: int, salt: int, column: int, row: int, width: int, height: int
) -> npt.NDArray[np.float32]:
    """Returns speckle in dB (height, width) at absolute pixels.

    Args:
        seed: The scene.
        salt: 1 or 2: which polarisation.
        column: First pixel across, anywhere.
        row: First pixel down.
        width: Columns.
        height: Rows.
    """
    shift = noise.hashed(seed, salt, 93)
    found = _window(
        _decibels(salt),
        column + shift % 509,
        row + (shift >> 9) % 509,
        width,
        height,
    )
    return found.astype(np.float32, copy=False)

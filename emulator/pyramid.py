"""Levels of a pyramid: pixels summed up two by two, again and again.

As the guide "Scale" and the REST reference of ``PyramidingPolicy`` say: ``mean`` is the
mask-weighted mean of the pixels below, ``mode`` their mask-weighted mode, and
``sample`` the upper left one with its mask. Masks here are yes or no; the share of
valid pixels under a pixel weighs it on the way up, and at last a pixel is valid if any
below it is. Nothing depends on the window: levels are cut from the grid's own corner,
and pixels are added in a fixed order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.source import PixelGrid
from emulator.unconfirmed import PYRAMID_ROUNDS

Array = npt.NDArray[Any]
Pixels = tuple[Array, npt.NDArray[np.bool_]]
Read = Callable[[int, int, int, int], Pixels]
"""Reads a window: row, column, height, width."""

MEAN, MODE, SAMPLE = "mean", "mode", "sample"
TOP = 256
"""Levels are made until an image fits in a square of so many pixels."""
_PIECE = 512
"""Side of the windows that are read at once, in native pixels."""

_State = tuple[Array, Array]
"""Values, and the share of the pixels below that are valid.

Of a mean the values are its sum divided by how many pixels are below, so that nothing
is rounded on the way up: a quarter is exact.
"""


def top_level(width: int, height: int) -> int:
    """Returns the highest level of a grid's pyramid; 0 if it has native pixels only."""
    level = 0
    while max(width, height) > TOP << level:
        level += 1
    return level


def level_grid(grid: PixelGrid, level: int) -> PixelGrid:
    """Returns the grid of a level: same corner, pixels 2**level times as large."""
    a, b, c, d, e, f = grid.transform
    by = float(1 << level)
    return PixelGrid(
        grid.crs,
        (a * by, b * by, c, d * by, e * by, f),
        -(-grid.width >> level),
        -(-grid.height >> level),
    )


def read_level(
    read: Read, policy: str, level: int, row: int, col: int, height: int, width: int
) -> Pixels:
    """Reads a window of a level out of native pixels, some at a time.

    Args:
        read: Reads native pixels, masked outside the grid.
        policy: ``mean``, ``mode`` or ``sample``.
        level: 0 or more.
        row: First row, in pixels of the level.
        col: First column.
        height: Rows.
        width: Columns.

    Returns:
        Values in the native dtype, and where they are valid.
    """
    if level == 0:
        return read(row, col, height, width)
    values, share, dtype = _summed(read, policy, level, row, col, height, width)
    if policy == MEAN:
        values = _rounded(values / np.where(share == 0, 1, share), dtype)
    return values.astype(dtype, copy=False), share > 0


def aggregated(pixels: Pixels, policy: str, levels: int) -> Pixels:
    """Returns the level so many above, of whole blocks of 2**levels pixels a side."""

    def read(row: int, col: int, height: int, width: int) -> Pixels:
        there = np.s_[row : row + height, col : col + width]
        return pixels[0][there], pixels[1][there]

    height, width = pixels[0].shape
    return read_level(read, policy, levels, 0, 0, height >> levels, width >> levels)


def _summed(
    read: Read, policy: str, level: int, row: int, col: int, height: int, width: int
) -> tuple[Array, Array, np.dtype[Any]]:
    piece = _PIECE >> level
    if max(height, width) <= piece or level == 0:
        pixels = read(row << level, col << level, height << level, width << level)
        state = _state(pixels, policy)
        for _ in range(level):
            state = _HALVED[policy](state)
        return *state, pixels[0].dtype
    if piece == 0 and height == width == 1:
        below = _summed(read, policy, level - 1, 2 * row, 2 * col, 2, 2)
        return *_HALVED[policy](below[:2]), below[2]
    step = max(1, piece)
    rows = []
    for top in range(0, height, step):
        line = [
            _summed(
                read,
                policy,
                level,
                row + top,
                col + left,
                min(step, height - top),
                min(step, width - left),
            )
            for left in range(0, width, step)
        ]
        rows.append([np.concatenate([part[i] for part in line], 1) for i in (0, 1)])
    values, share = (np.concatenate([line[i] for line in rows]) for i in (0, 1))
    return values, share, line[0][2]


def _state(pixels: Pixels, policy: str) -> _State:
    values, mask = pixels
    if policy == MEAN:
        return np.where(mask, values, 0).astype(np.float64), mask.astype(np.float64)
    return values, mask.astype(np.float64)


def _corners(array: Array) -> tuple[Array, Array, Array, Array]:
    """Returns the upper left, upper right, lower left and lower right pixels."""
    return array[::2, ::2], array[::2, 1::2], array[1::2, ::2], array[1::2, 1::2]


def _mean(state: _State) -> _State:
    a, b, c, d = _corners(state[0])
    s, t, u, v = _corners(state[1])
    return ((a + b) + (c + d)) / 4, ((s + t) + (u + v)) / 4


def _mode(state: _State) -> _State:
    """Returns the heaviest of four; of equally heavy ones the least."""
    values, shares = _corners(state[0]), _corners(state[1])
    best, most = values[0], np.zeros(values[0].shape)
    for mine in values:
        weight = np.zeros(most.shape)
        for other, share in zip(values, shares, strict=True):
            weight += np.where(other == mine, share, 0)
        better = (weight > most) | ((weight == most) & (weight > 0) & (mine < best))
        best, most = np.where(better, mine, best), np.where(better, weight, most)
    return best, sum(shares[1:], shares[0]) / 4


def _sample(state: _State) -> _State:
    return state[0][::2, ::2], state[1][::2, ::2]


_HALVED = {MEAN: _mean, MODE: _mode, SAMPLE: _sample}


def _rounded(values: Array, dtype: np.dtype[Any]) -> Array:
    whole = PYRAMID_ROUNDS and dtype.kind in "iu"
    return np.floor(values + 0.5) if whole else values

"""Noise: integers hashed on lattices, smoothed by cubic B-splines.

Value noise on a lattice of 2**level cells around the world. A cubic B-spline over
uniform lattice values has continuous curvature and no visible lattice, and being
separable it costs two small matrix products a block.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.planet import mercator

Floats = npt.NDArray[np.float32]
Reals = npt.NDArray[np.floating[Any]]
"""Float64 as a rule; NumPy's types do not always say so."""

Uints = npt.NDArray[np.uint32]

SIZE = 128
"""Side of a block in lattice pixels."""

HALO = 1
"""Pixels computed beyond a block on each side, for slopes."""

_SPAN = SIZE + 2 * HALO
_TO_UNIT = 2.0 / 2.0**32
_UNIT_STD = 3.6  # B-spline smoothing leaves a standard deviation of 0.277
_MASK = 0xFFFFFFFF


def mix(value: int) -> int:
    """Returns a well-mixed 32-bit hash of an integer."""
    value &= _MASK
    value = ((value ^ (value >> 16)) * 0x7FEB352D) & _MASK
    value = ((value ^ (value >> 15)) * 0x846CA68B) & _MASK
    return value ^ (value >> 16)


def hashed(*parts: int) -> int:
    """Returns one 32-bit hash of several integers, order mattering."""
    state = 0x9E3779B9
    for part in parts:
        state = mix(state ^ (part & _MASK)) + ((part >> 32) & _MASK)
    return mix(state)


def unit(*parts: int) -> float:
    """Returns a number in [0, 1) made of several integers."""
    return hashed(*parts) / 2.0**32


def mix_all(values: Uints) -> Uints:
    """Returns :func:`mix` of each element."""
    out = values ^ (values >> np.uint32(16))
    out *= np.uint32(0x7FEB352D)
    out ^= out >> np.uint32(15)
    out *= np.uint32(0x846CA68B)
    out ^= out >> np.uint32(16)
    return out


def hash_pairs(x: npt.NDArray[np.int64], y: npt.NDArray[np.int64], seed: int) -> Uints:
    """Returns hashes of integer pairs (broadcast), the same for the same pair."""
    across = mix_all(x.astype(np.uint32) ^ np.uint32(mix(seed)))
    down = mix_all(y.astype(np.uint32) + np.uint32(mix(seed + 0x51ED27)))
    return mix_all(across ^ (down * np.uint32(0x9E3779B1)))


def lattice(x0: int, y0: int, width: int, height: int, period: int, seed: int) -> Reals:
    """Returns uniform values in [-1, 1) at lattice nodes (height, width).

    Args:
        x0: First node across; wraps modulo ``period``.
        y0: First node down.
        width: Nodes across.
        height: Nodes down.
        period: Nodes around the world.
        seed: Which noise.
    """
    x = np.arange(x0, x0 + width, dtype=np.int64) % period
    y = np.arange(y0, y0 + height, dtype=np.int64)
    return hash_pairs(x[None, :], y[:, None], seed) * _TO_UNIT - 1.0


def spline(t: Reals) -> Reals:
    """Returns the four cubic B-spline weights (n, 4) at fractions t in [0, 1)."""
    s = 1.0 - t
    weights = np.empty((t.size, 4))
    weights[:, 0] = s * s * s
    weights[:, 1] = 4.0 + t * t * (3.0 * t - 6.0)
    weights[:, 2] = 4.0 + s * s * (3.0 * s - 6.0)
    weights[:, 3] = t * t * t
    return weights / 6.0


def spline_rows(
    position: Reals,
) -> tuple[int, Reals]:
    """Returns the first node needed and dense weights (n, nodes) at positions.

    Args:
        position: Ascending positions in node units.
    """
    cell = np.floor(position)
    first = int(cell[0]) - 1
    last = int(cell[-1]) + 2
    dense = np.zeros((position.size, last - first + 1))
    columns = (cell.astype(np.int64) - 1 - first)[:, None] + np.arange(4)
    np.put_along_axis(dense, columns, spline(position - cell), axis=1)
    return first, dense


_ROWS = 10  # a divisor of a block's span


def product(left: Floats, right: Floats) -> Floats:
    """Returns the matrix product (130, n) of (130, k) and (k, n).

    It goes ten rows at a time: OpenBLAS would share a larger product among threads,
    whose waiting costs several times what is computed.
    """
    parts = left.reshape(_SPAN // _ROWS, _ROWS, -1) @ right
    return parts.reshape(_SPAN, -1).astype(np.float32, copy=False)


_COARSE = 6
"""Levels with cells of at least 2**6 pixels are summed in one product."""

_NODES = 7  # of a coarse cell's lattice that a block can touch


@functools.lru_cache(maxsize=256)
def _axis(zoom: int, block: int, level: int) -> tuple[int, Floats]:
    """Returns spline rows of one block axis (halo included) on a level's lattice."""
    cells = 2 ** (SIZE.bit_length() - 1 - (zoom - level))
    # All blocks cut a fine lattice alike, so one set of weights serves them all.
    pixel = np.arange(_SPAN) - HALO
    first, weights = spline_rows((pixel + 0.5) * 2.0 ** (level - zoom))
    return first + block * cells, weights.astype(np.float32)


@functools.lru_cache(maxsize=64)
def _coarse_axis(zoom: int, block: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """Returns first nodes (levels,) and weights (levels, 130, 7) of coarse levels."""
    levels = range(zoom - _COARSE + 1)
    firsts = np.zeros(len(levels), np.int64)
    dense = np.zeros((len(levels), _SPAN, _NODES), np.float32)
    pixel = block * SIZE - HALO + np.arange(_SPAN) + 0.5
    for level in levels:
        first, weights = spline_rows(pixel * 2.0 ** (level - zoom))
        firsts[level] = first
        dense[level, :, : weights.shape[1]] = weights
    return firsts, dense


class BlockNoise:
    """Noise over one block of the planet's lattice, halo included (130, 130)."""

    def __init__(self, zoom: int, column: int, row: int) -> None:
        """Places the block: ``column`` and ``row`` count blocks at ``zoom``."""
        self.zoom = zoom
        self.column = column
        self.row = row
        middle = mercator.latitude_of(np.array([(row + 0.5) * SIZE / 2.0**zoom]))
        self.stretch = float(np.cos(np.radians(middle[0])))
        self.pixel = mercator.EQUATOR * self.stretch / 2.0**zoom
        """Ground width of a pixel in metres at the block's middle."""

    def wavelength(self, level: int) -> float:
        """Returns the ground width in metres of a level's cell."""
        return mercator.EQUATOR * self.stretch / 2.0**level

    def octave(self, level: int, seed: int) -> Floats:
        """Returns one octave of unit standard deviation (130, 130)."""
        if level <= self.zoom - _COARSE:
            return self._coarse([level], [1.0], seed)
        x0, across = _axis(self.zoom, self.column, level)
        y0, down = _axis(self.zoom, self.row, level)
        nodes = lattice(
            x0, y0, across.shape[1], down.shape[1], 2**level, hashed(seed, level)
        )
        scaled = (nodes * _UNIT_STD).astype(np.float32)
        return product(product(down, scaled), across.T)

    def _coarse_nodes(self, levels: list[int], seed: int) -> Floats:
        """Returns lattice values around the block (levels, 7, 7)."""
        x0, _ = _coarse_axis(self.zoom, self.column)
        y0, _ = _coarse_axis(self.zoom, self.row)
        index = np.arange(_NODES)
        number = np.array(levels)
        x = (x0[number][:, None] + index) % (1 << number)[:, None]
        y = y0[number][:, None] + index
        salt = number[:, None] * 0x3C6EF
        hashes = hash_pairs((x + salt)[:, None, :], (y + salt)[:, :, None], seed)
        scaled = hashes.astype(np.float32) * np.float32(_TO_UNIT * _UNIT_STD)
        return scaled - np.float32(_UNIT_STD)

    def _coarse(self, levels: list[int], gains: list[float], seed: int) -> Floats:
        """Returns coarse octaves added up (130, 130)."""
        nodes = self._coarse_nodes(levels, seed)
        nodes *= np.array(gains, np.float32)[:, None, None]
        down = _coarse_axis(self.zoom, self.row)[1][levels]
        across = _coarse_axis(self.zoom, self.column)[1][levels]
        left = np.moveaxis(down @ nodes, 0, 1).reshape(_SPAN, -1)
        right = np.moveaxis(across, 0, 1).reshape(_SPAN, -1)
        return product(left, right.T)

    def octaves(self, levels: list[int], seed: int) -> Iterator[Floats]:
        """Yields octaves of unit standard deviation, one by one (130, 130)."""
        coarse = [level for level in levels if level <= self.zoom - _COARSE]
        if coarse:
            nodes = self._coarse_nodes(coarse, seed)
            down = _coarse_axis(self.zoom, self.row)[1][coarse]
            across = _coarse_axis(self.zoom, self.column)[1][coarse]
            yield from (down @ nodes) @ np.swapaxes(across, 1, 2)
        for level in levels[len(coarse) :]:
            yield self.octave(level, seed)

    def levels(self, longest: float, shortest: float) -> list[int]:
        """Returns the levels, coarse first, with cells of these widths in metres."""
        return [
            level
            for level in range(4, self.zoom + 1)
            if shortest <= self.wavelength(level) <= longest
        ]

    def fractal(
        self, seed: int, longest: float, shortest: float, roughness: float = 0.5
    ) -> Floats:
        """Returns octaves added up, of about unit standard deviation (130, 130).

        An octave's strength depends on its ground width alone and fades out at the
        long end, so that nothing jumps where a latitude brings in another level.

        Args:
            seed: Which noise.
            longest: Longest wave in metres.
            shortest: Shortest wave in metres.
            roughness: Ratio of amplitudes from one octave to the next finer one.
        """
        levels = self.levels(longest, shortest)
        gains = []
        for level in levels:
            wave = self.wavelength(level)
            fade = min(1.0, 2.0 * (1.0 - wave / longest) + 1e-3)
            gains.append(fade * roughness ** math.log2(longest / wave))
        power = math.sqrt(sum(gain * gain for gain in gains)) or 1.0
        gains = [gain / power for gain in gains]
        count = sum(level <= self.zoom - _COARSE for level in levels)
        if count:
            total = self._coarse(levels[:count], gains[:count], seed)
        else:
            total = np.zeros((_SPAN, _SPAN), np.float32)
        for level, gain in zip(levels[count:], gains[count:], strict=True):
            total += np.float32(gain) * self.octave(level, seed)
        return total


def rank(noise: Floats) -> Floats:
    """Returns about uniform numbers in (0, 1) of unit-deviation noise."""
    ranks: Floats = np.float32(0.5) + np.float32(0.5) * noise / np.sqrt(
        np.float32(1.6) + noise * noise
    )
    return ranks

"""Noise: integers hashed on lattices, smoothed by cubic B-splines.

Value noise on a lattice of 2**level cells around the world. A cubic B-spline over
uniform lattice values has continuous curvature and no visible lattice, and being
separable it costs two small matrix products a block.

Blocks are computed side by side, several in one array: what costs is less the pixels
than the calls.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.planet import mercator

Floats = npt.NDArray[np.float32]
Reals = npt.NDArray[np.floating[Any]]
"""Float64 as a rule; NumPy's types do not always say so."""

Uints = npt.NDArray[np.uint32]

SIZE = 64
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


def product(left: Floats, right: Floats) -> Floats:
    """Returns matrix products (..., 66, n) of (66, k) and (..., k, n).

    Tall ones go in halves: OpenBLAS would share a larger product among threads,
    whose waiting costs several times what is computed. Each block's product is one
    of its own, so that it is the same in any company.
    """
    if left.shape[-2] * left.shape[-1] * right.shape[-1] <= _ALONE:
        whole: Floats = left @ right
        return whole
    half = left.shape[-2] // 2
    parts = left[..., :half, :] @ right, left[..., half:, :] @ right
    return np.concatenate(parts, axis=-2)


_ALONE = 262_144
"""Multiplications that OpenBLAS leaves to one thread."""

_PIVOT = 6
"""Levels whose cells are blocks or larger (2**6 pixels) have six nodes a block."""

_LEAST = 4
"""The coarsest level: 16 cells around the world."""

_FIRST = -2
"""The first node of a block on any lattice, in nodes from its edge."""


def _count(level: int, zoom: int) -> int:
    """Returns how many nodes of a level a block needs on an axis, halo included."""
    return max(1, SIZE >> (zoom - level)) + 5


@functools.lru_cache(maxsize=16)
def _at_pixels(cell: int) -> Floats:
    """Returns weights (66, nodes) of a block's nodes, 1 to 64 pixels apart."""
    pixel = np.arange(_SPAN) - HALO
    _, weights = spline_rows((pixel + 0.5) / cell)
    dense = np.zeros((_SPAN, SIZE // cell + 5))
    # The splines' first node may be the block's second.
    skip = math.floor((0.5 - HALO) / cell) - 1 - _FIRST
    dense[:, skip : skip + weights.shape[1]] = weights
    return dense.astype(np.float32)


@functools.lru_cache(maxsize=1)
def _masks() -> tuple[Reals, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Returns what a node lends to nodes of lattices 2**0, 2**1, .. times finer.

    A cubic B-spline is a sum of finer ones: coefficients on a lattice become those
    of the same function on a finer one by these weights.

    Returns:
        All weights, a zero on either side of each lattice's; where its middle one
        is; how many there are to a side.
    """
    masks = [np.ones(1)]
    for _ in range(mercator.MAX_ZOOM - _PIVOT - _LEAST):
        finer = np.zeros(2 * masks[-1].size - 1)
        finer[::2] = masks[-1]
        masks.append(np.convolve(finer, np.array([1, 4, 6, 4, 1]) / 8.0))
    halves = np.array([mask.size // 2 for mask in masks])
    starts = np.cumsum([0, *(2 * halves + 3)])[:-1]
    return np.concatenate([np.pad(m, 1) for m in masks]), starts + halves + 1, halves


def refined(steps: Any, away: npt.NDArray[np.int64]) -> Reals:
    """Returns what a node lends to nodes of a lattice 2**steps times finer.

    Args:
        steps: 0 to 12, broadcast.
        away: How many fine nodes away from it.
    """
    table, middles, halves = _masks()
    reach = halves[steps] + 1
    lent: Reals = table[middles[steps] + np.clip(away, -reach, reach)]
    return lent


@functools.lru_cache(maxsize=16)
def _finer(cell: int) -> Floats:
    """Returns weights (n, m) from a block's nodes to those half as far apart.

    Args:
        cell: Pixels between the coarse nodes, 2 to 64.
    """
    fine = _FIRST + np.arange(2 * SIZE // cell + 5)
    coarse = _FIRST + np.arange(SIZE // cell + 5)
    return refined(1, fine[:, None] - 2 * coarse).astype(np.float32)


@functools.lru_cache(maxsize=512)
def _coarse_axis(zoom: int, block: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """Returns one block axis on the coarse levels, from the first on.

    Returns:
        First nodes (levels,), and weights (levels, 6, 6) from a level's six nodes
        to the block's on the pivot lattice, whose cells are blocks.
    """
    steps = np.arange(zoom - _PIVOT - _LEAST, -1, -1)
    width = 1 << steps
    start = block + _FIRST
    firsts = -((2 * width - 2 - start) // width)
    fine = start + np.arange(6)
    coarse = (firsts[:, None] + np.arange(6)) * width[:, None]
    away = fine[None, :, None] - coarse[:, None, :]
    return firsts, refined(steps[:, None, None], away).astype(np.float32)


@functools.lru_cache(maxsize=16)
def _levels(zoom: int) -> npt.NDArray[np.int64]:
    """Returns of all levels (4, levels): number, nodes, cells around, cells a block.

    Cells a block are 0 where blocks lie within cells.
    """
    numbers = np.arange(_LEAST, zoom + 1)
    counts = [_count(level, zoom) for level in numbers.tolist()]
    blocks = np.where(numbers > zoom - _PIVOT, SIZE >> (zoom - numbers), 0)
    return np.stack([numbers, np.array(counts), 1 << numbers, blocks])


@functools.lru_cache(maxsize=512)
def _numbers(zoom: int, block: int, wraps: bool) -> Uints:
    """Returns what the nodes of all levels along a block axis are hashed by, flat."""
    numbers, counts, around, cells = _levels(zoom)
    firsts = block * cells + _FIRST
    coarse = _coarse_axis(zoom, block)[0]
    firsts[: coarse.size] = coarse
    ramp = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    index = np.repeat(firsts, counts) + ramp
    if wraps:
        index %= np.repeat(around, counts)
    salted: Uints = (index + np.repeat(numbers * 0x3C6EF, counts)).astype(np.uint32)
    return salted


@dataclass(frozen=True)
class _Plan:
    """Where the nodes of some levels stand among those of all levels, flat.

    Attributes:
        across: Of each node, its place among all levels' columns (nodes,).
        down: Its place among all levels' rows (nodes,).
        sizes: Nodes of each level.
    """

    across: npt.NDArray[np.int64]
    down: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]


@functools.lru_cache(maxsize=128)
def _plan(zoom: int, levels: tuple[int, ...]) -> _Plan:
    counts = _levels(zoom)[1].tolist()
    starts = np.cumsum([0, *counts])
    across, down = [], []
    for level in levels:
        start, count = starts[level - _LEAST], counts[level - _LEAST]
        place = start + np.arange(count)
        across.append(np.tile(place, count))
        down.append(np.repeat(place, count))
    sizes = np.array([one.size for one in across])
    return _Plan(np.concatenate(across), np.concatenate(down), sizes)


class BlockNoise:
    """Noise over blocks of the planet's lattice side by side, halo included.

    Each octave is a spline over a lattice of its own. Octaves are added up not on
    pixels but as coefficients of the finest one's lattice, level by level: what
    costs is one lattice a fractal.

    Attributes:
        zoom: The lattice's zoom.
        columns: Blocks' numbers across (n,).
        row: Their number down.
        stretch: Length on the ground of a unit at the equator.
        pixel: Ground width of a pixel in metres at the blocks' middle.
        shape: Of every field: (n, 66, 66).
    """

    def __init__(self, zoom: int, columns: Sequence[int], row: int) -> None:
        """Places the blocks: ``columns`` and ``row`` count blocks at ``zoom``."""
        self.zoom = zoom
        self.columns = np.array(columns, np.int64)
        self.row = row
        self.shape = (len(columns), _SPAN, _SPAN)
        middle = mercator.latitude_of(np.array([(row + 0.5) * SIZE / 2.0**zoom]))
        self.stretch = float(np.cos(np.radians(middle[0])))
        self.pixel = mercator.EQUATOR * self.stretch / 2.0**zoom
        self._pivot = zoom - _PIVOT
        self._across = np.stack([_coarse_axis(zoom, c)[1] for c in columns])
        self._down = _coarse_axis(zoom, row)[1]
        self._x = np.stack([_numbers(zoom, column, True) for column in columns])
        self._y = _numbers(zoom, row, False)

    def wavelength(self, level: int) -> float:
        """Returns the ground width in metres of a level's cell."""
        return mercator.EQUATOR * self.stretch / 2.0**level

    def _values(self, levels: list[int], gains: list[float], seed: int) -> list[Floats]:
        """Returns levels' node values (n, nodes, nodes) of that spread."""
        plan = _plan(self.zoom, tuple(levels))
        across = mix_all(self._x ^ np.uint32(mix(seed)))
        down = mix_all(self._y + np.uint32(mix(seed + 0x51ED27)))
        down *= np.uint32(0x9E3779B1)
        mixed = mix_all(across[:, plan.across] ^ down[plan.down])
        scale = np.repeat(np.array(gains, np.float32), plan.sizes)
        values: Floats = mixed.astype(np.float32)
        values *= scale * np.float32(_TO_UNIT * _UNIT_STD)
        values -= scale * np.float32(_UNIT_STD)
        found, start = [], 0
        for size in plan.sizes.tolist():
            side = math.isqrt(size)
            part = values[:, start : start + size]
            found.append(part.reshape(-1, side, side))
            start += size
        return found

    def _pivoted(self, levels: list[int], values: list[Floats]) -> Floats:
        """Returns coarse levels on the pivot lattice, each (n, levels, 6, 6)."""
        which = [level - _LEAST for level in levels]
        nodes: Floats = np.stack(values, axis=1)
        turned = np.swapaxes(self._across[:, which], 2, 3)
        each = self._down[which] @ nodes @ turned
        return each.astype(np.float32, copy=False)

    def _on_pixels(self, level: int, nodes: Floats) -> Floats:
        """Returns a spline over nodes (..., k, k) at the pixels (..., 66, 66)."""
        weights = _at_pixels(1 << (self.zoom - level))
        return product(product(weights, nodes), weights.T)

    def octave(self, level: int, seed: int) -> Floats:
        """Returns one octave of unit standard deviation (n, 66, 66)."""
        return next(self.octaves([level], seed))

    def octaves(self, levels: list[int], seed: int) -> Iterator[Floats]:
        """Yields octaves of unit standard deviation, one by one (n, 66, 66)."""
        values = self._values(levels, [1.0] * len(levels), seed)
        coarse = [level for level in levels if level <= self._pivot]
        if coarse:
            nodes = self._pivoted(coarse, values[: len(coarse)])
            pixels = self._on_pixels(self._pivot, nodes)
            yield from np.moveaxis(pixels, 1, 0)
        for level, fine in zip(
            levels[len(coarse) :], values[len(coarse) :], strict=True
        ):
            yield self._on_pixels(level, fine)

    def levels(self, longest: float, shortest: float) -> list[int]:
        """Returns the levels, coarse first, with cells of these widths in metres."""
        return [
            level
            for level in range(_LEAST, self.zoom + 1)
            if shortest <= self.wavelength(level) <= longest
        ]

    def fractal(
        self, seed: int, longest: float, shortest: float, roughness: float = 0.5
    ) -> Floats:
        """Returns octaves added up, of about unit standard deviation (n, 66, 66).

        An octave's strength depends on its ground width alone and fades out at the
        long end, so that nothing jumps where a latitude brings in another level.

        Args:
            seed: Which noise.
            longest: Longest wave in metres.
            shortest: Shortest wave in metres.
            roughness: Ratio of amplitudes from one octave to the next finer one.
        """
        levels = self.levels(longest, shortest)
        if not levels:
            return np.zeros(self.shape, np.float32)
        gains = []
        for level in levels:
            wave = self.wavelength(level)
            fade = min(1.0, 2.0 * (1.0 - wave / longest) + 1e-3)
            gains.append(fade * roughness ** math.log2(longest / wave))
        power = math.sqrt(sum(gain * gain for gain in gains)) or 1.0
        values = self._values(levels, [gain / power for gain in gains], seed)
        coarse = sum(level <= self._pivot for level in levels)
        at = levels[0]
        if coarse:
            at = self._pivot
            each = self._pivoted(levels[:coarse], values[:coarse])
            total = each[:, 0]
            # Added one by one: a sum over an axis may group them by its length.
            for k in range(1, coarse):
                total = total + each[:, k]
            values = values[coarse:]
        else:
            total, values = values[0], values[1:]
        for nodes in values:
            weights = _finer(1 << (self.zoom - at))
            total = product(product(weights, total), weights.T) + nodes
            at += 1
        return self._on_pixels(at, total)


def rank(noise: Floats) -> Floats:
    """Returns about uniform numbers in (0, 1) of unit-deviation noise."""
    ranks: Floats = np.float32(0.5) + np.float32(0.5) * noise / np.sqrt(
        np.float32(1.6) + noise * noise
    )
    return ranks

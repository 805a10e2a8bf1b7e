"""Clouds: how much of a scene they cover, and where they are to a pixel.

A scene's share comes from climate, season and a slow noise of its pass, so that
neighbours on one pass are alike. The pixels follow a noise on a 60 m lattice of the
scene's CRS, cut at the share's quantile.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from emulator.planet import climate, noise
from emulator.planet.atlas import atlas

Doubles = noise.Reals
Ints = npt.NDArray[np.int64]

CELL = 60.0
"""Metres of a cloud pixel."""

_OCTAVES = 7
_FINEST = 4  # cells across the finest octave
_ROUGH = 0.70
_SPREAD = 0.40  # density ramps from clear to opaque over this many deviations
_OVERCAST = 0.9995
_NORMAL = NormalDist()


@dataclass(frozen=True)
class _Usual:
    """What clouds over a place depend on besides the day.

    Attributes:
        cloud: Mean cloudy share.
        phase: How much cloudier the northern summer is, relatively.
        nodes: Numbers of the 16 nodes of the passes' noise around it (16,).
        weights: Of these (16,).
    """

    cloud: float
    phase: float
    nodes: Ints
    weights: Doubles


@functools.lru_cache(maxsize=4096)
def _usual(longitude: float, latitude: float) -> _Usual:
    traits = climate.traits_at(longitude, latitude)
    land = float(
        atlas().land.smooth(np.array([longitude]), np.array([latitude]))[0, 0] / 36.0
    )
    share = min(1.0, max(0.0, 2.0 * land))
    cloud = climate.SEA_CLOUD + (traits["cloud"] - climate.SEA_CLOUD) * share
    side = min(1.0, max(-1.0, latitude / 8.0))
    x = (longitude + 180.0) / 6.0
    y = (90.0 - latitude) / 6.0
    i, j = math.floor(x), math.floor(y)
    across = noise.spline(np.array([x - i]))[0]
    down = noise.spline(np.array([y - j]))[0]
    columns = (i - 1 + np.arange(4)) % 60
    rows = j - 1 + np.arange(4)
    return _Usual(
        cloud,
        0.45 * traits["phase"] * side,
        (columns[None, :] + 60 * rows[:, None]).ravel(),
        (down[:, None] * across[None, :]).ravel(),
    )


def shares(longitude: float, latitude: float, months: Doubles, passes: Ints) -> Doubles:
    """Returns the cloudy share of scenes over one place.

    Args:
        longitude: Degrees of the scenes' middle.
        latitude: Degrees.
        months: Time of year of each scene, 0 to 12 (n,).
        passes: A number of each scene's pass (n,).

    Returns:
        0 to 1, with four decimals (n,).
    """
    usual = _usual(longitude, latitude)
    wave = np.cos(2.0 * np.pi * (months - 6.6) / 12.0)
    mean = np.clip(usual.cloud * (1.0 + usual.phase * wave), 0.015, 0.95)
    hashes = noise.hash_pairs(passes[:, None], usual.nodes[None, :], 71)
    values = hashes * (2.0 / 2.0**32) - 1.0
    slow = (values * usual.weights).sum(axis=1) * 3.6
    # Where it is nearly always clear, or nearly never, days differ less.
    spread = 1.3 + 6.4 * mean * (1.0 - mean)
    odds = np.log(mean / (1.0 - mean)) + spread * slow
    cloudy = 1.0 / (1.0 + np.exp(-odds))
    rounded: Doubles = np.round(np.where(cloudy < 0.002, 0.0, cloudy), 6)
    return rounded


_SALT = np.arange(_OCTAVES) * 1_000_003
_RAW = np.array([_ROUGH ** (_OCTAVES - 1 - k) for k in range(_OCTAVES)])
_GAINS = (_RAW / np.sqrt((_RAW**2).sum()) * 3.6).astype(np.float32)


def _nodes(x: Ints, y: Ints, seeds: Ints) -> noise.Floats:
    """Returns values in [-1, 1) at lattice nodes (n, height, width).

    Args:
        x: Numbers of the nodes across (n, width).
        y: Numbers of the nodes down (n, height).
        seeds: A number of each field's noise (n, 1).
    """
    salts = seeds.astype(np.uint32)
    across = noise.mix_all(x.astype(np.uint32) ^ noise.mix_all(salts))
    down = noise.mix_all(
        y.astype(np.uint32) + noise.mix_all(salts + np.uint32(0x51ED27))
    )
    down *= np.uint32(0x9E3779B1)
    mixed = noise.mix_all(across[:, None, :] ^ down[:, :, None])
    values: noise.Floats = mixed.astype(np.float32)
    values *= np.float32(2.0 / 2.0**32)
    values -= np.float32(1.0)
    return values


def _mixed(values: noise.Floats, first: Ints, weights: noise.Floats) -> noise.Floats:
    """Mixes four rows of each field to one, and turns rows into columns.

    Args:
        values: Fields (n, k, m).
        first: The first of the four rows (n, r).
        weights: Of each row (n, r, 4).

    Returns:
        (n, m, r), each number four products added up in order, whatever the shapes.
    """
    n, k, m = values.shape
    rows = values.reshape(n * k, m)
    index = first + (np.arange(n) * k)[:, None]
    total = rows[index] * weights[:, :, :1]
    for tap in range(1, 4):
        total += rows[index + tap] * weights[:, :, tap : tap + 1]
    return np.ascontiguousarray(np.swapaxes(total, 1, 2))


_STEPS = np.arange(1, _OCTAVES)[:, None]


def _axis(first: Ints, count: int) -> tuple[Ints, Ints, noise.Floats]:
    """Returns how the nodes of all octaves become the finest one's along an axis.

    Args:
        first: The finest one's first node (n,).
        count: How many of it.

    Returns:
        Of each octave but the finest, nodes (n * 6, k), the first of the four rows
        (n * 6, count) and weights (n * 6, count, 4), as :func:`_mixed` takes them.
    """
    fine = first[:, None, None] + np.arange(count)
    coarse = fine >> _STEPS
    start = coarse[:, :, :1]
    taps = coarse[..., None] + np.arange(-1, 3)
    away = fine[..., None] - (taps << _STEPS[..., None])
    weights = noise.refined(_STEPS[..., None], away).astype(np.float32)
    # As many as the second finest needs; coarser octaves have some to spare.
    nodes = start - 1 + np.arange(count // 2 + 4)
    nodes, rows = nodes.reshape(6 * len(first), -1), (coarse - start)
    return nodes, rows.reshape(-1, count), weights.reshape(-1, count, 4)


def fields(
    seeds: Ints, columns: Ints, rows: Ints, width: int, height: int
) -> noise.Floats:
    """Returns unit noise over windows of cloud cells (n, height, width).

    Octaves are added up as coefficients of the finest one's lattice, by products and
    sums alone: a window equals the crop of a larger one.

    Args:
        seeds: A number of each window's pass (n,).
        columns: First cells across (n,).
        rows: First cells down (n,).
        width: Cells across.
        height: Cells down.
    """
    x0, y0 = columns // _FINEST - 1, rows // _FINEST - 1
    across, down = (width + 2) // _FINEST + 4, (height + 2) // _FINEST + 4
    n, seeds = len(seeds), seeds[:, None]
    finest = _nodes(
        x0[:, None] + np.arange(across), y0[:, None] + np.arange(down), seeds
    )
    x, left, right = _axis(x0, across)
    y, upper, lower = _axis(y0, down)
    salts = np.tile(_SALT[1:], n)[:, None]
    nodes = _nodes(x + salts, y, np.repeat(seeds, 6, axis=0))
    coarse = _mixed(_mixed(nodes, upper, lower), left, right)
    coarse = coarse.reshape(n, 6, down, across)
    total = finest * _GAINS[0]
    # One by one: a sum over an axis may group them by the array's shape.
    for octave in range(1, _OCTAVES):
        total += coarse[:, octave - 1] * _GAINS[octave]
    return _mixed(_mixed(total, *_cells(rows, y0, height)), *_cells(columns, x0, width))


def _cells(first: Ints, node: Ints, count: int) -> tuple[Ints, noise.Floats]:
    """Returns rows and weights, as :func:`_mixed` takes them, of cells on an axis."""
    cells = first[:, None] + np.arange(count)
    place = cells // _FINEST
    return place - 1 - node[:, None], _AT_CELLS[cells % _FINEST]


_AT_CELLS = noise.spline((np.arange(_FINEST) + 0.5) / _FINEST).astype(np.float32)


def densities(
    shares: Doubles, seeds: Ints, columns: Ints, rows: Ints, width: int, height: int
) -> noise.Floats:
    """Returns how dense clouds are over windows of cloud cells.

    Args:
        shares: The scenes' cloudy shares, 0 to 1 (n,).
        seeds: The passes' numbers (n,).
        columns: First cells across: x of the left edges in metres over 60 (n,).
        rows: First cells down: minus y of the upper edges in metres over 60 (n,).
        width: Cells across.
        height: Cells down.

    Returns:
        0 clear, 0.5 at a cloud's edge, 1 opaque (n, height, width).
    """
    edges = np.array([_edge(share) for share in shares.tolist()], np.float32)
    dense = fields(seeds, columns, rows, width, height)
    dense -= (edges - np.float32(0.5 * _SPREAD))[:, None, None]
    dense *= np.float32(1.0 / _SPREAD)
    return np.clip(dense, 0.0, 1.0, out=dense)


@functools.lru_cache(maxsize=65536)
def _edge(share: float) -> float:
    """Returns the deviation beyond which such a share of a normal field lies."""
    if share <= 0.0:
        return math.inf
    return -math.inf if share >= _OVERCAST else _NORMAL.inv_cdf(1.0 - share)

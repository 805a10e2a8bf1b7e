"""Clouds: how much of a scene they cover, and where they are to a pixel.

A scene's share comes from climate, season and a slow noise of its pass, so that
neighbours on one pass are alike. The pixels follow a noise on a 60 m lattice of the
scene's CRS, cut at the share's quantile.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from emulator.planet import climate, noise
from emulator.planet.atlas import atlas

Doubles = noise.Reals

CELL = 60.0
"""Metres of a cloud pixel."""

_SIDE = 32
_OCTAVES = 7
_FINEST = 4.0  # cells across the finest octave
_ROUGH = 0.70
_SPREAD = 0.40  # density ramps from clear to opaque over this many deviations
_NORMAL = NormalDist()


def shares(
    longitude: float, latitude: float, months: Doubles, passes: npt.NDArray[np.int64]
) -> Doubles:
    """Returns the cloudy share of scenes over one place.

    Args:
        longitude: Degrees of the scenes' middle.
        latitude: Degrees.
        months: Time of year of each scene, 0 to 12 (n,).
        passes: A number of each scene's pass (n,).

    Returns:
        0 to 1, with four decimals (n,).
    """
    traits = climate.traits_at(longitude, latitude)
    land = float(
        atlas().land.smooth(np.array([longitude]), np.array([latitude]))[0, 0] / 36.0
    )
    usual = climate.SEA_CLOUD + (traits["cloud"] - climate.SEA_CLOUD) * min(
        1.0, max(0.0, 2.0 * land)
    )
    wave = np.cos(2.0 * np.pi * (months - 6.6) / 12.0)
    side = float(np.clip(latitude / 8.0, -1.0, 1.0))
    mean = np.clip(usual * (1.0 + 0.45 * traits["phase"] * wave * side), 0.015, 0.95)
    x = (longitude + 180.0) / 6.0
    y = (90.0 - latitude) / 6.0
    i, j = int(np.floor(x)), int(np.floor(y))
    across = noise.spline(np.array([x - i]))[0]
    down = noise.spline(np.array([y - j]))[0]
    columns = (i - 1 + np.arange(4)) % 60
    rows = j - 1 + np.arange(4)
    nodes = columns[None, :] + 60 * rows[:, None]
    hashes = noise.hash_pairs(passes[:, None], nodes.ravel()[None, :], 71)
    values = hashes * (2.0 / 2.0**32) - 1.0
    weights = (down[:, None] * across[None, :]).ravel()
    slow = (values * weights).sum(axis=1) * 3.6
    # Where it is nearly always clear, or nearly never, days differ less.
    spread = 1.3 + 6.4 * mean * (1.0 - mean)
    odds = np.log(mean / (1.0 - mean)) + spread * slow
    cloudy = 1.0 / (1.0 + np.exp(-odds))
    rounded: Doubles = np.round(np.where(cloudy < 0.002, 0.0, cloudy), 6)
    return rounded


_NODES = 11
_PERIOD = 8  # tiles in the coarsest octave's cell: 4 * 2**6 cells of 32
_STRIDE = _PERIOD * _SIDE // (int(_FINEST) * 2 ** np.arange(_OCTAVES))
_SALT = np.arange(_OCTAVES) * 1_000_003
_RAW = np.array([_ROUGH ** (_OCTAVES - 1 - k) for k in range(_OCTAVES)])
_GAINS = (_RAW / np.sqrt((_RAW**2).sum()) * 3.6).astype(np.float32)


@functools.lru_cache(maxsize=1)
def _weights() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Returns the octaves' first nodes (8, 7) and weights (8, 7, 32, 11) by phase.

    A tile's phase is its number modulo the coarsest octave's cell in tiles.
    """
    dense = np.zeros((_PERIOD, _OCTAVES, _SIDE, _NODES), np.float32)
    firsts = np.zeros((_PERIOD, _OCTAVES), np.int64)
    for phase in range(_PERIOD):
        for octave in range(_OCTAVES):
            cell = _FINEST * 2.0**octave
            position = (phase * _SIDE + np.arange(_SIDE) + 0.5) / cell
            first, weights = noise.spline_rows(position)
            firsts[phase, octave] = first
            dense[phase, octave, :, : weights.shape[1]] = weights
    return firsts, dense


def _tiles(
    columns: npt.NDArray[np.int64], rows: npt.NDArray[np.int64], seed: int
) -> npt.NDArray[np.float32]:
    """Returns unit noise over tiles of 32 by 32 cells (n, 32, 32)."""
    x0, across = _place(columns)
    y0, down = _place(rows)
    index = np.arange(_NODES)
    nodes = noise.hash_pairs(
        (x0[:, :, None] + _SALT[:, None] + index)[:, :, None, :],
        (y0[:, :, None] + index)[:, :, :, None],
        seed,
    ).astype(np.float32)
    nodes *= _GAINS[:, None, None] * np.float32(2.0 / 2.0**32)
    nodes -= _GAINS[:, None, None]
    each = down @ nodes @ np.swapaxes(across, 2, 3)
    # Added one by one: a sum over an axis may group them by the array's shape.
    total = each[:, 0]
    for octave in range(1, _OCTAVES):
        total = total + each[:, octave]
    return total.astype(np.float32, copy=False)


def _place(
    tiles: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Returns first nodes (n, 7) and weights (n, 7, 32, 11) of tiles on one axis."""
    firsts, weights = _weights()
    phase, turn = tiles % _PERIOD, tiles // _PERIOD
    return firsts[phase] + turn[:, None] * _STRIDE, weights[phase]


def _fields(
    places: Sequence[tuple[int, int]], width: int, height: int, seed: int
) -> list[npt.NDArray[np.float32]]:
    """Returns unit noise over windows of cloud cells, each (height, width).

    Tiles that windows share are computed once, and all in one go.
    """
    spans = [
        (
            range(column // _SIDE, (column + width - 1) // _SIDE + 1),
            range(row // _SIDE, (row + height - 1) // _SIDE + 1),
        )
        for column, row in places
    ]
    slots: dict[tuple[int, int], int] = {}
    for across, down in spans:
        for j in down:
            for i in across:
                slots.setdefault((i, j), len(slots))
    numbers = np.array(list(slots), np.int64)
    tiles = _tiles(numbers[:, 0], numbers[:, 1], seed)
    found = []
    for (column, row), (across, down) in zip(places, spans, strict=True):
        whole = np.empty((len(down) * _SIDE, len(across) * _SIDE), np.float32)
        for b, j in enumerate(down):
            for a, i in enumerate(across):
                square = np.s_[b * _SIDE : (b + 1) * _SIDE, a * _SIDE : (a + 1) * _SIDE]
                whole[square] = tiles[slots[i, j]]
        top, left = row - down.start * _SIDE, column - across.start * _SIDE
        found.append(whole[top : top + height, left : left + width])
    return found


def densities(
    share: float,
    places: Sequence[tuple[int, int]],
    width: int,
    height: int,
    seed: int,
) -> list[npt.NDArray[np.float32]]:
    """Returns :func:`density` over windows of one size.

    Args:
        share: The scene's cloudy share, 0 to 1.
        places: Each window's first cell: across, and down.
        width: Cells across.
        height: Cells down.
        seed: The pass's number.
    """
    if share <= 0.0:
        return [np.zeros((height, width), np.float32) for _ in places]
    if share >= 0.9995:
        return [np.ones((height, width), np.float32) for _ in places]
    edge = np.float32(_edge(share))
    return [
        np.clip((field - edge) / np.float32(_SPREAD) + np.float32(0.5), 0, 1)
        for field in _fields(places, width, height, seed)
    ]


@functools.lru_cache(maxsize=65536)
def _edge(share: float) -> float:
    """Returns the deviation beyond which such a share of a normal field lies."""
    return _NORMAL.inv_cdf(1.0 - share)


def density(
    share: float, column: int, row: int, width: int, height: int, seed: int
) -> npt.NDArray[np.float32]:
    """Returns how dense clouds are over a window of cloud cells.

    Args:
        share: The scene's cloudy share, 0 to 1.
        column: First cell: x of its left edge in metres over 60.
        row: First cell down: minus y of its upper edge in metres over 60.
        width: Cells across.
        height: Cells down.
        seed: The pass's number.

    Returns:
        0 clear, 0.5 at a cloud's edge, 1 opaque (height, width).
    """
    return densities(share, [(column, row)], width, height, seed)[0]

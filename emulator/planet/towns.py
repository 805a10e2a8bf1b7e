"""Towns and villages: jittered points with ragged, thinning outskirts."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from emulator.planet import climate, mercator, noise
from emulator.planet.noise import HALO, SIZE, BlockNoise, Floats, Reals

_SHIFT = 9
"""A town site every 2**9 pixels, 3 km to 6 km."""


@functools.lru_cache(maxsize=4096)
def _site(zoom: int, column: int, row: int) -> tuple[float, float, float] | None:
    """Returns a site's town: its place in the site (0 to 1) and radius in metres."""
    sites = 2 ** (zoom - _SHIFT)
    east = 0.15 + 0.7 * noise.unit(33, column, row, zoom)
    south = 0.15 + 0.7 * noise.unit(34, column, row, zoom)
    longitude = (column + east) / sites * 360.0 - 180.0
    latitude = float(mercator.latitude_of(np.array([(row + south) / sites]))[0])
    wish = climate.traits_at(longitude, latitude)["town"]
    if noise.unit(35, column, row, zoom) > 0.9 * wish:
        return None
    radius = 130.0 * 2.0 ** (3.6 * noise.unit(36, column, row, zoom) ** 2.2)
    return east, south, radius


def settle(block: BlockNoise) -> Floats | None:
    """Returns how deep in a settlement each pixel lies (n, 66, 66).

    1 in the middle of a town, 0 at its edge, less than 0 outside; None where no town
    is near.
    """
    found = [
        (k, *place)
        for k, column in enumerate(block.columns.tolist())
        for place in _near(block, column)
    ]
    if not found:
        return None
    ragged = block.fractal(31, 900.0, 36.0, 0.6) * np.float32(0.22)
    inside = np.full(block.shape, -1.0, np.float32)
    for k, across, down, radius in found:
        away = np.sqrt(across[None, :] ** 2 + down[:, None] ** 2)
        deep = 1.0 - away.astype(np.float32) / np.float32(radius) + ragged[k]
        np.maximum(inside[k], deep, out=inside[k])
    return inside


def _near(block: BlockNoise, number: int) -> Iterator[tuple[Reals, Reals, float]]:
    """Yields towns near a block: metres from its columns and rows, and radius."""
    span = SIZE + 2 * HALO
    cell = 2.0**_SHIFT
    column = number * SIZE / cell
    row = block.row * SIZE / cell
    index = np.arange(span, dtype=np.float64) - HALO + 0.5
    for j in range(int(row // 1) - 1, int(row // 1) + 2):
        for i in range(int(column // 1) - 1, int(column // 1) + 2):
            site = _site(block.zoom, i % 2 ** (block.zoom - _SHIFT), j)
            if site is None:
                continue
            east, south, radius = site
            across = (number * SIZE + index - (i + east) * cell) * block.pixel
            down = (block.row * SIZE + index - (j + south) * cell) * block.pixel
            if max(np.abs(across).min(), np.abs(down).min()) <= 2.2 * radius:
                yield across, down, radius

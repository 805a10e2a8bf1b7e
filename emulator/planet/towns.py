"""Towns and villages: jittered points with ragged, thinning outskirts."""

from __future__ import annotations

import functools

import numpy as np

from emulator.planet import climate, mercator, noise
from emulator.planet.noise import HALO, SIZE, BlockNoise, Floats

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
    """Returns how deep in a settlement each pixel lies (130, 130).

    1 in the middle of a town, 0 at its edge, less than 0 outside; None where no town
    is near.
    """
    span = SIZE + 2 * HALO
    inside: Floats | None = None
    ragged: Floats | None = None
    cell = 2.0**_SHIFT
    column = block.column * SIZE / cell
    row = block.row * SIZE / cell
    index = np.arange(span, dtype=np.float64) - HALO + 0.5
    for j in range(int(row // 1) - 1, int(row // 1) + 2):
        for i in range(int(column // 1) - 1, int(column // 1) + 2):
            site = _site(block.zoom, i % 2 ** (block.zoom - _SHIFT), j)
            if site is None:
                continue
            east, south, radius = site
            across = (block.column * SIZE + index - (i + east) * cell) * block.pixel
            down = (block.row * SIZE + index - (j + south) * cell) * block.pixel
            if max(np.abs(across).min(), np.abs(down).min()) > 2.2 * radius:
                continue
            away = np.sqrt(across[None, :] ** 2 + down[:, None] ** 2)
            if ragged is None:
                ragged = block.fractal(31, 900.0, 36.0, 0.6) * np.float32(0.22)
            deep = 1.0 - away.astype(np.float32) / np.float32(radius) + ragged
            inside = deep if inside is None else np.maximum(inside, deep)
    return inside

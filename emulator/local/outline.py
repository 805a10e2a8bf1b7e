"""Where on the Earth a pixel grid lies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from emulator.evaluator.projection import WGS84, is_geographic, transformer
from emulator.source import PixelGrid

_POINTS = 17
"""Points on each edge: edges that are straight in the CRS bend in degrees."""


def outline(grid: PixelGrid) -> BaseGeometry | None:
    """Returns a grid's outline in degrees; None if it cannot be told.

    Longitudes go on past ±180 where it crosses the antimeridian. A grid with a pole
    inside covers all longitudes, from its edge's least latitude on.
    """
    x, y = _edge(grid)
    if is_geographic(grid.crs):
        if np.ptp(x) >= 360.0:
            return shapely.box(-180.0, y.min(), 180.0, y.max())
        return shapely.Polygon(np.column_stack([x, y]))
    lon, lat = transformer(grid.crs, WGS84).transform(x, y)
    lon, lat = np.asarray(lon), np.asarray(lat)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return None
    for pole in (90.0, -90.0):
        if _holds(grid, 0.0, pole):
            south, north = sorted((pole, float((lat.min, lat.max)[pole < 0]())))
            return shapely.box(-180.0, south, 180.0, north)
    lon = np.rad2deg(np.unwrap(np.deg2rad(lon)))
    # The middle within ±180, whatever side the first corner is on.
    turn = 360.0 * np.floor(((lon.min() + lon.max()) / 2 + 180.0) / 360.0)
    return shapely.Polygon(np.column_stack([lon - turn, lat]))


def _edge(grid: PixelGrid) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    a, b, c, d, e, f = grid.transform
    along = np.linspace(0.0, 1.0, _POINTS)[:-1]
    zero, one = np.zeros_like(along), np.ones_like(along)
    cols = np.concatenate([along, one, 1.0 - along, zero]) * grid.width
    rows = np.concatenate([zero, along, one, 1.0 - along]) * grid.height
    return a * cols + b * rows + c, d * cols + e * rows + f


def _holds(grid: PixelGrid, lon: float, lat: float) -> bool:
    x, y = transformer(WGS84, grid.crs).transform(lon, lat)
    if not (np.isfinite(x) and np.isfinite(y)):
        return False
    a, b, c, d, e, f = grid.transform
    det = a * e - b * d
    col = (e * (x - c) - b * (y - f)) / det
    row = (a * (y - f) - d * (x - c)) / det
    return bool(0.0 <= col <= grid.width and 0.0 <= row <= grid.height)

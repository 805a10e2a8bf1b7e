"""``Image.clipToBoundsAndScale``: what the client sends before a download."""

from __future__ import annotations

import math
from dataclasses import replace

from emulator.evaluator.errors import EngineError
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.image import Band, Image
from emulator.evaluator.projection import Projection, metres_per_unit
from emulator.evaluator.registry import algorithm
from emulator.source import Bounds, PixelGrid

_SLACK = 1e-6
"""Share of a pixel by which a bound may miss the lattice and still lie on it."""


@algorithm("Image.clipToBoundsAndScale")
def clip_to_bounds_and_scale(
    input: Image,
    geometry: Geometry | None,
    width: int | None,
    height: int | None,
    max_dimension: int | None,
    scale: float | None,
) -> Image:
    """Returns the image on the pixel grid of a geometry's bounds.

    The bounds are taken in the first band's CRS. With a scale, pixels lie on the
    lattice of that many metres from the CRS's origin and cover the bounds; with a
    size, the bounds are divided by it.
    """
    who = "Image.clipToBoundsAndScale"
    place = geometry if geometry is not None else input.geometry()
    if place is None:
        raise EngineError(f"{who}: The geometry for image clip must not be unbounded.")
    if not input.bands:
        return input
    projection = input.bands[0].projection
    bounds = place.within(projection.crs).bounds
    sized = (width, height, max_dimension) != (None, None, None)
    if sized and scale is not None:
        raise EngineError(f"{who}: Cannot specify both dimensions and scale.")
    if sized:
        grid = fitted(bounds, projection.crs, width, height, max_dimension)
    else:
        grid = covering(bounds, projection, scale)
    return on_grid(input, grid).with_footprint(place)


def on_grid(image: Image, grid: PixelGrid) -> Image:
    """Returns the image with bands that say they lie on a grid."""
    projection = Projection(grid.crs, grid.transform)

    def moved(band: Band) -> Band:
        return replace(band, projection=projection, size=(grid.width, grid.height))

    return image.each_band(moved)


def covering(
    bounds: Bounds, projection: Projection, scale: float | None = None
) -> PixelGrid:
    """Returns the pixels of a projection's lattice that cover bounds in its CRS."""
    a, _, c, _, e, f = projection.transform
    if scale is not None:
        side = scale / metres_per_unit(projection.crs)
        a, c, e, f = side, 0.0, -side, 0.0
    west, south, east, north = bounds
    cols = sorted(((west - c) / a, (east - c) / a))
    rows = sorted(((south - f) / e, (north - f) / e))
    col, row = math.floor(cols[0] + _SLACK), math.floor(rows[0] + _SLACK)
    width = max(1, math.ceil(cols[1] - _SLACK) - col)
    height = max(1, math.ceil(rows[1] - _SLACK) - row)
    transform = (a, 0.0, c + a * col, 0.0, e, f + e * row)
    return PixelGrid(projection.crs, transform, width, height)


def fitted(
    bounds: Bounds,
    crs: str,
    width: int | None = None,
    height: int | None = None,
    max_dimension: int | None = None,
) -> PixelGrid:
    """Returns bounds divided into so many pixels; square ones if a size is open."""
    west, south, east, north = bounds
    across, down = east - west, north - south
    if width is None and height is None:
        assert max_dimension is not None
        side = max(across, down) / max_dimension
        width, height = math.ceil(across / side), math.ceil(down / side)
    elif height is None:
        assert width is not None
        height = max(1, round(down / (across / width)))
    elif width is None:
        width = max(1, round(across / (down / height)))
    transform = (across / width, 0.0, west, 0.0, -down / height, north)
    return PixelGrid(crs, transform, width, height)

"""Which pixels a request asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.algorithms.exports import covering, fitted
from emulator.evaluator.errors import EngineError
from emulator.evaluator.image import Image
from emulator.evaluator.nodes import window_grid
from emulator.evaluator.projection import Projection, crs_of
from emulator.source import PixelGrid
from emulator.unconfirmed import PICTURE_SIDE

TILE = 256
"""Side of the windows that a large request is computed by, to bound memory."""


def read_grid(json: Mapping[str, Any], image: Image) -> PixelGrid:
    """Reads the ``grid`` of a request.

    Args:
        json: With ``dimensions``, ``affineTransform`` and ``crsCode``.
        image: Whose first band's projection is used where they are missing.

    Raises:
        EngineError: It is incomplete or malformed.
    """
    base = image.bands[0].projection
    crs = json.get("crsCode") or json.get("crsWkt") or base.crs
    crs_of(crs)
    affine = json.get("affineTransform")
    try:
        if affine is None:
            transform = base.transform
        else:
            transform = (
                float(affine.get("scaleX", 1.0)),
                float(affine.get("shearX", 0.0)),
                float(affine.get("translateX", 0.0)),
                float(affine.get("shearY", 0.0)),
                float(affine.get("scaleY", 1.0)),
                float(affine.get("translateY", 0.0)),
            )
        size = json["dimensions"]
        width, height = int(size["width"]), int(size["height"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EngineError(f"Invalid or incomplete pixel grid: {error!r}.") from error
    if transform[0] * transform[4] - transform[1] * transform[3] == 0.0:
        raise EngineError("The affine transform of the pixel grid is singular.")
    return PixelGrid(crs, transform, width, height)


def own_grid(image: Image, *, picture: bool = False) -> PixelGrid:
    """Returns the grid that an image has by itself.

    It is its first band's if that has a size; else its footprint on the first band's
    lattice, or divided into :data:`PICTURE_SIDE` pixels for a picture.

    Raises:
        EngineError: It has none: a composite without bounds, or no bands.
    """
    if not image.bands:
        raise EngineError("Image has no bands.")
    band = image.bands[0]
    if band.size is not None and not (picture and max(band.size) > PICTURE_SIDE):
        return PixelGrid(band.projection.crs, band.projection.transform, *band.size)
    if band.size is not None:
        bounds = _sized_bounds(band.projection, band.size)
    else:
        place = image.geometry()
        if place is None:
            raise EngineError(
                "Unable to compute image: it is unbounded. Give a region, or a grid "
                "with dimensions."
            )
        bounds = place.within(band.projection.crs).bounds
    if picture:
        return fitted(bounds, band.projection.crs, max_dimension=PICTURE_SIDE)
    return covering(bounds, band.projection)


def _sized_bounds(
    projection: Projection, size: tuple[int, int]
) -> tuple[float, float, float, float]:
    a, _, c, _, e, f = projection.transform
    xs, ys = sorted((c, c + a * size[0])), sorted((f, f + e * size[1]))
    return xs[0], ys[0], xs[1], ys[1]


def windows(grid: PixelGrid) -> Iterator[tuple[slice, slice, PixelGrid]]:
    """Splits a grid into windows of at most :data:`TILE` pixels a side."""
    if max(grid.width, grid.height) <= TILE:
        yield slice(None), slice(None), grid
        return
    projection = Projection(grid.crs, grid.transform)
    for row in range(0, grid.height, TILE):
        for col in range(0, grid.width, TILE):
            height = min(TILE, grid.height - row)
            width = min(TILE, grid.width - col)
            window = window_grid(projection, row, col, height, width)
            yield slice(row, row + height), slice(col, col + width), window

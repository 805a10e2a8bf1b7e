"""Which pixels a request asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.algorithms.exports import covering, fitted
from emulator.evaluator.errors import EngineError
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.image import Image
from emulator.evaluator.nodes import window_grid
from emulator.evaluator.projection import Projection, crs_of
from emulator.source import Affine6, Bounds, PixelGrid
from emulator.unconfirmed import PICTURE_SIDE

TILE = 256
"""Side of the windows that a large request is computed by, to bound memory."""


def read_grid(
    json: Mapping[str, Any], image: Image, region: Geometry | None = None
) -> PixelGrid:
    """Reads the ``grid`` of a request.

    What it leaves open comes from the image: the CRS and the affine transform are its
    first band's (its pixel size, if only the CRS is another), and so many pixels are
    taken as cover the region, or the image.

    Args:
        json: Perhaps with ``dimensions``, ``affineTransform`` and ``crsCode``.
        image: The image.
        region: What is asked for, if not all.

    Raises:
        EngineError: It is malformed, or the image is unbounded.
    """
    base = image.bands[0].projection
    crs = json.get("crsCode") or json.get("crsWkt") or base.crs
    crs_of(crs)
    affine = json.get("affineTransform")
    size = json.get("dimensions")
    try:
        if affine is not None:
            projection = Projection(crs, _transform(affine))
        elif crs == base.crs:
            projection = base
        else:
            projection = Projection(crs, _SOUTH).at_scale(base.scale)
        if size is not None:
            width, height = int(size["width"]), int(size["height"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EngineError(f"Invalid or incomplete pixel grid: {error!r}.") from error
    a, b, _, d, e, _ = projection.transform
    if a * e - b * d == 0.0:
        raise EngineError("The affine transform of the pixel grid is singular.")
    if size is not None and (affine is not None or region is None):
        return PixelGrid(crs, projection.transform, width, height)
    bounds = _bounds(image, crs, region)
    if size is not None:
        return fitted(bounds, crs, width, height)
    if b or d:
        raise EngineError("A sheared pixel grid needs dimensions.")
    return covering(bounds, projection)


_SOUTH = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)


def _transform(affine: Mapping[str, Any]) -> Affine6:
    return (
        float(affine.get("scaleX", 1.0)),
        float(affine.get("shearX", 0.0)),
        float(affine.get("translateX", 0.0)),
        float(affine.get("shearY", 0.0)),
        float(affine.get("scaleY", 1.0)),
        float(affine.get("translateY", 0.0)),
    )


def _bounds(image: Image, crs: str, region: Geometry | None) -> Bounds:
    place = region if region is not None else image.geometry()
    if place is None:
        raise EngineError(
            "Unable to compute image: it is unbounded. Give a region, or a grid "
            "with dimensions."
        )
    west, south, east, north = place.within(crs).bounds
    return west, south, east, north


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
        bounds = _bounds(image, band.projection.crs, None)
    if picture:
        return fitted(bounds, band.projection.crs, max_dimension=PICTURE_SIDE)
    return covering(bounds, band.projection)


def _sized_bounds(projection: Projection, size: tuple[int, int]) -> Bounds:
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

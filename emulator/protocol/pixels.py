"""The request ``image:computePixels``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from emulator.evaluator.coerce import coercer, type_name
from emulator.evaluator.context import Context
from emulator.evaluator.errors import EngineError, TypeMismatch
from emulator.evaluator.graph import read_expression
from emulator.evaluator.image import Image
from emulator.evaluator.interpreter import Interpreter
from emulator.evaluator.nodes import window_grid
from emulator.evaluator.projection import Projection, crs_of
from emulator.protocol.encoders import Raster
from emulator.protocol.limits import check_pixel_request
from emulator.source import PixelGrid

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


def _tiles(grid: PixelGrid) -> Iterator[tuple[slice, slice, PixelGrid]]:
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


def _image(value: Any) -> Image:
    try:
        image: Image = coercer("Image<unknown bands>")(value)
    except TypeMismatch:
        raise EngineError(
            f"The expression is no image but of type {type_name(value)}."
        ) from None
    return image


def compute_pixels(body: Mapping[str, Any], context: Context) -> Raster:
    """Computes the pixels that a request asks for.

    Args:
        body: The request.
        context: A fresh one.

    Raises:
        EngineError: Anything wrong with the request or its expression.
    """
    image = _image(Interpreter(context).run(read_expression(body["expression"])))
    bands = list(image.bands)
    if body.get("bandIds"):
        bands = [image.band(name) for name in body["bandIds"]]
    dtypes = [band.type.dtype for band in bands]
    size = body.get("grid", {}).get("dimensions", {})
    width, height = size.get("width", 1), size.get("height", 1)
    check_pixel_request(int(width), int(height), dtypes)
    grid = read_grid(body.get("grid", {}), image)
    shape = (grid.height, grid.width)
    values = [np.empty(shape, dtype) for dtype in dtypes]
    masks = [np.empty(shape, np.bool_) for _ in bands]
    for rows, cols, window in _tiles(grid):
        for band, out, mask in zip(bands, values, masks, strict=True):
            out[rows, cols], mask[rows, cols] = context.pixels(band.node, window)
        context.forget_pixels()
    return Raster(grid, [band.name for band in bands], values, masks)

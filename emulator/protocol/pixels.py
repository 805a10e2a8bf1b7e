"""Pixels of an image: computed, checked against limits, styled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from emulator.algorithms.masks import clip
from emulator.evaluator.coerce import coercer, type_name
from emulator.evaluator.context import Context
from emulator.evaluator.errors import EngineError, TypeMismatch
from emulator.evaluator.geometry import from_geojson
from emulator.evaluator.graph import read_expression
from emulator.evaluator.image import Band, Image
from emulator.evaluator.interpreter import Interpreter
from emulator.evaluator.visualise import styled
from emulator.protocol.grids import own_grid, read_grid, windows
from emulator.protocol.limits import COMPUTE, Limits, check_pixel_request
from emulator.protocol.raster import Raster
from emulator.source import PixelGrid
from emulator.unconfirmed import REGION_MASKS


def image_of(body: Mapping[str, Any], context: Context) -> Image:
    """Evaluates a request's expression to an image.

    Raises:
        EngineError: It is none, or anything wrong with the expression.
    """
    value = Interpreter(context).run(read_expression(body["expression"]))
    try:
        image: Image = coercer("Image<unknown bands>")(value)
    except TypeMismatch:
        raise EngineError(
            f"The expression is no image but of type {type_name(value)}."
        ) from None
    return image


def shown_bands(image: Image, body: Mapping[str, Any]) -> list[Band]:
    """Returns the bands that ``bandIds`` names, styled as the request wishes."""
    bands = list(image.bands)
    if body.get("bandIds"):
        bands = [image.band(name) for name in body["bandIds"]]
    options = body.get("visualizationOptions")
    return styled(bands, options) if options else bands


def compute(
    bands: Sequence[Band], grid: PixelGrid, context: Context, limits: Limits = COMPUTE
) -> Raster:
    """Computes bands on a grid.

    Raises:
        EngineError: More than the limits allow.
    """
    dtypes = [band.type.dtype for band in bands]
    check_pixel_request(grid.width, grid.height, dtypes, limits)
    shape = (grid.height, grid.width)
    values = [np.empty(shape, dtype) for dtype in dtypes]
    masks = [np.empty(shape, np.bool_) for _ in bands]
    for rows, cols, window in windows(grid):
        for band, out, mask in zip(bands, values, masks, strict=True):
            out[rows, cols], mask[rows, cols] = context.pixels(band.node, window)
        context.forget_pixels()
    return Raster(grid, [band.name for band in bands], values, masks)


def compute_pixels(
    body: Mapping[str, Any], context: Context, image: Image | None = None
) -> Raster:
    """Computes the pixels that ``computePixels`` or ``getPixels`` asks for.

    Args:
        body: The request.
        context: A fresh one.
        image: The image, if it is not the request's expression.

    Raises:
        EngineError: Anything wrong with the request or its expression.
    """
    if image is None:
        image = image_of(body, context)
    region = body.get("region")
    place = None if region is None else from_geojson(region)
    if not image.bands:
        raise EngineError("Image has no bands.")
    json = body.get("grid") or {}
    if json or place is not None:
        grid = read_grid(json, image, place)
    else:
        grid = own_grid(image)
    if place is not None and REGION_MASKS:
        image = clip(image, place)
    return compute(shown_bands(image, body), grid, context)

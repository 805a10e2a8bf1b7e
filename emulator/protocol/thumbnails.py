"""Thumbnails and downloads: made by one request, fetched by another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from emulator.evaluator.context import Context
from emulator.evaluator.errors import EngineError
from emulator.evaluator.image import Image
from emulator.protocol.encoders import PICTURES, check_format, encoded
from emulator.protocol.geotiff import zipped
from emulator.protocol.grids import own_grid
from emulator.protocol.limits import COMPUTE, DOWNLOAD
from emulator.protocol.pixels import compute, image_of, shown_bands

ZIPPED = "ZIPPED_GEO_TIFF"
ZIPPED_BANDS = "ZIPPED_GEO_TIFF_PER_BAND"


def named(project: str, request: Mapping[str, Any]) -> dict[str, str]:
    """Returns the answer to a request that makes a thumbnail: its name.

    The name is a digest of the request: the same in every process.

    Raises:
        EngineError: There is no such file format.
    """
    file_format = request.get("fileFormat", "AUTO_JPEG_PNG")
    if file_format not in (ZIPPED, ZIPPED_BANDS):
        check_format(file_format)
    text = json.dumps(request, sort_keys=True, separators=(",", ":")).encode()
    digest = hashlib.sha256(text).hexdigest()[:32]
    return {"name": f"projects/{project}/thumbnails/{digest}"}


def not_found(name: str) -> EngineError:
    """Returns the error of a thumbnail that was never made, or long ago."""
    return EngineError(f"Thumbnail '{name}' not found.", 404, "NOT_FOUND")


def render(
    request: Mapping[str, Any], context: Context, poison: bool
) -> tuple[str, bytes]:
    """Returns a kept request's file: its content type and bytes.

    Raises:
        EngineError: Anything wrong with the expression, or too large an image.
    """
    file_format = request.get("fileFormat", "AUTO_JPEG_PNG")
    image = image_of(request, context)
    if file_format == ZIPPED_BANDS:
        return "application/zip", _zipped_bands(request, image, context)
    picture = file_format in PICTURES
    bands = shown_bands(image, request)
    grid = own_grid(image, picture=picture)
    raster = compute(bands, grid, context, COMPUTE if picture else DOWNLOAD)
    if file_format == ZIPPED:
        return "application/zip", zipped([(_prefix(request), raster)])
    return encoded(raster, file_format, poison)


def _zipped_bands(request: Mapping[str, Any], image: Image, context: Context) -> bytes:
    """Returns a GeoTIFF a band, each on the grid and with the dtype of its own."""
    prefix = _prefix(request)

    def files() -> Any:
        for band in shown_bands(image, request):
            alone = image.with_bands([band])
            grid = own_grid(alone)
            raster = compute([band], grid, context, DOWNLOAD)
            yield f"{prefix}.{band.name}", raster

    return zipped(files())


def _prefix(request: Mapping[str, Any]) -> str:
    return str(request.get("filenamePrefix") or "download")

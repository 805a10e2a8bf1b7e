"""Thumbnails and downloads: made by one request, fetched by another."""

from __future__ import annotations

import hashlib
import json
import threading
import zlib
from collections import OrderedDict
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


class Thumbnails:
    """Requests kept under a name until they are fetched; the oldest go first."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def keep(self, project: str, request: Mapping[str, Any]) -> str:
        """Keeps a request and returns its resource name."""
        text = json.dumps(request, sort_keys=True, separators=(",", ":")).encode()
        name = hashlib.sha256(text).hexdigest()[:32]
        with self._lock:
            self._kept[name] = zlib.compress(text, 1)
            self._kept.move_to_end(name)
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        return f"projects/{project}/thumbnails/{name}"

    def find(self, name: str) -> Mapping[str, Any]:
        """Returns a kept request.

        Raises:
            EngineError: It was never made, or so long ago that it is gone.
        """
        with self._lock:
            text = self._kept.get(name)
        if text is None:
            raise EngineError(f"Thumbnail '{name}' not found.", 404, "NOT_FOUND")
        found: Mapping[str, Any] = json.loads(zlib.decompress(text))
        return found


def check_request(request: Mapping[str, Any]) -> None:
    """Refuses a thumbnail of an unknown file format.

    Raises:
        EngineError: It is one.
    """
    file_format = request.get("fileFormat", "AUTO_JPEG_PNG")
    if file_format not in (ZIPPED, ZIPPED_BANDS):
        check_format(file_format)


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

"""File formats of pixel answers."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np

from emulator.evaluator.errors import EngineError
from emulator.protocol.geotiff import geotiff
from emulator.protocol.pictures import jpeg, jpeg_or_png, png
from emulator.protocol.raster import Raster
from emulator.unconfirmed import NPY_KEEPS_DTYPES, poison_of


def npy(raster: Raster, poison: bool) -> bytes:
    """Returns a structured array (height, width), one field a band, as NPY.

    Args:
        raster: The pixels.
        poison: Whether masked pixels are poisoned; else they are 0.
    """
    dtypes = [values.dtype for values in raster.values]
    if not NPY_KEEPS_DTYPES:
        dtypes = [np.result_type(*dtypes)] * len(dtypes)
    dtype = np.dtype(list(zip(raster.names, dtypes, strict=True)))
    array = np.empty((raster.grid.height, raster.grid.width), dtype)
    for name, values, mask in zip(
        raster.names, raster.values, raster.masks, strict=True
    ):
        if mask.all():
            array[name] = values
        else:
            fill = poison_of(values.dtype) if poison else 0
            array[name] = np.where(mask, values, np.asarray(fill, values.dtype))
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


Encoder = Callable[[Raster, bool], bytes]

AUTO = "AUTO_JPEG_PNG"
PICTURES = frozenset({"PNG", "JPEG", AUTO})
_ENCODERS: dict[str, tuple[str, Encoder]] = {
    "NPY": ("application/octet-stream", npy),
    "GEO_TIFF": ("image/tiff", geotiff),
    "PNG": ("image/png", png),
    "JPEG": ("image/jpeg", jpeg),
}


def encoded(raster: Raster, file_format: str, poison: bool) -> tuple[str, bytes]:
    """Returns pixels as a file: its content type and bytes.

    Args:
        raster: The pixels.
        file_format: ``fileFormat`` of the request.
        poison: Whether NPY's masked pixels are poisoned.

    Raises:
        EngineError: There is no such format for pixels.
    """
    if file_format == AUTO:
        return jpeg_or_png(raster)
    check_format(file_format)
    content_type, encode = _ENCODERS[file_format]
    return content_type, encode(raster, poison)


def check_format(file_format: str) -> None:
    """Refuses formats that pixels do not come in.

    Raises:
        EngineError: There is no such format.
    """
    if file_format != AUTO and file_format not in _ENCODERS:
        raise EngineError(f"Invalid value for fileFormat: '{file_format}'.")

"""Pixels as PNG or JPEG: one band of greys or three of colours, 8 bits each."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from emulator.evaluator.errors import EngineError
from emulator.evaluator.pixeltype import cast
from emulator.protocol.raster import Raster
from emulator.unconfirmed import JPEG_QUALITY

Picture = tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]


def _picture(raster: Raster) -> Picture:
    if len(raster.values) not in (1, 3):
        raise EngineError(
            f"An image of {len(raster.values)} bands cannot be a picture: one or "
            "three are needed. Give 'bands'."
        )
    valid = np.logical_and.reduce(raster.masks)
    layers = [cast(values, np.dtype("uint8")) for values in raster.values]
    shown = np.where(valid[..., None], np.stack(layers, axis=-1), 0)
    return shown.astype(np.uint8), valid


def png(raster: Raster, poison: bool = False) -> bytes:
    """Returns a PNG; masked pixels are transparent."""
    shown, valid = _picture(raster)
    if not valid.all():
        if shown.shape[-1] == 1:
            shown = np.repeat(shown, 3, axis=-1)
        alpha = np.where(valid, 255, 0).astype(np.uint8)
        shown = np.dstack([shown, alpha])
    return _saved(shown, "PNG")


def jpeg(raster: Raster, poison: bool = False) -> bytes:
    """Returns a JPEG; masked pixels are black."""
    return _saved(_picture(raster)[0], "JPEG", quality=JPEG_QUALITY)


def jpeg_or_png(raster: Raster) -> tuple[str, bytes]:
    """Returns a JPEG if no pixel is masked, else a PNG, with its content type."""
    if all(mask.all() for mask in raster.masks):
        return "image/jpeg", jpeg(raster)
    return "image/png", png(raster)


def _saved(shown: npt.NDArray[np.uint8], kind: str, **options: int) -> bytes:
    layers = shown[..., 0] if shown.shape[-1] == 1 else shown
    buffer = io.BytesIO()
    Image.fromarray(layers).save(buffer, kind, **options)
    return buffer.getvalue()

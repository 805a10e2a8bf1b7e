"""File formats of pixel answers: one function each."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.evaluator.errors import EngineError, NotImplementedHere
from emulator.protocol.poison import poison_of
from emulator.source import PixelGrid


@dataclass(frozen=True)
class Raster:
    """Computed pixels.

    Attributes:
        grid: Where they are.
        names: Of the bands.
        values: One (height, width) array a band, each with its own dtype.
        masks: Where they are valid.
    """

    grid: PixelGrid
    names: Sequence[str]
    values: Sequence[npt.NDArray[Any]]
    masks: Sequence[npt.NDArray[np.bool_]]


def npy(raster: Raster, poison: bool) -> bytes:
    """Returns a structured array (height, width), one field a band, as NPY.

    Args:
        raster: The pixels.
        poison: Whether masked pixels are poisoned; else they are 0.
    """
    dtype = np.dtype(
        [(name, v.dtype) for name, v in zip(raster.names, raster.values, strict=True)]
    )
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

ENCODERS: dict[str, tuple[str, Encoder]] = {"NPY": ("application/octet-stream", npy)}
"""Content type and function by ``fileFormat``."""

_KNOWN = ("GEO_TIFF", "PNG", "JPEG", "AUTO_JPEG_PNG", "TF_RECORD_IMAGE")


def encoder(file_format: str) -> tuple[str, Encoder]:
    """Returns a format's content type and function.

    Raises:
        EngineError: There is no such format, or not here.
    """
    found = ENCODERS.get(file_format)
    if found is None:
        if file_format in _KNOWN:
            raise NotImplementedHere(f"the file format '{file_format}'")
        raise EngineError(f"Invalid value for fileFormat: '{file_format}'.")
    return found

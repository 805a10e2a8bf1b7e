"""Casts of images and numbers: integers truncate towards zero and clamp."""

from __future__ import annotations

from typing import Any

import numpy as np

from emulator.evaluator import pixeltype
from emulator.evaluator.image import Band, Image
from emulator.evaluator.nodes import pixelwise
from emulator.evaluator.registry import algorithm

_TYPES = {
    "uint8": ("toUint8", "uint8", "toByte", "byte"),
    "int8": ("toInt8", "int8"),
    "uint16": ("toUint16", "uint16"),
    "int16": ("toInt16", "int16", "toShort", "short"),
    "uint32": ("toUint32", "uint32"),
    "int32": ("toInt32", "int32", "toInt", "int"),
    "int64": ("toInt64", "int64", "toLong", "long"),
    "float32": ("toFloat", "float"),
    "float64": ("toDouble", "double"),
}


def _register(name: str, dtype: str) -> None:
    kind = pixeltype.of_dtype(dtype)

    def changed(band: Band) -> Band:
        if band.type == kind:
            return band
        node = pixelwise(lambda v: pixeltype.cast(v, kind.dtype), band.node)
        return Band(band.name, kind, band.projection, node)

    about = f"Returns the value as {dtype}."

    @algorithm(f"Image.{name}", about=about)
    def cast_image(value: Image) -> Image:
        return value.computed(lambda: [changed(band) for band in value.bands])

    @algorithm(f"Number.{name}", about=about)
    def cast_number(input: float) -> Any:
        return pixeltype.cast(np.asarray(input), kind.dtype).item()


for _dtype, _names in _TYPES.items():
    for _name in _names:
        _register(_name, _dtype)

"""Bits of images and numbers, and the old names of operators on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.algorithms import maths, numbers  # noqa: F401 (the new names)
from emulator.evaluator import pixeltype
from emulator.evaluator.image import Band, Image
from emulator.evaluator.nodes import pixelwise
from emulator.evaluator.pixeltype import PixelType, integers
from emulator.evaluator.registry import algorithm, registered

_OLD = {
    "first_nonzero": "firstNonZero",
    "bitwise_and": "bitwiseAnd",
    "bitwise_or": "bitwiseOr",
    "bitwise_xor": "bitwiseXor",
    "left_shift": "leftShift",
    "right_shift": "rightShift",
    "bitwise_not": "bitwiseNot",
}


def inverted(kind: PixelType) -> PixelType:
    """Returns the least signed type that holds a type's whole numbers."""
    if kind.precision != "int":
        return pixeltype.of_dtype("int64")
    reach = max(abs(kind.low + 1), kind.high)
    for name in ("int8", "int16", "int32"):
        if reach <= np.iinfo(name).max:
            return pixeltype.of_dtype(name)
    return pixeltype.of_dtype("int64")


@algorithm("Image.bitwiseNot")
def image_bitwise_not(value: Image) -> Image:
    """Returns every bit turned over, in a signed type."""

    def changed(band: Band) -> Band:
        kind = inverted(band.type)
        node = pixelwise(lambda v: (~v.astype(np.int64)).astype(kind.dtype), band.node)
        return Band(band.name, kind, band.projection, node)

    return value.computed(lambda: [changed(band) for band in value.bands])


@algorithm("Image.bitCount")
def image_bit_count(value: Image) -> Image:
    """Returns how many of a number's 64 bits are set."""
    kind = integers(0, 64)

    def count(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        wide = values.astype(np.int64)
        octets = np.ascontiguousarray(wide)[..., None].view(np.uint8)
        bits = np.unpackbits(octets, axis=-1)
        return np.asarray(bits.sum(axis=-1, dtype=np.uint8))

    return value.computed(
        lambda: [
            Band(b.name, kind, b.projection, pixelwise(count, b.node))
            for b in value.bands
        ]
    )


@algorithm("Number.bitwiseNot")
def number_bitwise_not(input: float) -> int:
    """Returns every bit turned over."""
    return ~int(input)


@algorithm("Number.bitCount")
def number_bit_count(input: float) -> int:
    """Returns how many of a number's 64 bits are set."""
    return (int(input) & (2**64 - 1)).bit_count()


def _alias(old: str, new: str) -> None:
    algorithm(old)(registered()[new].function)


for _kind in ("Image", "Number"):
    for _old, _new in _OLD.items():
        _alias(f"{_kind}.{_old}", f"{_kind}.{_new}")

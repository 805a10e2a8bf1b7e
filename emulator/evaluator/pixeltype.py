"""Pixel types: precision and, for integers, the range of values."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_INTEGERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "int64")
_RANK = {"int": 0, "float": 1, "double": 2}


@dataclass(frozen=True)
class PixelType:
    """A type of pixels.

    Attributes:
        precision: ``int``, ``float`` or ``double``.
        low: Least possible integer; 0 for others.
        high: Greatest possible integer; 0 for others.
    """

    precision: str
    low: int = 0
    high: int = 0

    @functools.cached_property
    def dtype(self) -> np.dtype[Any]:
        """The smallest NumPy dtype that holds the range."""
        if self.precision == "float":
            return np.dtype("float32")
        if self.precision == "double":
            return np.dtype("float64")
        for name in _INTEGERS:
            info = np.iinfo(name)
            if info.min <= self.low and self.high <= info.max:
                return np.dtype(name)
        return np.dtype("int64")


FLOAT = PixelType("float")
DOUBLE = PixelType("double")
BOOLEAN = PixelType("int", 0, 1)


@functools.lru_cache(maxsize=64)
def of_dtype(name: str) -> PixelType:
    """Returns the type of a NumPy dtype's whole range."""
    dtype = np.dtype(name)
    if dtype.kind == "f":
        return FLOAT if dtype.itemsize <= 4 else DOUBLE
    if dtype.kind == "b":
        return BOOLEAN
    info = np.iinfo(dtype)
    return PixelType("int", int(info.min), int(info.max))


def of_number(value: float) -> PixelType:
    """Returns the type of a constant."""
    if isinstance(value, bool | int) and abs(value) < 2**63:
        return PixelType("int", int(value), int(value))
    return DOUBLE


def integers(low: int, high: int) -> PixelType:
    """Returns the type of integers in a range; double if 64 bits are too few."""
    if low < -(2**63) or high >= 2**63:
        return DOUBLE
    return PixelType("int", low, high)


def union(*types: PixelType) -> PixelType:
    """Returns the smallest type that holds all of the given."""
    precision = max((t.precision for t in types), key=_RANK.__getitem__)
    if precision != "int":
        return DOUBLE if precision == "double" else FLOAT
    return PixelType("int", min(t.low for t in types), max(t.high for t in types))


def cast(values: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Casts as Earth Engine does: integers truncate to zero and clamp, NaN is 0."""
    if values.dtype == dtype:
        return values
    if dtype.kind == "f":
        return values.astype(dtype)
    info = np.iinfo(dtype)
    if values.dtype.kind == "f":
        # float64 cannot hold the end of int64: clamp to the float just inside.
        high = float(info.max) if info.bits < 64 else np.nextafter(2.0**63, 0)
        whole = np.trunc(np.nan_to_num(values.astype(np.float64), nan=0.0))
        return np.clip(whole, float(info.min), high).astype(dtype)
    if values.dtype.kind == "b" or np.can_cast(values.dtype, dtype):
        return values.astype(dtype)
    return np.clip(values.astype(np.int64), info.min, info.max).astype(dtype)

"""Partial statistics: what one tile adds to the statistics of a modality."""

from __future__ import annotations

import math
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt


class Partial(TypedDict):
    """Statistics of the valid values of each band, ready for JSON.

    Attributes:
        count: Valid values.
        mean: Their mean; 0 where there are none.
        m2: Sum of their squared deviations from the mean.
        min: The smallest; None where there are none.
        max: The largest; None where there are none.
    """

    count: list[int]
    mean: list[float]
    m2: list[float]
    min: list[float | None]
    max: list[float | None]


def partial(array: npt.NDArray[Any], no_data: float | None) -> Partial:
    """Computes the partial statistics of one modality of one tile.

    Integers are summed exactly and rounded once. Floats are taken in two passes in
    float64 (mean, then squared deviations) with a fixed order of additions, so that
    the figures are the same on every machine.

    Args:
        array: Values, shape (bands, rows, columns) or (bands,).
        no_data: The value that means "no data", if there is one. NaN and infinite
            values are never valid.

    Returns:
        One entry a band in each list.
    """
    of_band = _float_band if array.dtype.kind == "f" else _integer_band
    result = Partial(count=[], mean=[], m2=[], min=[], max=[])
    for band in array.reshape(array.shape[0], -1):
        count, mean, m2, least, most = of_band(band, no_data)
        result["count"].append(count)
        result["mean"].append(mean)
        result["m2"].append(m2)
        result["min"].append(least)
        result["max"].append(most)
    return result


_Figures = tuple[int, float, float, float | None, float | None]
_NOTHING: _Figures = (0, 0.0, 0.0, None, None)
_EXACT = 2**53  # float64 holds every integer up to here


def _integer_band(band: npt.NDArray[Any], no_data: float | None) -> _Figures:
    # No integer equals a number with a fraction, or one that is not finite.
    if no_data is not None and float(no_data).is_integer():
        valid = band != int(no_data)
        if not valid.all():
            band = band[valid]
    count = band.size
    if not count:
        return _NOTHING
    least, most = int(band.min()), int(band.max())
    if max(abs(least), abs(most)) ** 2 * count < _EXACT:
        # No partial sum can round, so the order of additions does not matter.
        values = band.astype(np.float64)
        total = int(values.sum())
        squares = int(np.einsum("i,i->", values, values))
    else:
        integers = band.tolist()
        total = sum(integers)
        squares = sum(value * value for value in integers)
    m2 = (count * squares - total * total) / count
    return count, total / count, m2, float(least), float(most)


def _float_band(band: npt.NDArray[Any], no_data: float | None) -> _Figures:
    valid = np.isfinite(band)
    if no_data is not None and math.isfinite(no_data):
        # The value as this dtype stores it: 0.1 in float32 is not 0.1.
        valid &= band != band.dtype.type(no_data)
    values = (band if valid.all() else band[valid]).astype(np.float64)
    count = values.size
    if not count:
        return _NOTHING
    least, most = float(values.min()), float(values.max())
    mean = float(values.sum()) / count
    values -= mean
    # What the first pass rounded off the mean, found from the small deviations.
    rest = float(values.sum()) / count
    values *= values
    m2 = max(0.0, float(values.sum()) - count * rest * rest)
    return count, mean + rest, m2, least, most

"""Reductions of stacks of pixels along their first axis, without masked ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.evaluator.context import Pixels

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Stack = Callable[[Array, Mask], Pixels]
"""Reduces (n, ...) values and mask along the first axis."""


def _some(mask: Mask) -> Mask:
    return np.asarray(mask.any(axis=0))


def count(values: Array, mask: Mask) -> Pixels:
    """Counts valid values; nowhere masked."""
    total = mask.sum(axis=0, dtype=np.int32)
    return total, np.ones(total.shape, np.bool_)


def total(values: Array, mask: Mask) -> Pixels:
    """Sums valid values."""
    return np.where(mask, values, 0).sum(axis=0, dtype=np.float64), _some(mask)


def product(values: Array, mask: Mask) -> Pixels:
    """Multiplies valid values."""
    factors = np.where(mask, values, 1).astype(np.float64)
    return factors.prod(axis=0), _some(mask)


def mean(values: Array, mask: Mask) -> Pixels:
    """Averages valid values in float64."""
    number = mask.sum(axis=0)
    return total(values, mask)[0] / np.maximum(number, 1), number > 0


def variance(values: Array, mask: Mask) -> Pixels:
    """Population variance of valid values, in two passes."""
    centre, some = mean(values, mask)
    return mean((values.astype(np.float64) - centre) ** 2, mask)[0], some


def deviation(values: Array, mask: Mask) -> Pixels:
    """Population standard deviation of valid values."""
    spread, some = variance(values, mask)
    return np.sqrt(spread), some


def sample_variance(values: Array, mask: Mask) -> Pixels:
    """Variance with n - 1; masked below two values."""
    spread, _ = variance(values, mask)
    number = mask.sum(axis=0)
    return spread * number / np.maximum(number - 1, 1), number > 1


def sample_deviation(values: Array, mask: Mask) -> Pixels:
    """Standard deviation with n - 1; masked below two values."""
    spread, some = sample_variance(values, mask)
    return np.sqrt(spread), some


def _extreme(dtype: np.dtype[Any], sign: int) -> Any:
    if dtype.kind == "f":
        return sign * np.inf
    if dtype.kind == "b":
        return sign > 0
    info = np.iinfo(dtype)
    return info.max if sign > 0 else info.min


def least(values: Array, mask: Mask) -> Pixels:
    """Least valid value."""
    filled = np.where(mask, values, _extreme(values.dtype, 1))
    return filled.min(axis=0).astype(values.dtype), _some(mask)


def greatest(values: Array, mask: Mask) -> Pixels:
    """Greatest valid value."""
    filled = np.where(mask, values, _extreme(values.dtype, -1))
    return filled.max(axis=0).astype(values.dtype), _some(mask)


def first(values: Array, mask: Mask) -> Pixels:
    """First valid value."""
    place = mask.argmax(axis=0)[None]
    return np.take_along_axis(values, place, axis=0)[0], _some(mask)


def last(values: Array, mask: Mask) -> Pixels:
    """Last valid value."""
    return first(values[::-1], mask[::-1])


def quantile(values: Array, mask: Mask, fraction: float) -> Pixels:
    """Linearly interpolated quantile of valid values; 0.5 is the median."""
    ordered = np.sort(np.where(mask, values.astype(np.float64), np.inf), axis=0)
    number = mask.sum(axis=0)
    place = np.maximum(number - 1, 0) * fraction
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(number - 1, 0))
    low = np.take_along_axis(ordered, below[None], axis=0)[0]
    high = np.take_along_axis(ordered, above[None], axis=0)[0]
    some = number > 0
    weight = place - below
    mixed = np.where(some, low, 0) * (1 - weight) + np.where(some, high, 0) * weight
    return mixed, some


def mode(values: Array, mask: Mask) -> Pixels:
    """Most frequent valid value; of equally frequent ones the least."""
    if values.dtype == np.uint8 and len(values) < 2**16:
        low, high = int(values.min()), int(values.max())
        if high - low < 64:
            return _mode_of_classes(values, mask, range(low, high + 1))
    ordered = np.where(mask, values.astype(np.float64), np.inf)
    ordered = np.sort(ordered, axis=0)
    best, most = ordered[0], np.ones(ordered.shape[1:], np.int64)
    run = most.copy()
    for i in range(1, len(ordered)):
        run = np.where(ordered[i] == ordered[i - 1], run + 1, 1)
        better = (run > most) & np.isfinite(ordered[i])
        best = np.where(better, ordered[i], best)
        most = np.where(better, run, most)
    some = _some(mask)
    return np.where(some, best, 0).astype(values.dtype), some


_CHUNK = 1 << 18
"""Bytes of a stack that are counted at a time, to stay in the processor's cache."""


def _mode_of_classes(values: Array, mask: Mask, classes: range) -> Pixels:
    """Counts each class; quicker than sorting for few classes in many layers."""
    layers = len(values)
    flat, valid = values.reshape(layers, -1), mask.reshape(layers, -1)
    counter: type[np.unsignedinteger[Any]] = np.uint8 if layers < 256 else np.uint16
    best = np.zeros(flat.shape[1], np.uint8)
    most = np.zeros(flat.shape[1], counter)
    # A value that no class has marks what is masked.
    nothing = classes.stop if classes.stop < 256 else classes.start - 1
    step = max(1024, _CHUNK // layers)
    for start in range(0, flat.shape[1], step):
        here = slice(start, start + step)
        known = valid[:, here]
        part = flat[:, here]
        if not known.all():
            part = np.where(known, part, np.uint8(nothing))
        for value in classes:
            hits = (part == value).view(np.uint8)
            number = np.add.reduce(hits, axis=0, dtype=counter)
            better = number > most[here]
            best[here][better] = value
            np.maximum(most[here], number, out=most[here])
    shape = values.shape[1:]
    return best.reshape(shape), (most > 0).reshape(shape)


def any_non_zero(values: Array, mask: Mask) -> Pixels:
    """1 if any valid value is not zero."""
    return ((values != 0) & mask).any(axis=0).astype(np.uint8), _some(mask)


def all_non_zero(values: Array, mask: Mask) -> Pixels:
    """1 if all valid values are not zero."""
    return ((values != 0) | ~mask).all(axis=0).astype(np.uint8), _some(mask)

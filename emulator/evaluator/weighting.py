"""Reductions of values that weigh differently.

With equal weights each is what :mod:`emulator.evaluator.reducers` makes of the values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.unconfirmed import WEIGHTED_REDUCERS

Array = npt.NDArray[Any]
Weighted = Callable[[Sequence[Array], Array], Any]
"""Reduces arrays of values (n,), one an input, with weights (n,) above zero."""

Function = Callable[[Array, Array], float]

DOCUMENTED = ("mean", "sum")
"""Those of whose reference says "(weighted)"."""


def _total(values: Array, weights: Array) -> float:
    return float(np.sum(values * weights))


def _mean(values: Array, weights: Array) -> float:
    return float(np.sum(values * weights) / np.sum(weights))


def _variance(values: Array, weights: Array) -> float:
    centre = _mean(values, weights)
    return _mean((values - centre) ** 2, weights)


def _deviation(values: Array, weights: Array) -> float:
    return float(np.sqrt(_variance(values, weights)))


def _mode(values: Array, weights: Array) -> float:
    """Returns the heaviest value; of equally heavy ones the least."""
    different, place = np.unique(values, return_inverse=True)
    return float(different[np.bincount(place.ravel(), weights).argmax()])


def quantile(values: Array, weights: Array, fraction: float) -> float:
    """Returns a quantile, linear between neighbours half their weights apart."""
    order = np.argsort(values, kind="stable")
    ordered, heavy = values[order], weights[order]
    steps = (heavy[1:] + heavy[:-1]) / 2
    places = np.concatenate([[0.0], np.cumsum(steps)])
    return float(np.interp(fraction * places[-1], places, ordered))


_FUNCTIONS: dict[str, Function] = {
    "sum": _total,
    "mean": _mean,
    "variance": _variance,
    "stdDev": _deviation,
    "mode": _mode,
    "median": lambda values, weights: quantile(values, weights, 0.5),
}


def _one(function: Function) -> Weighted:
    def weighted(columns: Sequence[Array], weights: Array) -> float | None:
        if weights.size == 0:
            return None
        return function(columns[0].astype(np.float64), weights)

    return weighted


def weighted_of(name: str) -> Weighted | None:
    """Returns how a reducer weighs its inputs; None if it does not."""
    if name not in DOCUMENTED and name not in WEIGHTED_REDUCERS:
        return None
    return _one(_FUNCTIONS[name])


def weighted_quantile(fraction: float) -> Weighted | None:
    """Returns how a percentile weighs its inputs; None if it does not."""
    if "percentile" not in WEIGHTED_REDUCERS:
        return None
    return _one(lambda values, weights: quantile(values, weights, fraction))

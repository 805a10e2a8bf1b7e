"""Aggregates over one property of a collection's elements."""

from __future__ import annotations

from typing import Any

from emulator.algorithms.reducers import MEANINGS
from emulator.evaluator import reducers
from emulator.evaluator.collection import Collection
from emulator.evaluator.filters import field, plain
from emulator.evaluator.registry import algorithm

_REDUCERS = {
    "first": "first",
    "count": "count",
    "min": "min",
    "max": "max",
    "mean": "mean",
    "product": "product",
    "sum": "sum",
    "sample_sd": "sampleStdDev",
    "sample_var": "sampleVariance",
    "total_sd": "stdDev",
    "total_var": "variance",
}


def column(collection: Collection, name: str) -> list[Any]:
    """Returns a property of all elements that have it."""
    values = [plain(field(element, name)) for element in collection.elements]
    return [value for value in values if value is not None]


def _register(name: str, reducer: str) -> None:
    @algorithm(
        f"AggregateFeatureCollection.{name}",
        about=f"Returns {MEANINGS[reducer]} of a property.",
    )
    def aggregate(collection: Collection, property: str) -> Any:
        values = column(collection, property)
        if reducer in ("min", "max") and values and isinstance(values[0], str):
            return min(values) if reducer == "min" else max(values)
        found = reducers.simple(reducer).reduce([values])
        return found[reducer]


for _name, _reducer in _REDUCERS.items():
    _register(_name, _reducer)


@algorithm("AggregateFeatureCollection.array")
def array(collection: Collection, property: str) -> list[Any]:
    """Returns all values of a property."""
    return column(collection, property)


@algorithm("AggregateFeatureCollection.count_distinct")
def count_distinct(collection: Collection, property: str) -> int:
    """Returns how many different values a property has."""
    return len(set(column(collection, property)))


@algorithm("AggregateFeatureCollection.histogram")
def histogram(collection: Collection, property: str) -> dict[str, int]:
    """Returns how often a property has each value."""
    counts: dict[str, int] = {}
    for value in column(collection, property):
        counts[str(value)] = counts.get(str(value), 0) + 1
    return counts

"""Reducers."""

from __future__ import annotations

from dataclasses import replace

from emulator.evaluator import reducers
from emulator.evaluator.errors import EngineError
from emulator.evaluator.reducers import Reducer
from emulator.evaluator.registry import algorithm

MEANINGS = {
    "count": "the number of values that are not null",
    "sum": "the sum",
    "product": "the product",
    "mean": "the mean",
    "variance": "the variance of all values",
    "stdDev": "the standard deviation of all values",
    "sampleVariance": "the variance, as of a sample",
    "sampleStdDev": "the standard deviation, as of a sample",
    "min": "the least value",
    "max": "the greatest value",
    "first": "the first value",
    "last": "the last value",
    "median": "the median",
    "mode": "the most frequent value",
    "any": "1 if one value is not 0",
    "all": "1 if no value is 0",
}
"""What the simple reducers return, in words."""

_SIMPLE = {name: name for name in MEANINGS if name not in ("any", "all")} | {
    "firstNonNull": "first",
    "lastNonNull": "last",
    "anyNonZero": "any",
    "or": "any",
    "allNonZero": "all",
    "and": "all",
}


_EXACT = ("maxBuckets", "minBucketWidth", "maxRaw")
"""How Earth Engine would guess at medians and the like; here they are exact."""


def _register(name: str, simple: str) -> None:
    @algorithm(
        f"Reducer.{name}",
        ignores=_EXACT if name in ("median", "mode") else (),
        about=f"Returns a reducer to {MEANINGS[simple]}.",
    )
    def make() -> Reducer:
        return reducers.simple(simple)


for _name, _simple in _SIMPLE.items():
    _register(_name, _simple)


@algorithm("Reducer.minMax")
def min_max() -> Reducer:
    """Returns a reducer to the least and the greatest value."""
    return reducers.combined(
        reducers.simple("min"), reducers.simple("max"), "", shared=True
    )


@algorithm("Reducer.percentile", ignores=_EXACT)
def percentile(percentiles: list[float], output_names: list[str] | None) -> Reducer:
    """Returns a reducer to percentiles."""
    return reducers.percentile(percentiles, output_names)


@algorithm("Reducer.toList")
def to_list(tuple_size: int | None, num_optional: int) -> Reducer:
    """Returns a reducer that collects its inputs."""
    return reducers.to_list(tuple_size, num_optional)


@algorithm("Reducer.combine")
def combine(
    reducer1: Reducer, reducer2: Reducer, output_prefix: str, shared_inputs: bool
) -> Reducer:
    """Returns two reducers in one."""
    return reducers.combined(reducer1, reducer2, output_prefix, shared_inputs)


@algorithm("Reducer.repeat")
def repeat(reducer: Reducer, count: int) -> Reducer:
    """Returns copies of a reducer side by side."""
    return reducers.repeated(reducer, count)


@algorithm("Reducer.unweighted")
def unweighted(reducer: Reducer) -> Reducer:
    """Returns the reducer, all inputs of equal weight."""
    return reducer.unweighted()


@algorithm("Reducer.splitWeights")
def split_weights(reducer: Reducer) -> Reducer:
    """Returns the reducer, each weighted input followed by one for its weight."""
    return reducers.with_split_weights(reducer)


@algorithm("Reducer.getOutputs")
def get_outputs(reducer: Reducer) -> list[str]:
    """Returns the outputs' names."""
    return [output.name for output in reducer.outputs]


@algorithm("Reducer.setOutputs")
def set_outputs(reducer: Reducer, outputs: list[str]) -> Reducer:
    """Returns the reducer with its outputs renamed."""
    if len(outputs) != len(reducer.outputs):
        raise EngineError("Reducer.setOutputs: As many names as outputs are needed.")
    renamed = zip(reducer.outputs, outputs, strict=True)
    return Reducer(
        reducer.inputs, tuple(replace(output, name=name) for output, name in renamed)
    )

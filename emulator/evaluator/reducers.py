"""Reducers: of stacks of pixels and of columns of values alike."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from emulator.evaluator import pixeltype, stacks
from emulator.evaluator.context import Context, PixelNode, Pixels
from emulator.evaluator.errors import EngineError
from emulator.evaluator.pixeltype import PixelType
from emulator.evaluator.stacks import Array, Mask, Stack
from emulator.evaluator.weighting import Weighted, weighted_of, weighted_quantile
from emulator.source import PixelGrid


@dataclass(frozen=True)
class Output:
    """One output of a reducer.

    Attributes:
        name: Such as ``mean``.
        inputs: Which of the reducer's inputs it takes.
        columns: Reduces the values of those inputs, null for missing ones.
        stack: Reduces pixels; None if it cannot.
        kind: The type of reduced pixels by the type of the input's.
        weighted: Reduces arrays of values (n,), one an input, with their weights (n,)
            above zero; None if weights change nothing.
    """

    name: str
    inputs: tuple[int, ...]
    columns: Callable[[Sequence[Sequence[Any]]], Any]
    stack: Stack | None = None
    kind: Callable[[PixelType], PixelType] = lambda kind: kind
    weighted: Weighted | None = None


@dataclass(frozen=True)
class Reducer:
    """A reducer.

    Attributes:
        inputs: How many inputs it has.
        outputs: Its outputs in order.
    """

    inputs: int
    outputs: tuple[Output, ...]

    def reduce(self, columns: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """Reduces columns of values, one an input.

        Raises:
            EngineError: There are more or fewer columns than inputs.
        """
        if len(columns) != self.inputs:
            raise EngineError(
                f"Reducer has {self.inputs} inputs but {len(columns)} were given."
            )
        return {
            output.name: output.columns([columns[i] for i in output.inputs])
            for output in self.outputs
        }

    def over(
        self, columns: Sequence[Array], inside: Mask, weights: Array
    ) -> dict[str, Any]:
        """Reduces the pixels of a region.

        Args:
            columns: Valid values (n,) of each input.
            inside: Which of them unweighted outputs count.
            weights: What they weigh for weighted outputs, 0 to 1.
        """
        counted = [column[inside] for column in columns]
        weighed = weights > 0
        heavy = [column[weighed] for column in columns]
        found = {}
        for output in self.outputs:
            if output.weighted is not None:
                taken = [heavy[i] for i in output.inputs]
                found[output.name] = output.weighted(taken, weights[weighed])
            else:
                lists = [counted[i].tolist() for i in output.inputs]
                found[output.name] = output.columns(lists)
        return found

    def unweighted(self) -> Reducer:
        """Returns the reducer, all inputs of equal weight."""
        plain = tuple(replace(output, weighted=None) for output in self.outputs)
        return replace(self, outputs=plain)


def _same(kind: PixelType) -> PixelType:
    return kind


def _double(kind: PixelType) -> PixelType:
    return pixeltype.DOUBLE


def _count_kind(kind: PixelType) -> PixelType:
    return pixeltype.integers(0, 2**31 - 1)


def _boolean(kind: PixelType) -> PixelType:
    return pixeltype.BOOLEAN


_SIMPLE: dict[str, tuple[Stack, Callable[[PixelType], PixelType]]] = {
    "count": (stacks.count, _count_kind),
    "sum": (stacks.total, _double),
    "product": (stacks.product, _double),
    "mean": (stacks.mean, _double),
    "variance": (stacks.variance, _double),
    "stdDev": (stacks.deviation, _double),
    "sampleVariance": (stacks.sample_variance, _double),
    "sampleStdDev": (stacks.sample_deviation, _double),
    "min": (stacks.least, _same),
    "max": (stacks.greatest, _same),
    "first": (stacks.first, _same),
    "last": (stacks.last, _same),
    "median": (functools.partial(stacks.quantile, fraction=0.5), _double),
    "mode": (stacks.mode, _same),
    "any": (stacks.any_non_zero, _boolean),
    "all": (stacks.all_non_zero, _boolean),
}


def _column(stack: Stack, columns: Sequence[Sequence[Any]]) -> Any:
    present = [value for value in columns[0] if value is not None]
    if stack in (stacks.first, stacks.last):
        return present[0 if stack is stacks.first else -1] if present else None
    if not present:
        return 0 if stack is stacks.count else None
    if any(isinstance(value, str) for value in present) and stack is stacks.count:
        return len(present)
    try:
        values = np.asarray(present).reshape(-1, 1)
        reduced, some = stack(values, np.ones(values.shape, np.bool_))
    except (TypeError, ValueError) as error:
        raise EngineError(f"Reducer: inputs must be numbers ({error}).") from error
    return reduced[0].item() if some[0] else None


def simple(name: str) -> Reducer:
    """Returns a reducer of one input and one output, such as ``mean``."""
    stack, kind = _SIMPLE[name]
    columns = functools.partial(_column, stack)
    weigh = weighted_of(name)
    return Reducer(1, (Output(name, (0,), columns, stack, kind, weigh),))


def percentile(percentiles: Sequence[float], names: Sequence[str] | None) -> Reducer:
    """Returns a reducer to percentiles, named ``p50`` unless named."""
    outputs = []
    for i, percent in enumerate(percentiles):
        stack = functools.partial(stacks.quantile, fraction=percent / 100.0)
        name = names[i] if names else f"p{percent:g}"
        columns = functools.partial(_column, stack)
        weigh = weighted_quantile(percent / 100.0)
        outputs.append(Output(name, (0,), columns, stack, _double, weigh))
    return Reducer(1, tuple(outputs))


def to_list(tuple_size: int | None, optional: int) -> Reducer:
    """Returns a reducer that collects its inputs, in tuples if sized.

    A tuple with a null among its required inputs is dropped.
    """
    size = tuple_size or 1

    def collect(columns: Sequence[Sequence[Any]]) -> list[Any]:
        rows = zip(*columns, strict=True)
        required = size - optional
        kept = [row for row in rows if all(v is not None for v in row[:required])]
        return [row[0] for row in kept] if tuple_size is None else [*map(list, kept)]

    return Reducer(size, (Output("list", tuple(range(size)), collect),))


def combined(one: Reducer, two: Reducer, prefix: str, shared: bool) -> Reducer:
    """Returns both reducers' outputs, over the same inputs or over more.

    Raises:
        EngineError: They share inputs but have not equally many, or output names
            collide.
    """
    if shared and one.inputs != two.inputs:
        raise EngineError("Reducer.combine: Reducers that share inputs differ in them.")
    shift = 0 if shared else one.inputs
    moved = tuple(
        replace(
            output,
            name=prefix + output.name,
            inputs=tuple(i + shift for i in output.inputs),
        )
        for output in two.outputs
    )
    outputs = one.outputs + moved
    if len({output.name for output in outputs}) != len(outputs):
        raise EngineError("Reducer.combine: Output names must be unique.")
    return Reducer(two.inputs + shift, outputs)


def with_split_weights(reducer: Reducer) -> Reducer:
    """Returns a reducer whose weighted inputs are followed by their weights."""
    weighted = {i for o in reducer.outputs if o.weighted for i in o.inputs}
    place = {i: i + sum(j < i for j in weighted) for i in range(reducer.inputs)}

    def split(output: Output) -> Output:
        inputs = tuple(place[i] for i in output.inputs)
        weigh = output.weighted
        if weigh is None:
            return replace(output, inputs=inputs)
        # All inputs of a weighted output share the first one's weight.
        inputs = (*inputs, inputs[0] + 1)

        def columns(given: Sequence[Sequence[Any]]) -> Any:
            rows = [row for row in zip(*given, strict=True) if None not in row]
            table = np.asarray(rows, np.float64).reshape(len(rows), len(given))
            table = table[table[:, -1] > 0]
            return weigh([*table[:, :-1].T], table[:, -1])

        return Output(output.name, inputs, columns)

    return Reducer(reducer.inputs + len(weighted), tuple(map(split, reducer.outputs)))


def repeated(reducer: Reducer, times: int) -> Reducer:
    """Returns copies of a reducer side by side; each output is a list."""

    def outputs(output: Output) -> Output:
        width = len(output.inputs)

        def columns(given: Sequence[Sequence[Any]]) -> list[Any]:
            starts = range(0, width * times, width)
            return [output.columns(given[start : start + width]) for start in starts]

        def weighted(given: Sequence[Array], weights: Array) -> list[Any]:
            assert output.weighted is not None
            starts = range(0, width * times, width)
            parts = [given[start : start + width] for start in starts]
            return [output.weighted(part, weights) for part in parts]

        inputs = tuple(
            copy * reducer.inputs + i for copy in range(times) for i in output.inputs
        )
        weigh = None if output.weighted is None else weighted
        return Output(output.name, inputs, columns, weighted=weigh)

    return Reducer(reducer.inputs * times, tuple(map(outputs, reducer.outputs)))


@dataclass(frozen=True, eq=False)
class StackNode:
    """Pixels of several nodes reduced to one.

    Attributes:
        reduce: Reduces the stack.
        inputs: The nodes, each computing ``common`` or a narrower dtype.
        common: The stack's dtype.
        dtype: Of the result.
    """

    reduce: Stack
    inputs: tuple[PixelNode, ...]
    common: np.dtype[Any]
    dtype: np.dtype[Any]

    def compute(self, context: Context, grid: PixelGrid) -> Pixels:
        """Reduces the pixels of those inputs that have any."""
        layers = [context.pixels(node, grid) for node in self.inputs]
        layers = [layer for layer in layers if layer[1].any()] or layers[:1]
        values = np.stack([v.astype(self.common, copy=False) for v, _ in layers])
        reduced, mask = self.reduce(values, np.stack([m for _, m in layers]))
        return pixeltype.cast(reduced, self.dtype), mask

"""Images computed over kernels: convolution, focal filters, reducers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from emulator.algorithms.kernels import named
from emulator.evaluator import pixeltype
from emulator.evaluator.context import Pixels
from emulator.evaluator.errors import EngineError
from emulator.evaluator.image import Band, Image
from emulator.evaluator.kernels import Kernel, Weights
from emulator.evaluator.neighbourhood import (
    Around,
    KernelNode,
    inner,
    shifts,
    stacked,
)
from emulator.evaluator.pixeltype import DOUBLE, FLOAT, PixelType
from emulator.evaluator.reducers import Output, Reducer, simple
from emulator.evaluator.registry import algorithm
from emulator.evaluator.stacks import Stack


def _weighed(pixels: Pixels, weights: Weights) -> tuple[Any, Any, Any]:
    """Returns the sums of weight times value, of valid weights, and their number."""
    shape = inner(pixels, weights)[0].shape
    total, weight, number = np.zeros(shape), np.zeros(shape), np.zeros(shape, np.int32)
    for factor, (values, mask) in shifts(pixels, weights):
        total += np.where(mask, factor * values.astype(np.float64), 0.0)
        weight += np.where(mask, factor, 0.0)
        number += mask
    return total, weight, number


def _sum(pixels: Pixels, weights: Weights) -> Pixels:
    total, _, number = _weighed(pixels, weights)
    return total, number > 0


def _mean(pixels: Pixels, weights: Weights) -> Pixels:
    total, weight, number = _weighed(pixels, weights)
    some = (number > 0) & (weight != 0)
    return total / np.where(some, weight, 1.0), some


def _extreme(choose: Any, pixels: Pixels, weights: Weights) -> Pixels:
    """Returns the least or greatest valid pixel where a weight is not zero."""
    found: Pixels | None = None
    for _, (values, mask) in shifts(pixels, weights):
        if found is None:
            found = values.copy(), mask.copy()
            continue
        best, some = found
        better = np.where(
            some & mask, choose(best, values), np.where(some, best, values)
        )
        found = better, some | mask
    if found is None:
        kept = inner(pixels, weights)
        return kept[0], np.zeros(kept[1].shape, np.bool_)
    return found


def _by_stack(stack: Stack, pixels: Pixels, weights: Weights) -> Pixels:
    return stacked(pixels, weights, lambda values, mask, _: stack(values, mask))


def _convolved(pixels: Pixels, weights: Weights) -> Pixels:
    """Returns the sum of weighted pixels around; masked where the pixel itself is.

    Masked neighbours count nothing.
    """
    return _sum(pixels, weights)[0], inner(pixels, weights)[1]


@algorithm("Image.convolve")
def convolve(image: Image, kernel: Kernel) -> Image:
    """Returns the sum of each pixel's neighbours times the kernel's weights.

    The kernel is laid on the image as it is printed, not turned around.
    """

    def changed(band: Band) -> Band:
        kind = FLOAT if band.type.dtype.itemsize <= 4 else DOUBLE
        return _over(band, kind, kernel, _convolved)

    return image.computed(lambda: [changed(band) for band in image.bands])


def _over(band: Band, kind: PixelType, kernel: Kernel, around: Around) -> Band:
    def compute(pixels: Pixels, weights: Weights) -> Pixels:
        values, mask = around(pixels, weights)
        return pixeltype.cast(values, kind.dtype), mask

    return Band(
        band.name, kind, band.projection, KernelNode(band.node, kernel, compute)
    )


_FOCAL: dict[str, Around] = {
    "min": functools.partial(_extreme, np.minimum),
    "max": functools.partial(_extreme, np.maximum),
    "mean": _mean,
}


def _focal_around(name: str) -> tuple[Around, Callable[[PixelType], PixelType]]:
    (output,) = simple(name).outputs
    if name in _FOCAL:
        return _FOCAL[name], output.kind
    assert output.stack is not None
    return functools.partial(_by_stack, output.stack), output.kind


def _register_focal(name: str, reducer: str) -> None:
    around, kind = _focal_around(reducer)

    @algorithm(f"Image.{name}", about=f"Returns the {reducer} around each pixel.")
    def focal(
        image: Image,
        radius: float,
        kernel_type: str,
        units: str,
        iterations: int,
        kernel: Kernel | None,
    ) -> Image:
        shape = kernel or named(kernel_type, radius, units)

        def changed(band: Band) -> Band:
            for _ in range(iterations):
                band = _over(band, kind(band.type), shape, around)
            return band

        return image.computed(lambda: [changed(band) for band in image.bands])


for _reducer in ("min", "max", "mean", "median", "mode"):
    _register_focal(f"focal{_reducer.capitalize()}", _reducer)
    _register_focal(f"focal_{_reducer}", _reducer)


def _deviating(root: bool, pixels: Pixels, weights: Weights) -> Pixels:
    """Returns the weighted variance, or its root."""

    def reduce(values: Any, mask: Any, kept: Any) -> Pixels:
        factors = np.where(mask, kept, 0.0)
        weight = factors.sum(axis=0)
        some = mask.any(axis=0) & (weight != 0)
        whole = np.where(some, weight, 1.0)
        wide = values.astype(np.float64)
        centre = (factors * wide).sum(axis=0) / whole
        spread = (factors * (wide - centre) ** 2).sum(axis=0) / whole
        return (np.sqrt(spread) if root else spread), some

    return stacked(pixels, weights, reduce)


_WEIGHTED: dict[str, Around] = {
    "sum": _sum,
    "mean": _mean,
    "variance": functools.partial(_deviating, False),
    "stdDev": functools.partial(_deviating, True),
}
"""Reducers that weigh their inputs; all others take those of weights not zero."""


def _reducing(output: Output, weighted: bool) -> Around:
    base = output.stack
    if base is None:
        raise EngineError(
            f"Image.reduceNeighborhood: Reducer '{output.name}' cannot reduce pixels."
        )
    for name, around in _WEIGHTED.items() if weighted else ():
        if simple(name).outputs[0].stack is base:
            return around
    return functools.partial(_by_stack, base)


@algorithm("Image.reduceNeighborhood", ignores=("optimization",))
def reduce_neighborhood(
    image: Image,
    reducer: Reducer,
    kernel: Kernel,
    input_weight: str,
    skip_masked: bool,
) -> Image:
    """Returns a reducer's outputs over the pixels around each pixel, by band."""
    who = "Image.reduceNeighborhood"
    if reducer.inputs != 1:
        raise EngineError(f"{who}: Reducers of several inputs are not supported here.")
    if input_weight not in ("mask", "kernel", "min"):
        raise EngineError(f"{who}: Unknown input weight '{input_weight}'.")
    # Masks are 1 where valid: the lesser of mask and kernel is the kernel below 1.
    weighted = input_weight != "mask"

    def changed(band: Band, output: Output) -> Band:
        around = _reducing(output, weighted)
        if skip_masked:
            around = functools.partial(_where_valid, around)
        made = _over(band, output.kind(band.type), kernel, around)
        return replace(made, name=f"{band.name}_{output.name}")

    return image.computed(
        lambda: [
            changed(band, output) for band in image.bands for output in reducer.outputs
        ]
    )


def _where_valid(around: Around, pixels: Pixels, weights: Weights) -> Pixels:
    values, mask = around(pixels, weights)
    return values, mask & inner(pixels, weights)[1]


@algorithm("Image.neighborhoodToBands")
def neighborhood_to_bands(image: Image, kernel: Kernel) -> Image:
    """Returns a band for each neighbour, ``band_x_y`` by its place from the focus."""
    weights = kernel.at(1.0)

    def one(row: int, col: int) -> Kernel:
        values = np.zeros(weights.values.shape)
        values[row, col] = 1.0
        return Kernel(lambda _: Weights(values, weights.row, weights.col))

    def taken(pixels: Pixels, only: Weights) -> Pixels:
        ((_, found),) = shifts(pixels, only)
        return found

    def bands() -> list[Band]:
        places = [*zip(*np.nonzero(weights.values), strict=True)]
        return [
            replace(
                _over(band, band.type, one(row, col), taken),
                name=f"{band.name}_{col - weights.col}_{row - weights.row}",
            )
            for band in image.bands
            for row, col in places
        ]

    return image.computed(bands)


@algorithm("Image.entropy")
def entropy(image: Image, kernel: Kernel) -> Image:
    """Returns the entropy in bits of the values around each pixel."""

    def around(pixels: Pixels, weights: Weights) -> Pixels:
        return stacked(pixels, weights, lambda values, mask, _: _entropy(values, mask))

    def changed(band: Band) -> Band:
        if band.type.precision != "int":
            raise EngineError("Image.entropy: The input must be integer.")
        return _over(band, FLOAT, kernel, around)

    return image.computed(lambda: [changed(band) for band in image.bands])


def _entropy(values: Any, mask: Any) -> Pixels:
    """Returns the sum of log2(n / equals) / n over the valid values."""
    number = mask.sum(axis=0)
    equal = np.zeros(values.shape)
    for layer, known in zip(values, mask, strict=True):
        equal += (values == layer) & known
    share = np.where(mask, equal, 1.0) / np.maximum(number, 1)
    bits = np.where(mask, -np.log2(share), 0.0).sum(axis=0) / np.maximum(number, 1)
    return bits, number > 0

"""Kernels: shapes, distances and the classics of edge detection.

Their weights are those that the reference shows for a radius of 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.evaluator.errors import EngineError
from emulator.evaluator.kernels import Floats, Kernel, Weights, fixed, shaped
from emulator.evaluator.registry import algorithm

_NEAR = 1e-9
Shape = Callable[[Floats, Floats, float], npt.NDArray[Any]]

_SHAPES: dict[str, Shape] = {
    "circle": lambda x, y, r: np.hypot(x, y) <= r + _NEAR,
    "square": lambda x, y, r: np.ones(x.shape),
    "diamond": lambda x, y, r: abs(x) + abs(y) <= r + _NEAR,
    # The reference shows one radius only: corners are cut as by a regular octagon.
    "octagon": lambda x, y, r: abs(x) + abs(y) <= r * math.sqrt(2.0) + _NEAR,
    "plus": lambda x, y, r: (x == 0) | (y == 0),
    "cross": lambda x, y, r: abs(x) == abs(y),
}
_DISTANCES: dict[str, Shape] = {
    "euclidean": lambda x, y, r: np.hypot(x, y),
    "manhattan": lambda x, y, r: abs(x) + abs(y),
    "chebyshev": lambda x, y, r: np.maximum(abs(x), abs(y)),
}


def named(
    name: str,
    radius: float,
    units: str,
    normalise: bool = True,
    magnitude: float = 1.0,
) -> Kernel:
    """Returns a kernel of a named shape or distance.

    Raises:
        EngineError: There is none of that name.
    """
    shape = (_SHAPES | _DISTANCES).get(name)
    who = f"Kernel.{name}"
    if shape is None:
        raise EngineError(f"{who}: Unknown kernel type.")
    return shaped(
        lambda x, y: shape(x, y, radius),
        (radius, radius),
        units,
        normalise,
        magnitude,
        who,
    )


def _register(name: str) -> None:
    about = (
        f"Returns a kernel of {name} distances."
        if name in _DISTANCES
        else f"Returns a kernel in the shape of a {name}."
    )

    @algorithm(f"Kernel.{name}", about=about)
    def make(radius: float, units: str, normalize: bool, magnitude: float) -> Kernel:
        return named(name, radius, units, normalize, magnitude)


for _name in _SHAPES | _DISTANCES:
    _register(_name)


@algorithm("Kernel.rectangle")
def rectangle(
    x_radius: float, y_radius: float, units: str, normalize: bool, magnitude: float
) -> Kernel:
    """Returns a rectangle of equal weights."""
    return shaped(
        lambda x, y: np.ones(x.shape),
        (x_radius, y_radius),
        units,
        normalize,
        magnitude,
        "Kernel.rectangle",
    )


@algorithm("Kernel.gaussian")
def gaussian(
    radius: float, sigma: float, units: str, normalize: bool, magnitude: float
) -> Kernel:
    """Returns weights of a bell curve in a square."""
    height = 1.0 / (2.0 * math.pi * sigma**2)
    return shaped(
        lambda x, y: height * np.exp(-(x**2 + y**2) / (2.0 * sigma**2)),
        (radius, radius),
        units,
        normalize,
        magnitude,
        "Kernel.gaussian",
    )


@algorithm("Kernel.fixed")
def fixed_kernel(
    width: int, height: int, weights: list[list[float]], x: int, y: int, normalize: bool
) -> Kernel:
    """Returns a kernel of given weights; the focus is in the middle unless given."""
    who = "Kernel.fixed"
    rows = {len(row) for row in weights}
    if len(rows) != 1 or rows == {0}:
        raise EngineError(f"{who}: Weights must be rows of equal length.")
    values = np.asarray(weights, np.float64)
    for name, wanted, found in (
        ("width", width, values.shape[1]),
        ("height", height, values.shape[0]),
    ):
        if wanted not in (-1, found):
            raise EngineError(
                f"{who}: The {name} is {wanted} but there are {found} weights."
            )
    row = values.shape[0] // 2 if y == -1 else y
    col = values.shape[1] // 2 if x == -1 else x
    if not (0 <= row < values.shape[0] and 0 <= col < values.shape[1]):
        raise EngineError(f"{who}: The focus lies outside the kernel.")
    return fixed(values, row, col, normalize)


_CLASSICS = {
    "laplacian4": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "laplacian8": [[1, 1, 1], [1, -8, 1], [1, 1, 1]],
    "sobel": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "prewitt": [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
    "roberts": [[1, 0], [0, -1]],
    "compass": [[1, 1, -1], [1, -2, -1], [1, 1, -1]],
    "kirsch": [[5, -3, -3], [5, 0, -3], [5, -3, -3]],
}


def _register_classic(name: str, rows: list[list[int]]) -> None:
    @algorithm(f"Kernel.{name}", about=f"Returns the {name} kernel for edges.")
    def make(magnitude: float, normalize: bool) -> Kernel:
        values = np.asarray(rows, np.float64)
        kept = fixed(values, len(rows) // 2, len(rows) // 2, normalize).at(1.0)
        return fixed(kept.values * magnitude, kept.row, kept.col, False)


for _name, _rows in _CLASSICS.items():
    _register_classic(_name, _rows)


@algorithm("Kernel.rotate")
def rotate(kernel: Kernel, rotations: int) -> Kernel:
    """Returns a kernel turned clockwise by quarters."""

    def make(metres: float) -> Weights:
        weights = kernel.at(metres)
        for _ in range(rotations % 4):
            height = weights.values.shape[0]
            turned = np.rot90(weights.values, -1)
            weights = Weights(turned, weights.col, height - 1 - weights.row)
        return weights

    return Kernel(make)


@algorithm("Kernel.inverse")
def inverse(kernel: Kernel) -> Kernel:
    """Returns a kernel of inverted weights; those of zero stay."""

    def make(metres: float) -> Weights:
        weights = kernel.at(metres)
        zero = weights.values == 0
        values = np.where(zero, 0.0, 1.0 / np.where(zero, 1.0, weights.values))
        return Weights(values, weights.row, weights.col)

    return Kernel(make)


@algorithm("Kernel.add")
def add(kernel1: Kernel, kernel2: Kernel, normalize: bool) -> Kernel:
    """Returns the sum of two kernels on one focus."""

    def make(metres: float) -> Weights:
        both = kernel1.at(metres), kernel2.at(metres)
        top, bottom, left, right = np.max([w.margins for w in both], axis=0)
        values = np.zeros((top + bottom + 1, left + right + 1))
        for weights in both:
            height, width = weights.values.shape
            row, col = top - weights.row, left - weights.col
            values[row : row + height, col : col + width] += weights.values
        joined = Weights(values, int(top), int(left))
        return joined.normalised() if normalize else joined

    return Kernel(make)

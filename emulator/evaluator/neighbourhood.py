"""Pixels computed from those around them, on the grid that is asked for.

As in Earth Engine, the answer depends on the projection of the request: to compute
on another, reproject. A window's pixels do not depend on the window: what lies around
it is computed, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.evaluator.context import Context, PixelNode, Pixels
from emulator.evaluator.kernels import Kernel, Weights
from emulator.evaluator.nodes import window_grid
from emulator.evaluator.projection import Projection
from emulator.source import PixelGrid

Array = npt.NDArray[Any]
Around = Callable[[Pixels, Weights], Pixels]
"""Reduces pixels with the kernel's margins on all sides to those without."""

_CHUNK = 1 << 22
"""Most values that are stacked at once."""


@dataclass(frozen=True, eq=False)
class KernelNode:
    """Pixels reduced over a kernel."""

    node: PixelNode
    kernel: Kernel
    around: Around

    def compute(self, context: Context, grid: PixelGrid) -> Pixels:
        """Computes the pixels with the kernel's margins, and reduces them."""
        projection = Projection(grid.crs, grid.transform)
        weights = self.kernel.at(projection.scale)
        pixels = context.pixels(self.node, widened(grid, *weights.margins))
        return self.around(pixels, weights)


@dataclass(frozen=True, eq=False)
class MarginNode:
    """Pixels computed from all within a margin.

    Attributes:
        node: The pixels.
        margin: How many pixels on each side.
        around: Called with the wider pixels and the grid; its answer has no margin.
    """

    node: PixelNode
    margin: int
    around: Callable[[Pixels, PixelGrid], Pixels]

    def compute(self, context: Context, grid: PixelGrid) -> Pixels:
        """Computes the pixels with the margin, and reduces them."""
        wider = widened(grid, *[self.margin] * 4)
        return self.around(context.pixels(self.node, wider), grid)


def widened(grid: PixelGrid, top: int, bottom: int, left: int, right: int) -> PixelGrid:
    """Returns a grid with margins of so many pixels."""
    return window_grid(
        Projection(grid.crs, grid.transform),
        -top,
        -left,
        grid.height + top + bottom,
        grid.width + left + right,
    )


def shifts(pixels: Pixels, weights: Weights) -> Iterator[tuple[float, Pixels]]:
    """Yields each weight that is not zero, with the pixels that it goes with."""
    values, mask = pixels
    rows, cols = weights.values.shape
    height, width = values.shape[0] - rows + 1, values.shape[1] - cols + 1
    for row, col in zip(*np.nonzero(weights.values), strict=True):
        there = np.s_[row : row + height, col : col + width]
        yield float(weights.values[row, col]), (values[there], mask[there])


def stacked(
    pixels: Pixels,
    weights: Weights,
    reduce: Callable[[Array, Array, Array], Pixels],
) -> Pixels:
    """Reduces stacks of neighbours, some rows at a time.

    Args:
        pixels: With margins.
        weights: Those that are zero are left out.
        reduce: Called with values and mask (n, rows, width) and weights (n, 1, 1).
    """
    rows, cols = weights.values.shape
    height, width = pixels[0].shape[0] - rows + 1, pixels[0].shape[1] - cols + 1
    kept = weights.values[weights.values != 0][:, None, None]
    step = max(1, _CHUNK // max(1, len(kept) * width))
    parts = []
    for start in range(0, height, step):
        here = np.s_[start : min(start + step, height) + rows - 1]
        layers = [p for _, p in shifts((pixels[0][here], pixels[1][here]), weights)]
        values = np.stack([v for v, _ in layers])
        parts.append(reduce(values, np.stack([m for _, m in layers]), kept))
    return np.concatenate([v for v, _ in parts]), np.concatenate([m for _, m in parts])


def inner(pixels: Pixels, weights: Weights) -> Pixels:
    """Returns pixels without the kernel's margins."""
    top, bottom, left, right = weights.margins
    height, width = pixels[0].shape
    there = np.s_[top : height - bottom, left : width - right]
    return pixels[0][there], pixels[1][there]

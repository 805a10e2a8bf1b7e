"""Kinds of pixel nodes: what a band can be made of."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from emulator.evaluator.context import Context, PixelNode, Pixels
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.projection import Projection, is_geographic
from emulator.evaluator.sampling import Reader, sample
from emulator.evaluator.warp import centres
from emulator.source import PixelGrid


@dataclass(frozen=True, eq=False)
class ConstantNode:
    """One valid value everywhere."""

    value: float
    dtype: np.dtype[Any]

    def compute(self, context: Context, grid: PixelGrid) -> Pixels:
        """Returns the value on every pixel."""
        shape = (grid.height, grid.width)
        values = np.broadcast_to(np.asarray(self.value, self.dtype), shape)
        return values, np.broadcast_to(np.True_, shape)


@dataclass(frozen=True, eq=False)
class MaskedNode:
    """Nothing anywhere."""

    dtype: np.dtype[Any]

    def compute(self, context: Context, grid: PixelGrid) -> Pixels:
        """Returns masked zeros."""
        shape = (grid.height, grid.width)
        return np.zeros(shape, self.dtype), np.zeros(shape, np.bool_)


@dataclass(frozen=True, eq=False)
class SampledNode:
    """A source with a grid of its own."""

    reader: Reader
    method: str
    dtype: np.dtype[Any]

    def compute(self, context: Context, grid: PixelGrid) -> Pixels:
        """Samples the source."""
        return sample(self.reader, self.method, self.dtype, context, grid)


@dataclass(frozen=True, eq=False)
class PixelwiseNode:
    """A function of other nodes' pixels at the same place."""

    function: Callable[..., Pixels]
    inputs: tuple[PixelNode, ...]

    def compute(self, context: Context, grid: PixelGrid) -> Pixels:
        """Returns the function's pixels."""
        return self.function(*(context.pixels(node, grid) for node in self.inputs))


@dataclass(frozen=True, eq=False)
class InsideNode:
    """Whether pixel centres lie in a geometry: 1 or 0, valid everywhere."""

    geometry: Geometry

    def compute(self, context: Context, grid: PixelGrid) -> Pixels:
        """Tests every pixel's centre."""
        crs = self.geometry.crs
        x, y = context.once(("centres", grid, crs), lambda: centres(grid, crs))
        shape = self.geometry.within(crs)
        shapely.prepare(shape)
        inside = shapely.intersects_xy(shape, x, y)
        if is_geographic(crs) and not shape.is_empty:
            # Longitudes of either may pass ±180.
            west, _, east, _ = shape.bounds
            for turn in (-360.0, 360.0):
                if np.nanmin(x) + turn <= east and np.nanmax(x) + turn >= west:
                    inside |= shapely.intersects_xy(shape, x + turn, y)
        return inside.astype(np.uint8), np.ones(inside.shape, np.bool_)


@dataclass(frozen=True, eq=False)
class GriddedReader:
    """Pixels computed on a fixed grid without end, to be sampled from there."""

    node: PixelNode
    projection: Projection
    size: None = None

    def coarsened(self, metres: float) -> GriddedReader:
        """Returns itself: the grid is fixed, whatever scale is asked for."""
        return self

    def read(
        self, context: Context, row: int, col: int, height: int, width: int
    ) -> Pixels:
        """Computes a window of the fixed grid."""
        return context.pixels(
            self.node, window_grid(self.projection, row, col, height, width)
        )


def window_grid(
    projection: Projection, row: int, col: int, height: int, width: int
) -> PixelGrid:
    """Returns a window of a projection's pixels as a grid."""
    a, b, c, d, e, f = projection.transform
    origin = (a, b, a * col + b * row + c, d, e, d * col + e * row + f)
    return PixelGrid(projection.crs, origin, width, height)


def pixelwise(
    function: Callable[..., npt.NDArray[Any]], *inputs: PixelNode
) -> PixelwiseNode:
    """Returns a node of values that is valid where all inputs are."""
    return PixelwiseNode(functools.partial(_all_valid, function), inputs)


def _all_valid(function: Callable[..., Any], *inputs: Pixels) -> Pixels:
    mask = functools.reduce(np.logical_and, (mask for _, mask in inputs))
    return function(*(values for values, _ in inputs)), mask

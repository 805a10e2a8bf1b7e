"""How a window of a source becomes the pixels of a grid.

* Nearest: the source pixel that holds the requested pixel's centre.
* Bilinear and bicubic: weights of the 2 or 4 source pixels around the centre along
  each axis. Masked neighbours lend no value: a pixel is masked if any neighbour with
  a weight other than zero is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from emulator.evaluator.context import Pixels
from emulator.unconfirmed import CUBIC

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Weights = tuple[Floats, ...]
"""An array for each neighbour along an axis."""

NEAREST = "nearest"
BILINEAR = "bilinear"
BICUBIC = "bicubic"


@dataclass(frozen=True)
class Window:
    """A window of a source: first row and column, height and width."""

    row: int
    col: int
    height: int
    width: int


class Mapping(Protocol):
    """From a window of a source to the pixels of a grid."""

    @property
    def window(self) -> Window | None:
        """What to read; None if the source is missed."""

    def apply(self, pixels: Pixels) -> Pixels:
        """Returns the grid's pixels out of the window's."""


@dataclass(frozen=True)
class Missed:
    """The source does not reach the grid."""

    window: None = None

    def apply(self, pixels: Pixels) -> Pixels:
        """Returns the pixels as they are."""
        return pixels


@dataclass(frozen=True)
class Copied:
    """The grid lies on the source's lattice."""

    window: Window

    def apply(self, pixels: Pixels) -> Pixels:
        """Returns the pixels as they are."""
        return pixels


@dataclass(frozen=True)
class Gathered:
    """Nearest neighbours, by flat index into the window."""

    window: Window
    index: Indices
    valid: npt.NDArray[np.bool_] | None

    def apply(self, pixels: Pixels) -> Pixels:
        """Takes each pixel's neighbour."""
        values, mask = pixels
        taken = mask.ravel()[self.index]
        if self.valid is not None:
            taken &= self.valid
        return values.ravel()[self.index], taken


@dataclass(frozen=True)
class Outer:
    """Nearest neighbours, by row and by column."""

    window: Window
    rows: Indices
    cols: Indices

    def apply(self, pixels: Pixels) -> Pixels:
        """Takes each pixel's neighbour."""
        values, mask = pixels
        rows = self.rows[:, None]
        return values[rows, self.cols], mask[rows, self.cols]


def _interpolating(values: npt.NDArray[Any], mask: npt.NDArray[np.bool_]) -> Floats:
    """Returns values as float64 with nothing harmful under the mask."""
    return np.where(mask, values, 0).astype(np.float64)


def _mixed(parts: Callable[[int], Floats], weights: Weights) -> Floats:
    """Returns the weighted sum of parts, added in order."""
    total = parts(0) * weights[0]
    for k in range(1, len(weights)):
        total = total + parts(k) * weights[k]
    return total


def _all_near(
    parts: Callable[[int], npt.NDArray[np.bool_]], weights: Weights
) -> npt.NDArray[np.bool_]:
    """Returns where all parts with a weight are valid."""
    near: npt.NDArray[np.bool_] = parts(0) | (weights[0] == 0.0)
    for k in range(1, len(weights)):
        near &= parts(k) | (weights[k] == 0.0)
    return near


@dataclass(frozen=True)
class OuterMixed:
    """Weights of neighbours, by row and by column.

    Attributes:
        window: What to read.
        rows: Each row's first neighbour.
        row_weights: Weights of the neighbours from there on, each (rows, 1).
        cols: Each column's first neighbour.
        col_weights: Weights of the neighbours from there on, each (columns,).
    """

    window: Window
    rows: Indices
    row_weights: Weights
    cols: Indices
    col_weights: Weights

    def apply(self, pixels: Pixels) -> Pixels:
        """Mixes each pixel's neighbours; the result is float64."""
        values, mask = pixels
        v = _interpolating(values, mask)
        r, c = self.rows, self.cols
        across = _mixed(lambda k: v[:, c + k], self.col_weights)
        mixed = _mixed(lambda k: across[r + k], self.row_weights)
        if mask.all():
            return mixed, np.ones(mixed.shape, np.bool_)
        near = _all_near(lambda k: mask[:, c + k], self.col_weights)
        return mixed, _all_near(lambda k: near[r + k], self.row_weights)


@dataclass(frozen=True)
class GatheredMixed:
    """Weights of neighbours, by flat index of the upper left one.

    Attributes:
        window: What to read.
        index: Each pixel's first neighbour.
        row_weights: Weights of the rows of neighbours, each (height, width).
        col_weights: Weights of the columns of neighbours, each (height, width).
        valid: Which pixels are mapped at all; None for all.
    """

    window: Window
    index: Indices
    row_weights: Weights
    col_weights: Weights
    valid: npt.NDArray[np.bool_] | None

    def apply(self, pixels: Pixels) -> Pixels:
        """Mixes each pixel's neighbours; the result is float64."""
        values, mask = pixels
        v = _interpolating(values, mask).ravel()
        i, width = self.index, self.window.width

        def line(k: int) -> Floats:
            return _mixed(lambda j: v[i + (k * width + j)], self.col_weights)

        mixed = _mixed(line, self.row_weights)
        if mask.all():
            near = np.ones(mixed.shape, np.bool_)
        else:
            m = mask.ravel()

            def known(k: int) -> npt.NDArray[np.bool_]:
                return _all_near(lambda j: m[i + (k * width + j)], self.col_weights)

            near = _all_near(known, self.row_weights)
        if self.valid is not None:
            near &= self.valid
        return mixed, near


def _linear(t: Floats) -> Weights:
    return 1.0 - t, t


def _cubic(t: Floats) -> Weights:
    """Returns the weights of cubic convolution (Keys 1981) at -1, 0, 1 and 2."""
    return (
        _far(t + 1.0),
        _close(t),
        _close(1.0 - t),
        _far(2.0 - t),
    )


def _close(x: Floats) -> Floats:
    return ((CUBIC + 2.0) * x - (CUBIC + 3.0)) * x * x + 1.0


def _far(x: Floats) -> Floats:
    return CUBIC * (((x - 5.0) * x + 8.0) * x - 4.0)


@dataclass(frozen=True)
class Kernel:
    """An interpolation.

    Attributes:
        before: How many neighbours lie before the one at or before the centre.
        count: Neighbours along an axis.
        weights: Their weights at fractions in [0, 1).
    """

    before: int
    count: int
    weights: Callable[[Floats], Weights]


KERNELS = {BILINEAR: Kernel(0, 2, _linear), BICUBIC: Kernel(1, 4, _cubic)}

"""Kernels: weights around a pixel, in pixels or in metres of the grid asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.evaluator.errors import EngineError

Floats = npt.NDArray[np.float64]

MAX_RADIUS = 1024
"""Most pixels that a kernel may reach."""


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights around a focus.

    Attributes:
        values: The weights (height, width).
        row: The focus's row, from the top.
        col: The focus's column, from the left.
    """

    values: Floats
    row: int
    col: int

    @property
    def margins(self) -> tuple[int, int, int, int]:
        """How many rows and columns lie above, below, left and right."""
        height, width = self.values.shape
        return self.row, height - 1 - self.row, self.col, width - 1 - self.col

    def normalised(self) -> Weights:
        """Returns them scaled to sum to 1; as they are if they sum to 0."""
        total = self.values.sum()
        return self if total == 0 else Weights(self.values / total, self.row, self.col)


@dataclass(frozen=True, eq=False)
class Kernel:
    """A kernel.

    Attributes:
        make: Returns its weights for pixels of a side in metres.
    """

    make: Callable[[float], Weights]

    def at(self, metres: float) -> Weights:
        """Returns the weights for pixels of a side in metres.

        Raises:
            EngineError: It reaches more than :data:`MAX_RADIUS` pixels.
        """
        return self.make(metres)


def shaped(
    measure: Callable[[Floats, Floats], npt.NDArray[Any]],
    radii: tuple[float, float],
    units: str,
    normalise: bool,
    magnitude: float,
    who: str,
) -> Kernel:
    """Returns a kernel with a weight for each whole offset from the focus.

    Args:
        measure: The weights of offsets to the right and down, both in pixels, called
            with offsets divided by the radii's units (see ``units``).
        radii: To the right and down.
        units: ``pixels`` or ``meters``.
        normalise: Whether weights are scaled to sum to 1.
        magnitude: A factor, applied last.
        who: The algorithm that complains.

    Raises:
        EngineError: The units are unknown.
    """
    if units not in ("pixels", "meters"):
        raise EngineError(f"{who}: Unknown units '{units}'.")

    def make(metres: float) -> Weights:
        step = metres if units == "meters" else 1.0
        reach = [reached(radius / step) for radius in radii]
        if max(reach) > MAX_RADIUS:
            raise EngineError(f"{who}: The kernel is too large: {max(reach)} pixels.")
        right = np.arange(-reach[0], reach[0] + 1, dtype=np.float64)[None, :]
        down = np.arange(-reach[1], reach[1] + 1, dtype=np.float64)[:, None]
        grid = np.broadcast_arrays(right * step, down * step)
        weights = Weights(measure(*grid).astype(np.float64), reach[1], reach[0])
        if normalise:
            weights = weights.normalised()
        return Weights(weights.values * magnitude, weights.row, weights.col)

    return Kernel(make)


def reached(radius: float) -> int:
    """Returns how many whole pixels lie within a radius."""
    return max(0, math.floor(radius + 1e-9))


def fixed(values: Floats, row: int, col: int, normalise: bool) -> Kernel:
    """Returns a kernel of given weights, whatever the pixels."""
    weights = Weights(values, row, col)
    kept = weights.normalised() if normalise else weights
    return Kernel(lambda metres: kept)

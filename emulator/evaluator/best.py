"""Pixels of whichever of several images is the best at each place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emulator.evaluator.context import Context, PixelNode, Pixels
from emulator.source import PixelGrid
from emulator.unconfirmed import QUALITY_TIE_IS_FIRST


@dataclass(frozen=True, eq=False)
class BestNode:
    """Which of several nodes has the greatest valid value.

    Attributes:
        qualities: The nodes.
    """

    qualities: tuple[PixelNode, ...]

    def compute(self, context: Context, grid: PixelGrid) -> Pixels:
        """Returns the node's place in the order (int32), masked where none is valid."""
        shape = (grid.height, grid.width)
        place = np.zeros(shape, np.int32)
        known = np.zeros(shape, np.bool_)
        most = np.zeros(shape, np.float64)
        for i, node in enumerate(self.qualities):
            values, valid = context.pixels(node, grid)
            more = values > most if QUALITY_TIE_IS_FIRST else values >= most
            better = valid & (~known | more)
            place[better] = i
            most[better] = values[better]
            known |= better
        return place, known


@dataclass(frozen=True, eq=False)
class PickedNode:
    """The pixels of the best of several nodes.

    Attributes:
        best: Which is the best.
        inputs: The nodes, in the same order.
        dtype: Of the result.
    """

    best: BestNode
    inputs: tuple[PixelNode, ...]
    dtype: np.dtype[Any]

    def compute(self, context: Context, grid: PixelGrid) -> Pixels:
        """Returns the pixels, masked where nothing is the best or it is masked."""
        place, known = context.pixels(self.best, grid)
        made = np.zeros(place.shape, self.dtype)
        mask = np.zeros(place.shape, np.bool_)
        for i, node in enumerate(self.inputs):
            here = known & (place == i)
            if here.any():
                values, valid = context.pixels(node, grid)
                made[here] = values[here]
                mask[here] = valid[here]
        return made, mask

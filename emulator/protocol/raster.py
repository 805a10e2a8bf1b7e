"""Computed pixels, before a file format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.source import PixelGrid


@dataclass(frozen=True)
class Raster:
    """Computed pixels.

    Attributes:
        grid: Where they are.
        names: Of the bands.
        values: One (height, width) array a band, each with its own dtype.
        masks: Where they are valid.
    """

    grid: PixelGrid
    names: Sequence[str]
    values: Sequence[npt.NDArray[Any]]
    masks: Sequence[npt.NDArray[np.bool_]]

    def band(self, index: int) -> Raster:
        """Returns one band alone."""
        here = slice(index, index + 1)
        return Raster(self.grid, self.names[here], self.values[here], self.masks[here])

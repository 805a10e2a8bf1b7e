"""Terrain: slope and aspect on the elevation's own grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.evaluator.context import Context, Pixels
from emulator.evaluator.image import Band, Image
from emulator.evaluator.interpolation import NEAREST
from emulator.evaluator.nodes import GriddedReader, SampledNode, window_grid
from emulator.evaluator.pixeltype import FLOAT
from emulator.evaluator.projection import (
    METRES_PER_DEGREE,
    UNPROJECTED,
    Projection,
    is_geographic,
    metres_per_unit,
)
from emulator.evaluator.registry import algorithm
from emulator.evaluator.sampling import Reader, read_around
from emulator.source import PixelGrid

Floats = npt.NDArray[np.float64]
Measure = Callable[[Floats, Floats], Floats]


def slope(east: Floats, north: Floats) -> Floats:
    """Returns the steepness in degrees of gradients in metres per metre."""
    return np.degrees(np.arctan(np.hypot(east, north)))


def aspect(east: Floats, north: Floats) -> Floats:
    """Returns the compass direction that the ground falls to, 0 to 360 degrees."""
    return np.degrees(np.arctan2(-east, -north)) % 360.0


def _spacing(projection: Projection, row: int, height: int) -> tuple[Any, float]:
    """Returns pixel width (height, 1) or scalar, and pixel height, in metres."""
    a, _, _, _, e, f = projection.transform
    unit = metres_per_unit(projection.crs)
    if not is_geographic(projection.crs):
        return abs(a) * unit, abs(e) * unit
    latitude = f + e * (np.arange(row, row + height) + 0.5)
    across = abs(a) * METRES_PER_DEGREE * np.cos(np.radians(latitude))
    return across[:, None], abs(e) * METRES_PER_DEGREE


def measured(
    measure: Measure, pixels: Pixels, projection: Projection, row: int
) -> Pixels:
    """Returns a measure of terrain out of elevations with a rim of one pixel.

    Args:
        measure: Of gradients to the east and to the north.
        pixels: Elevations in metres (height + 2, width + 2).
        projection: Their grid.
        row: Row of the first pixel inside the rim.

    Returns:
        float32 (height, width), masked where one of the 4 neighbours is.
    """
    z, mask = pixels[0].astype(np.float64), pixels[1]
    across, along = _spacing(projection, row, z.shape[0] - 2)
    right = 1.0 if projection.transform[0] > 0 else -1.0
    down = 1.0 if projection.transform[4] > 0 else -1.0
    east = right * (z[1:-1, 2:] - z[1:-1, :-2]) / (2.0 * across)
    north = down * (z[2:, 1:-1] - z[:-2, 1:-1]) / (2.0 * along)
    valid = mask[1:-1, 1:-1] & mask[1:-1, 2:] & mask[1:-1, :-2]
    valid &= mask[2:, 1:-1] & mask[:-2, 1:-1]
    return measure(east, north).astype(np.float32), valid


@dataclass(frozen=True, eq=False)
class TerrainReader:
    """Reads a measure of terrain on the grid of the elevation."""

    elevation: Reader
    measure: Measure

    @property
    def projection(self) -> Projection:
        """The elevation's grid."""
        return self.elevation.projection

    @property
    def size(self) -> tuple[int, int] | None:
        """The elevation's width and height."""
        return self.elevation.size

    def coarsened(self, metres: float) -> TerrainReader:
        """Returns the terrain of the elevation's level for pixels of a side."""
        elevation = self.elevation.coarsened(metres)
        if elevation is self.elevation:
            return self
        return TerrainReader(elevation, self.measure)

    def read(
        self, context: Context, row: int, col: int, height: int, width: int
    ) -> Pixels:
        """Reads elevations with a rim and measures them."""
        pixels = read_around(
            self.elevation, context, row - 1, col - 1, height + 2, width + 2
        )
        return measured(self.measure, pixels, self.projection, row)


@dataclass(frozen=True, eq=False)
class TerrainNode:
    """A measure of an elevation that has no grid of its own, on the one asked for."""

    band: Band
    measure: Measure

    def compute(self, context: Context, grid: PixelGrid) -> Pixels:
        """Computes elevations with a rim and measures them."""
        projection = Projection(grid.crs, grid.transform)
        wider = window_grid(projection, -1, -1, grid.height + 2, grid.width + 2)
        pixels = context.pixels(self.band.node, wider)
        return measured(self.measure, pixels, projection, 0)


def _terrain(image: Image, name: str, measure: Measure) -> Image:
    def bands() -> list[Band]:
        names = image.names
        band = image.bands[names.index("elevation") if "elevation" in names else 0]
        if isinstance(band.node, SampledNode):
            reader: Reader = band.node.reader
            method = band.node.method
        elif band.projection != UNPROJECTED:
            reader, method = GriddedReader(band.node, band.projection), NEAREST
        else:
            return [Band(name, FLOAT, UNPROJECTED, TerrainNode(band, measure))]
        node = SampledNode(TerrainReader(reader, measure), method, FLOAT.dtype)
        return [Band(name, FLOAT, reader.projection, node)]

    return image.with_bands(bands)


@algorithm("Terrain.slope")
def terrain_slope(input: Image) -> Image:
    """Returns the slope in degrees."""
    return _terrain(input, "slope", slope)


@algorithm("Terrain.aspect")
def terrain_aspect(input: Image) -> Image:
    """Returns the aspect in degrees from north, clockwise."""
    return _terrain(input, "aspect", aspect)

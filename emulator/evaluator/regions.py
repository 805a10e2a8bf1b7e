"""Which pixels of a projection lie in a region, and how much of each.

The guide "Statistics of an Image Region" (guides/reducers_reduce_region, "Pixels in
the region") says: for unweighted reducers a pixel is in the region if its centre is;
for weighted ones if about 0.5 % of it is, and it weighs as much as is covered. The
guide "Weighted Reductions" (guides/reducers_weighting) says that weights are kept in
8 bits, so that less than 1/256 counts as nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from emulator.evaluator.errors import EngineError
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.nodes import window_grid
from emulator.evaluator.projection import WGS84, Projection, transformer
from emulator.source import Affine6, PixelGrid

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

TILE = 256
"""Side of the windows that a region is cut into."""
_BLOCK = 16


@dataclass(frozen=True)
class Part:
    """A window of a region.

    Attributes:
        grid: Its pixels.
        inside: Which of them (height, width) have their centre in the region.
        weights: How much of each is covered, 0 to 1 in steps of 1/255.
    """

    grid: PixelGrid
    inside: Mask
    weights: Floats

    def centres(self) -> tuple[Floats, Floats]:
        """Returns longitudes and latitudes of the pixels inside, row by row."""
        rows, cols = np.nonzero(self.inside)
        a, b, c, d, e, f = self.grid.transform
        x, y = cols + 0.5, rows + 0.5
        u, v = a * x + b * y + c, d * x + e * y + f
        if self.grid.crs == WGS84:
            return u, v
        lon, lat = transformer(self.grid.crs, WGS84).transform(u, v)
        return lon, lat


@dataclass(frozen=True)
class Region:
    """A shape on the pixels of a projection.

    Attributes:
        projection: Whose pixels.
        shape: The shape, in pixels: column before row.
    """

    projection: Projection
    shape: BaseGeometry

    @property
    def _corner(self) -> tuple[int, int]:
        west, north, _, _ = self.shape.bounds
        return math.floor(west), math.floor(north)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the smallest grid that holds it; 0 if it is empty."""
        if self.shape.is_empty:
            return 0, 0
        _, _, east, south = self.shape.bounds
        col, row = self._corner
        return max(1, math.ceil(east) - col), max(1, math.ceil(south) - row)

    def whole(self) -> Part:
        """Returns all its pixels in one window, none of them if it is empty."""
        width, height = self.size
        if width > 0:
            part = self._part(self._corner[1], self._corner[0], height, width)
            if part is not None:
                return part
        grid = window_grid(self.projection, 0, 0, 1, 1)
        return Part(grid, np.zeros((1, 1), np.bool_), np.zeros((1, 1)))

    def parts(self, tile: int = TILE) -> Iterator[Part]:
        """Yields the region in windows of at most so many pixels a side."""
        width, height = self.size
        if width == 0:
            return
        left, top = self._corner
        for row in range(top, top + height, tile):
            for col in range(left, left + width, tile):
                high, wide = (
                    min(tile, top + height - row),
                    min(tile, left + width - col),
                )
                part = self._part(row, col, high, wide)
                if part is not None:
                    yield part

    def _part(self, row: int, col: int, height: int, width: int) -> Part | None:
        kind = shapely.get_dimensions(self.shape)
        if kind == 2:
            inside = _centres_in(self.shape, row, col, height, width)
            weights = _covered(self.shape, row, col, height, width)
        elif kind == 1:
            inside = _touched(self.shape, row, col, height, width)
            weights = inside.astype(np.float64)
        else:
            inside = _holding(
                self.shape, self.size, self._corner, row, col, height, width
            )
            weights = inside.astype(np.float64)
        if not (inside.any() or weights.any()):
            return None
        return Part(
            window_grid(self.projection, row, col, height, width), inside, weights
        )


def region_of(geometry: Geometry, projection: Projection) -> Region:
    """Returns a geometry's region on the pixels of a projection.

    Polygons count by area; lines take every pixel they touch, points the one they lie
    in, wholly. Of mixed shapes the parts of the highest dimension count.
    """
    shape = geometry.within(projection.crs)
    inverse = _inverse(projection.transform)
    a, b, c, d, e, f = inverse

    def move(xy: Floats) -> Floats:
        x, y = xy[:, 0], xy[:, 1]
        return np.column_stack([a * x + b * y + c, d * x + e * y + f])

    return Region(projection, shapely.transform(shape, move))


def _inverse(transform: Affine6) -> Affine6:
    a, b, c, d, e, f = transform
    if b == 0.0 and d == 0.0:
        return 1.0 / a, 0.0, -c / a, 0.0, 1.0 / e, -f / e
    det = a * e - b * d
    return (
        e / det,
        -b / det,
        (b * f - c * e) / det,
        -d / det,
        a / det,
        (c * d - a * f) / det,
    )


def _centres_in(
    shape: BaseGeometry, row: int, col: int, height: int, width: int
) -> Mask:
    shapely.prepare(shape)
    x, y = np.meshgrid(col + np.arange(width) + 0.5, row + np.arange(height) + 0.5)
    inside: Mask = shapely.intersects_xy(shape, x, y)
    return inside


def _mixed_blocks(
    shape: BaseGeometry, row: int, col: int, height: int, width: int
) -> Iterator[tuple[int, int, int, int, bool]]:
    """Yields blocks that a shape meets: place, size, and whether it holds them all."""
    shapely.prepare(shape)
    for top in range(row, row + height, _BLOCK):
        for left in range(col, col + width, _BLOCK):
            high = min(_BLOCK, row + height - top)
            wide = min(_BLOCK, col + width - left)
            box = shapely.box(left, top, left + wide, top + high)
            if shapely.intersects(shape, box):
                yield top, left, high, wide, bool(shapely.contains(shape, box))


def _covered(
    shape: BaseGeometry, row: int, col: int, height: int, width: int
) -> Floats:
    """Returns how much of each pixel a polygon covers, as 8 bits hold it."""
    share = np.zeros((height, width))
    for top, left, high, wide, whole in _mixed_blocks(shape, row, col, height, width):
        there = np.s_[top - row : top - row + high, left - col : left - col + wide]
        if whole:
            share[there] = 1.0
            continue
        block = shapely.box(left, top, left + wide, top + high)
        local = shapely.intersection(shape, block)
        cols, rows = np.meshgrid(left + np.arange(wide), top + np.arange(high))
        pixels = shapely.box(cols, rows, cols + 1, rows + 1)
        shapely.prepare(local)
        held = shapely.contains(local, pixels)
        cut = shapely.intersects(local, pixels) & ~held
        share[there] = held
        share[there][cut] = shapely.area(shapely.intersection(local, pixels[cut]))
    return quantised(share)


def quantised(share: Floats) -> Floats:
    """Returns shares in 256 steps from 0 to 1; less than 1/256 is 0."""
    # An area that is whole may fall short by a rounding.
    steps = np.minimum(np.floor(share * 256.0 + 1e-6), 255.0)
    return steps / 255.0


def _touched(shape: BaseGeometry, row: int, col: int, height: int, width: int) -> Mask:
    touched = np.zeros((height, width), np.bool_)
    for top, left, high, wide, _ in _mixed_blocks(shape, row, col, height, width):
        there = np.s_[top - row : top - row + high, left - col : left - col + wide]
        cols, rows = np.meshgrid(left + np.arange(wide), top + np.arange(high))
        touched[there] = shapely.intersects(
            shape, shapely.box(cols, rows, cols + 1, rows + 1)
        )
    return touched


def _holding(
    shape: BaseGeometry,
    size: tuple[int, int],
    corner: tuple[int, int],
    row: int,
    col: int,
    height: int,
    width: int,
) -> Mask:
    """Returns which pixels hold one of the points."""
    held = np.zeros((height, width), np.bool_)
    for x, y in shapely.get_coordinates(shape):
        # The region's right and lower edges belong to it.
        j = min(math.floor(x), corner[0] + size[0] - 1) - col
        i = min(math.floor(y), corner[1] + size[1] - 1) - row
        if 0 <= i < height and 0 <= j < width:
            held[i, j] = True
    return held


def check_size(region: Region, most: float, who: str) -> None:
    """Refuses a region of too many pixels.

    Raises:
        EngineError: It has more than ``most``.
    """
    width, height = region.size
    if width * height > most:
        raise EngineError(
            f"{who}: Too many pixels in the region. Found {width * height}, but "
            f"maxPixels allows only {most:.0f}."
        )

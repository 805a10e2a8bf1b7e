"""Pixels of a region reduced or listed.

A pixel belongs to a region if its centre does; a point takes the pixel it lies in.
Earth Engine weighs the pixels on an outline by the part inside; here they count
wholly or not at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from emulator.evaluator.collection import Collection
from emulator.evaluator.context import Context
from emulator.evaluator.elements import TIME, index_of
from emulator.evaluator.errors import EngineError
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.image import Image
from emulator.evaluator.nodes import window_grid
from emulator.evaluator.projection import WGS84, Projection, requested, transformer
from emulator.evaluator.reducers import Reducer
from emulator.evaluator.registry import algorithm
from emulator.source import PixelGrid

MAX_REGION_VALUES = 1048576
"""Most values that ``getRegion`` lists."""


@dataclass(frozen=True)
class Region:
    """The pixels of a region.

    Attributes:
        grid: The smallest grid that holds them.
        inside: Which of its pixels (height, width) belong to the region.
    """

    grid: PixelGrid
    inside: npt.NDArray[np.bool_]

    def centres(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Returns longitudes and latitudes of the pixels inside, row by row."""
        rows, cols = np.nonzero(self.inside)
        a, b, c, d, e, f = self.grid.transform
        x, y = cols + 0.5, rows + 0.5
        u, v = a * x + b * y + c, d * x + e * y + f
        if self.grid.crs == WGS84:
            return u, v
        lon, lat = transformer(self.grid.crs, WGS84).transform(u, v)
        return lon, lat


def region_of(
    geometry: Geometry, projection: Projection, max_pixels: float, who: str
) -> Region:
    """Returns the pixels of a projection whose centres lie in a geometry.

    Raises:
        EngineError: There are more than ``max_pixels``.
    """
    a, b, c, d, e, f = projection.transform
    if b or d:
        raise EngineError(f"{who}: Sheared projections are not supported.")
    shape = geometry.within(projection.crs)
    west, south, east, north = shape.bounds
    cols = sorted(((west - c) / a, (east - c) / a))
    rows = sorted(((south - f) / e, (north - f) / e))
    col, row = math.floor(cols[0]), math.floor(rows[0])
    width = max(1, math.ceil(cols[1]) - col)
    height = max(1, math.ceil(rows[1]) - row)
    if width * height > max_pixels:
        raise EngineError(
            f"{who}: Too many pixels in the region. Found {width * height}, but "
            f"maxPixels allows only {max_pixels:.0f}."
        )
    grid = window_grid(projection, row, col, height, width)
    if shape.geom_type in ("Point", "MultiPoint"):
        inside = np.zeros((height, width), np.bool_)
        for x, y in shapely.get_coordinates(shape):
            i = min(math.floor((y - f) / e) - row, height - 1)
            j = min(math.floor((x - c) / a) - col, width - 1)
            inside[i, j] = True
        return Region(grid, inside)
    x = c + a * (col + np.arange(width) + 0.5)
    y = f + e * (row + np.arange(height) + 0.5)
    shapely.prepare(shape)
    return Region(grid, shapely.intersects_xy(shape, *np.meshgrid(x, y)))


def _value(values: npt.NDArray[Any], mask: npt.NDArray[np.bool_], i: int) -> Any:
    return values[i].item() if mask[i] else None


@algorithm("Image.reduceRegion", ignores=("tileScale",))
def reduce_region(
    image: Image,
    reducer: Reducer,
    geometry: Geometry | None,
    scale: float | None,
    crs: Projection | None,
    crs_transform: list[float] | None,
    max_pixels: int,
    context: Context,
) -> dict[str, Any]:
    """Returns a reducer's outputs over the pixels of a region, by band."""
    who = "Image.reduceRegion"
    place = geometry if geometry is not None else image.geometry()
    if place is None:
        raise EngineError(f"{who}: A geometry is needed: the image is unbounded.")
    if not image.bands:
        return {}
    grid = requested(image.bands[0].projection, crs, crs_transform, scale)
    region = region_of(place, grid, max_pixels, who)
    columns = []
    for band in image.bands:
        values, mask = context.pixels(band.node, region.grid)
        columns.append((values[region.inside], mask[region.inside]))
    if reducer.inputs == 1:
        found = {}
        for band, (values, mask) in zip(image.bands, columns, strict=True):
            for name, value in reducer.reduce([values[mask].tolist()]).items():
                several = len(reducer.outputs) > 1
                found[f"{band.name}_{name}" if several else band.name] = value
        return found
    whole = np.logical_and.reduce([mask for _, mask in columns])
    return reducer.reduce([values[whole].tolist() for values, _ in columns])


@algorithm("ImageCollection.getRegion")
def get_region(
    collection: Collection,
    geometry: Geometry,
    scale: float | None,
    crs: Projection,
    crs_transform: list[float] | None,
    context: Context,
) -> list[list[Any]]:
    """Returns a header and a row for each pixel and image; null where masked."""
    who = "ImageCollection.getRegion"
    grid = requested(crs, None, crs_transform, scale)
    region = region_of(geometry, grid, MAX_REGION_VALUES, who)
    images: list[Image] = collection.elements
    names = images[0].names if images else []
    rows: list[list[Any]] = [["id", "longitude", "latitude", "time", *names]]
    longitudes, latitudes = region.centres()
    number = len(longitudes)
    if number * len(names) * len(images) > MAX_REGION_VALUES:
        raise EngineError(f"{who}: Too many values: more than {MAX_REGION_VALUES}.")
    pixels = []
    for image in images:
        layers = []
        for name in names:
            values, mask = context.pixels(image.band(name).node, region.grid)
            layers.append((values[region.inside], mask[region.inside]))
        pixels.append(layers)
    for i in range(number):
        lon, lat = float(longitudes[i]), float(latitudes[i])
        for image, layers in zip(images, pixels, strict=True):
            found = [_value(v, m, i) for v, m in layers]
            time = image.properties.get(TIME)
            rows.append([index_of(image), lon, lat, time, *found])
    return rows

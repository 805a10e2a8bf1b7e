"""Pixels of a region reduced or listed.

Which they are and what they weigh: see :mod:`emulator.evaluator.regions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.evaluator.collection import Collection, Made
from emulator.evaluator.context import Context
from emulator.evaluator.elements import TIME, index_of
from emulator.evaluator.errors import EngineError
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.image import Band, Image
from emulator.evaluator.projection import UNPROJECTED, Projection, requested
from emulator.evaluator.reducers import Reducer
from emulator.evaluator.regions import Region, check_size, region_of
from emulator.evaluator.registry import algorithm
from emulator.unconfirmed import BEST_EFFORT_STEP

MAX_REGION_VALUES = 1048576
"""Most values that ``getRegion`` lists."""
MAX_PIXELS = 10_000_000
"""Most pixels of a feature for which nobody gave a limit, as in ``reduceRegion``."""
MAX_KEPT_VALUES = 1 << 26
"""Most values that a reduction holds at once."""

Array = npt.NDArray[Any]


def _value(values: Array, mask: npt.NDArray[np.bool_], i: int) -> Any:
    return values[i].item() if mask[i] else None


class _Pixels:
    """The pixels of a region: of each band, values and masks, and their weights."""

    def __init__(
        self, bands: Sequence[Band], region: Region, context: Context, who: str
    ) -> None:
        parts = list(region.parts())
        kept: list[list[tuple[Array, Array]]] = [[] for _ in bands]
        inside, weights = [], []
        total = 0
        for part in parts:
            taken = part.inside | (part.weights > 0)
            total += int(taken.sum()) * len(bands)
            if total > MAX_KEPT_VALUES:
                raise EngineError(f"{who}: User memory limit exceeded.")
            inside.append(part.inside[taken])
            weights.append(part.weights[taken])
            for band, column in zip(bands, kept, strict=True):
                values, mask = context.pixels(band.node, part.grid)
                column.append((values[taken], mask[taken]))
            if len(parts) > 1:
                context.forget_pixels()
        self.inside = _joined(inside, np.dtype(np.bool_))
        self.weights = _joined(weights, np.dtype(np.float64))
        self.values, self.masks = [], []
        for band, column in zip(bands, kept, strict=True):
            self.values.append(_joined([v for v, _ in column], band.type.dtype))
            self.masks.append(_joined([m for _, m in column], np.dtype(np.bool_)))

    def reduced(self, reducer: Reducer, bands: Sequence[int]) -> dict[str, Any]:
        """Reduces some bands' pixels that are valid in all of them."""
        valid = np.logical_and.reduce([self.masks[i] for i in bands])
        columns = [self.values[i][valid] for i in bands]
        return reducer.over(columns, self.inside[valid], self.weights[valid])


def _joined(parts: Sequence[Array], dtype: np.dtype[Any]) -> Array:
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


def _named(image: Image, reducer: Reducer, pixels: _Pixels) -> dict[str, Any]:
    """Returns a reducer's outputs, those of each band if it has a single input."""
    if reducer.inputs != 1:
        if reducer.inputs != len(image.bands):
            raise EngineError(
                f"Image.reduceRegion: Reducer has {reducer.inputs} inputs but the "
                f"image has {len(image.bands)} bands."
            )
        return pixels.reduced(reducer, range(reducer.inputs))
    several = len(reducer.outputs) > 1
    return {
        f"{band.name}_{name}" if several else band.name: value
        for i, band in enumerate(image.bands)
        for name, value in pixels.reduced(reducer, [i]).items()
    }


@algorithm("Image.reduceRegion", ignores=("tileScale",))
def reduce_region(
    image: Image,
    reducer: Reducer,
    geometry: Geometry | None,
    scale: float | None,
    crs: Projection | None,
    crs_transform: list[float] | None,
    best_effort: bool,
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
    region = region_of(place, grid)
    while best_effort and region.size[0] * region.size[1] > max_pixels:
        grid = grid.coarser(BEST_EFFORT_STEP)
        region = region_of(place, grid)
    check_size(region, max_pixels, who)
    return _named(image, reducer, _Pixels(image.bands, region, context, who))


@algorithm("Image.reduceRegions", ignores=("tileScale",))
def reduce_regions(
    image: Image,
    collection: Collection,
    reducer: Reducer,
    scale: float | None,
    crs: Projection | None,
    crs_transform: list[float] | None,
    max_pixels_per_region: int | None,
    context: Context,
) -> Collection:
    """Returns features with a reducer's outputs over the pixels of each.

    Outputs are named as by ``reduceRegion``, but after the reducer's output alone if
    the image has a single band. A feature without a place gets none.
    """
    who = "Image.reduceRegions"

    def reduced(feature: Any) -> Any:
        place = feature.geometry()
        if place is None:
            return feature
        base = image.bands[0].projection if image.bands else UNPROJECTED
        region = region_of(place, requested(base, crs, crs_transform, scale))
        check_size(region, max_pixels_per_region or MAX_PIXELS, who)
        pixels = _Pixels(image.bands, region, context, who)
        if reducer.inputs == 1 and len(image.bands) == 1:
            found = pixels.reduced(reducer, [0])
        else:
            found = _named(image, reducer, pixels)
        return feature.with_properties({**feature.properties, **found})

    return collection.derived(Made(lambda: map(reduced, collection.elements)))


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
    region = region_of(geometry, grid)
    check_size(region, MAX_REGION_VALUES, who)
    images: list[Image] = collection.elements
    names = images[0].names if images else []
    rows: list[list[Any]] = [["id", "longitude", "latitude", "time", *names]]
    whole = region.whole()
    longitudes, latitudes = whole.centres()
    number = len(longitudes)
    if number * len(names) * len(images) > MAX_REGION_VALUES:
        raise EngineError(f"{who}: Too many values: more than {MAX_REGION_VALUES}.")
    pixels = []
    for image in images:
        layers = []
        for name in names:
            values, mask = context.pixels(image.band(name).node, whole.grid)
            layers.append((values[whole.inside], mask[whole.inside]))
        pixels.append(layers)
    for i in range(number):
        lon, lat = float(longitudes[i]), float(latitudes[i])
        for image, layers in zip(images, pixels, strict=True):
            found = [_value(v, m, i) for v, m in layers]
            time = image.properties.get(TIME)
            rows.append([index_of(image), lon, lat, time, *found])
    return rows

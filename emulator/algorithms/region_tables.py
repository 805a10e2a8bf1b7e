"""``Image.reduceRegions``: a reducer's outputs as properties of features."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from emulator.algorithms.regions import reduce_region
from emulator.evaluator.collection import Collection, Made
from emulator.evaluator.context import Context
from emulator.evaluator.image import Image
from emulator.evaluator.projection import Projection
from emulator.evaluator.reducers import Reducer
from emulator.evaluator.registry import algorithm

MAX_PIXELS = 10_000_000
"""Most pixels of a region for which nobody gave a limit, as in ``reduceRegion``."""


@algorithm("Image.reduceRegions")
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
    """Returns the features with a reducer's outputs over the pixels of each.

    A property is called after the output if the image has one band, else after the
    band. (The API reference says so.) A feature without a place gets none.
    """
    limit = MAX_PIXELS if max_pixels_per_region is None else max_pixels_per_region

    def outputs(feature: Any) -> dict[str, Any]:
        found = reduce_region(
            image,
            reducer,
            feature.geometry(),
            scale,
            crs,
            crs_transform,
            limit,
            context,
        )
        alone = len(image.bands) == 1 and reducer.inputs == 1
        if not alone:
            return found
        values = list(found.values())
        names = [output.name for output in reducer.outputs]
        return dict(zip(names, values, strict=True))

    def make() -> Iterable[Any]:
        for feature in collection.elements:
            if feature.geometry() is None:
                yield feature
                continue
            properties = {**feature.properties, **outputs(feature)}
            yield feature.with_properties(properties)

    return collection.derived(Made(make))

"""Distances to pixels that are not zero, and connected pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emulator.evaluator.context import Pixels
from emulator.evaluator.distances import (
    CHEBYSHEV,
    EUCLIDEAN,
    MANHATTAN,
    along,
    component_sizes,
    nearest,
)
from emulator.evaluator.errors import EngineError
from emulator.evaluator.image import Band, Image
from emulator.evaluator.kernels import MAX_RADIUS
from emulator.evaluator.neighbourhood import MarginNode
from emulator.evaluator.pixeltype import DOUBLE, FLOAT, integers
from emulator.evaluator.registry import algorithm
from emulator.source import PixelGrid


def _reach(wanted: int, who: str) -> int:
    if not 0 <= wanted <= MAX_RADIUS:
        raise EngineError(
            f"{who}: The neighborhood must lie between 0 and {MAX_RADIUS} pixels."
        )
    return wanted


@algorithm("Image.fastDistanceTransform")
def fast_distance_transform(
    image: Image, neighborhood: int, units: str, metric: str
) -> Image:
    """Returns the distance to the nearest valid pixel that is not zero.

    Farther than the neighbourhood it is a distance beyond it; nowhere masked.
    """
    who = "Image.fastDistanceTransform"
    reach = _reach(neighborhood, who)
    if units != "pixels":
        raise EngineError(f"{who}: Unknown units '{units}'.")
    if metric not in (EUCLIDEAN, MANHATTAN, CHEBYSHEV):
        raise EngineError(f"{who}: Unknown metric '{metric}'.")

    def around(pixels: Pixels, grid: PixelGrid) -> Pixels:
        found = nearest((pixels[0] != 0) & pixels[1], reach, metric)
        return found.astype(np.float32), np.ones(found.shape, np.bool_)

    def bands() -> list[Band]:
        band = image.bands[0]
        node = MarginNode(band.node, reach, around)
        return [Band("distance", FLOAT, band.projection, node)]

    return image.computed(bands)


@algorithm("Image.directionalDistanceTransform")
def directional_distance_transform(
    source: Image, angle: float, max_distance: int, label_band: str | None
) -> Image:
    """Returns the distance to the first pixel that is not zero in a direction.

    The angle counts from the east towards the north. Masked where there is none.
    """
    who = "Image.directionalDistanceTransform"
    reach = _reach(max_distance, who)
    if label_band is not None:
        raise EngineError(f"{who}: A label band is not supported here.")

    def around(pixels: Pixels, grid: PixelGrid) -> Pixels:
        hits = (pixels[0] != 0) & pixels[1]
        return along(hits, reach, angle, grid.transform[4] < 0)

    def bands() -> list[Band]:
        (band,) = source.bands
        node = MarginNode(band.node, reach, around)
        return [Band("distance", DOUBLE, band.projection, node)]

    if len(source.bands) != 1:
        raise EngineError(f"{who}: One band is needed, or a label band.")
    return source.computed(bands)


@algorithm("Image.connectedPixelCount")
def connected_pixel_count(input: Image, max_size: int, eight_connected: bool) -> Image:
    """Returns how many pixels of its value each is connected with, itself too.

    Counts end at the greatest size.
    """
    reach = _reach(max_size, "Image.connectedPixelCount")

    def around(pixels: Pixels, grid: PixelGrid) -> Pixels:
        # A patch that is smaller lies wholly within the margin.
        sizes = component_sizes(*pixels, eight_connected)
        inner = np.s_[reach : reach + grid.height, reach : reach + grid.width]
        return np.minimum(sizes, reach)[inner].astype(kind.dtype), pixels[1][inner]

    kind = integers(0, 2**31 - 1)
    return input.computed(
        lambda: [
            replace(
                band, type=kind, size=None, node=MarginNode(band.node, reach, around)
            )
            for band in input.bands
        ]
    )

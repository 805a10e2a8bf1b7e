"""Masks: valid or not, without the fractions that Earth Engine also knows.

A fractional mask counts as valid above zero. Fractions would weigh pixels in reducers
over regions, show through in pictures, and lie along clipped edges and the edges of
pyramids: there a pixel is valid, or not, as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from emulator.evaluator import pixeltype
from emulator.evaluator.context import PixelNode, Pixels
from emulator.evaluator.elements import Feature
from emulator.evaluator.errors import EngineError
from emulator.evaluator.geometry import Geometry, from_geojson
from emulator.evaluator.image import Band, Image, constant, derived
from emulator.evaluator.nodes import InsideNode
from emulator.evaluator.pixeltype import BOOLEAN, PixelType, union
from emulator.evaluator.registry import algorithm


def _paired(image: Image, other: Image, who: str) -> list[tuple[Band, Band]]:
    """Returns each band with the other image's only band, or its band in order."""
    if len(other.bands) == 1:
        return [(band, other.bands[0]) for band in image.bands]
    if len(other.bands) != len(image.bands):
        raise EngineError(
            f"{who}: Image has {len(image.bands)} bands but the other image has "
            f"{len(other.bands)}."
        )
    return list(zip(image.bands, other.bands, strict=True))


@algorithm("Image.mask")
def mask(image: Image, mask: Image | None) -> Image:
    """Returns an image's mask as an image, or the image with another mask."""
    if mask is None:

        def shown(pixels: Pixels) -> Pixels:
            valid = pixels[1]
            return valid.astype(np.uint8), np.ones(valid.shape, np.bool_)

        return image.each_band(lambda b: derived(b, BOOLEAN, shown, b.node))
    given = mask

    return image.with_bands(
        lambda: [
            derived(a, a.type, _remasked(a.type), a.node, b.node)
            for a, b in _paired(image, given, "Image.mask")
        ]
    )


def _remasked(kind: PixelType) -> Callable[..., Pixels]:
    """Returns what gives pixels another mask; those shown anew are zero.

    Or the value closest to zero within the type's range, as the reference says.
    """
    least = max(kind.low, 0) if kind.high >= 0 else kind.high
    blank = least if kind.precision == "int" else 0

    def replaced(pixels: Pixels, other: Pixels) -> Pixels:
        values, valid = pixels
        return np.where(valid, values, blank).astype(values.dtype), _open(other)

    return replaced


def _open(mask: Pixels) -> Any:
    values, valid = mask
    return valid & (values > 0)


def _updated(pixels: Pixels, mask: Pixels) -> Pixels:
    return pixels[0], pixels[1] & _open(mask)


@algorithm("Image.updateMask")
def update_mask(image: Image, mask: Image) -> Image:
    """Returns the image valid only where a mask is above zero, too."""
    return image.with_bands(
        lambda: [
            derived(a, a.type, _updated, a.node, b.node)
            for a, b in _paired(image, mask, "Image.updateMask")
        ]
    )


@algorithm("Image.selfMask")
def self_mask(image: Image) -> Image:
    """Returns the image masked where it is zero."""

    def closed(pixels: Pixels) -> Pixels:
        return pixels[0], pixels[1] & (pixels[0] != 0)

    return image.each_band(lambda b: derived(b, b.type, closed, b.node))


def _filled(dtype: np.dtype[Any]) -> Callable[..., Pixels]:
    def fill(pixels: Pixels, other: Pixels, *inside: Pixels) -> Pixels:
        values, valid = pixels
        if valid.all():
            return values.astype(dtype, copy=False), valid
        take = ~valid & other[1]
        if inside:
            take &= inside[0][0] != 0
        mixed = np.where(take, pixeltype.cast(other[0], dtype), values.astype(dtype))
        return mixed, valid | take

    return fill


@algorithm("Image.unmask")
def unmask(input: Image, value: Image | None, same_footprint: bool) -> Image:
    """Returns the image with masked pixels filled.

    With ``same_footprint`` nothing is filled outside the input's footprint.
    """
    fill = constant(0) if value is None else value
    place = input.geometry() if same_footprint else None
    inside: tuple[PixelNode, ...] = () if place is None else (InsideNode(place),)

    def bands() -> list[Band]:
        made = []
        for a, b in _paired(input, fill, "Image.unmask"):
            kind = union(a.type, b.type)
            made.append(derived(a, kind, _filled(kind.dtype), a.node, b.node, *inside))
        return made

    filled = input.with_bands(bands)
    if same_footprint:
        return filled
    return filled.with_footprint(_united(input.geometry(), fill.geometry()))


def _united(one: Geometry | None, two: Geometry | None) -> Geometry | None:
    """Returns two footprints in one; None is everywhere."""
    if one is None or two is None:
        return None
    return Geometry(shapely.union(one.lonlat, two.lonlat), geodesic=False)


@algorithm("Image.where")
def where(input: Image, test: Image, value: Image) -> Image:
    """Returns the image with pixels replaced where a test is valid and not zero."""

    def bands() -> list[Band]:
        tests = _paired(input, test, "Image.where")
        values = _paired(input, value, "Image.where")
        made = []
        for (a, t), (_, v) in zip(tests, values, strict=True):
            kind = union(a.type, v.type)
            made.append(derived(a, kind, _replaced(kind.dtype), a.node, t.node, v.node))
        return made

    return input.with_bands(bands)


def _replaced(dtype: np.dtype[Any]) -> Callable[..., Pixels]:
    def replace(pixels: Pixels, test: Pixels, other: Pixels) -> Pixels:
        take = (test[0] != 0) & test[1] & other[1]
        values = pixels[0].astype(dtype, copy=False)
        return np.where(take, pixeltype.cast(other[0], dtype), values), pixels[1]

    return replace


@algorithm("Image.clip")
def clip(input: Image, geometry: Any) -> Image:
    """Returns the image masked where a pixel's centre is outside a geometry."""
    place = geometry.place if isinstance(geometry, Feature) else geometry
    if isinstance(place, dict):
        place = from_geojson(place)
    if not isinstance(place, Geometry):
        raise EngineError("Image.clip: The geometry to clip to is missing.")
    inside = InsideNode(place)

    def cut(band: Band) -> Band:
        made = derived(band, band.type, _updated, band.node, inside)
        return replace(made, size=None)

    clipped = input.each_band(cut)
    return clipped.with_footprint(place)

"""Colours of classes, as their makers publish them, and ramps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.uint8]
Classes = dict[int, tuple[str, str]]
"""Name and colour by code."""

WORLDCOVER: Classes = {
    10: ("trees", "006400"),
    20: ("shrubs", "ffbb22"),
    30: ("grass", "ffff4c"),
    40: ("crops", "f096ff"),
    50: ("built", "fa0000"),
    60: ("bare", "b4b4b4"),
    70: ("snow, ice", "f0f0f0"),
    80: ("water", "0064c8"),
    90: ("wetland", "0096a0"),
    95: ("mangroves", "00cf75"),
    100: ("moss", "fae6a0"),
}
DYNAMIC_WORLD: Classes = {
    0: ("water", "419bdf"),
    1: ("trees", "397d49"),
    2: ("grass", "88b053"),
    3: ("flooded", "7a87c6"),
    4: ("crops", "e49635"),
    5: ("shrubs", "dfc35a"),
    6: ("built", "c4281b"),
    7: ("bare", "a59b8f"),
    8: ("snow, ice", "b39fe1"),
}
SCL: Classes = {
    1: ("saturated", "ff0004"),
    2: ("dark", "868686"),
    3: ("shadow", "774b0a"),
    4: ("plants", "10d22c"),
    5: ("bare", "ffff52"),
    6: ("water", "0000ff"),
    7: ("unclassified", "818181"),
    8: ("cloud?", "c0c0c0"),
    9: ("cloud", "f1f1f1"),
    10: ("cirrus", "bac5eb"),
    11: ("snow", "52fff9"),
}
QA60: Classes = {1024: ("opaque", "ffffff"), 2048: ("cirrus", "8fb4ff")}

HEAT = ("20104f", "2b5fb3", "59b9c9", "e9e7b5", "f0a03c", "b2182b", "5c0014")
LAND = ("2c7a4b", "8db360", "e6dc9a", "b98b52", "8a6a58", "ffffff")
LEAVES = ("f4efd9", "a9c77e", "4f9a44", "0c5a2a", "06331c")
GREY = ("000000", "ffffff")


def rgb(colour: str) -> tuple[int, int, int]:
    """Returns a colour written in six hexadecimal digits."""
    return int(colour[:2], 16), int(colour[2:4], 16), int(colour[4:], 16)


def paint(codes: npt.NDArray[Any], classes: Classes) -> Rgb:
    """Returns codes (h, w) in their colours (h, w, 3); others black."""
    picture = np.zeros((*codes.shape, 3), np.uint8)
    for code, (_, colour) in classes.items():
        picture[codes == code] = rgb(colour)
    return picture


def ramp(
    values: npt.NDArray[Any], low: float, high: float, colours: tuple[str, ...] = GREY
) -> Rgb:
    """Returns values (h, w) on a ramp of colours from low to high (h, w, 3)."""
    stops = np.array([rgb(one) for one in colours], np.float64)
    scaled = (np.asarray(values, np.float64) - low) / max(high - low, 1e-9)
    place = np.clip(np.nan_to_num(scaled), 0, 1) * (len(colours) - 1)
    first = np.minimum(place.astype(int), len(colours) - 2)
    part = (place - first)[..., None]
    mixed = stops[first] * (1 - part) + stops[first + 1] * part
    picture: Rgb = np.rint(mixed).astype(np.uint8)
    return picture


def colour(
    red: npt.NDArray[Any],
    green: npt.NDArray[Any],
    blue: npt.NDArray[Any],
    tops: tuple[float, float, float],
) -> Rgb:
    """Returns reflectances as a picture, brightened a little (h, w, 3)."""
    layers = [
        np.clip(one / top, 0, 1) ** 0.75
        for one, top in zip((red, green, blue), tops, strict=True)
    ]
    picture: Rgb = np.rint(np.stack(layers, axis=-1) * 255).astype(np.uint8)
    return picture

"""The rows of the sheet, each picture asked of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import ee
import numpy as np
import numpy.typing as npt

from emulator.preview import maps, palettes
from emulator.preview.asking import L1C, L2A, S1, WEATHER, Asker, Facts, Scene, View
from emulator.preview.drawing import Panel, chart
from emulator.preview.palettes import Classes

_TRUE, _FALSE, _SHORT = ("B4", "B3", "B2"), ("B8", "B4", "B3"), ("B12", "B8A", "B4")
_TOPS = {
    _TRUE: (3000.0, 3000.0, 3000.0),
    _FALSE: (4500.0, 3200.0, 3200.0),
    _SHORT: (4200.0, 4500.0, 3200.0),
}
_KELVIN = 273.15


def rows(asker: Asker, facts: Facts) -> list[tuple[str, list[Panel]]]:
    """Returns headings and panels."""
    return [
        ("Where", _where(asker, facts)),
        ("Seasons, 1.28 km", _seasons(asker, facts)),
        ("A cloudy day, 10 km", _cloudy(asker, facts)),
        ("Relief and radar", _relief(asker, facts)),
        ("Cover and climate", _cover(asker, facts)),
    ]


def _clear(facts: Facts) -> Scene | None:
    """Returns the clearest scene of the local summer."""
    ahead = 7 if facts.latitude >= 0 else 1
    return min(
        facts.optical,
        key=lambda one: (one.cloud // 4, _apart(one.month, ahead)),
        default=None,
    )


def _apart(month: int, other: int) -> int:
    """Returns how many months lie between two, around the year."""
    return min((month - other) % 12, (other - month) % 12)


def _optical(
    asker: Asker,
    view: View,
    scene: Scene | None,
    caption: str,
    bands: tuple[str, str, str] = _TRUE,
    level: str = L2A,
) -> Panel:
    if scene is None:
        return Panel(caption, None)
    image = ee.Image(f"{level}/{scene.index}").select(list(bands))
    values = asker.pixels(image, view)
    red, green, blue = (values[band] for band in bands)
    picture = palettes.colour(red, green, blue, _TOPS[bands])
    return Panel(f"{caption}, {scene.day}", picture, view.metres)


def _classes(
    asker: Asker, view: View, image: ee.Image, caption: str, classes: Classes
) -> Panel:
    (codes,) = asker.pixels(image, view).values()
    codes = np.where(asker.pixels(image.mask(), view).popitem()[1] > 0, codes, 255)
    return Panel(
        caption,
        palettes.paint(codes, classes),
        view.metres,
        classes,
        frozenset(np.unique(codes).tolist()),
    )


def _ramp(
    values: npt.NDArray[Any],
    caption: str,
    metres: float,
    colours: tuple[str, ...],
    ends: tuple[float, float] | None = None,
    unit: str = "",
) -> Panel:
    low, high = ends or (float(values.min()), float(values.max()))
    return Panel(
        caption,
        palettes.ramp(values, low, high, colours),
        metres,
        scale=(colours, f"{low:g}{unit}", f"{high:g}{unit}"),
    )


def _where(asker: Asker, facts: Facts) -> list[Panel]:
    wide = facts.view.at(40.0, 256)
    clear = _clear(facts)
    return [
        maps.world(facts),
        maps.thousand(asker, facts),
        maps.hundred(asker, facts),
        _optical(asker, wide, clear, "true colour, 10 km"),
        _optical(asker, wide, clear, "NIR, red, green, 10 km", _FALSE),
        _classes(
            asker,
            wide,
            ee.ImageCollection("ESA/WorldCover/v100").first(),
            "WorldCover, 10 km",
            palettes.WORLDCOVER,
        ),
    ]


def _seasons(asker: Asker, facts: Facts) -> list[Panel]:
    panels = []
    for name, month in (("January", 1), ("April", 4), ("July", 7), ("October", 10)):
        scene = min(
            (one for one in facts.optical if _apart(one.month, month) <= 1),
            key=lambda one: one.cloud,
            default=None,
        )
        panels.append(_optical(asker, facts.view, scene, name))
    clear = _clear(facts)
    return [
        *panels,
        _optical(asker, facts.view, clear, "NIR, red, green", _FALSE),
        _optical(asker, facts.view, clear, "SWIR, NIR, red", _SHORT),
    ]


def _cloudy(asker: Asker, facts: Facts) -> list[Panel]:
    wide = facts.view.at(40.0, 256)
    scene = min(facts.optical, key=lambda one: abs(one.cloud - 40.0), default=None)
    if scene is None:
        return [Panel("a cloudy day", None)]
    image = ee.Image(f"{L2A}/{scene.index}")
    names = image.bandNames().getInfo()
    probable = (
        _ramp(
            asker.pixels(image.select("MSK_CLDPRB"), wide)["MSK_CLDPRB"],
            "MSK_CLDPRB",
            wide.metres,
            palettes.GREY,
            (0.0, 100.0),
            " %",
        )
        if "MSK_CLDPRB" in names
        else Panel("MSK_CLDPRB (this scene has none)", None)
    )
    shown = f"true colour, {scene.cloud:.0f} % cloud"
    return [
        _optical(asker, wide, scene, shown),
        _optical(asker, wide, scene, "top of atmosphere (L1C)", level=L1C),
        _classes(asker, wide, image.select("SCL"), "SCL", palettes.SCL),
        _classes(asker, wide, image.select("QA60"), "QA60", palettes.QA60),
        probable,
        _optical(asker, wide, scene, "NIR, red, green", _FALSE),
    ]


def _relief(asker: Asker, facts: Facts) -> list[Panel]:
    height = ee.Image("projects/sat-io/open-datasets/ASTER/GDEM")
    wide = facts.view.at(40.0, 256)
    metres = asker.pixels(height, wide)["b1"]
    shade = _shaded(metres, wide.step)
    slope = asker.pixels(ee.Terrain.slope(height), facts.view)["slope"]
    return [
        _ramp(metres, "elevation, 10 km", wide.metres, palettes.LAND, unit=" m"),
        _ramp(shade, "hillshade, 10 km", wide.metres, palettes.GREY, (0.0, 255.0)),
        _ramp(slope, "slope, 1.28 km", facts.view.metres, palettes.HEAT, (0, 45), "°"),
        _radar(asker, facts, wide, rising=True, cross=False),
        _radar(asker, facts, wide, rising=False, cross=False),
        _radar(asker, facts, facts.view, rising=None, cross=True),
    ]


def _shaded(metres: npt.NDArray[Any], step: float) -> npt.NDArray[np.float64]:
    """Returns light from the north-west on heights, 0 to 255."""
    south, east = np.gradient(metres.astype(np.float64), step)
    steep = np.sqrt(1.0 + south**2 + east**2)
    light = (1.0 + 1.2 * (east + south)) / steep
    shaded: npt.NDArray[np.float64] = np.clip(light * 128.0, 0.0, 255.0)
    return shaded


def _radar(
    asker: Asker, facts: Facts, view: View, *, rising: bool | None, cross: bool
) -> Panel:
    channel = 1 if cross else 0
    course = {True: "ascending", False: "descending", None: ""}[rising]
    usable: Iterable[Scene] = (
        one
        for one in facts.radar
        if len(one.bands) > channel and rising in (one.rising, None)
    )
    scene = min(usable, key=lambda one: _apart(one.month, 7), default=None)
    if scene is None:
        return Panel(f"Sentinel-1 {course}", None)
    band = scene.bands[channel]
    values = asker.pixels(ee.Image(f"{S1}/{scene.index}").select(band), view)[band]
    ends = (-28.0, -8.0) if cross else (-24.0, 0.0)
    caption = " ".join(filter(None, [band, course, scene.day]))
    return _ramp(values, caption, view.metres, palettes.GREY, ends, " dB")


def _cover(asker: Asker, facts: Facts) -> list[Panel]:
    view = facts.view
    year = f"{facts.year}-01-01", f"{facts.year + 1}-01-01"
    labels = (
        ee.ImageCollection("GOOGLE/DYNAMICWORLD/V1")
        .filterDate(*year)
        .filterBounds(ee.Geometry.Point([facts.longitude, facts.latitude]))
        .select("label")
        .mode()
    )
    canopy = "users/nlang/ETH_GlobalCanopyHeight{}_2020_10m_v1"
    height = asker.pixels(ee.Image(canopy.format("")), view)["b1"]
    spread = asker.pixels(ee.Image(canopy.format("SD")), view)["b1"]
    cover = ee.ImageCollection("ESA/WorldCover/v100").first()
    shown: Callable[..., Panel] = _classes
    found = [
        shown(asker, view, cover, "WorldCover", palettes.WORLDCOVER),
        Panel("Dynamic World", None),
        _ramp(height, "canopy height", view.metres, palettes.LEAVES, (0, 35), " m"),
        _ramp(spread, "its deviation", view.metres, palettes.LEAVES, (0, 12), " m"),
    ]
    if facts.optical:
        caption = "Dynamic World, mode of the year"
        found[1] = shown(asker, view, labels, caption, palettes.DYNAMIC_WORLD)
    return [*found, _weather(facts), maps.warmth(asker, facts)]


def _weather(facts: Facts) -> Panel:
    mean, low, high = (facts.weather[name] - _KELVIN for name in WEATHER[:3])
    rain = facts.weather[WEATHER[3]] * 1000.0
    caption = f"ERA5-Land, {facts.year}"
    if np.isnan(mean).any():
        return Panel(f"{caption} (masked: sea)", None)
    return Panel(
        f"{caption}: {mean.mean():.1f} °C, {rain.sum():.0f} mm",
        chart(mean, low, high, rain),
    )

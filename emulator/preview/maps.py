"""Where a place is: maps of a hundred kilometres to the world."""

from __future__ import annotations

import colorsys
import zlib
from typing import Any

import ee
import numpy as np
import numpy.typing as npt
import pyproj
from PIL import Image, ImageDraw

from emulator.planet.atlas import STEP, atlas
from emulator.preview import palettes
from emulator.preview.asking import ECOREGIONS, ERA5, L2A, Asker, Facts, View
from emulator.preview.drawing import SIDE, Panel
from emulator.preview.palettes import Rgb

_RED, _SEA = (214, 30, 30), (222, 232, 242)


def _july(facts: Facts) -> ee.Image:
    return ee.Image(f"{ERA5}/{facts.year}07").select("temperature_2m")


def _warm(asker: Asker, facts: Facts, grid: View) -> Rgb:
    """Returns July's temperature on a grid, the sea in pale blue."""
    image = _july(facts)
    values = asker.pixels(image, grid)["temperature_2m"] - 273.15
    land = asker.pixels(image.mask(), grid)["temperature_2m"] > 0
    picture = palettes.ramp(values, -20.0, 38.0, palettes.HEAT)
    picture[~land] = _SEA
    return picture


def world(facts: Facts) -> Panel:
    """Returns the world, its ground by broad height, and the place on it."""
    maps = atlas()
    height = maps.height.cells[::4, ::4] * STEP
    picture = palettes.ramp(height, -400.0, 4_500.0, palettes.LAND)
    rows = (np.arange(270) + 0.5) / 270 * 3600
    columns = (np.arange(540) + 0.5) / 540 * 7200
    land = maps.land.cells[np.ix_(rows.astype(int), columns.astype(int))]
    picture[land < 18] = _SEA
    canvas = Image.fromarray(picture)
    x = (facts.longitude + 180.0) * 1.5
    y = (90.0 - facts.latitude) * 1.5
    ImageDraw.Draw(canvas).ellipse((x - 9, y - 9, x + 9, y + 9), outline=_RED, width=4)
    return Panel("the world", np.asarray(canvas, np.uint8), smooth=True)


def warmth(asker: Asker, facts: Facts) -> Panel:
    """Returns July's temperatures over a thousand kilometres."""
    view = facts.view.at(1_000_000.0 / SIDE, SIDE)
    return Panel(
        "ERA5-Land, July, 1000 km",
        _warm(asker, facts, view),
        view.metres,
        scale=(palettes.HEAT, "-20 °C", "38 °C"),
    )


def _shade(name: str) -> tuple[int, int, int]:
    """Returns a pale colour of a name's own."""
    number = zlib.crc32(name.encode())
    parts = colorsys.hls_to_rgb(
        number % 360 / 360, 0.72 + number // 360 % 5 * 0.03, 0.45
    )
    red, green, blue = (round(part * 255) for part in parts)
    return red, green, blue


def _rings(geometry: dict[str, Any]) -> list[list[list[tuple[float, float]]]]:
    """Returns a geometry's polygons, each its rings."""
    kind, parts = geometry["type"], geometry.get("coordinates", [])
    if kind == "Polygon":
        return [parts]
    if kind == "MultiPolygon":
        return list(parts)
    return [ring for part in geometry.get("geometries", []) for ring in _rings(part)]


def _pixels(view: View, ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Returns a ring of degrees in pixels of a view."""
    to = pyproj.Transformer.from_crs("EPSG:4326", view.crs, always_xy=True)
    lon, lat = np.array(ring, np.float64).T
    x, y = to.transform(lon, lat)
    across = (np.asarray(x) - view.x) / view.step + view.size / 2
    down = (view.y - np.asarray(y)) / view.step + view.size / 2
    near = np.isfinite(across) & np.isfinite(down)
    return list(zip(across[near].tolist(), down[near].tolist(), strict=True))


def _regions(asker: Asker, view: View) -> Image.Image:
    """Returns the ecoregions of a view, each in its colour, the sea pale blue."""
    area = view.region()
    near = ee.FeatureCollection(ECOREGIONS).filterBounds(area)
    canvas = Image.new("RGB", (view.size, view.size), _SEA)
    for feature in asker.shapes(near):
        name = feature["properties"]["ECO_NAME"]
        for polygon in _rings(feature["geometry"]):
            mask = Image.new("1", canvas.size)
            inside = ImageDraw.Draw(mask)
            for number, ring in enumerate(polygon):
                pixels = _pixels(view, ring)
                if len(pixels) > 2:
                    inside.polygon(pixels, fill=number == 0)
            canvas.paste(_shade(name), mask=mask)
    return canvas


def _mark(canvas: Image.Image, half: float) -> npt.NDArray[np.uint8]:
    middle = canvas.width / 2
    box = (middle - half, middle - half, middle + half, middle + half)
    ImageDraw.Draw(canvas).rectangle(box, outline=_RED, width=2)
    return np.asarray(canvas, np.uint8)


def thousand(asker: Asker, facts: Facts) -> Panel:
    """Returns ecoregions over a thousand kilometres."""
    view = facts.view.at(1_000_000.0 / SIDE, SIDE)
    canvas = _regions(asker, view)
    return Panel(
        "RESOLVE ecoregions, 1000 km",
        _mark(canvas, 50_000 / view.step),
        view.metres,
    )


def hundred(asker: Asker, facts: Facts) -> Panel:
    """Returns ecoregions over a hundred kilometres, and the footprints of scenes."""
    view = facts.view.at(200_000.0 / SIDE, SIDE)
    canvas = _regions(asker, view)
    draw = ImageDraw.Draw(canvas)
    ten_days = ee.Date(f"{facts.year}-06-01"), ee.Date(f"{facts.year}-06-11")
    scenes = ee.ImageCollection(L2A).filterDate(*ten_days).filterBounds(view.region())
    seen = ee.FeatureCollection(
        scenes.map(lambda one: ee.Feature(ee.Image(one).geometry()))
    )
    for feature in asker.shapes(seen):
        for polygon in _rings(feature["geometry"]):
            pixels = _pixels(view, polygon[0])
            if len(pixels) > 2:
                draw.line([*pixels, pixels[0]], fill=(70, 76, 90), width=1)
    return Panel(
        "Sentinel-2 footprints, 200 km",
        _mark(canvas, 5_000 / view.step),
        view.metres,
    )

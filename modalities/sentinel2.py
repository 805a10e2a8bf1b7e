"""Sentinel-2: 13 bands of one scene, L2A or L1C. It sets the date of a tile."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import ee

from modalities.constants import ConstantList
from modalities.modality import Chosen, PixelModality
from modalities.plan import Choice, NoDataError, Scene, Site
from modalities.recipe import Context, Recipe
from modalities.spec import Band, Storage

ASSETS = {"l1c": "COPERNICUS/S2_HARMONIZED", "l2a": "COPERNICUS/S2_SR_HARMONIZED"}
"""Asset of each processing level, harmonised to the baseline before 2022."""

MARGIN = 200.0
"""Metres around the tile that the footprint must hold too (MMEarth's rule)."""

NATIVE = ("B2", "B3", "B4", "B8")
"""Bands of 10 m, on the tile's own lattice if the scene is in its zone."""

Candidate = tuple[str, int, float]
"""``system:index``, ``system:time_start`` in ms, cloud in per cent."""


class Sentinel2(PixelModality):
    """Top-of-atmosphere (L1C) or surface (L2A) reflectance, times 10 000."""

    name = "sentinel2"
    title = "Sentinel-2 multispectral, L2A or L1C"
    # B8A before B8 is MMEarth's order, and part of the format.
    bands = (
        Band("B1", "reflectance * 10000", "coastal aerosol, 443 nm, 60 m"),
        Band("B2", "reflectance * 10000", "blue, 490 nm, 10 m"),
        Band("B3", "reflectance * 10000", "green, 560 nm, 10 m"),
        Band("B4", "reflectance * 10000", "red, 665 nm, 10 m"),
        Band("B5", "reflectance * 10000", "red edge, 705 nm, 20 m"),
        Band("B6", "reflectance * 10000", "red edge, 740 nm, 20 m"),
        Band("B7", "reflectance * 10000", "red edge, 783 nm, 20 m"),
        Band("B8A", "reflectance * 10000", "narrow near infrared, 865 nm, 20 m"),
        Band("B8", "reflectance * 10000", "near infrared, 842 nm, 10 m"),
        Band("B9", "reflectance * 10000", "water vapour, 945 nm, 60 m"),
        Band("B10", "reflectance * 10000", "cirrus, 1375 nm, 60 m, L1C only"),
        Band("B11", "reflectance * 10000", "short-wave infrared, 1610 nm, 20 m"),
        Band("B12", "reflectance * 10000", "short-wave infrared, 2190 nm, 20 m"),
    )
    storage = Storage("uint16", 0)
    statistics = "by_level"
    sources = tuple(ASSETS.values())
    wire = "uint16"
    fill = 0
    required = True
    resampling = "bilinear"

    def inputs(self, site: Site, chosen: Chosen, context: Context) -> dict[str, Any]:
        """Asks about the tile's outline and a margin."""
        return {"ring": site.grid.ring(MARGIN)}

    def ask(self, tile: ee.Dictionary, context: Context) -> ee.ComputedObject:
        """Asks for every clear scene of both levels that holds the tile."""
        recipe = context.recipe
        ring = ee.Geometry.Polygon([tile.get("ring")], "EPSG:4326", False)
        return ee.Dictionary(
            {
                level: _candidates(asset, ring, recipe)
                for level, asset in sorted(ASSETS.items())
            }
        )

    def choose(
        self, site: Site, facts: Any, chosen: Chosen, context: Context
    ) -> Choice:
        """Draws a year, a level and a scene; the tile's id seeds the draw.

        The other level of the same year is the first fall-back, other years the
        next. Scenes in the tile's own UTM zone come first: their 10 m pixels are
        the tile's.
        """
        recipe = context.recipe
        draw = _random(recipe.seed, site.tile.tile_id)
        for year, level in _preferences(draw, recipe.years):
            found = [c for c in facts[level] if _year(c[1]) == year]
            found = [c for c in found if _zone(c[0]) == site.grid.zone] or found
            if found:
                index, time, cloud = draw.choice(sorted(map(tuple, found)))
                return self._choice(level, index, time, cloud)
        years = f"{min(recipe.years)} to {max(recipe.years)}"
        raise NoDataError(
            f"sentinel2: no scene of {years} with less than {recipe.max_cloud:g} % "
            f"cloud holds the tile and {MARGIN:g} m around it in "
            f"{' or '.join(self.sources)}; raise --max_cloud or widen --years"
        )

    def _choice(self, level: str, index: str, time: int, cloud: float) -> Choice:
        absent = {"B10"} if level == "l2a" else set()
        return Choice(
            bands=tuple(b.name for b in self.bands if b.name not in absent),
            scenes=(Scene(f"{ASSETS[level]}/{index}", int(time)),),
            values={"level": level, "index": index, "cloud": round(float(cloud), 6)},
        )

    def image(self, choice: Choice, site: Site, context: Context) -> ee.Image:
        """Returns the scene; 10 m bands untouched where they fit the grid."""
        scene = ee.Image(choice.scenes[0].asset)
        if _zone(choice.values["index"]) != site.grid.zone:
            return self.resampled(scene.select(ConstantList(choice.bands)))
        coarse = [band for band in choice.bands if band not in NATIVE]
        both = scene.select(ConstantList(NATIVE)).addBands(
            self.resampled(scene.select(ConstantList(coarse)))
        )
        return both.select(ConstantList(choice.bands))


def date_of(chosen: Chosen) -> datetime:
    """Returns when the tile's Sentinel-2 scene was taken, UTC."""
    return datetime.fromtimestamp(chosen["sentinel2"].scenes[0].time / 1000, UTC)


def level_of(chosen: Chosen) -> str:
    """Returns ``l2a`` or ``l1c``."""
    return str(chosen["sentinel2"].values["level"])


def _candidates(asset: str, ring: ee.Geometry, recipe: Recipe) -> ee.ComputedObject:
    """Lists scenes as rows of ``[index, time, cloud]``."""
    return (
        ee.ImageCollection(asset)
        .filterDate(f"{min(recipe.years)}-01-01", f"{max(recipe.years) + 1}-01-01")
        .filterBounds(ring)
        .filter(ee.Filter.lt("CLOUDY_PIXEL_PERCENTAGE", recipe.max_cloud))
        .filter(ee.Filter.contains(".geo", ring))
        .reduceColumns(
            ee.Reducer.toList(3),
            ["system:index", "system:time_start", "CLOUDY_PIXEL_PERCENTAGE"],
        )
        .get("list")
    )


def _random(seed: int, tile_id: str) -> random.Random:
    """Makes the tile's own generator: no order, worker or retry can shift it."""
    digest = hashlib.sha256(f"{seed}/{tile_id}".encode()).digest()
    return random.Random(int.from_bytes(digest[:8]))


def _preferences(
    draw: random.Random, years: Sequence[int]
) -> Iterator[tuple[int, str]]:
    """Yields (year, level), the drawn ones first."""
    levels = ["l1c", "l2a"]
    if draw.random() < 0.5:
        levels.reverse()
    for year in draw.sample(sorted(years), len(years)):
        for level in levels:
            yield year, level


def _year(time: int) -> int:
    return datetime.fromtimestamp(time / 1000, UTC).year


def _zone(index: str) -> int:
    """Reads the UTM zone from an index such as ``..._T32VNH``.

    Source: Sentinel-2 Products Specification Document, naming convention.
    """
    return int(index.rsplit("_T", 1)[-1][:2])

"""Dynamic World: the most frequent land-cover class of the calendar year."""

from __future__ import annotations

from typing import Any

import ee

from modalities.modality import Chosen, PixelModality
from modalities.plan import Choice, Site
from modalities.recipe import Context
from modalities.sentinel2 import date_of
from modalities.spec import Band, Storage

ASSET = "GOOGLE/DYNAMICWORLD/V1"


class DynamicWorld(PixelModality):
    """Mode of the ``label`` over the year of the Sentinel-2 scene, plus one."""

    name = "dynamic_world"
    title = "Dynamic World land cover, mode of the year"
    bands = (
        Band(
            "label",
            "class",
            "1 water, 2 trees, 3 grass, 4 flooded vegetation, 5 crops, "
            "6 shrub and scrub, 7 built, 8 bare, 9 snow and ice",
        ),
    )
    storage = Storage("uint8", 0)
    statistics = "none"
    sources = (ASSET,)
    needs = ("sentinel2",)
    wire = "uint8"
    fill = 0

    def inputs(self, site: Site, chosen: Chosen, context: Context) -> dict[str, Any]:
        """Asks about the outline and the year."""
        year = date_of(chosen).year
        return {
            "ring": site.grid.ring(),
            "start": f"{year}-01-01",
            "end": f"{year + 1}-01-01",
        }

    def ask(self, tile: ee.Dictionary, context: Context) -> ee.ComputedObject:
        """Asks how many scenes there are: none would be an image without bands."""
        ring = ee.Geometry.Polygon([tile.get("ring")], "EPSG:4326", False)
        return (
            ee.ImageCollection(ASSET)
            .filterDate(ee.Date(tile.get("start")), ee.Date(tile.get("end")))
            .filterBounds(ring)
            .size()
        )

    def choose(
        self, site: Site, facts: Any, chosen: Chosen, context: Context
    ) -> Choice:
        """Takes the year if it has scenes."""
        year = date_of(chosen).year
        if not facts:
            return Choice(missing=f"no scene in {year}")
        return Choice(bands=("label",), values={"year": year, "scenes": int(facts)})

    def image(self, choice: Choice, site: Site, context: Context) -> ee.Image:
        """Returns classes 1 to 9, nearest."""
        year = choice.values["year"]
        ring = ee.Geometry.Polygon([site.grid.ring()], "EPSG:4326", False)
        labels = (
            ee.ImageCollection(ASSET)
            .filterDate(f"{year}-01-01", f"{year + 1}-01-01")
            .filterBounds(ring)
            .select(["label"])
        )
        return labels.mode().add(1)

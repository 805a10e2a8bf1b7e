"""The cloud probability of the Sentinel-2 scene: band MSK_CLDPRB of L2A."""

from __future__ import annotations

from typing import Any

import ee

from modalities.modality import Chosen, PixelModality
from modalities.plan import Choice, Site
from modalities.recipe import Context
from modalities.sentinel2 import ASSETS, level_of
from modalities.spec import Band, Storage


class Sentinel2CloudProbability(PixelModality):
    """Cloud probability, 0 to 100. The name's spelling is part of the format."""

    name = "sentinel2_cloudprod"
    title = "Sentinel-2 cloud probability (MSK_CLDPRB), L2A only"
    bands = (Band("MSK_CLDPRB", "per cent", "cloud probability"),)
    storage = Storage("uint16", 65535)
    statistics = "by_level"
    sources = (ASSETS["l2a"],)
    needs = ("sentinel2",)
    wire = "uint8"
    fill = 255
    resampling = "bilinear"

    def inputs(self, site: Site, chosen: Chosen, context: Context) -> dict[str, Any]:
        """Asks about the chosen scene."""
        scene = chosen["sentinel2"]
        time = scene.scenes[0].time
        index = scene.values["index"]
        return {"index": index, "start": time, "end": time + 1}

    def ask(self, tile: ee.Dictionary, context: Context) -> ee.ComputedObject:
        """Asks whether the scene has the band: some L2A scenes lack it.

        A collection of at most one scene, rather than the scene, because L1C's
        index is not in this collection, and null would be an error.
        """
        return (
            ee.ImageCollection(ASSETS["l2a"])
            .filterDate(ee.Date(tile.get("start")), ee.Date(tile.get("end")))
            .filter(ee.Filter.eq("system:index", tile.get("index")))
            .map(lambda image: image.set("has", _has_band(ee.Image(image))))
            .aggregate_array("has")
        )

    def choose(
        self, site: Site, facts: Any, chosen: Chosen, context: Context
    ) -> Choice:
        """Takes the scene's band if there is one."""
        if level_of(chosen) != "l2a":
            return Choice(missing="the scene is L1C, which has no cloud probability")
        if not any(facts):
            return Choice(missing="the scene lacks MSK_CLDPRB")
        return Choice(bands=("MSK_CLDPRB",), scenes=chosen["sentinel2"].scenes)

    def image(self, choice: Choice, site: Site, context: Context) -> ee.Image:
        """Returns MSK_CLDPRB, bilinear."""
        image = ee.Image(choice.scenes[0].asset).select(["MSK_CLDPRB"])
        return self.resampled(image)


def _has_band(image: ee.Image) -> ee.ComputedObject:
    return image.bandNames().contains("MSK_CLDPRB")

"""The scene classification of the Sentinel-2 scene: band SCL of L2A."""

from __future__ import annotations

from typing import Any

import ee

from modalities.modality import Chosen, PixelModality
from modalities.plan import Choice, Site
from modalities.recipe import Context
from modalities.sentinel2 import ASSETS, level_of
from modalities.spec import Band, Storage


class Sentinel2SceneClassification(PixelModality):
    """Classes 1 to 11: saturated, dark, shadow, vegetation, ..., cirrus, snow."""

    name = "sentinel2_scl"
    title = "Sentinel-2 scene classification (SCL), L2A only"
    bands = (Band("SCL", "class", "1 saturated to 11 snow or ice"),)
    storage = Storage("uint8", 255)
    statistics = "none"
    sources = (ASSETS["l2a"],)
    needs = ("sentinel2",)
    wire = "uint8"
    fill = 255

    def choose(
        self, site: Site, facts: Any, chosen: Chosen, context: Context
    ) -> Choice:
        """Takes the scene that Sentinel-2 took, if it is L2A."""
        if level_of(chosen) != "l2a":
            return Choice(missing="the scene is L1C, which has no classification")
        return Choice(bands=("SCL",), scenes=chosen["sentinel2"].scenes)

    def image(self, choice: Choice, site: Site, context: Context) -> ee.Image:
        """Returns SCL, nearest."""
        return ee.Image(choice.scenes[0].asset).select(["SCL"])

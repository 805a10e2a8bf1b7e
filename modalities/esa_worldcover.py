"""ESA WorldCover 2020 (v100): land cover at 10 m."""

from __future__ import annotations

from typing import Any

import ee

from modalities.modality import Chosen, PixelModality
from modalities.plan import Choice, Site
from modalities.recipe import Context
from modalities.spec import Band, Storage

ASSET = "ESA/WorldCover/v100"


class EsaWorldCover(PixelModality):
    """Codes 10 to 100 as published, not renumbered."""

    name = "esa_worldcover"
    title = "ESA WorldCover 2020"
    bands = (
        Band(
            "Map",
            "class",
            "10 tree, 20 shrub, 30 grass, 40 crop, 50 built, 60 bare, 70 snow or "
            "ice, 80 water, 90 wetland, 95 mangroves, 100 moss or lichen",
        ),
    )
    # The release holds 0, which torchgeo reads as the class "tree".
    storage = Storage("uint8", 255)
    released = Storage("uint8", 0)
    statistics = "none"
    sources = (ASSET,)
    wire = "uint8"
    fill = 255

    def choose(
        self, site: Site, facts: Any, chosen: Chosen, context: Context
    ) -> Choice:
        """Takes the map, everywhere."""
        return Choice(bands=("Map",))

    def image(self, choice: Choice, site: Site, context: Context) -> ee.Image:
        """Returns the one image of the collection, nearest."""
        return ee.Image(ee.ImageCollection(ASSET).first()).select(["Map"])

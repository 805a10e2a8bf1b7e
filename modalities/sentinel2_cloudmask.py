"""The cloud mask of the Sentinel-2 scene: band QA60."""

from __future__ import annotations

from typing import Any

import ee

from modalities.modality import Chosen, PixelModality
from modalities.plan import Choice, Site
from modalities.recipe import Context
from modalities.sentinel2 import ASSETS
from modalities.spec import Band, Storage


class Sentinel2CloudMask(PixelModality):
    """Bit 10: opaque clouds, bit 11: cirrus. Both levels have it."""

    name = "sentinel2_cloudmask"
    title = "Sentinel-2 cloud mask (QA60)"
    bands = (Band("QA60", "bit mask", "bit 10 opaque clouds, bit 11 cirrus"),)
    storage = Storage("uint16", 65535)
    statistics = "by_level"
    sources = tuple(ASSETS.values())
    needs = ("sentinel2",)
    wire = "uint16"
    fill = 65535

    def choose(
        self, site: Site, facts: Any, chosen: Chosen, context: Context
    ) -> Choice:
        """Takes the scene that Sentinel-2 took."""
        return Choice(bands=("QA60",), scenes=chosen["sentinel2"].scenes)

    def image(self, choice: Choice, site: Site, context: Context) -> ee.Image:
        """Returns QA60, nearest."""
        return ee.Image(choice.scenes[0].asset).select(["QA60"])

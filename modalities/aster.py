"""ASTER GDEM: elevation and slope."""

from __future__ import annotations

from typing import Any

import ee

from modalities.modality import Chosen, PixelModality
from modalities.plan import Choice, Site
from modalities.recipe import Context
from modalities.spec import Band, Storage

ASSET = "projects/sat-io/open-datasets/ASTER/GDEM"


class Aster(PixelModality):
    """Elevation, and the slope that Earth Engine computes on its native grid."""

    name = "aster"
    title = "ASTER GDEM elevation and slope"
    bands = (
        Band("b1", "m", "elevation above the EGM96 geoid"),
        Band("slope", "degree", "slope of the terrain"),
    )
    # The release cut to int16, where its own no-data, -inf, can't be.
    storage = Storage("float32", float("-inf"))
    released = Storage("int16", -32768)
    sources = (ASSET,)
    wire = "float32"
    fill = -9999.0
    resampling = "bilinear"

    def choose(
        self, site: Site, facts: Any, chosen: Chosen, context: Context
    ) -> Choice:
        """Takes both bands, everywhere."""
        return Choice(bands=("b1", "slope"))

    def image(self, choice: Choice, site: Site, context: Context) -> ee.Image:
        """Returns elevation and slope, bilinear, nothing clipped before."""
        elevation = ee.Image(ASSET).select(["b1"])
        both = elevation.addBands(ee.Terrain.slope(elevation))
        return self.resampled(both.select(["b1", "slope"]))

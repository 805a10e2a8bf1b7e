"""ETH global canopy height 2020: height and its standard deviation."""

from __future__ import annotations

from typing import Any

import ee

from modalities.modality import Chosen, PixelModality
from modalities.plan import Choice, Site
from modalities.recipe import Context
from modalities.spec import Band, Storage

HEIGHT = "users/nlang/ETH_GlobalCanopyHeight_2020_10m_v1"
DEVIATION = "users/nlang/ETH_GlobalCanopyHeightSD_2020_10m_v1"


class CanopyHeightEth(PixelModality):
    """Canopy height of Lang et al. 2023 (doi:10.1038/s41559-023-02206-6)."""

    name = "canopy_height_eth"
    title = "ETH canopy height 2020 and its standard deviation"
    bands = (
        Band("height", "m", "height of the canopy"),
        Band("std", "m", "predicted standard deviation of the height"),
    )
    # The release stored int8, where its own no-data, 255, can't be.
    storage = Storage("uint8", 255)
    released = Storage("int8", -128)
    sources = (HEIGHT, DEVIATION)
    wire = "uint8"
    fill = 255
    resampling = "bilinear"

    def choose(
        self, site: Site, facts: Any, chosen: Chosen, context: Context
    ) -> Choice:
        """Takes both bands, everywhere."""
        return Choice(bands=("height", "std"))

    def image(self, choice: Choice, site: Site, context: Context) -> ee.Image:
        """Returns height and deviation, bilinear, whole metres.

        255 is masked first: it is the source's no-data, and must not be mixed into
        its neighbours whether or not Earth Engine masks it.
        """
        height = ee.Image(HEIGHT).select([0], ["height"])
        both = height.addBands(ee.Image(DEVIATION).select([0], ["std"]))
        return self.resampled(both.updateMask(both.neq(255)))

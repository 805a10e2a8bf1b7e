"""RESOLVE biome of the tile, as the input names it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from modalities.modality import Chosen, ValueModality
from modalities.plan import Choice, Site
from modalities.recipe import Context
from modalities.spec import Band, Storage

BIOMES: tuple[str, ...] = (
    "Tundra",
    "Tropical & Subtropical Moist Broadleaf Forests",
    "Mediterranean Forests, Woodlands & Scrub",
    "Deserts & Xeric Shrublands",
    "Temperate Grasslands, Savannas & Shrublands",
    "Boreal Forests/Taiga",
    "Temperate Conifer Forests",
    "Temperate Broadleaf & Mixed Forests",
    "Montane Grasslands & Shrublands",
    "Mangroves",
    "Flooded Grasslands & Savannas",
    "Tropical & Subtropical Grasslands, Savannas & Shrublands",
    "Tropical & Subtropical Dry Broadleaf Forests",
    "Tropical & Subtropical Coniferous Forests",
)
"""Names as in the property ``BIOME_NAME`` of RESOLVE/ECOREGIONS/2017, in MMEarth's
order: a biome's label is its place here."""


class Biome(ValueModality):
    """One-hot of the fourteen biomes."""

    name = "biome"
    title = "RESOLVE biome, one-hot"
    bands = tuple(Band(name, "1", f"1 if the biome is {name}") for name in BIOMES)
    storage = Storage("uint8", None)
    statistics = "none"
    sources = ("input tiles", "RESOLVE/ECOREGIONS/2017")

    def choose(
        self, site: Site, facts: Any, chosen: Chosen, context: Context
    ) -> Choice:
        """Takes the label of the tile's biome."""
        label = BIOMES.index(str(site.tile.biome))
        return Choice(bands=(BIOMES[label],), values={"label": label})

    def values(
        self, choice: Choice, site: Site, context: Context
    ) -> npt.NDArray[np.float64]:
        """Returns the one-hot vector (14,)."""
        out = np.zeros(len(BIOMES))
        out[choice.values["label"]] = 1
        return out

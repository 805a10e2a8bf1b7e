"""RESOLVE ecoregion of the tile, as the input names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ee
import numpy as np
import numpy.typing as npt

from modalities._memo import remember_by_identity
from modalities.biome import BIOMES
from modalities.modality import Chosen, ValueModality
from modalities.plan import Choice, Site
from modalities.recipe import Context
from modalities.spec import Band, Storage
from modalities.tile import Tile

ASSET = "RESOLVE/ECOREGIONS/2017"
COUNT = 846
"""Ecoregions of RESOLVE 2017 without "Rock and Ice"."""


class EcoRegion(ValueModality):
    """One-hot of the 846 ecoregions, numbered as MMEarth did."""

    name = "eco_region"
    title = "RESOLVE ecoregion, one-hot"
    bands = tuple(
        Band(f"eco_{i:03d}", "1", f"1 if the ecoregion's label is {i}")
        for i in range(COUNT)
    )
    storage = Storage("uint16", None)
    statistics = "none"
    sources = ("input tiles", ASSET)

    def table(self) -> ee.ComputedObject:
        """Asks for the name and biome of every ecoregion, in table order."""
        names = ["ECO_NAME", "BIOME_NAME"]
        rows = ee.FeatureCollection(ASSET).reduceColumns(ee.Reducer.toList(2), names)
        return rows.get("list")

    def check(self, tile: Tile, context: Context) -> str:
        """Holds the tile's ecoregion against the table."""
        if tile.eco_region in labels_of(context.tables[self.name]):
            return ""
        return (
            f"unknown eco_region {tile.eco_region!r}: the engine's {ASSET} has no such "
            "name; correct it, pass --eco_region_labels, or leave eco_region out of "
            "--modalities"
        )

    def choose(
        self, site: Site, facts: Any, chosen: Chosen, context: Context
    ) -> Choice:
        """Takes the label of the tile's ecoregion."""
        label = labels_of(context.tables[self.name])[str(site.tile.eco_region)]
        return Choice(bands=(self.bands[label].name,), values={"label": label})

    def values(
        self, choice: Choice, site: Site, context: Context
    ) -> npt.NDArray[np.float64]:
        """Returns the one-hot vector (846,)."""
        out = np.zeros(COUNT)
        out[choice.values["label"]] = 1
        return out


Table = Sequence[Sequence[str]] | Mapping[str, int]


@remember_by_identity(1)
def labels_of(table: Table) -> Mapping[str, int]:
    """Numbers the ecoregions: biome by biome, in table order inside each.

    That is the order of MMEarth's ``eco_labels.json``, whose biomes come in the
    order of ``BIOMES``. An ecoregion in several rows counts once.

    Args:
        table: Rows of (ecoregion name, biome name), as :meth:`EcoRegion.table`
            gives them; or labels by name, which are taken as they are.
    """
    if isinstance(table, Mapping):
        return table
    names: dict[str, dict[str, None]] = {biome: {} for biome in BIOMES}
    for eco_name, biome_name in table:
        if biome_name in names:
            names[biome_name][eco_name] = None
    ordered = [name for biome in BIOMES for name in names[biome]]
    return {name: label for label, name in enumerate(ordered)}

"""ETH's canopy height of 2020 and its standard deviation, in metres.

``users/nlang/ETH_GlobalCanopyHeight_2020_10m_v1`` and
``users/nlang/ETH_GlobalCanopyHeightSD_2020_10m_v1``, masked over water and ice.
"""

from __future__ import annotations

import functools

import numpy as np

from emulator.catalogue.base import StillImage, Window, degrees_grid
from emulator.planet import cover, places
from emulator.source import BandInfo

HEIGHT = "users/nlang/ETH_GlobalCanopyHeight_2020_10m_v1"
SPREAD = "users/nlang/ETH_GlobalCanopyHeightSD_2020_10m_v1"
_STEP = 1.0 / 12_000.0


def _read(
    layer: str, band: str, row: int, col: int, height: int, width: int, shrink: int
) -> Window:
    layers = places.geographic_land(_STEP * shrink, col, row, width, height)
    codes = layers["cover"]
    valid = (codes != cover.WATER) & (codes != cover.ICE)
    return layers[layer].astype(np.uint8), valid


def images() -> tuple[StillImage, StillImage]:
    """Returns the height and its standard deviation."""
    grid = degrees_grid(_STEP)
    bands = (BandInfo("b1", "uint8", grid, "mean"),)
    height, spread = (
        StillImage(
            name,
            {"system:index": name.rsplit("/", 1)[1]},
            None,
            bands,
            functools.partial(_read, layer),
        )
        for name, layer in ((HEIGHT, "canopy"), (SPREAD, "spread"))
    )
    return height, spread

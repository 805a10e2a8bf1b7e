"""Longitude of the tile's centre."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from modalities._cyclic import sine_cosine, sine_cosine_bands
from modalities.modality import Chosen, ValueModality
from modalities.plan import Choice, Site
from modalities.recipe import Context
from modalities.spec import Storage


class Longitude(ValueModality):
    """Sine and cosine of the longitude of the tile's centre."""

    name = "lon"
    title = "Longitude of the tile's centre"
    bands = sine_cosine_bands("the tile's longitude")
    storage = Storage("float32", None)
    sources = ("input tiles",)

    def choose(
        self, site: Site, facts: Any, chosen: Chosen, context: Context
    ) -> Choice:
        """Every tile has one."""
        return Choice(bands=("sin", "cos"))

    def values(
        self, choice: Choice, site: Site, context: Context
    ) -> npt.NDArray[np.float64]:
        """Returns (sin, cos)."""
        return sine_cosine(math.radians(site.tile.lon))

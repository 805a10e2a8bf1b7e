"""Month of the Sentinel-2 scene."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from modalities._cyclic import sine_cosine, sine_cosine_bands
from modalities.modality import Chosen, ValueModality
from modalities.plan import Choice, Site
from modalities.recipe import Context
from modalities.sentinel2 import date_of
from modalities.spec import Storage


class Month(ValueModality):
    """Sine and cosine of the month, 1 to 12, as parts of a full turn."""

    name = "month"
    title = "Month of the Sentinel-2 scene"
    bands = sine_cosine_bands("2π · month / 12")
    storage = Storage("float32", None)
    sources = ("date of the Sentinel-2 scene",)
    needs = ("sentinel2",)

    def choose(
        self, site: Site, facts: Any, chosen: Chosen, context: Context
    ) -> Choice:
        """Takes the scene's month, UTC."""
        month = date_of(chosen).month
        return Choice(bands=("sin", "cos"), values={"month": month})

    def values(
        self, choice: Choice, site: Site, context: Context
    ) -> npt.NDArray[np.float64]:
        """Returns (sin, cos)."""
        return sine_cosine(2 * math.pi * choice.values["month"] / 12)

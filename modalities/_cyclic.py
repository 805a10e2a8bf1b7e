"""Angles as (sine, cosine), so that both ends of a circle meet."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from modalities.spec import Band


def sine_cosine(radians: float) -> npt.NDArray[np.float64]:
    """Returns ``[sin, cos]`` (2,)."""
    return np.array([math.sin(radians), math.cos(radians)])


def sine_cosine_bands(what: str) -> tuple[Band, Band]:
    """Declares the two bands of an angle."""
    return Band("sin", "1", f"sine of {what}"), Band("cos", "1", f"cosine of {what}")

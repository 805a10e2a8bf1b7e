"""The planet's own lattice: spherical Mercator pixels 6.25 m to 12.5 m wide.

Mercator is conformal, wraps east to west on powers of two, and its axes run along
meridians and parallels, so noise on it is isotropic, seamless and separable. The
world spans [0, 1) in x (from 180° W, eastwards) and [0, 1] in y (southwards).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

EQUATOR = 40075016.685578488
"""Length of the WGS84 equator in metres."""

MAX_LATITUDE = 85.0511287798066
"""Where the square world ends; what lies beyond takes its edge."""

WIDEST = 12.5
"""Widest pixel in metres; the next zoom halves it."""

MIN_ZOOM = 18
MAX_ZOOM = 22


def x_of(longitude: Floats) -> Floats:
    """Returns x in [0, 1) of longitudes in degrees, wrapping."""
    turns = (longitude + 180.0) / 360.0
    wrapped: Floats = turns - np.floor(turns)
    return wrapped


def y_of(latitude: Floats) -> Floats:
    """Returns y in [0, 1] of latitudes in degrees, clamped at the edge."""
    clamped = np.clip(latitude, -MAX_LATITUDE, MAX_LATITUDE)
    y: Floats = 0.5 - np.arcsinh(np.tan(np.radians(clamped))) / (2.0 * math.pi)
    return np.clip(y, 0.0, 1.0)


def latitude_of(y: Floats) -> Floats:
    """Returns latitudes in degrees of y in [0, 1]."""
    latitude: Floats = np.degrees(np.arctan(np.sinh((0.5 - y) * 2.0 * math.pi)))
    return latitude


def zoom_at(latitude: float) -> int:
    """Returns the zoom whose pixels are more than 6.25 m and at most 12.5 m wide."""
    width = EQUATOR * math.cos(math.radians(min(abs(latitude), MAX_LATITUDE)))
    return max(MIN_ZOOM, min(MAX_ZOOM, math.ceil(math.log2(width / WIDEST))))


def _edges() -> Floats:
    """Returns how far from the equator, in y, each zoom after the first is used."""
    cosines = [WIDEST * 2.0 ** (zoom - 1) / EQUATOR for zoom in range(19, 23)]
    latitudes = np.degrees(np.arccos(np.array(cosines)))
    return 0.5 - y_of(latitudes)


_EDGES = _edges()


def zooms_of(y: Floats) -> npt.NDArray[np.int64]:
    """Returns each point's zoom; agrees with :func:`zoom_at` off the seams."""
    away = np.abs(y - 0.5)
    zooms = np.full(y.shape, MIN_ZOOM, np.int64)
    for edge in _EDGES:
        zooms += away < edge
    return zooms

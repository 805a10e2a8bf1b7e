"""Where the sun stands, and what time of year it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR = 365.2422

Number = TypeVar("Number", float, npt.NDArray[np.floating[Any]])


def months(time_ms: int) -> float:
    """Returns the time of year as 0 (1 January) to 12."""
    moment = datetime.fromtimestamp(time_ms / 1000.0, UTC)
    return (moment.timetuple().tm_yday - 1 + moment.hour / 24.0) / 365.25 * 12.0


@dataclass(frozen=True)
class Sun:
    """The sun over a place.

    Attributes:
        zenith: Degrees from overhead.
        azimuth: Degrees from north, eastwards.
    """

    zenith: float
    azimuth: float


def course(turn: float) -> tuple[float, float]:
    """Returns the sun's declination in radians and the equation of time in minutes.

    NOAA's general solar position calculations, after Spencer (1971): to 0.05 degrees
    and half a minute.

    Args:
        turn: How far into the year it is, in radians; see :func:`turned`.
    """
    cosine, sine = math.cos(turn), math.sin(turn)
    return declination(cosine, sine), equation(cosine, sine)


def turned(days: Number) -> Number:
    """Returns days since 1970 as NOAA's fractional year in radians."""
    turn: Number = 2.0 * math.pi * (days % _YEAR) / _YEAR
    return turn


def declination(cosine: Number, sine: Number) -> Number:
    """Returns the declination by the cosine and sine of the fractional year."""
    cosine2, sine2 = cosine * cosine - sine * sine, 2.0 * cosine * sine
    cosine3, sine3 = cosine2 * cosine - sine2 * sine, sine2 * cosine + cosine2 * sine
    found = 0.006918 - 0.399912 * cosine + 0.070257 * sine
    found = found - 0.006758 * cosine2 + 0.000907 * sine2
    tilt: Number = found - 0.002697 * cosine3 + 0.00148 * sine3
    return tilt


def equation(cosine: Number, sine: Number) -> Number:
    """Returns the equation of time by the cosine and sine of the fractional year."""
    cosine2, sine2 = cosine * cosine - sine * sine, 2.0 * cosine * sine
    found = 0.000075 + 0.001868 * cosine - 0.032077 * sine
    late: Number = 229.18 * (found - 0.014615 * cosine2 - 0.040849 * sine2)
    return late


def sun_at(longitude: float, latitude: float, time_ms: int) -> Sun:
    """Returns where the sun stands, to about 0.2 degrees (no refraction).

    Args:
        longitude: Degrees.
        latitude: Degrees.
        time_ms: Milliseconds since 1970 UTC.
    """
    days = time_ms / 86_400_000.0
    tilt, late = course(turned(days))
    hour = math.radians(((days % 1.0) * 24.0 - 12.0) * 15.0 + late / 4.0 + longitude)
    phi = math.radians(latitude)
    up = math.sin(phi) * math.sin(tilt) + math.cos(phi) * math.cos(tilt) * math.cos(
        hour
    )
    east = -math.cos(tilt) * math.sin(hour)
    north = math.cos(phi) * math.sin(tilt) - math.sin(phi) * math.cos(tilt) * math.cos(
        hour
    )
    return Sun(
        math.degrees(math.acos(max(-1.0, min(1.0, up)))),
        math.degrees(math.atan2(east, north)) % 360.0,
    )

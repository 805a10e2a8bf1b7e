"""Where the sun stands, and what time of year it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def sun_at(longitude: float, latitude: float, time_ms: int) -> Sun:
    """Returns the sun's place to about a degree (no equation of time).

    Args:
        longitude: Degrees.
        latitude: Degrees.
        time_ms: Milliseconds since 1970 UTC.
    """
    days = time_ms / 86_400_000.0
    declination = -math.radians(23.44) * math.cos(
        2.0 * math.pi * ((days + 10.0) % 365.2422) / 365.2422
    )
    hour = math.radians(((days % 1.0) * 24.0 - 12.0) * 15.0 + longitude)
    phi = math.radians(latitude)
    up = math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(
        declination
    ) * math.cos(hour)
    east = -math.cos(declination) * math.sin(hour)
    north = math.cos(phi) * math.sin(declination) - math.sin(phi) * math.cos(
        declination
    ) * math.cos(hour)
    return Sun(
        math.degrees(math.acos(max(-1.0, min(1.0, up)))),
        math.degrees(math.atan2(east, north)) % 360.0,
    )

"""Sun-synchronous orbits that repeat: where each pass goes, and when.

A circular orbit over a turning sphere. The pass is told by its relative orbit and
its cycle; a place on it by the latitude, or by the time since the equator.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.floating[Any]]

DAY = 86_400.0
_SIDEREAL = 86_164.0905
RADIUS = 6_371_000.0


@dataclass(frozen=True)
class Orbit:
    """A family of passes over a half of the orbit.

    Attributes:
        count: Orbits in a cycle.
        days: Days in a cycle.
        inclination: Degrees.
        descending: Whether the passes go southwards.
        epoch: Seconds since 1970 at which relative orbit 1 crosses the equator.
        crossing: Degrees of longitude where it does.
        half: Half the swath's width in metres.
    """

    count: int
    days: float
    inclination: float
    descending: bool
    epoch: float
    crossing: float
    half: float

    @property
    def period(self) -> float:
        """Seconds in an orbit."""
        return self.days * DAY / self.count

    def argument(self, latitude: Doubles) -> Doubles:
        """Returns the signed angle in radians from the equator to a latitude."""
        limit = math.sin(math.radians(self.inclination)) * 0.99995
        sine = np.clip(np.sin(np.radians(latitude)) / limit, -1.0, 1.0)
        angle: Doubles = np.arcsin(sine)
        return -angle if self.descending else angle

    def track(self, angle: Doubles) -> tuple[Doubles, Doubles, Doubles]:
        """Returns the ground track by angle since the equator.

        Returns:
            Degrees east of the crossing, latitude in degrees, seconds since it.
        """
        tilt = math.radians(self.inclination)
        start = math.pi if self.descending else 0.0
        u = start + angle
        latitude = np.degrees(np.arcsin(math.sin(tilt) * np.sin(u)))
        turn = np.arctan2(math.cos(tilt) * np.sin(u), np.cos(u)) - start
        seconds = angle / (2.0 * math.pi) * self.period
        east = np.degrees(turn) - 360.0 * seconds / _SIDEREAL
        return (east + 180.0) % 360.0 - 180.0, latitude, seconds

    def crossings(self) -> Doubles:
        """Returns the equator crossing in degrees of relative orbits 1.. (count,)."""
        return _crossings(self)

    def near(self, longitude: float, latitude: float, reach: float) -> list[int]:
        """Returns relative orbits whose swath comes within reach of a point.

        Args:
            longitude: Degrees.
            latitude: Degrees.
            reach: Metres beyond the swath's edge.
        """
        angle = self.argument(np.array([latitude]))
        east, at, _ = self.track(angle)
        lon = self.crossings() + float(east[0])
        away = np.abs((lon - longitude + 180.0) % 360.0 - 180.0)
        # The track is slanted: its nearest point is nearer than the parallel's.
        slant = self.heading(float(at[0]))
        metres = (
            np.radians(away) * RADIUS * math.cos(math.radians(float(at[0])))
        ) * abs(math.cos(math.radians(slant)))
        beyond = abs(latitude - float(at[0])) * 111_000.0
        near = np.nonzero(metres <= self.half + reach + beyond)[0]
        return [int(number) + 1 for number in near]

    def heading(self, latitude: float) -> float:
        """Returns the ground track's heading in degrees from north at a latitude."""
        angle = self.argument(np.array([latitude]))
        step = 1e-4
        east, lat, _ = self.track(np.concatenate([angle, angle + step]))
        dx = ((east[1] - east[0] + 180.0) % 360.0 - 180.0) * math.cos(
            math.radians(latitude)
        )
        return math.degrees(math.atan2(dx, lat[1] - lat[0])) % 360.0

    def edges(self, orbit: int, angle: Doubles) -> tuple[Doubles, Doubles]:
        """Returns the swath's left and right edges as seen flying.

        Args:
            orbit: Relative orbit.
            angle: Angles since the equator (n,).

        Returns:
            Two arrays (n, 2) of longitude (unwrapped) and latitude.
        """
        east, latitude, _ = self.track(angle)
        ahead, north, _ = self.track(angle + 1e-4)
        longitude = float(self.crossings()[orbit - 1]) + east
        lat, lon = np.radians(latitude), np.radians(longitude)
        dx = np.radians((ahead - east + 180.0) % 360.0 - 180.0) * np.cos(lat)
        dy = np.radians(north - latitude)
        course = np.arctan2(dx, dy)
        sides = []
        arc = self.half / RADIUS
        for turn in (-math.pi / 2, math.pi / 2):
            bearing = course + turn
            phi = np.arcsin(
                np.sin(lat) * math.cos(arc)
                + np.cos(lat) * math.sin(arc) * np.cos(bearing)
            )
            lam = lon + np.arctan2(
                np.sin(bearing) * math.sin(arc) * np.cos(lat),
                math.cos(arc) - np.sin(lat) * np.sin(phi),
            )
            sides.append(np.column_stack([np.degrees(lam), np.degrees(phi)]))
        return sides[0], sides[1]

    def crossing_time(self, orbit: int, cycle: int, offset: float = 0.0) -> float:
        """Returns seconds since 1970 at which a pass crosses the equator."""
        return self.epoch + (orbit - 1) * self.period + cycle * self.days * DAY + offset

    def crossing_times(
        self, orbit: int, cycles: npt.NDArray[np.int64], offset: float
    ) -> Doubles:
        """Returns :meth:`crossing_time` of many cycles (n,), to the last bit."""
        first = self.epoch + (orbit - 1) * self.period
        return first + cycles * self.days * DAY + offset

    def cycles(self, orbit: int, start: float, end: float, offset: float) -> range:
        """Returns the cycles whose crossing lies within [start, end) seconds."""
        first = self.crossing_time(orbit, 0, offset)
        length = self.days * DAY
        return range(
            math.ceil((start - first) / length), math.ceil((end - first) / length)
        )


@functools.lru_cache(maxsize=8)
def _crossings(orbit: Orbit) -> Doubles:
    turn = 360.0 * orbit.days / orbit.count
    numbers = np.arange(orbit.count)
    east: Doubles = (orbit.crossing - turn * numbers + 180.0) % 360.0 - 180.0
    return east

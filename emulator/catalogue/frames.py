"""Sentinel-1's slices: strips of 25 s along 175 orbits in 12 days, and their ground."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
from shapely.geometry import Polygon

from emulator.catalogue import mgrs
from emulator.catalogue.base import box_meets
from emulator.catalogue.orbits import Doubles, Orbit
from emulator.planet import noise
from emulator.planet.atlas import atlas
from emulator.source import BandInfo, Bounds, PixelGrid

SLICE_S = 25.0
"""Seconds of flight in a slice."""


def _orbit(descending: bool) -> Orbit:
    """Returns the family that crosses the equator at 6 h or 18 h local time."""
    crossing = datetime(2019, 1, 1, 6 if descending else 18, 0, tzinfo=UTC)
    return Orbit(
        count=175,
        days=12.0,
        inclination=98.18,
        descending=descending,
        epoch=crossing.timestamp(),
        crossing=0.0,
        half=125_000.0,
    )


ORBITS = {"ASCENDING": _orbit(False), "DESCENDING": _orbit(True)}


@dataclass(frozen=True, eq=False)
class Frame:
    """A slice of a relative orbit: the same ground every cycle.

    Attributes:
        direction: ``ASCENDING`` or ``DESCENDING``.
        orbit: Relative orbit.
        slice: Slices since the equator crossing.
        footprint: Lon/lat degrees.
        longitude: Of its middle.
        latitude: Of its middle.
        mode: ``IW`` or ``EW``.
        polar: Whether it is seen in HH and HV.
        single: Whether only the co-polarised channel is taken.
        look: Degrees from north in which the radar looks.
        grid: Pixels of its bands.
        near: Half-plane (a, b, c): a·x + b·y + c is metres from the near edge.
        sides: Half-planes whose inside is the footprint.
    """

    direction: str
    orbit: int
    slice: int
    footprint: Polygon
    longitude: float
    latitude: float
    mode: str
    polar: bool
    single: bool
    look: float
    grid: PixelGrid
    near: tuple[float, float, float]
    sides: tuple[tuple[float, float, float], ...]

    @property
    def polarisations(self) -> tuple[str, ...]:
        """Channels, co-polarised first."""
        both = ("HH", "HV") if self.polar else ("VV", "VH")
        return both[:1] if self.single else both

    @functools.cached_property
    def box(self) -> Bounds:
        """The footprint's box; it may reach beyond ±180°."""
        west, south, east, north = self.footprint.bounds
        return west, south, east, north

    @functools.cached_property
    def bands(self) -> tuple[BandInfo, ...]:
        """Channels and the incidence angle."""
        return (
            *(BandInfo(name, "float64", self.grid) for name in self.polarisations),
            BandInfo("angle", "float32", self.grid),
        )


def _has_land(footprint: Polygon) -> bool:
    west, south, east, north = footprint.bounds
    cells = atlas().land.cells
    rows = np.arange(
        max(0, int((90 - north) * 20)), min(3599, int((90 - south) * 20)) + 1, 2
    )
    columns = (
        np.arange(math.floor((west + 180) * 20), math.floor((east + 180) * 20) + 1, 2)
        % 7200
    )
    return bool(cells[np.ix_(rows, columns)].any())


def _served(direction: str, longitude: float, latitude: float) -> bool:
    """Whether the mission's plan takes a direction over a region."""
    if in_europe(longitude, latitude) or abs(latitude) > 66:
        return True
    region = noise.unit(int(longitude // 14), int(latitude // 12), 51)
    if region < 0.5:
        return True
    return (direction == "ASCENDING") == (region < 0.7)


def in_europe(longitude: float, latitude: float) -> bool:
    """Whether both satellites serve a place."""
    return 34.0 < latitude < 72.0 and -25.0 < longitude < 45.0


@functools.lru_cache(maxsize=4096)
def frame(direction: str, number: int, index: int) -> Frame | None:
    """Returns a slice, None where the mission takes none.

    Args:
        direction: ``ASCENDING`` or ``DESCENDING``.
        number: Relative orbit.
        index: Slices since the equator crossing, less than 0 before.
    """
    orbit = ORBITS[direction]
    step = SLICE_S / orbit.period * 2.0 * math.pi
    angles = (index + np.array([0.0, 1.0])) * step
    if abs(angles).max() > math.pi / 2:
        return None
    left, right = orbit.edges(number, angles)
    ring = np.array([left[0], left[1], right[1], right[0]])
    middle = ring.mean(axis=0)
    centre = float((middle[0] + 180.0) % 360.0 - 180.0)
    latitude = float(middle[1])
    if not -79.0 < latitude < 83.5:
        return None
    ring[:, 0] += centre - middle[0]
    footprint = Polygon(ring)
    land = _has_land(footprint)
    key = (number, index & 0xFFFF, len(direction))
    if not land and abs(latitude) < 62:
        return None
    if not _served(direction, centre, latitude):
        return None
    zone = atlas().zone.nearest(centre, latitude)
    polar = abs(latitude) > 74 or (zone >= 30 and abs(latitude) > 59) or not land
    mode = "EW" if not land or (polar and noise.unit(52, *key) < 0.35) else "IW"
    crs = mgrs.crs_of(mgrs.zone_of(centre, latitude), latitude < 0)
    x, y = mgrs.to_metres(crs).transform(ring[:, 0], ring[:, 1])
    corners = np.column_stack([x, y])
    inner = corners.mean(axis=0)
    sides = []
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        a, b = y1 - y2, x2 - x1
        length = math.hypot(a, b)
        a, b = a / length, b / length
        c = -(a * x1 + b * y1)
        if a * inner[0] + b * inner[1] + c < 0:
            a, b, c = -a, -b, -c
        sides.append((float(a), float(b), float(c)))
    x0, x1 = math.floor(x.min() / 10) * 10.0, math.ceil(x.max() / 10) * 10.0
    y0, y1 = math.floor(y.min() / 10) * 10.0, math.ceil(y.max() / 10) * 10.0
    grid = PixelGrid(
        crs,
        (10.0, 0.0, x0, 0.0, -10.0, y1),
        round((x1 - x0) / 10),
        round((y1 - y0) / 10),
    )
    outline = mgrs.outline([(float(px), float(py)) for px, py in corners], crs, centre)
    return Frame(
        direction=direction,
        orbit=number,
        slice=index,
        footprint=outline,
        longitude=centre,
        latitude=latitude,
        mode=mode,
        polar=polar,
        single=noise.unit(53, *key) < 0.05,
        look=(orbit.heading(latitude) + 90.0) % 360.0,
        grid=grid,
        near=sides[0],
        sides=tuple(sides),
    )


def frames(bounds: Bounds) -> list[Frame]:
    """Returns the slices whose box meets bounds."""
    west, south, east, north = bounds
    longitude, latitude = (west + east) / 2, (south + north) / 2
    span = math.radians(north - south) + math.radians(east - west) * math.cos(
        math.radians(latitude)
    )
    reach = span / 2 * 6_371_000.0
    found = []
    for direction, numbers, indexes in _around(
        round(longitude, 1), round(latitude, 1), math.ceil(reach / 5e4)
    ):
        ground = _ground(direction)
        near = ground.meeting(bounds)[np.ix_(numbers - 1, indexes + ground.reach)]
        for row, column in np.argwhere(near):
            one = frame(direction, int(numbers[row]), int(indexes[column]))
            if one is not None and box_meets(one.box, bounds):
                found.append(one)
    return found


Numbers = npt.NDArray[np.int64]


@functools.lru_cache(maxsize=1024)
def _around(
    longitude: float, latitude: float, reach: int
) -> tuple[tuple[str, Numbers, Numbers], ...]:
    """Returns which slices may lie within some 50 km times ``reach`` of a point.

    Returns:
        For each direction the relative orbits (n,) and the slices of each (m,).
    """
    metres = reach * 50_000.0 + 20_000.0
    found = []
    for direction, orbit in ORBITS.items():
        step = SLICE_S / orbit.period * 2.0 * math.pi
        last = _ground(direction).reach
        angle = float(orbit.argument(np.array([latitude]))[0])
        around = math.ceil((metres + 90_000.0) / 6_371_000.0 / step) + 1
        middle = math.floor(angle / step)
        if abs(latitude) > 76:  # Near its turning point a track is all but level.
            around += 12
        numbers = orbit.near(longitude, latitude, metres + 30_000.0)
        indexes = range(max(-last, middle - around), min(last, middle + around) + 1)
        found.append(
            (direction, np.array(numbers, np.int64), np.array(indexes, np.int64))
        )
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Ground:
    """Where all the slices of a direction lie, roughly: boxes that hold them.

    A slice's place along its orbit sets its shape, the orbit only turns it around
    the Earth: one box for each of 119 slices serves 175 orbits.

    Attributes:
        reach: Slices are numbered from ``-reach`` to ``reach``.
        west: Degrees east of the crossing (slices,).
        width: Degrees (slices,).
        south: Degrees (slices,).
        north: Degrees (slices,).
        crossings: Where relative orbits cross the equator, in degrees (orbits, 1).
    """

    reach: int
    west: Doubles
    width: Doubles
    south: Doubles
    north: Doubles
    crossings: Doubles

    def meeting(self, bounds: Bounds) -> npt.NDArray[np.bool_]:
        """Returns which slices' boxes meet bounds (orbits, slices)."""
        west, south, east, north = bounds
        beyond = (self.crossings + self.west - west) % 360.0
        across = (beyond <= east - west) | (360.0 - beyond <= self.width)
        return across & (self.south <= north) & (self.north >= south)


@functools.lru_cache(maxsize=2)
def _ground(direction: str) -> Ground:
    """Returns a direction's boxes."""
    orbit = ORBITS[direction]
    step = SLICE_S / orbit.period * 2.0 * math.pi
    reach = math.floor(math.pi / 2 / step)
    angles = np.arange(-reach, reach + 2) * step
    sides = np.array(orbit.edges(1, angles))
    corners = np.concatenate([sides[:, :-1], sides[:, 1:]])
    low, high = corners.min(axis=0), corners.max(axis=0)
    # The margin is for edges that bulge, straight as they are in UTM.
    margin = 0.05 / np.cos(np.radians(np.minimum(85.0, abs(corners[..., 1]).max(0))))
    return Ground(
        reach,
        low[:, 0] - margin - orbit.crossings()[0],
        high[:, 0] - low[:, 0] + 2.0 * margin,
        low[:, 1] - 0.05,
        high[:, 1] + 0.05,
        orbit.crossings()[:, None],
    )

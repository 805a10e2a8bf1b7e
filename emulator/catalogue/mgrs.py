"""Sentinel-2's granules: the MGRS 100 km squares, each 109.8 km wide.

A granule's corner lies on the square's corner moved outwards to a multiple of 60 m,
as ESA's tiling grid has it (T32VNH starts at x = 499 980 m).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
import pyproj
from shapely.geometry import Polygon

from emulator import proj
from emulator.planet.atlas import atlas
from emulator.source import Bounds

SIDE = 109_800.0
"""Metres across a granule."""

SQUARE = 100_000.0
_BANDS = "CDEFGHJKLMNPQRSTUVWX"
_COLUMNS = ("STUVWXYZ", "ABCDEFGH", "JKLMNPQR")
_ROWS = "ABCDEFGHJKLMNPQRSTUV"
_SOUTH, _NORTH = -56.0, 83.6


def zone_of(longitude: float, latitude: float) -> int:
    """Returns the UTM zone 1..60 with Norway's and Svalbard's exceptions."""
    longitude = (longitude + 180.0) % 360.0 - 180.0
    if 56.0 <= latitude < 64.0 and 3.0 <= longitude < 12.0:
        return 32
    if 72.0 <= latitude < 84.0 and 0.0 <= longitude < 42.0:
        return 31 + 2 * int((longitude + 3.0) // 12.0)
    return int((longitude + 180.0) // 6.0) + 1


def zone_span(zone: int, latitude: float) -> tuple[float, float] | None:
    """Returns a zone's west and east edge in degrees at a latitude, None if empty."""
    west = zone * 6.0 - 186.0
    east = west + 6.0
    if 56.0 <= latitude < 64.0:
        if zone == 31:
            east = 3.0
        elif zone == 32:
            west = 3.0
    elif 72.0 <= latitude < 84.0 and 31 <= zone <= 37:
        spans = {31: (0.0, 9.0), 33: (9.0, 21.0), 35: (21.0, 33.0), 37: (33.0, 42.0)}
        return spans.get(zone)
    return west, east


def crs_of(zone: int, south: bool) -> str:
    """Returns the zone's EPSG code."""
    return f"EPSG:{(32700 if south else 32600) + zone}"


def to_degrees(crs: str) -> pyproj.Transformer:
    """Returns the transformer from a CRS to longitude and latitude."""
    return proj.transformer(crs, proj.WGS84)


def to_metres(crs: str) -> pyproj.Transformer:
    """Returns the transformer from longitude and latitude to a CRS."""
    return proj.transformer(proj.WGS84, crs)


@dataclass(frozen=True)
class Granule:
    """One granule.

    Attributes:
        name: MGRS name, such as ``32VNH``.
        crs: Its UTM CRS.
        x0: Left edge in metres.
        y0: Upper edge in metres.
        longitude: Degrees of its middle.
        latitude: Degrees of its middle.
    """

    name: str
    crs: str
    x0: float
    y0: float
    longitude: float
    latitude: float

    def corners(self, inset: float = 0.0) -> list[tuple[float, float]]:
        """Returns the corners in metres, clockwise from the upper left."""
        left, right = self.x0 + inset, self.x0 + SIDE - inset
        upper, lower = self.y0 - inset, self.y0 - SIDE + inset
        return [(left, upper), (right, upper), (right, lower), (left, lower)]


@functools.lru_cache(maxsize=4096)
def granule(zone: int, south: bool, i: int, j: int) -> Granule | None:
    """Returns the granule of a 100 km square, None where Sentinel-2 has none.

    Args:
        zone: UTM zone.
        south: Whether in the southern half.
        i: Square's column: easting over 100 km, 1..8.
        j: Square's row: northing over 100 km.
    """
    crs = crs_of(zone, south)
    x, y = i * SQUARE, j * SQUARE
    xs = np.array([x, x + SQUARE, x + SQUARE, x, x + SQUARE / 2])
    ys = np.array([y, y, y + SQUARE, y + SQUARE, y + SQUARE / 2])
    longitudes, latitudes = to_degrees(crs).transform(xs, ys)
    latitude = float(latitudes[4])
    if not _SOUTH <= latitude <= _NORTH or (latitude < 0) != south:
        return None
    span = zone_span(zone, latitude)
    if span is None:
        return None
    middle = (span[0] + span[1]) / 2.0
    away = (longitudes - middle + 180.0) % 360.0 - 180.0
    half = (span[1] - span[0]) / 2.0
    if away.min() >= half or away.max() <= -half:
        return None
    letter = _BANDS[min(19, int((latitude + 80.0) // 8.0))]
    column = _COLUMNS[zone % 3][i - 1]
    row = _ROWS[(j + (5 if zone % 2 == 0 else 0)) % 20]
    x0 = math.floor(x / 60.0) * 60.0
    y0 = math.ceil((y + SQUARE) / 60.0) * 60.0
    lon, lat = to_degrees(crs).transform(x0 + SIDE / 2, y0 - SIDE / 2)
    made = Granule(f"{zone:02d}{letter}{column}{row}", crs, x0, y0, lon, lat)
    return made if _has_land(made) else None


def _has_land(square: Granule) -> bool:
    """Whether there is land in a granule or within some 10 km of it."""
    x, y = zip(*square.corners(-10_000.0), strict=True)
    longitudes, latitudes = to_degrees(square.crs).transform(np.array(x), np.array(y))
    turned = (longitudes - square.longitude + 180.0) % 360.0 - 180.0
    cells = atlas().land.cells
    rows = np.arange(
        max(0, int((90.0 - latitudes.max()) * 20)),
        min(3599, int((90.0 - latitudes.min()) * 20)) + 1,
    )
    first = math.floor((square.longitude + turned.min() + 180.0) * 20)
    last = math.floor((square.longitude + turned.max() + 180.0) * 20)
    columns = np.arange(first, last + 1) % 7200
    return bool(cells[np.ix_(rows, columns)].any())


@functools.lru_cache(maxsize=1024)
def granules(bounds: Bounds) -> tuple[Granule, ...]:
    """Returns the granules whose box may meet bounds, by name."""
    west, south, east, north = bounds
    found: dict[str, Granule] = {}
    middle = (west + east) / 2.0
    reach = 1.3 / max(
        0.1, math.cos(math.radians(min(83.0, max(abs(south), abs(north)))))
    )
    first = math.floor((west - reach + 180.0) / 6.0)
    last = math.floor((east + reach + 180.0) / 6.0)
    zones = {number % 60 + 1 for number in range(first, last + 1)}
    if north > 56.0:  # Norway's and Svalbard's wide zones reach further.
        wide = {number % 60 + 1 for number in range(first - 1, last + 2)}
        zones |= wide & set(range(31, 38))
    for zone in sorted(zones):
        centre = zone * 6.0 - 183.0
        turned = (middle - centre + 180.0) % 360.0 - 180.0
        shift = centre + turned - middle
        for southern in {south < 1.0, north < -1.0}:
            crs = crs_of(zone, southern)
            lon = np.array([west, east, east, west, west, east, middle, middle]) + shift
            mid = (south + north) / 2.0
            lat = np.array([south, south, north, north, mid, mid, south, north])
            lon = np.clip(lon, centre - 14.0, centre + 14.0)
            x, y = to_metres(crs).transform(lon, np.clip(lat, -80.0, 84.0))
            for i in range(
                max(1, math.floor((x.min() - SIDE) / SQUARE)),
                min(8, math.floor((x.max() + 60.0) / SQUARE)) + 1,
            ):
                for j in range(
                    max(0, math.floor((y.min() - 60.0) / SQUARE)),
                    min(99, math.floor((y.max() + SIDE - SQUARE) / SQUARE)) + 1,
                ):
                    one = granule(zone, southern, i, j)
                    if one is None:
                        continue
                    if (
                        one.x0 <= x.max()
                        and one.x0 + SIDE >= x.min()
                        and one.y0 >= y.min()
                        and one.y0 - SIDE <= y.max()
                    ):
                        found[one.name] = one
    return tuple(found[name] for name in sorted(found))


def by_name(name: str) -> Granule | None:
    """Returns the granule of an MGRS name such as ``32VNH``, None if unknown."""
    if len(name) != 5 or not name[:2].isdigit() or name[2] not in _BANDS:
        return None
    zone = int(name[:2])
    if not 1 <= zone <= 60 or name[3] not in _COLUMNS[zone % 3]:
        return None
    if name[4] not in _ROWS:
        return None
    south = name[2] < "N"
    i = _COLUMNS[zone % 3].index(name[3]) + 1
    row = (_ROWS.index(name[4]) - (5 if zone % 2 == 0 else 0)) % 20
    for j in range(row, 100, 20):
        one = granule(zone, south, i, j)
        if one is not None and one.name == name:
            return one
    return None


def outline(ring: list[tuple[float, float]], crs: str, longitude: float) -> Polygon:
    """Returns a ring in metres as a polygon in degrees, its edges bent as they are.

    Args:
        ring: Corners, open.
        crs: Their CRS.
        longitude: Degrees near it; the polygon stays within 180 of it.
    """
    points = np.array([*ring, ring[0]])
    steps = np.linspace(0.0, 1.0, 8, endpoint=False)[:, None, None]
    dense = points[:-1] * (1.0 - steps) + points[1:] * steps
    dense = np.moveaxis(dense, 0, 1).reshape(-1, 2)
    lon, lat = to_degrees(crs).transform(dense[:, 0], dense[:, 1])
    lon = longitude + (lon - longitude + 180.0) % 360.0 - 180.0
    return Polygon(np.column_stack([lon, lat]))

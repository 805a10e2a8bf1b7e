"""Sentinel-2's swaths over granules: 143 relative orbits in ten days."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from emulator.catalogue import mgrs
from emulator.catalogue.orbits import Orbit
from emulator.recent import remembered
from emulator.source import Bounds

# Relative orbit 51 crosses the equator at 11:06:40 UTC on 15 June 2019, half past ten
# by local solar time, and so Denmark at 10:50 as Sentinel-2A's does.
_PERIOD = 10 * 86_400 / 143
_CROSSING_51 = datetime(2019, 6, 15, 11, 6, 40, tzinfo=UTC).timestamp()
ORBIT = Orbit(
    count=143,
    days=10.0,
    inclination=98.62,
    descending=True,
    epoch=_CROSSING_51 - 50 * _PERIOD,
    crossing=(-9.17 + 50 * 3600.0 / 143 + 180.0) % 360.0 - 180.0,
    half=145_000.0,
)


@dataclass(frozen=True, eq=False)
class Strip:
    """A relative orbit over a granule.

    Attributes:
        orbit: Relative orbit.
        seconds: From the pass's equator crossing to the granule's middle.
        sides: Half-planes (a, b, c) with a·x + b·y + c > 0 inside the swath.
        footprint: The part of the granule in the swath, in degrees.
    """

    orbit: int
    seconds: float
    sides: tuple[tuple[float, float, float], ...]
    footprint: BaseGeometry

    @functools.cached_property
    def box(self) -> Bounds:
        """The footprint's box; it may reach beyond ±180°."""
        west, south, east, north = self.footprint.bounds
        return west, south, east, north


@functools.lru_cache(maxsize=2048)
def strips(square: mgrs.Granule) -> tuple[Strip, ...]:
    """Returns the relative orbits that see a granule."""
    found = []
    corners = square.corners()
    box = Polygon(corners)
    angle = float(ORBIT.argument(np.array([square.latitude]))[0])
    seconds = float(ORBIT.track(np.array([angle]))[2][0])
    metres = mgrs.to_metres(square.crs)
    for orbit in ORBIT.near(square.longitude, square.latitude, 80_000.0):
        edges = ORBIT.edges(orbit, angle + np.array([-0.011, 0.011]))
        planes = []
        ring = corners
        for edge, sign in zip(edges, (-1.0, 1.0), strict=True):
            lon = square.longitude + (edge[:, 0] - square.longitude + 180) % 360 - 180
            x, y = metres.transform(lon, edge[:, 1])
            (x0, x1), (y0, y1) = x.tolist(), y.tolist()
            dx, dy = x1 - x0, y1 - y0
            length = math.hypot(dx, dy)
            # Left of the course is (-dy, dx): inside is right of the left edge.
            a, b = -dy / length * sign, dx / length * sign
            c = -(a * x0 + b * y0)
            planes.append((a, b, c))
            ring = _cut(ring, a, b, c)
            if not ring:
                break
        if not ring or Polygon(ring).area < 0.005 * box.area:
            continue
        # Keep only sides that cut the granule: whole granules have none.
        cutting = tuple(
            plane
            for plane in planes
            if any(plane[0] * x + plane[1] * y + plane[2] < 0 for x, y in corners)
        )
        found.append(
            Strip(
                orbit,
                seconds,
                cutting,
                mgrs.outline(ring, square.crs, square.longitude),
            )
        )
    return tuple(found)


def _cut(
    ring: list[tuple[float, float]], a: float, b: float, c: float
) -> list[tuple[float, float]]:
    """Returns the part of a convex ring where a·x + b·y + c > 0; it may be empty."""
    kept: list[tuple[float, float]] = []
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        d1, d2 = a * x1 + b * y1 + c, a * x2 + b * y2 + c
        if d1 > 0:
            kept.append((x1, y1))
        if (d1 > 0) != (d2 > 0):
            t = d1 / (d1 - d2)
            kept.append((x1 + (x2 - x1) * t, y1 + (y2 - y1) * t))
    return kept if len(kept) >= 3 else []


@remembered(32, 1 << 24, lambda valid: valid.nbytes)
def inside(
    square: mgrs.Granule,
    strip: Strip,
    step: float,
    row: int,
    col: int,
    height: int,
    width: int,
) -> npt.NDArray[np.bool_]:
    """Returns which pixels of a granule's window lie in a swath, read-only.

    Args:
        square: The granule.
        strip: The swath over it.
        step: Pixel size in metres.
        row: First row.
        col: First column.
        height: Rows.
        width: Columns.
    """
    valid = np.ones((height, width), np.bool_)
    x = square.x0 + (col + np.arange(width) + 0.5) * step
    y = square.y0 - (row + np.arange(height) + 0.5) * step
    for a, b, c in strip.sides:
        # Rows and columns are in order, so the corners tell of all the rest.
        across, down = a * x, (b * y) + c
        ends = across[[0, -1]], down[[0, -1]]
        if ends[0].min() + ends[1].min() > 0:
            continue
        if ends[0].max() + ends[1].max() <= 0:
            valid[:] = False
            break
        valid &= across[None, :] + down[:, None] > 0
    valid.setflags(write=False)
    return valid

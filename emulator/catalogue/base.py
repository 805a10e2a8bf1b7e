"""What the collection families share: plain images, ids and window masks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from emulator import pyramid
from emulator.planet import noise
from emulator.source import BandInfo, Bounds, PixelGrid, Scene

Window = tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]
Reader = Callable[[str, int, int, int, int, int], Window]
"""Reads a band's window: row, column, height, width, and by how much to shrink.

Shrunk pixels are that many times as large, on a grid with the same corner, and hold
what lies around their centres.
"""

EXACT_LEVELS = 2
"""Up to here a pyramid's pixels sum up all the native ones below, 16 at most.

Further up each sums up 2 by 2 samples of a planet that is seen from farther: to compute
all the land below would take minutes.
"""


class Properties(Mapping[str, Any]):
    """Properties made when asked for.

    A search over four years touches one or two properties of hundreds of scenes.
    """

    __slots__ = ("_makers", "_owner")

    def __init__(self, owner: Any, makers: Mapping[str, Callable[[Any], Any]]) -> None:
        """Takes the scene, and for each name what makes its value of the scene."""
        self._owner = owner
        self._makers = makers

    def __getitem__(self, name: str) -> Any:
        return self._makers[name](self._owner)

    def get(self, name: str, default: Any = None) -> Any:
        """Returns a property, or the default; quicker than the inherited one."""
        make = self._makers.get(name)
        return default if make is None else make(self._owner)

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def stamp(time_ms: int) -> str:
    """Returns a time as ``20190615T105031``, UTC."""
    days, rest = divmod(time_ms // 1000, 86_400)
    hours, seconds = divmod(rest, 3600)
    return f"{_day(days)}T{hours:02d}{seconds // 60:02d}{seconds % 60:02d}"


@functools.lru_cache(maxsize=4096)
def _day(days: int) -> str:
    return datetime.fromtimestamp(days * 86_400, UTC).strftime("%Y%m%d")


@dataclass(frozen=True)
class StillImage:
    """An image of its own or a member of a small collection.

    Attributes:
        id: Full asset id.
        properties: With ``system:index``.
        footprint: Lon/lat degrees, None if unbounded.
        bands: In catalogue order.
        reader: Reads a window that lies inside the grid.
    """

    id: str
    properties: Mapping[str, Any]
    footprint: BaseGeometry | None
    bands: Sequence[BandInfo]
    reader: Reader = field(repr=False)

    def read(self, band: str, row: int, col: int, height: int, width: int) -> Window:
        """Reads a window; see :class:`emulator.source.Scene`."""
        info = band_of(self.bands, band)
        return within(info, row, col, height, width, self.reader)

    def read_level(
        self, band: str, level: int, row: int, col: int, height: int, width: int
    ) -> Window:
        """Reads a window of a level; see :class:`emulator.source.Pyramidal`."""
        info = band_of(self.bands, band)
        return level_within(info, level, row, col, height, width, self.reader)


@dataclass(frozen=True)
class SmallCollection:
    """A collection small enough to list whole.

    Attributes:
        id: Asset id.
        properties: Of the collection.
        members: In catalogue order.
    """

    id: str
    properties: Mapping[str, Any]
    members: Sequence[Scene] = field(repr=False)

    def scenes(
        self, bounds: Bounds | None, start_ms: int | None, end_ms: int | None
    ) -> Iterator[Scene]:
        """Yields members; see :class:`emulator.source.Collection`."""
        for scene in self.members:
            time = scene.properties["system:time_start"]
            if start_ms is not None and time < start_ms:
                continue
            if end_ms is not None and time >= end_ms:
                continue
            if bounds is None or meets(scene.footprint, bounds):
                yield scene


def band_of(bands: Sequence[BandInfo], name: str) -> BandInfo:
    """Returns a band by name.

    Raises:
        KeyError: There is none.
    """
    for info in bands:
        if info.name == name:
            return info
    raise KeyError(name)


def meets(footprint: BaseGeometry | None, bounds: Bounds) -> bool:
    """Whether a footprint's box meets bounds, on either side of the antimeridian."""
    return footprint is None or box_meets(footprint.bounds, bounds)


def box_meets(box: Bounds, bounds: Bounds) -> bool:
    """Whether a box meets bounds, on either side of the antimeridian."""
    west, south, east, north = box
    if south > bounds[3] or north < bounds[1]:
        return False
    return any(
        west + turn <= bounds[2] and east + turn >= bounds[0]
        for turn in (-360.0, 0.0, 360.0)
    )


def hashes(*parts: int | npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.uint32]:
    """Returns :func:`emulator.planet.noise.hashed` for each of many.

    Args:
        parts: Integers of 0 to 2**32 - 1, or arrays of such (n,).
    """
    state = np.array([0x9E3779B9], np.uint32)
    for part in parts:
        state = noise.mix_all(state ^ np.asarray(part).astype(np.uint32))
    return noise.mix_all(state)


def level_within(
    info: BandInfo,
    level: int,
    row: int,
    col: int,
    height: int,
    width: int,
    reader: Reader,
) -> Window:
    """Reads a window of a level of a band's pyramid; see :data:`EXACT_LEVELS`."""
    below = 0 if level <= EXACT_LEVELS else level - 1

    def read(row: int, col: int, height: int, width: int) -> Window:
        return within(info, row, col, height, width, reader, below)

    return pyramid.read_level(
        read, info.pyramiding, level - below, row, col, height, width
    )


def within(
    info: BandInfo,
    row: int,
    col: int,
    height: int,
    width: int,
    reader: Reader,
    level: int = 0,
) -> Window:
    """Reads the part of a window inside a band's grid and masks the rest.

    Args:
        info: The band.
        row: First row.
        col: First column.
        height: Rows.
        width: Columns.
        reader: Reads the part inside.
        level: On the grid of which level of the band's pyramid.
    """
    grid = pyramid.level_grid(info.grid, level) if level else info.grid
    shrink = 1 << level
    top, left = max(row, 0), max(col, 0)
    bottom, right = min(row + height, grid.height), min(col + width, grid.width)
    if (top, left, bottom, right) == (row, col, row + height, col + width):
        return reader(info.name, row, col, height, width, shrink)
    values = np.zeros((height, width), info.dtype)
    valid = np.zeros((height, width), bool)
    if top < bottom and left < right:
        inner, mask = reader(info.name, top, left, bottom - top, right - left, shrink)
        place = np.s_[top - row : bottom - row, left - col : right - col]
        values[place] = inner
        valid[place] = mask
    return values, valid


def degrees_grid(step: float) -> PixelGrid:
    """Returns the global grid of EPSG:4326 pixels from 180° W, 90° N."""
    return PixelGrid(
        "EPSG:4326",
        (step, 0.0, -180.0, 0.0, -step, 90.0),
        round(360.0 / step),
        round(180.0 / step),
    )


def metres_grid(crs: str, x0: float, y0: float, step: float, side: float) -> PixelGrid:
    """Returns a square north-up grid in a projected CRS."""
    count = round(side / step)
    return PixelGrid(crs, (step, 0.0, x0, 0.0, -step, y0), count, count)

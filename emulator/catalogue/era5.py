"""``ECMWF/ERA5_LAND/MONTHLY_AGGR``: monthly weather over land from 1950 on."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from emulator.catalogue.base import Window, band_of, within
from emulator.planet import climate
from emulator.planet.atlas import atlas
from emulator.source import BandInfo, Bounds, PixelGrid, Scene

ID = "ECMWF/ERA5_LAND/MONTHLY_AGGR"
FIRST_YEAR, LAST_YEAR = 1950, 2024

# The model's 0.1° points are pixel centres, so the grid starts half a pixel west.
_STEP = 0.1
_GRID = PixelGrid("EPSG:4326", (_STEP, 0.0, -180.05, 0.0, -_STEP, 90.05), 3601, 1801)
_QUANTITIES = {
    "temperature_2m": "mean",
    "temperature_2m_min": "low",
    "temperature_2m_max": "high",
    "total_precipitation_sum": "rain",
}
_BANDS = tuple(BandInfo(name, "float32", _GRID, "mean") for name in _QUANTITIES)
_TILE = 16
_ZERO = 273.15


@functools.lru_cache(maxsize=64)
def _normals(row: int, column: int) -> tuple[climate.Normals, npt.NDArray[np.bool_]]:
    """Returns the climate of one tile of 16 by 16 pixels, and where there is land."""
    index = np.arange(_TILE)
    longitude = -180.0 + (column * _TILE + index) * _STEP
    latitude = 90.0 - (row * _TILE + index) * _STEP
    land = atlas().land.smooth(longitude, latitude) / 36.0 >= 0.5
    return climate.normals(longitude, latitude), land


@functools.lru_cache(maxsize=512)
def _tile(
    year: int, month: int, row: int, column: int
) -> tuple[dict[str, npt.NDArray[np.float32]], npt.NDArray[np.bool_]]:
    """Returns a month over one tile of 16 by 16 pixels, and where there is land."""
    climates, land = _normals(row, column)
    weather = climates.month(year, month)
    return {
        band: (weather[name] + (0.0 if name == "rain" else _ZERO)).astype(np.float32)
        for band, name in _QUANTITIES.items()
    }, land


@dataclass(frozen=True)
class Month:
    """One month.

    Attributes:
        year: Calendar year.
        month: 1..12.
    """

    year: int
    month: int

    @property
    def id(self) -> str:
        """Full asset id."""
        return f"{ID}/{self.year}{self.month:02d}"

    @property
    def time_ms(self) -> int:
        """The month's first instant."""
        return _first_ms(self.year, self.month)

    @property
    def properties(self) -> Mapping[str, Any]:
        """Properties under the real collection's names."""
        after = self.year + self.month // 12, self.month % 12 + 1
        return {
            "system:index": f"{self.year}{self.month:02d}",
            "system:time_start": self.time_ms,
            "system:time_end": _first_ms(*after),
            "year": self.year,
            "month": self.month,
        }

    @property
    def footprint(self) -> BaseGeometry | None:
        """Unbounded."""
        return None

    @property
    def bands(self) -> Sequence[BandInfo]:
        """Temperatures in K and precipitation in m."""
        return _BANDS

    def read(self, band: str, row: int, col: int, height: int, width: int) -> Window:
        """Reads a window; see :class:`emulator.source.Scene`."""
        return within(band_of(_BANDS, band), row, col, height, width, self._read)

    def _read(
        self, band: str, row: int, col: int, height: int, width: int, shrink: int
    ) -> Window:
        del shrink  # There are few pixels: the evaluator makes levels out of them.
        values = np.empty((height, width), np.float32)
        valid = np.empty((height, width), bool)
        for j in range(row // _TILE, (row + height - 1) // _TILE + 1):
            top, bottom = max(row, j * _TILE), min(row + height, (j + 1) * _TILE)
            for i in range(col // _TILE, (col + width - 1) // _TILE + 1):
                left, right = max(col, i * _TILE), min(col + width, (i + 1) * _TILE)
                tiles, land = _tile(self.year, self.month, j, i)
                here = np.s_[top - row : bottom - row, left - col : right - col]
                there = np.s_[
                    top - j * _TILE : bottom - j * _TILE,
                    left - i * _TILE : right - i * _TILE,
                ]
                values[here] = tiles[band][there]
                valid[here] = land[there]
        return values, valid


@functools.lru_cache(maxsize=2048)
def _first_ms(year: int, month: int) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp() * 1000)


@functools.lru_cache(maxsize=1)
def _months() -> tuple[Month, ...]:
    return tuple(
        Month(year, month)
        for year in range(FIRST_YEAR, LAST_YEAR + 1)
        for month in range(1, 13)
    )


@dataclass(frozen=True)
class Era5Monthly:
    """The collection."""

    id: str = ID

    @property
    def properties(self) -> Mapping[str, Any]:
        """Of the collection."""
        return {
            "title": "ERA5-Land Monthly Aggregated - ECMWF Climate Reanalysis",
            "date_range": [_first_ms(FIRST_YEAR, 1), _first_ms(LAST_YEAR + 1, 1)],
        }

    def scenes(
        self, bounds: Bounds | None, start_ms: int | None, end_ms: int | None
    ) -> Iterator[Scene]:
        """Yields members; see :class:`emulator.source.Collection`."""
        for month in _months():
            if start_ms is not None and month.time_ms < start_ms:
                continue
            if end_ms is not None and month.time_ms >= end_ms:
                break
            yield month


def find(index: str) -> Month | None:
    """Returns a month by ``system:index`` (YYYYMM), None if there is none."""
    if len(index) != 6 or not index.isdigit():
        return None
    year, month = int(index[:4]), int(index[4:])
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12):
        return None
    return Month(year, month)

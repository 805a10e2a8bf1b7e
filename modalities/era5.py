"""ERA5-Land: temperature and precipitation around the Sentinel-2 date."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import numpy.typing as npt

from modalities.modality import Chosen, ValueModality
from modalities.plan import Choice, Site
from modalities.recipe import Context
from modalities.sentinel2 import date_of
from modalities.spec import Band, Storage

ASSET = "ECMWF/ERA5_LAND/MONTHLY_AGGR"
VARIABLES = (
    "temperature_2m",
    "temperature_2m_min",
    "temperature_2m_max",
    "total_precipitation_sum",
)
UNITS = ("K", "K", "K", "m")
YEAR = (
    "0_temperature_2m_mean",
    "1_temperature_2m_min_min",
    "2_temperature_2m_max_max",
    "3_total_precipitation_sum_sum",
)
SCALE = 100
"""Metres: the sample lies within half of it of the tile's centre."""


class Era5(ValueModality):
    """The previous month, the month of the scene, the twelve months that end with it.

    Values are those of the 0.1° cell at the tile's centre. MMEarth's "year" counted
    13 months, the scene's month twice; ours counts 12.
    """

    name = "era5"
    title = "ERA5-Land temperature and precipitation"
    bands = tuple(
        Band(f"{block}_{name}", units, f"{what}, {name}")
        for block, what in (("prev", "previous month"), ("curr", "month of the scene"))
        for name, units in zip(VARIABLES, UNITS, strict=True)
    ) + tuple(
        Band(name, units, "twelve months that end with the scene's")
        for name, units in zip(YEAR, UNITS, strict=True)
    )
    storage = Storage("float32", float("nan"))
    sources = (ASSET,)
    needs = ("sentinel2",)

    def inputs(self, site: Site, chosen: Chosen, context: Context) -> dict[str, Any]:
        """Asks about the centre and the months that are needed."""
        date = date_of(chosen)
        month = date.year * 12 + date.month - 1
        tile = site.tile
        return {
            "point": [tile.lon, tile.lat],
            "start": _first_day(month - 11),
            "end": _first_day(month + 1),
        }

    def ask(self, tile: ee.Dictionary, context: Context) -> ee.ComputedObject:
        """Asks for the monthly values at a point: rows under a header row."""
        point = ee.Geometry.Point(tile.get("point"))
        return (
            ee.ImageCollection(ASSET)
            .filterDate(ee.Date(tile.get("start")), ee.Date(tile.get("end")))
            .select(list(VARIABLES))
            .getRegion(point, SCALE)
        )

    def choose(
        self, site: Site, facts: Any, chosen: Chosen, context: Context
    ) -> Choice:
        """Reduces the months; a place without all of them has no value."""
        date = date_of(chosen)
        month = date.year * 12 + date.month - 1
        rows = _by_month(facts)
        year = [rows.get(_name(m)) for m in range(month - 11, month + 1)]
        if any(row is None or None in row for row in year):
            return Choice(missing="the cell at the tile's centre has no value")
        table = np.array(year, dtype=np.float64)
        total = [
            table[:, 0].mean(),
            table[:, 1].min(),
            table[:, 2].max(),
            table[:, 3].sum(),
        ]
        values = {
            "month1": table[-2].tolist(),
            "month2": table[-1].tolist(),
            "year": [float(value) for value in total],
            "months": [_name(month - 1), _name(month)],
        }
        return Choice(bands=tuple(b.name for b in self.bands), values=values)

    def values(
        self, choice: Choice, site: Site, context: Context
    ) -> npt.NDArray[np.float64]:
        """Returns the twelve values."""
        if choice.missing:
            return np.full(len(self.bands), np.nan)
        blocks = (choice.values[key] for key in ("month1", "month2", "year"))
        return np.concatenate([np.asarray(block, np.float64) for block in blocks])


def _by_month(rows: list[list[Any]]) -> dict[str, list[float | None]]:
    """Reads ``getRegion``'s rows by its header, as ``{"YYYYMM": values}``."""
    header, *body = rows
    columns = [header.index(name) for name in VARIABLES]
    index = header.index("id")
    return {row[index]: [row[column] for column in columns] for row in body}


def _name(month: int) -> str:
    """Names a month counted from year 0: ``201906``."""
    return f"{month // 12:04d}{month % 12 + 1:02d}"


def _first_day(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}-01"

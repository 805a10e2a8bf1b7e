"""Planning answers of the canned engine, in the shape that the modalities ask for."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from functools import cache
from typing import Any

from modalities.biome import BIOMES

ECOREGIONS = 846
"""As many as RESOLVE 2017 has."""

CANDIDATES = 60
"""Scenes of each Sentinel-2 level that a tile may choose from."""

_DAY_MS = 86_400_000
_ERA5 = (
    "temperature_2m",
    "temperature_2m_min",
    "temperature_2m_max",
    "total_precipitation_sum",
)


@cache
def ecoregion_table() -> tuple[tuple[str, str], ...]:
    """Returns (ecoregion, biome) of a table of the size of RESOLVE's."""
    return tuple(
        (f"Ecoregion {number:03d}", BIOMES[number % len(BIOMES)])
        for number in range(ECOREGIONS)
    )


@cache
def ecoregion_answer() -> str:
    """Returns the JSON of the whole table."""
    return json.dumps(ecoregion_table())


def facts_of(inputs: dict[str, Any]) -> str:
    """Answers for one tile.

    The names in the inputs tell the round: Sentinel-2 is asked for in the first, what
    depends on its date in the second.

    Args:
        inputs: By modality, as the client's question holds them.

    Returns:
        JSON of the facts by modality.
    """
    facts = [
        f'"{name}":{_FACTS[name](values)}'
        for name, values in inputs.items()
        if name in _FACTS
    ]
    return f"{{{','.join(facts)}}}"


def _sentinel2(values: dict[str, Any]) -> str:
    west, south = values["ring"][0]
    east = values["ring"][1][0]
    zone = int(((west + east) / 2.0 + 180.0) % 360.0 // 6.0) + 1
    return _candidates(zone, int(south * 1000.0) % 8)


@cache
def _candidates(zone: int, number: int) -> str:
    """Lists scenes of both levels; a quarter lies in the zone beside the tile's."""
    draw = random.Random(f"{zone}/{number}")
    found = {}
    for level, first in (("l1c", "2017-01-01"), ("l2a", "2018-12-14")):
        begin = _ms(first)
        end = _ms("2021-01-01")
        rows = []
        for time in sorted(draw.randrange(begin, end) for _ in range(CANDIDATES)):
            at = datetime.fromtimestamp(time / 1000, UTC)
            stamp = at.strftime("%Y%m%dT%H%M%S")
            granule = zone if draw.random() < 0.75 else zone % 60 + 1
            index = f"{stamp}_{stamp}_T{granule:02d}UPA"
            rows.append([index, time, round(draw.uniform(0.0, 10.0), 6)])
        found[level] = rows
    return json.dumps(found)


def _cloud_probability(values: dict[str, Any]) -> str:
    return "[true]"


def _sentinel1(values: dict[str, Any]) -> str:
    """Lists scenes a week apart; half of the tiles see one orbit only."""
    start, end = values["start"], values["end"]
    both = int(values["ring"][0][0] * 1000.0) % 2
    rows = []
    for number, time in enumerate(range(start + _DAY_MS, end, 6 * _DAY_MS)):
        if number % 2 == 0 or both:
            direction = ("DESCENDING", "ASCENDING")[number % 2]
            index = f"S1A_IW_GRDH_1SDV_{time}_{number:06d}_01A2B3_{number:04d}"
            rows.append([index, time, direction, ["VV", "VH"]])
    return json.dumps(rows)


def _era5(values: dict[str, Any]) -> str:
    return _months(values["start"])


@cache
def _months(start: str) -> str:
    """Lists twelve months as ``getRegion`` does, a header first."""
    year, month, _ = (int(part) for part in start.split("-"))
    rows: list[list[Any]] = [["id", "longitude", "latitude", "time", *_ERA5]]
    for number in range(year * 12 + month - 1, year * 12 + month + 11):
        name = f"{number // 12:04d}{number % 12 + 1:02d}"
        time = _ms(f"{number // 12:04d}-{number % 12 + 1:02d}-01")
        warm = 285.0 + number % 12
        rows.append([name, 10.05, 50.05, time, warm, warm - 9.5, warm + 9.5, 0.0625])
    return json.dumps(rows)


def _dynamic_world(values: dict[str, Any]) -> str:
    return "73"


def _ms(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)


_FACTS = {
    "sentinel2": _sentinel2,
    "sentinel2_cloudprod": _cloud_probability,
    "sentinel1": _sentinel1,
    "era5": _era5,
    "dynamic_world": _dynamic_world,
}

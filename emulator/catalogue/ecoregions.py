"""``RESOLVE/ECOREGIONS/2017``: names and biomes of the real table, on boxes.

The real table's polygons are large. Here each region is a box of about the region's
size on a spiral over the land of its biome's climate: enough to join by name, and to
draw points on land, not to map ecoregions.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

import numpy as np
from shapely.geometry import box

from emulator.planet import biomes, noise
from emulator.planet.atlas import atlas
from emulator.source import TableFeature

ID = "RESOLVE/ECOREGIONS/2017"

# BIOME_NUM of the real table by biome name; its REALM follows the box's place.
_NUMBERS = {
    "Tropical & Subtropical Moist Broadleaf Forests": 1,
    "Tropical & Subtropical Dry Broadleaf Forests": 2,
    "Tropical & Subtropical Coniferous Forests": 3,
    "Temperate Broadleaf & Mixed Forests": 4,
    "Temperate Conifer Forests": 5,
    "Boreal Forests/Taiga": 6,
    "Tropical & Subtropical Grasslands, Savannas & Shrublands": 7,
    "Temperate Grasslands, Savannas & Shrublands": 8,
    "Flooded Grasslands & Savannas": 9,
    "Montane Grasslands & Shrublands": 10,
    "Tundra": 11,
    "Mediterranean Forests, Woodlands & Scrub": 12,
    "Deserts & Xeric Shrublands": 13,
    "Mangroves": 14,
    "N/A": 11,
}


def _realm(longitude: float, latitude: float) -> str:
    """Returns the biogeographic realm of a place, roughly."""
    if latitude < -60:
        return "Antarctica"
    if longitude < -30:
        return "Nearctic" if latitude > 23 else "Neotropic"
    if latitude < -8 and longitude > 110:
        return "Australasia"
    if latitude < 18 and longitude < 60:
        return "Afrotropic"
    if latitude < 27 and longitude > 60:
        return "Indomalayan"
    return "Palearctic"


@functools.lru_cache(maxsize=1)
def _places() -> dict[int, list[tuple[float, float]]]:
    """Returns land points of each biome index, well mixed."""
    lands = atlas().land.cells[10::20, 10::20]
    rows, columns = np.nonzero(lands == 36)
    by_biome: dict[int, list[tuple[float, float]]] = {}
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        longitude, latitude = column - 179.475, 89.475 - row
        number = biomes.biome_at(longitude, latitude)
        by_biome.setdefault(number, []).append((longitude, latitude))
    for number, points in by_biome.items():
        points.sort(key=lambda one: noise.hashed(number, *(int(v * 8) for v in one)))
    return by_biome


@functools.lru_cache(maxsize=1)
def _rows() -> tuple[TableFeature, ...]:
    source = resources.files("emulator.catalogue").joinpath("ecoregions.json")
    names: list[list[str]] = json.loads(source.read_text(encoding="utf-8"))
    points = _places()
    used: dict[int, int] = {}
    rows = []
    for number, (eco, biome) in enumerate(names):
        index = biomes.BIOMES.index(biome) if biome in biomes.BIOMES else 0
        choices = points.get(index) or points[0]
        turn = used.get(index, 0)
        used[index] = turn + 1
        longitude, latitude = choices[turn % len(choices)]
        rows.append(
            TableFeature(
                f"{number:020x}",
                box(longitude - 0.4, latitude - 0.3, longitude + 0.4, latitude + 0.3),
                {
                    "OBJECTID": float(number + 1),
                    "ECO_ID": number,
                    "ECO_NAME": eco,
                    "BIOME_NAME": biome,
                    "BIOME_NUM": _NUMBERS.get(biome, 0),
                    "REALM": _realm(longitude, latitude),
                },
            )
        )
    return tuple(rows)


@dataclass(frozen=True)
class Ecoregions:
    """The table."""

    id: str = ID

    def features(self) -> Iterator[TableFeature]:
        """Yields the rows in table order."""
        yield from _rows()

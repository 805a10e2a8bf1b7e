"""Biomes and ecoregions: RESOLVE's names, on a map of the planet's own.

The map (``data/regions.npz``) is made by :mod:`emulator.planet.derive_regions`.
"""

from __future__ import annotations

import functools
import io
import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from emulator.planet.atlas import Raster

BIOMES = (
    "Tundra",
    "Tropical & Subtropical Moist Broadleaf Forests",
    "Mediterranean Forests, Woodlands & Scrub",
    "Deserts & Xeric Shrublands",
    "Temperate Grasslands, Savannas & Shrublands",
    "Boreal Forests/Taiga",
    "Temperate Conifer Forests",
    "Temperate Broadleaf & Mixed Forests",
    "Montane Grasslands & Shrublands",
    "Mangroves",
    "Flooded Grasslands & Savannas",
    "Tropical & Subtropical Grasslands, Savannas & Shrublands",
    "Tropical & Subtropical Dry Broadleaf Forests",
    "Tropical & Subtropical Coniferous Forests",
)
"""The 14 biomes of RESOLVE's map, in MMEarth's order."""


@dataclass(frozen=True)
class Ecoregion:
    """An ecoregion.

    Attributes:
        name: As RESOLVE spells it; a few names are invented.
        biome: In :data:`BIOMES`, or ``N/A`` of rock and ice.
        places: Longitude and latitude of places in it.
    """

    name: str
    biome: str
    places: tuple[tuple[float, float], ...]


@functools.lru_cache(maxsize=1)
def ecoregions() -> tuple[Ecoregion, ...]:
    """Returns the table, in RESOLVE's order: by name."""
    source = resources.files("emulator.planet").joinpath("data/ecoregions.json")
    return tuple(
        Ecoregion(name, biome, tuple((float(x), float(y)) for x, y in places))
        for name, biome, places in json.loads(source.read_text(encoding="utf-8"))
    )


def _archive() -> Any:
    source = resources.files("emulator.planet").joinpath("data/regions.npz")
    return np.load(io.BytesIO(source.read_bytes()))


@functools.lru_cache(maxsize=1)
def region_map() -> Raster:
    """Returns each quarter-degree cell's row in the table plus one; 0 at sea."""
    with _archive() as archive:
        return Raster(archive["region"])


@functools.lru_cache(maxsize=1)
def outlines() -> tuple[BaseGeometry, ...]:
    """Returns each ecoregion's land in degrees, in the table's order.

    Edges follow cells of a twentieth of a degree; no two ecoregions overlap.
    """
    with _archive() as archive:
        steps, lengths = archive["steps"], archive["lengths"]
        owners, holes = archive["owners"], archive["holes"]
    # Each ring is closed by its first corner.
    corners = np.cumsum(steps.astype(np.int64), axis=0)
    degrees = corners * (0.05, -0.05) + (-180.0, 90.0)
    rings = shapely.linearrings(
        degrees, indices=np.arange(lengths.size).repeat(lengths)
    )
    # A polygon's holes follow its shell.
    polygon = np.cumsum(~holes) - 1
    made = shapely.polygons(rings[~holes])
    for number in np.unique(polygon[holes]).tolist():
        inner = rings[holes & (polygon == number)]
        made[number] = shapely.polygons(shapely.get_exterior_ring(made[number]), inner)
    order = np.argsort(owners[~holes], kind="stable")
    owner = owners[~holes][order].astype(np.int64) - 1
    return tuple(shapely.multipolygons(made[order], indices=owner).tolist())


def region_at(longitude: float, latitude: float) -> Ecoregion | None:
    """Returns the ecoregion of a place, None at sea.

    Args:
        longitude: Degrees.
        latitude: Degrees.
    """
    number = region_map().nearest(longitude, latitude)
    return ecoregions()[number - 1] if number else None

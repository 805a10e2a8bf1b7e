"""The 14 biomes of RESOLVE's map, in MMEarth's order, by climate."""

from __future__ import annotations

from emulator.planet import climate
from emulator.planet.atlas import atlas

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

_BY_ZONE = {
    "Af": 1, "Am": 1, "As": 12, "Aw": 11, "BSh": 11, "BSk": 4, "BWh": 3, "BWk": 3,
    "Cfa": 7, "Cfb": 7, "Cfc": 6, "Csa": 2, "Csb": 2, "Csc": 6, "Cwa": 12, "Cwb": 13,
    "Cwc": 8, "Dfa": 7, "Dfb": 7, "Dfc": 5, "Dfd": 5, "Dsa": 4, "Dsb": 6, "Dsc": 6,
    "Dsd": 5, "Dwa": 7, "Dwb": 7, "Dwc": 5, "Dwd": 5, "EF": 0, "ET": 0,
}  # fmt: skip


def biome_at(longitude: float, latitude: float) -> int:
    """Returns the biome's index in :data:`BIOMES` at a place on land.

    Args:
        longitude: Degrees.
        latitude: Degrees.
    """
    maps = atlas()
    zone = climate.ZONES[maps.zone.nearest(longitude, latitude) - 1]
    biome = _BY_ZONE[zone]
    high = maps.height.nearest(longitude, latitude) * 20
    if zone == "ET" and abs(latitude) < 50 and high > 1500:
        return 8
    coast = maps.land.nearest(longitude, latitude) < 30
    if coast and zone in ("Af", "Am", "As", "Aw") and abs(latitude) < 28:
        return 9
    if zone == "Aw" and high < 200 and 4 < abs(latitude) < 20 and 26 < longitude < 34:
        return 10
    return biome

"""``RESOLVE/ECOREGIONS/2017``: its names and columns, on the planet's own polygons.

The real table's polygons are not to be had here; the planet's follow climate and the
coast, near where each ecoregion lies (:mod:`emulator.planet.derive_regions`).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from emulator.planet import biomes, noise
from emulator.source import TableFeature

ID = "RESOLVE/ECOREGIONS/2017"

# BIOME_NUM and COLOR_BIO of the real table by biome name.
_BIOMES = {
    "Tropical & Subtropical Moist Broadleaf Forests": (1, "#38A700"),
    "Tropical & Subtropical Dry Broadleaf Forests": (2, "#CCCD65"),
    "Tropical & Subtropical Coniferous Forests": (3, "#88CE66"),
    "Temperate Broadleaf & Mixed Forests": (4, "#00734C"),
    "Temperate Conifer Forests": (5, "#458970"),
    "Boreal Forests/Taiga": (6, "#7AB6F5"),
    "Tropical & Subtropical Grasslands, Savannas & Shrublands": (7, "#FEAA01"),
    "Temperate Grasslands, Savannas & Shrublands": (8, "#FEFF73"),
    "Flooded Grasslands & Savannas": (9, "#BEE7FF"),
    "Montane Grasslands & Shrublands": (10, "#D6C39D"),
    "Tundra": (11, "#9ED7C2"),
    "Mediterranean Forests, Woodlands & Scrub": (12, "#FE0000"),
    "Deserts & Xeric Shrublands": (13, "#CC6767"),
    "Mangroves": (14, "#FE01C4"),
    "N/A": (11, "#FFFFFF"),
}
_NNH = (
    ("Half Protected", "#257339"),
    ("Nature Could Reach Half Protected", "#7BC141"),
    ("Nature Could Recover", "#F9A91B"),
    ("Nature Imperiled", "#EE1E23"),
)
_REALM_CODES = {
    "Afrotropic": "AF",
    "Antarctica": "AN",
    "Australasia": "AU",
    "Indomalayan": "IN",
    "Nearctic": "NE",
    "Neotropic": "NO",
    "Oceania": "OC",
    "Palearctic": "PA",
}


def realm_of(longitude: float, latitude: float) -> str:
    """Returns the biogeographic realm of a place, its borders straightened."""
    if latitude < -55 or (latitude < -46 and 0 < longitude < 80):
        return "Antarctica"
    if longitude < -105 and latitude < 30 and longitude < -118 + latitude / 4:
        return "Oceania"
    if latitude > 59 and -75 < longitude < -22:  # Greenland
        return "Nearctic"
    if -30 > longitude > -170:
        nearctic = latitude > 23 or (latitude > 19 and -106 < longitude < -97)
        return "Nearctic" if nearctic and longitude < -50 else "Neotropic"
    if longitude <= -170 or longitude > 172 or (longitude > 134 and -3 < latitude < 22):
        high = latitude > 50.0
        south = latitude < -28
        return "Palearctic" if high else "Australasia" if south else "Oceania"
    if longitude > 118 and latitude < (2 if longitude > 119.3 else -8.2):
        return "Australasia"
    if latitude < (18 if longitude < 41 else 15) and longitude < 60:
        return "Afrotropic"
    if longitude > 66 and latitude < (27 if longitude > 97 else 30):
        return "Indomalayan"
    return "Palearctic"


@functools.lru_cache(maxsize=1)
def _rows() -> tuple[TableFeature, ...]:
    table = zip(biomes.ecoregions(), biomes.outlines(), strict=True)
    return tuple(_row(number, one, shape) for number, (one, shape) in enumerate(table))


def _row(number: int, one: biomes.Ecoregion, shape: BaseGeometry) -> TableFeature:
    biome, shade = _BIOMES[one.biome]
    known = one.biome in biomes.BIOMES
    realm = realm_of(*one.places[0]) if known else "N/A"
    code = f"{_REALM_CODES[realm]}{biome:02d}" if known else "N/A"
    fate = noise.hashed(number, 81) % 4
    return TableFeature(
        f"{number:020x}",
        shape,
        {
            "BIOME_NAME": one.biome,
            "BIOME_NUM": float(biome),
            "COLOR": f"#{noise.hashed(number, 82) & 0xFFFFFF:06X}",
            "COLOR_BIO": shade,
            "COLOR_NNH": _NNH[fate][1],
            "ECO_BIOME_": code,
            "ECO_ID": float(number),
            "ECO_NAME": one.name,
            "LICENSE": "CC-BY 4.0",
            "NNH": float(fate + 1),
            "NNH_NAME": _NNH[fate][0],
            "OBJECTID": float(number + 1),
            "REALM": realm,
            "SHAPE_AREA": shape.area,
            "SHAPE_LENG": shape.length,
        },
    )


@dataclass(frozen=True)
class Ecoregions:
    """The table."""

    id: str = ID

    def features(self) -> Iterator[TableFeature]:
        """Yields the rows in table order."""
        yield from _rows()

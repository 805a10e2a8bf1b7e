"""Tile files of any length for the runs that are measured."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from canned_facts import ecoregion_table

HALF_SIDE = 0.006
"""Degrees."""

# Boxes of land (west, south, east, north) that stay clear of Norway's zones.
_LAND = (
    (-120.0, 33.0, -82.0, 49.0),
    (-70.0, -30.0, -45.0, -5.0),
    (0.0, 44.0, 35.0, 54.0),
    (15.0, -25.0, 32.0, 10.0),
    (75.0, 15.0, 84.0, 27.0),
    (45.0, 50.0, 110.0, 62.0),
    (120.0, -32.0, 145.0, -20.0),
)


def write_tiles(path: Path, count: int, seed: int = 0) -> None:
    """Writes a GeoJSON FeatureCollection.

    Args:
        path: The file.
        count: Tiles in it.
        seed: Of their places.
    """
    draw = random.Random(seed)
    features = [_feature(number, draw) for number in range(count)]
    collection = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(collection), encoding="utf-8")


def _feature(number: int, draw: random.Random) -> dict[str, Any]:
    west, south, east, north = draw.choice(_LAND)
    lon, lat = draw.uniform(west, east), draw.uniform(south, north)
    ring = [
        [lon + x * HALF_SIDE, lat + y * HALF_SIDE]
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    ]
    eco_region, biome = draw.choice(ecoregion_table())
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {
            "tile_id": f"bench_{number:06d}",
            "biome": biome,
            "eco_region": eco_region,
        },
    }

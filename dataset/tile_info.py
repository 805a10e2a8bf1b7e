"""``tile_info.json``: MMEarth's description of each tile, with ours beside it.

Source: MMEarth-data ``utils/utils.py::update_tile_info`` for the keys; loaders
ignore those that they don't know.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from dataset.row import Row

VARIABLES = (
    "temperature_2m",
    "temperature_2m_min",
    "temperature_2m_max",
    "total_precipitation_sum",
)


def tile_info(row: Row) -> dict[str, Any]:
    """Describes one made tile.

    Keys that MMEarth fills from modalities which the dataset does not hold are
    left out.
    """
    tile, grid, choices = row["tile"], row["grid"], row["choices"]
    info: dict[str, Any] = {}
    if "sentinel2" in choices:
        choice = choices["sentinel2"]
        info["S2_DATE"] = date_text(choice["scenes"][0][1])
        info["S2_type"] = choice["values"]["level"]
    info["CRS"] = f"EPSG:{grid['epsg']}"
    info["lat"], info["lon"] = tile["lat"], tile["lon"]
    for name in ("biome", "eco_region"):
        if name in choices:
            info[name] = choices[name]["values"]["label"]
    info["NO_DATA"] = False
    info["BANDS"] = _bands(choices)
    if "era5" in choices:
        info["era5"] = _era5(choices["era5"])
    info["transform"] = [10, 0, grid["west"], 0, -10, grid["north"]]
    info["scenes"] = {
        name: [[asset, time_text(time), role] for asset, time, role in c["scenes"]]
        for name, c in choices.items()
        if c["scenes"] and not name.startswith("sentinel2_")
    }
    return info


def date_text(time: int) -> str:
    """Writes milliseconds since 1970 as ``2019-06-15``, UTC."""
    return datetime.fromtimestamp(time / 1000, UTC).strftime("%Y-%m-%d")


def time_text(time: int) -> str:
    """Writes milliseconds since 1970 in ISO 8601, UTC."""
    moment = datetime.fromtimestamp(time / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{time % 1000:03d}Z"


def _bands(choices: dict[str, Any]) -> dict[str, list[str] | None]:
    """Lists the bands by MMEarth's names of the modalities."""
    bands: dict[str, list[str] | None] = {}
    if "sentinel2" in choices:
        masks = (
            choices.get(f"sentinel2_{name}", {}).get("bands", [])
            # The order in MMEarth's files, by which its converter finds bands.
            for name in ("cloudprod", "scl", "cloudmask")
        )
        own = choices["sentinel2"]["bands"]
        bands["sentinel2"] = [*own, *(band for mask in masks for band in mask)]
    if "sentinel1" in choices:
        for orbit in ("asc", "desc"):
            found = [
                band.removeprefix(f"{orbit}_")
                for band in choices["sentinel1"]["bands"]
                if band.startswith(f"{orbit}_")
            ]
            bands[f"sentinel1_{orbit}"] = found or None
    if "aster" in choices:
        bands["aster"] = choices["aster"]["bands"]
    if "era5" in choices and not choices["era5"]["missing"]:
        months = choices["era5"]["values"]["months"]
        bands["era5"] = [f"{m}_{v}" for m in months for v in VARIABLES] + [
            "0_temperature_2m_mean",
            "1_temperature_2m_min_min",
            "2_temperature_2m_max_max",
            "3_total_precipitation_sum_sum",
        ]
    # MMEarth leaves the key out where a tile has no Dynamic World.
    for name in ("dynamic_world", "canopy_height_eth", "esa_worldcover"):
        if name in choices and choices[name]["bands"]:
            bands[name] = choices[name]["bands"]
    return bands


def _era5(choice: dict[str, Any]) -> dict[str, list[float | None]]:
    blocks = ("month1", "month2", "year")
    if choice["missing"]:
        return {block: [None] * len(VARIABLES) for block in blocks}
    return {
        block: [v if math.isfinite(v) else None for v in choice["values"][block]]
        for block in blocks
    }

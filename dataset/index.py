"""``index.parquet``: one row a tile asked for, made or failed, as GeoParquet.

Source: GeoParquet 1.1.0. The geometry is the outline of the tile's grid.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon, box

from dataset import files
from dataset.row import Row
from modalities.grid import Grid
from modalities.plan import Choice, Plan, Site
from modalities.tile import Tile

_TIME = pa.timestamp("ms", tz="UTC")

SCHEMA = pa.schema(
    [
        ("tile_id", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("message", pa.string()),
        ("row", pa.int32()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("biome", pa.string()),
        ("eco_region", pa.string()),
        ("crs", pa.string()),
        ("west", pa.int32()),
        ("north", pa.int32()),
        ("size", pa.int32()),
        ("sentinel2_id", pa.string()),
        ("sentinel2_time", _TIME),
        ("sentinel2_level", pa.string()),
        ("sentinel2_cloud", pa.float64()),
        ("sentinel1_asc_id", pa.string()),
        ("sentinel1_asc_time", _TIME),
        ("sentinel1_asc_days", pa.float64()),
        ("sentinel1_desc_id", pa.string()),
        ("sentinel1_desc_time", _TIME),
        ("sentinel1_desc_days", pa.float64()),
        ("missing", pa.list_(pa.string())),
        ("crc32", pa.uint32()),
        ("choices", pa.string()),
        ("recipe", pa.string()),
        ("earthloom", pa.string()),
        ("earthengine_api", pa.string()),
        ("geometry", pa.binary()),
    ]
)
"""Columns; ``docs/format.md`` says what each means."""

_ROWS_A_GROUP = 256

_GEO = {
    "version": "1.1.0",
    "primary_column": "geometry",
    "columns": {
        "geometry": {
            "encoding": "WKB",
            "geometry_types": ["Polygon", "MultiPolygon"],
        }
    },
}


def write_index(final: Path, rows: Iterable[tuple[Row, int | None]]) -> int:
    """Streams the index to a file, atomically.

    Args:
        final: The file.
        rows: Rows in order, each with its row number in the HDF5 file, None for a
            tile that was not made.

    Returns:
        How many rows were written.
    """
    schema = SCHEMA.with_metadata({"geo": json.dumps(_GEO)})
    count = 0
    with files.temporary(final) as tmp, pq.ParquetWriter(tmp, schema) as writer:
        group: list[dict[str, Any]] = []
        for row, number in rows:
            group.append(index_row(row, number))
            count += 1
            if len(group) == _ROWS_A_GROUP:
                writer.write_table(pa.Table.from_pylist(group, schema))
                group = []
        if group or not count:
            writer.write_table(pa.Table.from_pylist(group, schema))
    return count


def index_row(row: Row, number: int | None) -> dict[str, Any]:
    """Lays one row out as columns."""
    tile = row["tile"]
    grid = Grid.from_json(row["grid"])
    failure = row.get("failure")
    choices = row["choices"]
    return {
        "tile_id": tile["tile_id"],
        "status": row["status"],
        "reason": failure["kind"] if failure else None,
        "message": failure["message"] if failure else None,
        "row": number,
        "lon": tile["lon"],
        "lat": tile["lat"],
        "biome": tile["biome"],
        "eco_region": tile["eco_region"],
        "crs": grid.crs,
        "west": grid.west,
        "north": grid.north,
        "size": grid.size,
        **_sentinel2(choices.get("sentinel2")),
        **_sentinel1(choices.get("sentinel1")),
        "missing": sorted(row.get("missing", {})),
        "crc32": row.get("crc32"),
        "choices": files.to_json(choices),
        "recipe": row["versions"]["recipe"],
        "earthloom": row["versions"]["earthloom"],
        "earthengine_api": row["versions"]["earthengine-api"],
        "geometry": shapely.to_wkb(outline(grid)),
    }


def plan_of(columns: Mapping[str, Any]) -> Plan:
    """Rebuilds the plan of a tile that was made from its row of the index.

    Args:
        columns: A row, by name. The tile's position, which no pixel depends on, is
            not among them.

    Raises:
        ValueError: They are not what :func:`index_row` gives.
    """
    try:
        choices = json.loads(columns["choices"])
        tile = Tile(
            columns["tile_id"],
            columns["lon"],
            columns["lat"],
            0,
            columns["biome"],
            columns["eco_region"],
        )
        epsg = int(columns["crs"].removeprefix("EPSG:"))
        grid = Grid(epsg, columns["west"], columns["north"], columns["size"])
        read = {name: Choice.from_json(value) for name, value in choices.items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a row that can't be read: {error!r}") from error
    return Plan(Site(tile, grid), read)


def outline(grid: Grid) -> Polygon | MultiPolygon:
    """Returns a grid's outline in lon/lat, cut in two at the antimeridian.

    Source: RFC 7946, §3.1.9.
    """
    whole = Polygon(grid.ring())
    west, _, east, _ = whole.bounds
    if west >= -180.0 and east <= 180.0:
        return whole
    turn = 360.0 if west < -180.0 else -360.0
    world = box(-180.0, -90.0, 180.0, 90.0)
    halves = [whole.intersection(world), translate(whole, turn).intersection(world)]
    return MultiPolygon([half for half in halves if half.area > 0.0])


def _sentinel2(choice: dict[str, Any] | None) -> dict[str, Any]:
    if choice is None:
        return {}
    asset, time, _ = choice["scenes"][0]
    return {
        "sentinel2_id": asset,
        "sentinel2_time": time,
        "sentinel2_level": choice["values"]["level"],
        "sentinel2_cloud": choice["values"]["cloud"],
    }


def _sentinel1(choice: dict[str, Any] | None) -> dict[str, Any]:
    if choice is None:
        return {}
    columns: dict[str, Any] = {}
    for asset, time, orbit in choice["scenes"]:
        columns[f"sentinel1_{orbit}_id"] = asset
        columns[f"sentinel1_{orbit}_time"] = time
        columns[f"sentinel1_{orbit}_days"] = choice["values"]["days"][orbit]
    return columns

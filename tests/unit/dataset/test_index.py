"""index.parquet: one row a tile asked for, with its outline, for any reader."""

import json

import geopandas
import pandas
import pyarrow.parquet as pq
import pytest
from pyproj import Transformer
from shapely.geometry import Polygon, box

from dataset.index import SCHEMA, outline, write_index
from modalities.grid import grid_of
from modalities.plan import Choice
from tests.unit.dataset.plans import make_failed, make_made, make_site, milliseconds


@pytest.fixture
def index(tmp_path):
    def write(*rows):
        assert write_index(tmp_path / "index.parquet", iter(rows)) == len(rows)
        return geopandas.read_parquet(tmp_path / "index.parquet")

    return write


def test_a_made_tile_can_be_traced(index):
    row = make_made(0)
    frame = index((row, 4))
    found = frame.iloc[0]
    assert found["tile_id"] == "tile-0"
    assert found["status"] == "made"
    assert found["row"] == 4
    assert pandas.isna(found["reason"])
    assert found["crs"] == "EPSG:32632"
    assert (found["west"], found["north"]) == (
        make_site().grid.west,
        make_site().grid.north,
    )
    assert found["sentinel2_id"] == "COPERNICUS/S2_SR_HARMONIZED/X_T32TMT"
    assert found["sentinel2_level"] == "l2a"
    assert found["sentinel2_cloud"] == 3.5
    when = found["sentinel2_time"].timestamp() * 1000
    assert when == milliseconds("2019-06-15T10:30:31.024")
    assert str(frame["sentinel2_time"].dt.tz) == "UTC"
    assert found["sentinel1_asc_id"] == "COPERNICUS/S1_GRD/UP"
    assert found["sentinel1_asc_days"] == 0.771
    assert found["sentinel1_desc_days"] == -0.729
    assert list(found["missing"]) == []
    assert found["recipe"] == "0123abcd"
    assert found["earthengine_api"] == "1.7.50"
    choices = json.loads(found["choices"])
    assert Choice.from_json(choices["era5"]).values["months"] == ["201905", "201906"]


def test_the_outline_is_the_grids_in_degrees(index):
    frame = index((make_made(0), 0))
    # GeoParquet's default: WGS 84, longitude first.
    assert frame.crs == "OGC:CRS84"
    grid = make_site().grid
    metres = frame.to_crs("EPSG:32632").geometry.iloc[0]
    truth = box(grid.west, grid.north - 160, grid.west + 160, grid.north)
    assert metres.symmetric_difference(truth).area < 0.01 * 4 * 160


def test_a_failed_tile_has_no_row_number(index):
    frame = index((make_made(0), 0), (make_failed(1), None), (make_made(2), 1))
    assert list(frame["tile_id"]) == ["tile-0", "tile-1", "tile-2"]
    failed = frame.iloc[1]
    assert frame["row"].isna().tolist() == [False, True, False]
    assert failed["status"] == "failed"
    assert failed["reason"] == "no_data"
    assert failed["message"] == "sentinel2: no scene é"
    assert pandas.isna(failed["sentinel2_id"])
    assert failed["geometry"].area > 0


def test_missing_modalities_are_listed(index):
    frame = index((make_made(0, complete=False), 0))
    assert list(frame.iloc[0]["missing"]) == [
        "dynamic_world",
        "era5",
        "sentinel2_cloudprod",
    ]
    assert pandas.isna(frame.iloc[0]["sentinel1_asc_id"])
    assert frame.iloc[0]["sentinel1_desc_id"] == "COPERNICUS/S1_GRD/DOWN"


def test_an_empty_index_still_reads(index, tmp_path):
    assert len(index()) == 0
    assert pq.read_schema(tmp_path / "index.parquet").names == SCHEMA.names


@pytest.mark.parametrize(
    ("lon", "lat"), [(179.9999, 65.0), (-179.9999, -16.5), (-180.0, 0.0)]
)
def test_a_tile_across_the_antimeridian_is_cut_in_two(lon, lat):
    grid = grid_of(lon, lat, 128)
    shape = outline(grid)
    assert shape.geom_type == "MultiPolygon"
    west, _, east, _ = shape.bounds
    assert (west, east) == (-180.0, 180.0)
    assert shape.is_valid
    # Both halves together are the tile: same area as one that is not cut.
    whole = Polygon(grid.ring())
    assert shape.area == pytest.approx(whole.area, rel=1e-9)
    back = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)
    for half in shape.geoms:
        x, y = back.transform(*half.centroid.coords[0])
        assert grid.west < x < grid.west + 1280
        assert grid.north - 1280 < y < grid.north

"""The grid of a tile: right zone, exact size, on the lattice, centred."""

import itertools
import math

import pytest
import rasterio.transform
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info
from shapely.geometry import Point, Polygon

from modalities.grid import Grid, grid_of, utm_zone

LON = st.floats(-180.0, 180.0, exclude_max=True)
LAT = st.floats(-84.0, 84.0)
SIZE = st.sampled_from([1, 2, 63, 64, 127, 128, 256])


# MGRS (NGA.STND.0037), written out by hand.
@pytest.mark.parametrize(
    ("lon", "lat", "zone"),
    [
        (2.999, 60.0, 31),
        (3.0, 60.0, 32),
        (5.3, 60.4, 32),  # Bergen
        (11.999, 63.999, 32),
        (12.0, 60.0, 33),
        (5.0, 55.999, 31),
        (5.0, 56.0, 32),
        (5.0, 64.0, 31),
        (-1.0, 78.0, 30),
        (0.0, 78.0, 31),
        (8.999, 78.0, 31),
        (9.0, 78.0, 33),
        (15.6, 78.2, 33),  # Longyearbyen
        (20.999, 78.0, 33),
        (21.0, 78.0, 35),
        (32.999, 78.0, 35),
        (33.0, 78.0, 37),
        (41.999, 78.0, 37),
        (42.0, 78.0, 38),
        (10.0, 71.999, 32),
        (10.0, 72.0, 33),
        (10.0, 84.0, 33),
        (5.0, -60.0, 31),  # no exceptions in the south
        (10.0, -78.0, 32),
        (-180.0, 0.0, 1),
        (179.999, 0.0, 60),
        (180.0, 0.0, 1),
        (math.nextafter(-180.0, -200.0), 0.0, 1),
        (368.6, 47.4, 32),
    ],
)
def test_zone_is_that_of_mgrs(lon, lat, zone):
    assert utm_zone(lon, lat) == zone


@pytest.mark.parametrize("lat", [-79.0, -33.0, -0.5, 0.5, 51.0, 71.0])
@pytest.mark.parametrize("lon", [-177.1, -120.5, -60.1, -0.1, 17.9, 18.1, 122.0, 179.0])
def test_plain_zones_agree_with_projs_table(lon, lat):
    found = query_utm_crs_info(
        datum_name="WGS 84", area_of_interest=AreaOfInterest(lon, lat, lon, lat)
    )
    assert str(grid_of(lon, lat, 8).epsg) in {info.code for info in found}


@settings(deadline=None, max_examples=200)
@given(LON, LAT, SIZE)
@example(-180.0, 0.0, 128)
@example(179.99999, 65.0, 128)
@example(0.0, 84.0, 128)
@example(41.9999, 84.0, 128)
def test_grid_is_exact_on_the_lattice_and_centred(lon, lat, size):
    grid = grid_of(lon, lat, size)
    assert grid.size == size
    assert grid.west % 10 == 0
    assert grid.north % 10 == 0
    assert isinstance(grid.west, int)
    assert isinstance(grid.north, int)
    assert grid.zone == utm_zone(lon, lat)
    assert grid.epsg // 100 == (326 if lat >= 0 else 327)
    to_utm = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)
    x, y = to_utm.transform(lon, lat)
    assert abs(grid.west + 5 * size - x) <= 5.0 + 1e-6
    assert abs(grid.north - 5 * size - y) <= 5.0 + 1e-6


@settings(deadline=None, max_examples=200)
@given(LON, LAT)
@example(-180.0, 0.0)
@example(179.9999, -16.5)
@example(-179.9999, 66.0)
def test_rings_hold_the_place_and_each_other_and_never_jump(lon, lat):
    grid = grid_of(lon, lat, 128)
    ring, wide = grid.ring(), grid.ring(200.0)
    for points in (ring, wide):
        assert points[0] == points[-1]
        assert len(points) == 5
        steps = itertools.pairwise(points)
        assert all(abs(a[0] - b[0]) < 1.0 for a, b in steps)
        polygon = Polygon(points)
        assert polygon.is_valid
        assert polygon.exterior.is_ccw
    turns = [Point(lon + turn, lat) for turn in (-360.0, 0.0, 360.0)]
    assert any(Polygon(ring).contains(point) for point in turns)
    turns = [wide[0][0] + turn for turn in (-360.0, 0.0, 360.0)]
    nearest = min(turns, key=lambda west: abs(west - ring[0][0]))
    shift = nearest - wide[0][0]
    outer = Polygon([[x + shift, y] for x, y in wide])
    assert outer.contains(Polygon(ring))


def test_ring_is_the_outline_of_the_pixels():
    grid = grid_of(8.6, 47.4, 128)
    to_utm = Transformer.from_crs("EPSG:4326", "EPSG:32632", always_xy=True)
    corners = [to_utm.transform(x, y) for x, y in grid.ring(200.0)[:4]]
    west, north, side = grid.west, grid.north, 1280
    expected = [
        (west - 200, north - side - 200),
        (west + side + 200, north - side - 200),
        (west + side + 200, north + 200),
        (west - 200, north + 200),
    ]
    for corner, truth in zip(corners, expected, strict=True):
        assert corner == pytest.approx(truth, abs=0.05)


def test_transform_is_rasterios():
    grid = grid_of(-58.4, -34.6, 64)
    corner = rasterio.transform.xy(rasterio.Affine(*grid.transform), 0, 0, offset="ul")
    assert corner == (grid.west, grid.north)
    corner = rasterio.transform.xy(
        rasterio.Affine(*grid.transform), 63, 63, offset="lr"
    )
    assert corner == (grid.west + 640, grid.north - 640)
    request = grid.to_request()
    affine = request["affineTransform"]
    assert rasterio.Affine(
        affine["scaleX"],
        affine["shearX"],
        affine["translateX"],
        affine["shearY"],
        affine["scaleY"],
        affine["translateY"],
    ) == rasterio.Affine(*grid.transform)
    assert request["dimensions"] == {"width": 64, "height": 64}
    assert request["crsCode"] == "EPSG:32721"


@pytest.mark.parametrize("lat", [84.001, -84.001, 90.0, math.nan])
def test_places_without_a_zone_are_refused(lat):
    with pytest.raises(ValueError, match="84"):
        grid_of(10.0, lat, 128)


def test_grids_survive_json():
    grid = grid_of(10.0, 50.0, 128)
    assert Grid.from_json(grid.to_json()) == grid

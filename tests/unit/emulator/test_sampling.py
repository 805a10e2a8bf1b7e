"""Pixels come from the source's own grid, as the documents of ``resample`` say."""

import ee
import numpy as np
import pyproj
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.warp import Resampling, reproject

from emulator.evaluator.warp import centres
from emulator.source import PixelGrid

TO_LONLAT = pyproj.Transformer.from_crs(32632, 4326, always_xy=True)


def affine(grid):
    return rasterio.Affine(*grid.transform)


def lonlat(grid):
    cols, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
    a, _, c, _, e, f = grid.transform
    return TO_LONLAT.transform(c + a * cols, f + e * rows)


@pytest.mark.parametrize("mode", [None, "bilinear"])
def test_a_request_on_the_native_lattice_is_the_stored_pixels(world, utm, noise, mode):
    stored = noise((300, 300), 65536)
    big = world.crop(utm, -60, -70, 300, 300)
    world.add("a", {"B": (big, stored)})
    image = ee.Image("a") if mode is None else ee.Image("a").resample(mode)
    got = world.pixels(image, utm)["B"]
    assert np.array_equal(got, stored[60:188, 70:198])
    assert got.dtype == (np.uint16 if mode is None else np.float32)


@pytest.mark.parametrize(
    ("mode", "resampling"),
    [(None, Resampling.nearest), ("bilinear", Resampling.bilinear)],
)
@pytest.mark.parametrize("pixel", [20.0, 60.0])
def test_coarser_bands_agree_with_gdal(world, utm, noise, mode, resampling, pixel):
    source = world.grid("EPSG:32632", 568560.0, 5606580.0, pixel, 100, 100)
    stored = noise((100, 100)).astype(np.float32)
    world.add("a", {"B": (source, stored)})
    image = ee.Image("a") if mode is None else ee.Image("a").resample(mode)
    expected = np.zeros((128, 128), np.float32)
    reproject(
        stored,
        expected,
        src_transform=affine(source),
        src_crs=source.crs,
        dst_transform=affine(utm),
        dst_crs=utm.crs,
        resampling=resampling,
    )
    np.testing.assert_allclose(world.pixels(image, utm)["B"], expected, rtol=1e-5)


def test_bilinear_between_crs_reproduces_a_plane(world, utm, degrees):
    lon, lat = (v.mean() for v in lonlat(utm))
    source = degrees(lon, lat, 1 / 3600, 256)
    a, _, c, _, e, f = source.transform
    x, y = c + a * (np.arange(256) + 0.5), f + e * (np.arange(256) + 0.5)
    plane = 1e4 * (x[None, :] - lon) + 2e4 * (y[:, None] - lat)
    world.add("a", {"B": (source, plane)})
    got = world.pixels(ee.Image("a").resample("bilinear"), utm)["B"]
    u, v = lonlat(utm)
    expected = 1e4 * (u - lon) + 2e4 * (v - lat)
    # A thousandth of a pixel of 30 m is 0.003 to 0.006 here.
    np.testing.assert_allclose(got, expected, atol=6e-3)


def test_nearest_between_crs_takes_the_pixel_that_holds_the_centre(
    world, utm, noise, degrees
):
    u, v = lonlat(utm)
    source = degrees(u.mean(), v.mean(), 1 / 12000, 600)
    stored = noise((600, 600), 65536)
    world.add("a", {"B": (source, stored)})
    a, _, c, _, e, f = source.transform
    rows, cols = np.floor((v - f) / e).astype(int), np.floor((u - c) / a).astype(int)
    same = world.pixels(ee.Image("a"), utm)["B"] == stored[rows, cols]
    # The control net is off by 1e-4 pixels: only centres on an edge may differ.
    assert same.mean() > 0.999


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    row=st.integers(0, 100),
    col=st.integers(0, 100),
    height=st.integers(1, 28),
    width=st.integers(1, 28),
    pixel=st.sampled_from([10.0, 30.0, 9.7]),
)
def test_a_window_is_the_crop_of_a_larger_window(
    world, degrees, row, col, height, width, pixel
):
    grid = world.grid("EPSG:32632", 568680.0, 5606460.0, pixel, 128, 128)
    rng = np.random.default_rng(1)
    dem = degrees(9.98, 50.6, 1 / 3600, 400)
    other = world.grid("EPSG:32633", 143000.0, 5622000.0, 20.0, 900, 900)
    coarse = world.grid("EPSG:32632", 568020.0, 5607000.0, 60.0, 120, 120)
    world.add("dem", {"z": (dem, rng.normal(500, 30, (400, 400)))})
    world.add("zone", {"B": (other, rng.integers(0, 9999, (900, 900), np.uint16))})
    world.add("same", {"B": (coarse, rng.integers(0, 9999, (120, 120), np.uint16))})
    middle = ee.Geometry.Point([568980, 5606160], "EPSG:32632")
    image = ee.Image.cat(
        [
            ee.Image("dem").resample("bilinear"),
            ee.Image("dem"),
            ee.Terrain.slope(ee.Image("dem")),
            ee.Terrain.slope(ee.Image("dem").resample("bilinear")),
            ee.Image("zone").resample("bilinear"),
            ee.Image("zone"),
            ee.Image("same").resample("bilinear"),
            ee.Image("zone").reproject("EPSG:32633", None, 100),
            ee.Image("same").clip(middle.buffer(400)),
        ]
    )
    whole = world.pixels(image, grid)
    part = world.pixels(image, world.crop(grid, row, col, height, width))
    cropped = whole[row : row + height, col : col + width]
    for name in whole.dtype.names:
        assert len(np.unique(whole[name])) > 50, name
        assert np.array_equal(part[name], cropped[name]), name


def test_large_requests_are_computed_by_tiles_with_the_same_pixels(world, noise):
    grid = world.grid("EPSG:32632", 568680.0, 5606460.0, 10.0, 600, 300)
    source = world.grid("EPSG:32632", 568660.0, 5606480.0, 20.0, 400, 200)
    world.add("a", {"B": (source, noise((200, 400)))})
    image = ee.Image("a").resample("bilinear")
    whole = world.pixels(image, grid)["B"]
    part = world.pixels(image, world.crop(grid, 200, 250, 90, 120))["B"]
    assert np.array_equal(whole[200:290, 250:370], part)


def test_bilinear_masks_what_a_masked_neighbour_would_touch(world, utm):
    values = np.full((128, 128), 100, np.uint16)
    mask = np.ones((128, 128), np.bool_)
    values[64, 64], mask[64, 64] = 60000, False
    world.add("a", {"B": (utm, values, mask)})
    shifted = world.crop(utm, 0, 0, 128, 128)
    a, b, c, d, e, f = shifted.transform
    shifted = PixelGrid(utm.crs, (a, b, c + 5.0, d, e, f - 5.0), 120, 120)
    image = ee.Image("a").resample("bilinear").unmask(-1, False)
    got = world.pixels(image, shifted)["B"]
    assert set(map(tuple, np.argwhere(got == -1))) == {
        (63, 63),
        (63, 64),
        (64, 63),
        (64, 64),
    }
    assert set(np.unique(got)) == {-1.0, 100.0}


def test_outside_a_scene_is_masked(world, utm, noise):
    world.add("a", {"B": (world.crop(utm, 64, 64, 128, 128), noise((128, 128)))})
    got = world.pixels(ee.Image("a").mask(), utm)["B"]
    assert got[:64].max() == 0
    assert got[:, :64].max() == 0
    assert got[64:, 64:].min() == 1
    far = world.crop(utm, 5000, 5000, 16, 16)
    assert world.pixels(ee.Image("a").mask(), far)["B"].max() == 0


def test_the_antimeridian_is_no_edge_of_a_global_grid(world, noise):
    source = world.grid("EPSG:4326", -180.0, 90.0, 0.01, 36000, 18000)
    # Longitudes as values: they jump from 180 to -180 in the middle of the tile.
    lon = np.round(-180.0 + 0.01 * (np.arange(36000) + 0.5), 3)
    values = np.broadcast_to(lon, (18000, 36000))
    world.add("a", {"B": (source, values, np.broadcast_to(True, values.shape))})
    # Taveuni, Fiji, in UTM zone 60 south, 64 km wide across 180°.
    tile = world.grid("EPSG:32760", 790000.0, 8140000.0, 500.0, 128, 128)
    x, y = np.meshgrid(
        790250.0 + 500 * np.arange(128), 8139750.0 - 500 * np.arange(128)
    )
    to_lonlat = pyproj.Transformer.from_crs(32760, 4326, always_xy=True)
    expected, _ = to_lonlat.transform(x, y)
    assert expected.min() < -179 and expected.max() > 179
    got = world.pixels(ee.Image("a"), tile)["B"]
    gap = (got - expected + 180.0) % 360.0 - 180.0
    assert np.abs(gap).max() < 0.0051


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32633", "EPSG:3857"])
def test_the_control_net_is_within_a_thousandth_of_a_pixel_of_proj(utm, crs):
    x, y = centres(utm, crs)
    exact = pyproj.Transformer.from_crs(utm.crs, crs, always_xy=True)
    cols, rows = np.meshgrid(np.arange(128) + 0.5, np.arange(128) + 0.5)
    u, v = exact.transform(568680 + 10 * cols, 5606460 - 10 * rows)
    back = pyproj.Transformer.from_crs(crs, utm.crs, always_xy=True)
    du, dv = back.transform(x, y)
    fu, fv = back.transform(u, v)
    assert max(np.abs(du - fu).max(), np.abs(dv - fv).max()) < 0.01


def test_bicubic_says_that_it_is_not_there(world, utm, noise):
    world.add("a", {"B": (utm, noise((128, 128)))})
    with pytest.raises(ee.EEException, match="bicubic"):
        world.pixels(ee.Image("a").resample("bicubic"), utm)

"""Pixels come from the source's own grid.

The guides "Projections" (guides/projections) and "Resampling and Reducing Resolution"
(guides/resample) say: nearest neighbour by default, ``bilinear`` or ``bicubic`` after
``resample``, which works on the input's own pixels. Google's coefficient of bicubic is
not documented; ours is GDAL's, -0.5.
"""

import ee
import numpy as np
import pyproj
import pytest
import rasterio
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


@pytest.mark.parametrize("mode", [None, "bilinear", "bicubic"])
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
    [
        (None, Resampling.nearest),
        ("bilinear", Resampling.bilinear),
        ("bicubic", Resampling.cubic),
    ],
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
    got = world.pixels(image, utm)["B"]
    # Cubic passes through zero, where GDAL's float32 weights show.
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=2e-2)


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


@pytest.mark.parametrize("crs", ["EPSG:32632", "EPSG:4326"])
def test_bicubic_reproduces_a_quadratic(world, utm, degrees, crs):
    """Keys (1981): with -0.5 cubic convolution is exact for polynomials of degree 2."""
    lon, lat = (v.mean() for v in lonlat(utm))
    if crs == utm.crs:
        source = world.grid(crs, 568_000.0, 5_607_000.0, 30.0, 100, 100)
        size, (u, v) = 100, centres(utm, crs)
        middle = 569_320.0, 5_605_820.0
    else:
        source, size = degrees(lon, lat, 1 / 3600, 256), 256
        u, v = lonlat(utm)
        middle = lon, lat
    a, _, c, _, e, f = source.transform
    x = (c + a * (np.arange(size) + 0.5))[None, :]
    y = (f + e * (np.arange(size) + 0.5))[:, None]

    def surface(x, y):
        s, t = (x - middle[0]) / a, (y - middle[1]) / a
        return 0.5 * s * s - 0.25 * t * t + 0.125 * s * t + 3 * s - t

    world.add("a", {"B": (source, surface(x, y))})
    got = world.pixels(ee.Image("a").resample("bicubic"), utm)["B"]
    # A thousandth of a pixel, where the surface is at most as steep as 70 a pixel.
    np.testing.assert_allclose(got, surface(u, v), atol=0.07)


def test_bicubic_masks_what_a_masked_neighbour_would_touch(world, utm):
    """Not documented: as bilinear does, no value is made up where one is missing."""
    mask = np.ones((128, 128), np.bool_)
    mask[64, 64] = False
    world.add("a", {"B": (utm, np.full((128, 128), 100, np.uint16), mask)})
    a, b, c, d, e, f = utm.transform
    shifted = PixelGrid(utm.crs, (a, b, c + 5.0, d, e, f - 5.0), 120, 120)
    shown = ee.Image("a").resample("bicubic").mask()
    got = world.pixels(shown, shifted)["B"]
    expected = np.ones((120, 120))
    expected[0, :] = expected[:, 0] = 0
    expected[62:66, 62:66] = 0
    assert np.array_equal(got, expected)


def test_an_unknown_mode_is_refused(world, utm, noise):
    """The reference of ``Image.resample``: "One of 'bilinear' or 'bicubic'"."""
    world.add("a", {"B": (utm, noise((128, 128)))})
    with pytest.raises(ee.EEException, match="nearest"):
        world.pixels(ee.Image("a").resample("nearest"), utm)


def test_a_composite_is_not_resampled(world, utm, noise):
    """The reference of ``Image.resample``: "cannot be used on composites"."""
    coarse = world.grid("EPSG:32632", 568560.0, 5606580.0, 60.0, 40, 40)
    world.gather("c", [world.add("c/a", {"B": (coarse, noise((40, 40)))})])
    plain = ee.ImageCollection("c").mosaic()
    got = world.pixels(plain.resample("bicubic"), utm)["B"]
    assert np.array_equal(got, world.pixels(plain, utm)["B"])

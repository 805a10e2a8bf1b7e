"""Slope and aspect.

The references of ``Terrain.slope`` and ``Terrain.aspect`` say: "The local gradient is
computed using the 4-connected neighbors of each pixel, so missing values will occur
around the edges of an image." That the pixels are the elevation's own, or those of the
level of its pyramid that the request picks (guides/scale), is not said of them: of
inputs in general it is.
"""

import ee
import numpy as np
import pytest

METRES = np.pi * 6378137 / 180


@pytest.mark.parametrize(("east", "north"), [(0.0, 0.0), (0.5, 0.0), (0.3, -0.4)])
def test_slope_and_aspect_of_a_plane_in_metres(world, utm, east, north):
    grid = world.crop(utm, -5, -5, 140, 140)
    x, y = np.arange(140) * 10.0, -np.arange(140) * 10.0
    world.add("dem", {"z": (grid, 800 + east * x[None, :] + north * y[:, None])})
    got = world.pixels(ee.Terrain.slope(ee.Image("dem")), utm)["slope"]
    steep = np.degrees(np.arctan(np.hypot(east, north)))
    np.testing.assert_allclose(got, steep, atol=1e-4)
    if steep:
        aspect = world.pixels(ee.Terrain.aspect(ee.Image("dem")), utm)["aspect"]
        downhill = np.degrees(np.arctan2(-east, -north)) % 360
        np.testing.assert_allclose(aspect, downhill, atol=1e-3)


def test_degrees_of_longitude_shrink_with_the_cosine_of_latitude(world):
    size, pixel, lat = 64, 1 / 3600, 60.0
    grid = world.grid("EPSG:4326", 10.0, lat + pixel * size / 2, pixel, size, size)
    world.add("dem", {"z": (grid, np.tile(np.arange(size) * 1.0, (size, 1)))})
    inner = world.crop(grid, 8, 8, 48, 48)
    got = world.pixels(ee.Terrain.slope(ee.Image("dem")), inner)["slope"]
    expected = np.degrees(np.arctan(1.0 / (METRES * pixel * np.cos(np.radians(lat)))))
    np.testing.assert_allclose(got, expected, rtol=1e-3)


def test_slope_is_masked_at_the_edge_and_beside_masked_pixels(world, utm):
    mask = np.ones((128, 128), np.bool_)
    mask[40, 40] = False
    world.add("dem", {"z": (utm, np.zeros((128, 128), np.int16), mask)})
    valid = world.pixels(ee.Terrain.slope(ee.Image("dem")).mask(), utm)["slope"]
    expected = np.zeros((128, 128))
    expected[1:-1, 1:-1] = 1
    for row, col in ((40, 40), (39, 40), (41, 40), (40, 39), (40, 41)):
        expected[row, col] = 0
    assert np.array_equal(valid, expected)


def test_slope_is_sampled_from_the_native_grid(world, utm):
    coarse = world.grid("EPSG:32632", 568380.0, 5606760.0, 30.0, 80, 80)
    rng = np.random.default_rng(0)
    dem = rng.normal(0, 20, (80, 80))
    world.add("dem", {"z": (coarse, dem)})
    got = world.pixels(ee.Terrain.slope(ee.Image("dem")), utm)["slope"]
    dy, dx = np.gradient(dem, 30.0)
    native = np.degrees(np.arctan(np.hypot(dx, dy)))[10:53, 10:53]
    expected = np.repeat(np.repeat(native, 3, axis=0), 3, axis=1)[:128, :128]
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_below_native_resolution_slope_is_of_the_level(world, utm):
    """guides/scale: the output's scale picks the level that is the input."""
    rng = np.random.default_rng(0)
    dem = rng.normal(0, 20, (600, 600))
    native = world.grid("EPSG:32632", 568380.0, 5606760.0, 10.0, 600, 600)
    world.add("dem", {"z": (native, dem)})
    asked = world.grid("EPSG:32632", 568780.0, 5606360.0, 40.0, 100, 100)
    got = world.pixels(ee.Terrain.slope(ee.Image("dem")), asked)["slope"]
    level = dem.reshape(150, 4, 150, 4).mean(axis=(1, 3))
    dy, dx = np.gradient(level, 40.0)
    expected = np.degrees(np.arctan(np.hypot(dx, dy)))[10:110, 10:110]
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_a_composite_has_its_slope_on_the_grid_asked_for(world, utm):
    grid = world.crop(utm, -5, -5, 140, 140)
    plane = np.tile(np.arange(140) * 5.0, (140, 1))
    scene = world.add("c/dem", {"z": (grid, plane)})
    world.gather("c", [scene])
    image = ee.Terrain.slope(ee.ImageCollection("c").mosaic())
    got = world.pixels(image, utm)["slope"]
    np.testing.assert_allclose(got, np.degrees(np.arctan(0.5)), rtol=1e-5)

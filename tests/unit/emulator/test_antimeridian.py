"""Sampling across ±180°: rasters go round, and no seam shows."""

import ee
import numpy as np
import pyproj
import pytest

from emulator.catalogue import earth
from emulator.engine import Engine
from emulator.source import PixelGrid

STEP = 1 / 300
ROWS = 60
TOP = 67.7
BILINEAR = "bilinear"


def globe(west):
    """Returns a global belt from a western edge, and heights of its longitudes."""
    width = 360 * 300
    grid = PixelGrid("EPSG:4326", (STEP, 0.0, west, 0.0, -STEP, TOP), width, ROWS)
    rng = np.random.default_rng(5)
    heights = rng.normal(500, 40, (ROWS, width))
    # Column 0 of the heights lies at 180° W, whatever the belt's edge.
    return grid, np.roll(heights, -round((west + 180) / STEP), axis=1)


@pytest.fixture
def belts(world):
    """One belt stored with its seam at ±180° and once at Greenwich."""
    for name, west in (("seam180", -180.0), ("seam0", 0.0)):
        grid, heights = globe(west)
        mask = np.ones(heights.shape, np.bool_)
        codes = np.rint(heights).astype(np.int16)
        world.add(name, {"z": (grid, heights, mask), "c": (grid, codes, mask)})
    return world


def expression(name):
    z, c = ee.Image(name).select("z"), ee.Image(name).select("c")
    return ee.Image.cat(
        [
            z.rename("nearest"),
            z.resample(BILINEAR).rename("bilinear"),
            c.resample(BILINEAR).rename("integers"),
            ee.Terrain.slope(z).rename("slope"),
            ee.Terrain.slope(z.resample(BILINEAR)).rename("smooth_slope"),
            c.add(1).resample(BILINEAR).rename("computed"),
            z.gt(500).reproject("EPSG:4326", None, 1000).rename("coarse"),
        ]
    )


@pytest.mark.parametrize("crs", ["EPSG:32660", "EPSG:32601", "EPSG:3832", "EPSG:4326"])
def test_a_raster_with_its_seam_elsewhere_gives_the_same_pixels(belts, crs):
    left, top, pixel = {
        "EPSG:32660": (626700.0, 7501000.0, 10.0),
        "EPSG:32601": (371900.0, 7501000.0, 10.0),
        "EPSG:3832": (3338200.0, 10306000.0, 30.0),
        "EPSG:4326": (179.99, 67.6, 1 / 7000),
    }[crs]
    grid = belts.grid(crs, left, top, pixel, 128, 96)
    got = belts.pixels(expression("seam180"), grid)
    truth = belts.pixels(expression("seam0"), grid)
    for name in got.dtype.names:
        assert len(np.unique(truth[name])) > (1 if name == "coarse" else 9), name
        # Columns are counted from another edge: weights differ by rounding.
        np.testing.assert_allclose(got[name], truth[name], 1e-7, 1e-6, err_msg=name)


@pytest.mark.parametrize(("first", "width"), [(0, 40), (30, 50), (70, 58), (41, 2)])
def test_a_window_on_either_side_is_the_crop_of_one_across(belts, first, width):
    grid = belts.grid("EPSG:32660", 626700.0, 7501000.0, 10.0, 128, 40)
    whole = belts.pixels(expression("seam180"), grid)
    part = belts.pixels(expression("seam180"), belts.crop(grid, 3, first, 20, width))
    for name in whole.dtype.names:
        cropped = whole[name][3:23, first : first + width]
        assert np.array_equal(part[name], cropped), name


@pytest.mark.parametrize("west", [178.0, -182.0, 179.0, -180.5])
def test_a_raster_that_passes_the_antimeridian_is_found_on_both_sides(world, west):
    source = world.grid("EPSG:4326", west, 68.0, 1 / 200, 800, 200)
    longitude = west + (np.arange(800) + 0.5) / 200
    plane = np.tile(longitude % 360.0, (200, 1))
    world.add("local", {"z": (source, plane)})
    grid = world.grid("EPSG:32660", 626700.0, 7501000.0, 10.0, 128, 96)
    got = world.pixels(ee.Image("local").resample(BILINEAR).unmask(-1), grid)["z"]
    to_degrees = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    x = 626700.0 + (np.arange(128) + 0.5) * 10.0
    y = 7501000.0 - (np.arange(96) + 0.5) * 10.0
    truth = to_degrees.transform(*np.meshgrid(x, y))[0] % 360.0
    assert np.ptp(truth) > 0.02
    assert truth.min() < 180.0 < truth.max()
    np.testing.assert_allclose(got, truth, atol=1e-6)


def test_a_raster_far_from_the_antimeridian_is_missed_there(world):
    source = world.grid("EPSG:4326", 10.0, 68.0, 1 / 12_000, 6000, 6000)
    world.add("far", {"z": (source, np.ones((6000, 6000), np.uint8))})
    grid = world.grid("EPSG:32660", 626700.0, 7501000.0, 10.0, 128, 96)
    assert (world.pixels(ee.Image("far").unmask(7), grid)["z"] == 7).all()


@pytest.mark.parametrize("shift", [0.0, -360.0])
def test_an_outline_across_the_antimeridian_clips_both_sides(world, shift):
    grid = world.grid("EPSG:32660", 626700.0, 7501000.0, 10.0, 128, 96)
    ring = ee.Geometry.Polygon(
        [[[179.9 + shift, 67], [180.1 + shift, 67], [180.1 + shift, 68],
          [179.9 + shift, 68]]],
        "EPSG:4326",
        False,
    )  # fmt: skip
    got = world.pixels(ee.Image.constant(1).clip(ring).unmask(0), grid)
    assert (got["constant"] == 1).all()


CHUKOTKA = ("EPSG:32660", 626960.0, 7502360.0, 10.0)
"""128 pixels a side around 180° and 67.6° N, on land."""


@pytest.fixture
def planet(_client):
    """The real catalogue behind the client."""
    _client.engine = Engine(earth())


def test_no_seam_shows_in_the_catalogue_s_global_rasters(world, planet):
    grid = world.grid(*CHUKOTKA, 128, 128)
    crs, left, top, pixel = CHUKOTKA
    to_degrees = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    x, y = left + (np.arange(128) + 0.5) * pixel, top - (np.arange(128) + 0.5) * pixel
    lon, lat = to_degrees.transform(*np.meshgrid(x, y))
    rows = np.floor((90.0 - lat) * 12_000).astype(int)
    cols = np.floor((lon + 180.0) * 12_000).astype(int)
    stored = earth().image("ESA/WorldCover/v100/2020")
    truth = np.zeros((128, 128), np.uint8)
    for side in (lon > 0, lon < 0):
        assert side.any()
        r0, c0 = rows[side].min(), cols[side].min()
        values, valid = stored.read(
            "Map", r0, c0, int(np.ptp(rows[side])) + 1, int(np.ptp(cols[side])) + 1
        )
        truth[side] = (values * valid)[rows[side] - r0, cols[side] - c0]
    height = ee.Image("projects/sat-io/open-datasets/ASTER/GDEM")
    image = ee.Image.cat(
        [
            ee.Image("ESA/WorldCover/v100/2020"),
            height.resample(BILINEAR).rename("height"),
            ee.Terrain.slope(height).rename("slope"),
        ]
    ).unmask(-99)
    got = world.pixels(image, grid)
    assert (got["Map"] == truth).mean() > 0.995  # The net may differ on an edge.
    for name in ("height", "slope"):
        assert (got[name] > -99).all(), name
    # Across the seam heights differ no more than elsewhere.
    steps = np.abs(np.diff(got["height"].astype(float), axis=1))
    seam = np.diff(np.sign(lon), axis=1) != 0
    assert seam.sum() >= 128
    assert steps[seam].max() <= steps[~seam].max() + 1e-6


@pytest.mark.parametrize(
    ("collection", "band"),
    [
        ("COPERNICUS/S2_HARMONIZED", "B4"),
        ("COPERNICUS/S1_GRD", "HH"),
        ("GOOGLE/DYNAMICWORLD/V1", "label"),
    ],
)
def test_scenes_are_found_and_whole_across_the_antimeridian(
    world, planet, collection, band
):
    crs, left, top, pixel = CHUKOTKA
    to_degrees = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    side = 128 * pixel
    lon, lat = to_degrees.transform(
        [left, left + side, left + side, left], [top, top, top - side, top - side]
    )
    ring = [[x % 360.0, y] for x, y in zip(lon, lat, strict=True)]
    found = (
        ee.ImageCollection(collection)
        .filterDate("2019-06-01", "2019-09-01")
        .filterBounds(ee.Geometry.Polygon([ring], "EPSG:4326", False))
    )
    if collection.endswith("GRD"):
        found = found.filter(
            ee.Filter.listContains("transmitterReceiverPolarisation", band)
        )
    count = found.select([band]).count().unmask(0)
    got = world.pixels(count, world.grid(*CHUKOTKA, 128, 128))[band]
    assert got.min() > 0
    # Every scene that covers one side of the seam covers the other.
    assert np.ptp(np.median(got, axis=0)) <= 0.34 * np.median(got)

"""Sampling across ±180°: rasters go round, and no seam shows."""

import ee
import numpy as np
import pytest

from emulator.catalogue import earth
from emulator.engine import Engine
from emulator.evaluator.context import Context
from emulator.evaluator.nodes import window_grid
from emulator.evaluator.projection import Projection
from emulator.protocol.pixels import compute_pixels
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

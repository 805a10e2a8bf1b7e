"""Answers to ``computePixels`` against GDAL's warper, through ``WarpedVRT``.

GDAL is asked to be exact (``tolerance`` of 1e-6 pixels). Our coordinates come from a
net of nodes every 16 pixels: they may be off by up to a 500th of a source pixel. So

* nearest: pixels whose centre lies more than ``EDGE`` source pixels from the edge
  between two source pixels are equal, value and mask. The others are few.
* bilinear and bicubic: values are equal within ``EDGE`` times the largest difference
  of neighbours (GDAL weighs in float32 here and there, too). GDAL mixes in only
  the valid neighbours, we mask a pixel that lacks one: ours are valid where all
  neighbours are, by their coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass

import ee
import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine
from rasterio.vrt import WarpedVRT
from rasterio.warp import Resampling

from emulator.source import PixelGrid
from tests.unit.emulator.conftest import World

EDGE = 0.004
SIZE = 96


@dataclass(frozen=True)
class Source:
    """A GeoTIFF to be made.

    Attributes:
        crs: Its CRS.
        centre: Longitude and latitude of its middle.
        pixel: Side of its pixels, in the CRS's unit.
        dtype: Of its pixels.
        nodata: Its no-data value.
        turn: Degrees that its rows are turned.
        up: Whether its first row is the southernmost.
    """

    crs: str
    centre: tuple[float, float]
    pixel: float
    dtype: str
    nodata: float | None = None
    turn: float = 0.0
    up: bool = False

    @property
    def transform(self):
        to = pyproj.Transformer.from_crs("EPSG:4326", self.crs, always_xy=True)
        x, y = to.transform(*self.centre)
        middle = Affine.translation(x, y) @ Affine.rotation(self.turn)
        scale = Affine.scale(self.pixel, self.pixel if self.up else -self.pixel)
        return middle @ scale @ Affine.translation(-SIZE / 2, -SIZE / 2)


LAEA = "+proj=laea +lat_0=53 +lon_0=10 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
GERMANY, GREENLAND, KENYA = (10.3, 51.2), (-40.0, 70.5), (37.4, -0.4)
CASES = {
    "utm to degrees": (
        Source("EPSG:32632", GERMANY, 10.0, "uint16", 0), "EPSG:4326", 1e-4,
    ),
    "degrees to utm": (
        Source("EPSG:4326", KENYA, 1 / 3600, "int16", -9999), "EPSG:32737", 20.0,
    ),
    "europe to utm": (
        Source("EPSG:3035", GERMANY, 20.0, "uint8", 255), "EPSG:32632", 10.0,
    ),
    "mercator to europe": (
        Source("EPSG:3857", GERMANY, 30.0, "float32", np.nan), "EPSG:3035", 15.0,
    ),
    "polar to utm": (
        Source("EPSG:3413", GREENLAND, 50.0, "int32", -1), "EPSG:32624", 30.0,
    ),
    "utm to polar": (
        Source("EPSG:32624", GREENLAND, 30.0, "float64", -1e30), "EPSG:3413", 25.0,
    ),
    "wkt to mercator": (
        Source(LAEA, GERMANY, 20.0, "uint32", 7), "EPSG:3857", 25.0,
    ),
    "turned": (
        Source("EPSG:32632", GERMANY, 10.0, "int8", -128, turn=31.0), "EPSG:32632", 8.0,
    ),
    "south up": (
        Source("EPSG:32632", GERMANY, 10.0, "uint16", 0, up=True), "EPSG:4326", 8e-5,
    ),
    "no mask": (
        Source("EPSG:32633", GERMANY, 10.0, "uint16"), "EPSG:32632", 9.0,
    ),
}  # fmt: skip


def pixels_of(source, rng):
    """Returns pixels that use the range of the dtype, with some of no-data."""
    dtype = np.dtype(source.dtype)
    if dtype.kind == "f":
        values = rng.normal(0.0, 500.0, (SIZE, SIZE)).astype(dtype)
    else:
        low, high = max(np.iinfo(dtype).min, -20000), min(np.iinfo(dtype).max, 60000)
        values = rng.integers(low, high, (SIZE, SIZE), endpoint=True).astype(dtype)
    if source.nodata is not None:
        # A block and single pixels.
        values[20:34, 50:70] = source.nodata
        values[rng.random(values.shape) < 0.02] = source.nodata
    return values


def target_of(source, crs, pixel):
    """Returns a grid of odd origin that reaches over the source's edge."""
    to = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = to.transform(*source.centre)
    half = SIZE * 0.75 * pixel
    return PixelGrid(
        crs,
        (pixel, 0.0, x - half + 0.37 * pixel, 0.0, -pixel, y + half - 0.21 * pixel),
        round(SIZE * 1.5),
        round(SIZE * 1.4),
    )


def coordinates(source, grid):
    """Returns each target pixel's column and row in the source, by PROJ."""
    cols, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
    x, y = Affine(*grid.transform) @ (cols, rows)
    to = pyproj.Transformer.from_crs(grid.crs, source.crs, always_xy=True)
    return ~source.transform @ to.transform(x, y)


def warped(path, grid, method):
    """Returns GDAL's pixels, and where they are valid."""
    with (
        rasterio.open(path) as file,
        WarpedVRT(
            file, crs=grid.crs, transform=Affine(*grid.transform), width=grid.width,
            height=grid.height, resampling=method, tolerance=1e-6, add_alpha=True,
        ) as vrt,
    ):  # fmt: skip
        return vrt.read(1), vrt.read(vrt.count) > 0


def answered(image, grid):
    """Returns the emulator's pixels, and where they are valid."""
    both = image.addBands(image.mask().gt(0).rename("valid"))
    found = World.pixels(both.unmask(0, False), grid)
    return found["b1"], found["valid"] > 0


@pytest.fixture(params=CASES)
def case(request, files, serve):
    source, crs, pixel = CASES[request.param]
    values = pixels_of(source, np.random.default_rng(len(request.param)))
    path = files.tif(
        "some/where.tif", values, crs=source.crs, transform=source.transform[:6],
        nodata=source.nodata,
    )  # fmt: skip
    serve()
    return source, values, path, target_of(source, crs, pixel)


def test_nearest_is_gdals(case):
    source, _, path, grid = case
    cols, rows = coordinates(source, grid)
    gap = np.minimum(np.abs(cols - np.rint(cols)), np.abs(rows - np.rint(rows)))
    sure = gap > EDGE
    assert sure.mean() > 0.98
    values, valid = answered(ee.Image("some/where"), grid)
    truth, known = warped(path, grid, Resampling.nearest)
    assert values.dtype == source.dtype
    np.testing.assert_array_equal(valid[sure], known[sure])
    both = sure & valid
    assert 0.3 < both.mean() < 0.95
    np.testing.assert_array_equal(values[both], truth[both])


def valid_in(source, values):
    """Returns which pixels are not no-data."""
    if source.nodata is None:
        return np.ones(values.shape, bool)
    if np.isnan(source.nodata):
        return ~np.isnan(values)
    return values != source.nodata


def neighbours_valid(values, source, cols, rows, before, count):
    """Returns where all neighbours are valid, NaN where a coordinate is on the edge."""
    padded = np.zeros((SIZE + 40, SIZE + 40), bool)
    padded[20:-20, 20:-20] = valid_in(source, values)
    i = np.clip(np.floor(rows - 0.5).astype(int) - before + 20, 0, SIZE + 36)
    j = np.clip(np.floor(cols - 0.5).astype(int) - before + 20, 0, SIZE + 36)
    steps = range(count)
    return np.all([padded[i + u, j + v] for u in steps for v in steps], axis=0)


@pytest.mark.parametrize(
    ("name", "method", "before", "count"),
    [("bilinear", Resampling.bilinear, 0, 2), ("bicubic", Resampling.cubic, 1, 4)],
)
def test_interpolation_is_gdals(case, name, method, before, count):
    source, pixels, path, grid = case
    cols, rows = coordinates(source, grid)
    shifted = [np.abs(c - 0.5 - np.rint(c - 0.5)) for c in (cols, rows)]
    sure = np.minimum(*shifted) > EDGE
    image = ee.Image("some/where").toDouble().resample(name)
    values, valid = answered(image, grid)
    expected = neighbours_valid(pixels, source, cols, rows, before, count)
    np.testing.assert_array_equal(valid[sure], expected[sure])
    truth, known = warped_double(path, grid, method)
    assert not (valid & ~known & sure).any()
    both = sure & valid
    assert both.mean() > 0.08
    spread = np.ptp(pixels[valid_in(source, pixels)].astype(np.float64))
    assert np.abs(values - truth)[both].max() <= EDGE * 2 * spread


def warped_double(path, grid, method):
    """Returns GDAL's pixels in float64: its integers are rounded and clipped.

    XSCALE and YSCALE: GDAL guesses from the corners how much coarser the target is,
    is misled where axes are turned, and would blur.
    """
    with (
        rasterio.open(path) as file,
        WarpedVRT(
            file, crs=grid.crs, transform=Affine(*grid.transform), width=grid.width,
            height=grid.height, resampling=method, tolerance=1e-6, add_alpha=True,
            working_dtype="float64", dtype="float64", XSCALE=1, YSCALE=1,
        ) as vrt,
    ):  # fmt: skip
        return vrt.read(1), vrt.read(vrt.count) > 0

"""A window's pixels equal the crop of a larger window's, bit for bit.

No document says so of Earth Engine, but "lazy" and "pull" evaluation (guides/scale,
"Scale of analysis"; guides/projections) mean it: an output pixel is a function of its
own place and of the output's projection alone.
"""

import ee
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CLASSES = np.random.default_rng(5).integers(0, 90, (1600, 1600), np.uint8)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    row=st.integers(0, 100),
    col=st.integers(0, 100),
    height=st.integers(1, 28),
    width=st.integers(1, 28),
    pixel=st.sampled_from([10.0, 30.0, 9.7, 61.0, 130.0]),
)
def test_a_window_is_the_crop_of_a_larger_window(
    world, degrees, row, col, height, width, pixel
):
    left, top = 572000.0 - 64 * pixel, 5605000.0 + 64 * pixel
    grid = world.grid("EPSG:32632", left, top, pixel, 128, 128)
    rng = np.random.default_rng(1)
    dem = degrees(9.98, 50.6, 1 / 3600, 400)
    other = world.grid("EPSG:32633", 143000.0, 5622000.0, 20.0, 900, 900)
    coarse = world.grid("EPSG:32632", 568020.0, 5607000.0, 60.0, 120, 120)
    world.add("dem", {"z": (dem, rng.normal(500, 30, (400, 400)))})
    world.add("zone", {"B": (other, rng.integers(0, 9999, (900, 900), np.uint16))})
    fine = world.grid("EPSG:32632", 564000.0, 5612000.0, 10.0, 1600, 1600)
    world.add("classes", {"B": (fine, CLASSES)}, pyramiding="mode")
    world.add("bits", {"B": (fine, CLASSES)}, pyramiding="sample")
    world.add("same", {"B": (coarse, rng.integers(0, 9999, (120, 120), np.uint16))})
    middle = ee.Geometry.Point([572100, 5605200], "EPSG:32632")
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
            ee.Image("zone").resample("bicubic"),
            ee.Image("dem").resample("bicubic"),
            ee.Image("classes"),
            ee.Image("bits"),
            ee.Image("same").clip(middle.buffer(40 * pixel)),
        ]
    )
    whole = world.pixels(image, grid)
    part = world.pixels(image, world.crop(grid, row, col, height, width))
    cropped = whole[row : row + height, col : col + width]
    for name in whole.dtype.names:
        assert len(np.unique(whole[name])) > 30, name
        assert np.array_equal(part[name], cropped[name]), name


def test_large_requests_are_computed_by_tiles_with_the_same_pixels(world, noise):
    grid = world.grid("EPSG:32632", 568680.0, 5606460.0, 10.0, 600, 300)
    source = world.grid("EPSG:32632", 568660.0, 5606480.0, 20.0, 400, 200)
    world.add("a", {"B": (source, noise((200, 400)))})
    image = ee.Image("a").resample("bilinear")
    whole = world.pixels(image, grid)["B"]
    part = world.pixels(image, world.crop(grid, 200, 250, 90, 120))["B"]
    assert np.array_equal(whole[200:290, 250:370], part)

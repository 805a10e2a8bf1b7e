"""A window's pixels equal the crop of a larger window's, bit for bit.

No document says so of Earth Engine, but "lazy" and "pull" evaluation (guides/scale,
"Scale of analysis"; guides/projections) mean it: an output pixel is a function of its
own place and of the output's projection alone.
"""

from datetime import UTC, datetime

import ee
import numpy as np
import pyproj
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.catalogue import earth
from emulator.evaluator.context import Context
from emulator.evaluator.interpolation import BICUBIC, BILINEAR, NEAREST
from emulator.evaluator.sampling import SceneReader, sample
from emulator.source import PixelGrid

CLASSES = np.random.default_rng(5).integers(0, 90, (1600, 1600), np.uint8)


@settings(
    max_examples=8,
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


PLACE = (10.02, 55.93)
STILLS = (
    "projects/sat-io/open-datasets/ASTER/GDEM",
    "users/nlang/ETH_GlobalCanopyHeight_2020_10m_v1",
    "users/nlang/ETH_GlobalCanopyHeightSD_2020_10m_v1",
    "ESA/WorldCover/v100/2020",
    "ECMWF/ERA5_LAND/MONTHLY_AGGR/201906",
)
COLLECTIONS = (
    "COPERNICUS/S2_HARMONIZED",
    "COPERNICUS/S2_SR_HARMONIZED",
    "COPERNICUS/S1_GRD",
    "GOOGLE/DYNAMICWORLD/V1",
)
CATALOGUE = earth()


def every_band():
    """Returns (scene, band) of every asset of the planet, one scene a collection."""
    scenes = [CATALOGUE.image(name) for name in STILLS]
    start, end = (
        int(datetime(2019, month, 1, tzinfo=UTC).timestamp() * 1000) for month in (5, 6)
    )
    x, y = PLACE
    for name in COLLECTIONS:
        collection = CATALOGUE.collection(name)
        scenes.append(next(iter(collection.scenes((x, y, x, y), start, end))))
    return [(scene, info) for scene in scenes for info in scene.bands]


@settings(max_examples=40, deadline=None)
@given(
    band=st.sampled_from(every_band()),
    method=st.sampled_from([NEAREST, BILINEAR, BICUBIC]),
    crs=st.sampled_from(["EPSG:32632", "EPSG:32633", "EPSG:4326", "EPSG:3857"]),
    pixel=st.sampled_from([7.3, 10.0, 20.0, 45.0, 90.0, 400.0, 700.0]),
    row=st.integers(0, 39),
    col=st.integers(0, 39),
    height=st.integers(1, 30),
    width=st.integers(1, 30),
)
def test_so_is_every_band_of_every_asset_in_any_projection_and_scale(
    band, method, crs, pixel, row, col, height, width
):
    scene, info = band
    side = pixel / 111_319.5 if crs == "EPSG:4326" else pixel
    to = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = to.transform(*PLACE)
    left, top = round(x / side) * side, round(y / side) * side

    def computed(row, col, height, width):
        transform = (side, 0.0, left + col * side, 0.0, -side, top - row * side)
        grid = PixelGrid(crs, transform, width, height)
        dtype = np.dtype(info.dtype if method == NEAREST else np.float64)
        reader = SceneReader(scene, info)
        return sample(reader, method, dtype, Context(CATALOGUE), grid)

    whole, valid = computed(0, 0, 40, 40)
    height, width = min(height, 40 - row), min(width, 40 - col)
    part, known = computed(row, col, height, width)
    crop = np.s_[row : row + height, col : col + width]
    assert np.array_equal(known, valid[crop])
    assert np.array_equal(part[known], whole[crop][known])

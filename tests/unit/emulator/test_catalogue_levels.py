"""Levels of the planet's scenes: windows are crops, low levels sum up native pixels."""

from datetime import UTC, datetime

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import pyramid
from emulator.catalogue import base, earth
from emulator.source import Pyramidal

CATALOGUE = earth()
LONGITUDE, LATITUDE = 10.02, 55.93
STILLS = (
    "projects/sat-io/open-datasets/ASTER/GDEM",
    "users/nlang/ETH_GlobalCanopyHeight_2020_10m_v1",
    "ESA/WorldCover/v100/2020",
)
COLLECTIONS = (
    "COPERNICUS/S2_HARMONIZED",
    "COPERNICUS/S2_SR_HARMONIZED",
    "COPERNICUS/S1_GRD",
    "GOOGLE/DYNAMICWORLD/V1",
)


def first(name):
    start = int(datetime(2019, 5, 1, tzinfo=UTC).timestamp() * 1000)
    end = int(datetime(2019, 6, 1, tzinfo=UTC).timestamp() * 1000)
    bounds = (LONGITUDE, LATITUDE, LONGITUDE + 0.01, LATITUDE + 0.01)
    return next(iter(CATALOGUE.collection(name).scenes(bounds, start, end)))


SCENES = [*map(CATALOGUE.image, STILLS), *map(first, COLLECTIONS)]
BANDS = [(scene, info) for scene in SCENES for info in scene.bands]
NAMES = ["b1", "b1", "Map", "B2", "SCL", "VV", "label"]
KEY_BANDS = [
    (scene, next(info for info in scene.bands if info.name == name))
    for scene, name in zip(SCENES, NAMES, strict=True)
]


def at(info, level):
    """Row and column of the place on a level of a band's grid."""
    grid = pyramid.level_grid(info.grid, level)
    to = pyproj.Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)
    x, y = to.transform(LONGITUDE, LATITUDE)
    a, _, left, _, e, upper = grid.transform
    return int((y - upper) / e), int((x - left) / a)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(BANDS),
    st.sampled_from([1, 3, 4, 6]),
    st.integers(0, 12),
    st.integers(0, 12),
    st.integers(1, 12),
    st.integers(1, 12),
)
def test_a_window_of_a_level_is_the_crop_of_a_larger_one(
    pair, level, down, right, height, width
):
    scene, info = pair
    row, col = at(info, level)
    row, col = row - 10, col - 10
    whole = scene.read_level(info.name, level, row, col, 24, 24)
    part = scene.read_level(info.name, level, row + down, col + right, height, width)
    crop = np.s_[down : down + height, right : right + width]
    assert part[0].dtype == np.dtype(info.dtype)
    assert np.array_equal(part[1], whole[1][crop])
    assert np.array_equal(part[0], whole[0][crop])


@pytest.mark.parametrize("pair", KEY_BANDS, ids=lambda pair: pair[1].name)
@pytest.mark.parametrize("level", [0, 1, base.EXACT_LEVELS])
def test_low_levels_sum_up_every_native_pixel(pair, level):
    scene, info = pair
    row, col = at(info, level)
    got = scene.read_level(info.name, level, row, col, 16, 16)

    def native(row, col, height, width):
        return scene.read(info.name, row, col, height, width)

    expected = pyramid.read_level(native, info.pyramiding, level, row, col, 16, 16)
    assert np.array_equal(got[0], expected[0])
    assert np.array_equal(got[1], expected[1])


@pytest.mark.parametrize("pair", KEY_BANDS, ids=lambda pair: pair[1].name)
def test_high_levels_look_like_what_is_below(pair):
    """Not equal, but of the same kind: as many land cover, heights, reflectances."""
    scene, info = pair
    level = base.EXACT_LEVELS + 1
    row, col = at(info, level)
    got, valid = scene.read_level(info.name, level, row - 16, col - 16, 32, 32)
    row, col = (row - 16) << level, (col - 16) << level
    below, known = scene.read(info.name, row, col, 256, 256)
    if not known.any():
        assert not valid.any()
        return
    assert abs(valid.mean() - known.mean()) < 0.35
    spread = np.std(below[known].astype(float)) + 1.0
    gap = np.mean(got[valid].astype(float)) - np.mean(below[known].astype(float))
    assert abs(gap) < 0.75 * spread


@pytest.mark.parametrize("pair", KEY_BANDS, ids=lambda pair: pair[1].name)
def test_the_top_of_a_pyramid_fits_in_one_tile(pair):
    scene, info = pair
    assert isinstance(scene, Pyramidal)
    level = pyramid.top_level(info.grid.width, info.grid.height)
    grid = pyramid.level_grid(info.grid, level)
    assert max(grid.width, grid.height) <= pyramid.TOP
    assert max(grid.width, grid.height) * 2 > pyramid.TOP
    row, col = grid.height // 5, grid.width // 2
    values, _ = scene.read_level(info.name, level, row, col, 2, 3)
    assert values.shape == (2, 3)
    _, outside = scene.read_level(info.name, level, -3, -3, 3, 3)
    assert not outside.any()

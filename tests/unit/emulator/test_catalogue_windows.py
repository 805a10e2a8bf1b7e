"""One law for every band of every collection: a window is the crop of a larger one."""

from datetime import UTC, datetime

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from emulator.catalogue import earth

CATALOGUE = earth()
LONGITUDE, LATITUDE = 10.02, 55.93
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


def ms(year, month, day=1):
    return int(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)


def members(name, start=(2019, 5), end=(2019, 7), place=(LONGITUDE, LATITUDE)):
    x, y = place
    bounds = (x - 0.01, y - 0.01, x + 0.01, y + 0.01)
    return list(CATALOGUE.collection(name).scenes(bounds, ms(*start), ms(*end)))


def some_scenes():
    scenes = [CATALOGUE.image(name) for name in STILLS]
    for name in COLLECTIONS:
        found = members(name)
        cloudy = [
            one
            for one in found
            if 20 < one.properties.get("CLOUDY_PIXEL_PERCENTAGE", 30) < 80
        ]
        scenes += [found[0], cloudy[1]]
    return scenes


SCENES = some_scenes()
BANDS = [(scene, info) for scene in SCENES for info in scene.bands]


def at(info):
    """Row and column of the place on a band's grid."""
    to = pyproj.Transformer.from_crs("EPSG:4326", info.grid.crs, always_xy=True)
    x, y = to.transform(LONGITUDE, LATITUDE)
    a, _, left, _, e, upper = info.grid.transform
    return int((y - upper) / e), int((x - left) / a)


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(BANDS),
    st.integers(0, 30),
    st.integers(0, 30),
    st.integers(1, 34),
    st.integers(1, 34),
)
def test_a_window_is_the_crop_of_a_larger_window_bit_for_bit(
    pair, down, right, height, width
):
    scene, info = pair
    row, col = at(info)
    whole, whole_valid = scene.read(info.name, row - 20, col - 20, 64, 64)
    part, valid = scene.read(
        info.name, row - 20 + down, col - 20 + right, height, width
    )
    crop = np.s_[down : down + height, right : right + width]
    assert part.shape == (height, width)
    assert part.dtype == np.dtype(info.dtype)
    assert np.array_equal(part, whole[crop])
    assert np.array_equal(valid, whole_valid[crop])


@pytest.mark.parametrize("pair", BANDS[::5], ids=lambda pair: pair[1].name)
def test_what_is_outside_the_grid_is_masked(pair):
    scene, info = pair
    values, valid = scene.read(info.name, -5, -7, 10, 12)
    assert values.shape == (10, 12)
    assert not valid[:5].any() and not valid[:, :7].any()
    _, beyond = scene.read(info.name, info.grid.height + 3, 0, 4, 4)
    assert not beyond.any()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.id)
def test_an_id_finds_its_image(scene):
    found = CATALOGUE.image(scene.id)
    assert found is not None
    assert found.id == scene.id
    assert dict(found.properties) == dict(scene.properties)
    assert scene.id.endswith("/" + scene.properties["system:index"])


def test_unknown_ids_find_nothing():
    for name in (
        "COPERNICUS/S2_HARMONIZED/20190615T105031_20190615T105034_T99XXX",
        "COPERNICUS/S1_GRD/S1A_IW_nonsense",
        "ECMWF/ERA5_LAND/MONTHLY_AGGR/201913",
        "ESA/WorldCover/v100/2019",
        "nobody/nothing",
    ):
        assert CATALOGUE.image(name) is None
    assert CATALOGUE.collection("nobody/nothing") is None
    assert CATALOGUE.table("nobody/nothing") is None


@pytest.mark.parametrize("name", COLLECTIONS)
def test_members_come_by_time_within_the_dates(name):
    found = members(name)
    times = [scene.properties["system:time_start"] for scene in found]
    assert times == sorted(times)
    assert all(ms(2019, 5) <= time < ms(2019, 7) for time in times)
    ids = [scene.id for scene in found]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", COLLECTIONS)
def test_large_collections_are_not_listed_whole(name):
    with pytest.raises(ValueError, match="too large"):
        next(CATALOGUE.collection(name).scenes(None, None, None))


@pytest.mark.parametrize("name", COLLECTIONS)
def test_pixels_outside_the_footprint_are_masked_and_inside_are_not(name):
    """Against the footprint polygon, at 40 points across the whole scene."""
    checked = 0
    for scene in members(name, (2020, 5), (2020, 8))[:12]:
        if "DYNAMICWORLD" in name:
            continue  # Cloud is masked there too.
        # Bands that cost no look at the land.
        info = scene.bands[-1]
        a, _, left, _, e, upper = info.grid.transform
        to = pyproj.Transformer.from_crs(info.grid.crs, "EPSG:4326", always_xy=True)
        rng = np.random.default_rng(checked)
        for _ in range(40):
            row = int(rng.integers(0, info.grid.height))
            col = int(rng.integers(0, info.grid.width))
            place = to.transform(left + (col + 0.5) * a, upper + (row + 0.5) * e)
            point = Point(place)
            if scene.footprint.boundary.distance(point) < 0.004:
                continue
            _, valid = scene.read(info.name, row, col, 1, 1)
            assert bool(valid[0, 0]) == scene.footprint.contains(point)
            checked += 1
    assert checked > 100 or "DYNAMICWORLD" in name

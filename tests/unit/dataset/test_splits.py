"""Splits keep overlapping tiles together, and everything else to the fractions."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from dataset.splits import make_splits

SIDE = 1280.0
GEOD = Geod(ellps="WGS84")


def split(lon, lat, ids=None, **changes):
    ids = [f"t{i:07d}" for i in range(len(lon))] if ids is None else ids
    options = {
        "fractions": (0.6, 0.2, 0.2),
        "seed": 1,
        "block_km": 50.0,
        "tile_m": SIDE,
    }
    return make_splits(lon, lat, ids, **(options | changes))


def labels(splits, count):
    """Returns the split of each tile; every index must be there just once."""
    result = [None] * count
    for name in ("train", "val", "test"):
        assert splits[name] == sorted(splits[name])
        for index in splits[name]:
            assert result[index] is None
            result[index] = name
    assert None not in result
    return result


@st.composite
def places(draw):
    """Tiles in clusters around awkward places, some overlapping, some not."""
    corners = [(0, 0), (180, 10), (-180, -10), (25, 90), (-70, -90), (6, 60), (12, 48)]
    lon, lat = [], []
    for _ in range(draw(st.integers(1, 4))):
        x, y = draw(st.sampled_from(corners))
        for _ in range(draw(st.integers(1, 12))):
            azimuth = draw(st.floats(0, 360))
            distance = draw(st.floats(0, 4000))
            here = GEOD.fwd(x, y, azimuth, distance)
            lon.append(here[0])
            lat.append(here[1])
    return lon, lat


@settings(max_examples=150, deadline=None)
@given(places(), st.integers(0, 3), st.sampled_from([0.5, 2.0, 50.0]))
def test_no_two_overlapping_tiles_are_apart(where, seed, block_km):
    lon, lat = where
    label = labels(split(lon, lat, seed=seed, block_km=block_km), len(lon))
    for i in range(len(lon)):
        for j in range(i):
            azimuth, _, distance = GEOD.inv(lon[i], lat[i], lon[j], lat[j])
            east = abs(distance * math.sin(math.radians(azimuth)))
            north = abs(distance * math.cos(math.radians(azimuth)))
            if east < SIDE and north < SIDE:
                assert label[i] == label[j]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 1200), st.integers(0, 1200)), min_size=1, max_size=60
    ),
    st.integers(0, 3),
)
def test_no_two_grids_that_overlap_are_apart(cells, seed):
    west = np.array([400_000 + 10 * x for x, _ in cells])
    north = np.array([5_300_000 + 10 * y for _, y in cells])
    inverse = Transformer.from_crs(32632, 4326, always_xy=True)
    # The place asked for lies up to 5 m beside the middle of the grid.
    lon, lat = inverse.transform(west + SIDE / 2 + 4.9, north - SIDE / 2 - 4.9)
    grids = (np.full(len(west), 32632), west, north)
    label = labels(split(lon, lat, seed=seed, block_km=2.0, grids=grids), len(lon))
    for i in range(len(west)):
        for j in range(i):
            if abs(west[i] - west[j]) < SIDE and abs(north[i] - north[j]) < SIDE:
                assert label[i] == label[j]


def test_a_gapless_mosaic_is_split_when_grids_are_known():
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(60), np.arange(60)))
    west, north = 350_000 + 1280 * x, 5_000_000 + 1280 * y
    inverse = Transformer.from_crs(32632, 4326, always_xy=True)
    lon, lat = inverse.transform(west + 640, north - 640)
    grids = (np.full(len(west), 32632), west, north)
    sizes = {k: len(v) for k, v in split(lon, lat, block_km=10, grids=grids).items()}
    assert sizes["train"] == pytest.approx(2160, abs=150)
    assert sizes["val"] == pytest.approx(720, abs=150)
    # One metre more, and it hangs together.
    assert len(split(lon, lat, block_km=10, grids=grids, tile_m=1281)["train"]) == 3600


def test_tiles_of_two_zones_that_overlap_stay_together():
    lat = np.arange(0.0, 60.0, 0.5).repeat(2)
    lon = 12.0 + np.tile([-0.004, 0.004], 120)
    west, north = np.empty(240, int), np.empty(240, int)
    epsg = np.tile([32632, 32633], 120)
    for i in range(240):
        x, y = Transformer.from_crs(4326, int(epsg[i]), always_xy=True).transform(
            lon[i], lat[i]
        )
        west[i], north[i] = round(x / 10 - 64) * 10, round(y / 10 + 64) * 10
    label = labels(split(lon, lat, block_km=0.5, grids=(epsg, west, north)), 240)
    assert label[::2] == label[1::2]
    assert len(set(label)) == 3


def test_fractions_are_kept():
    rng = np.random.default_rng(2)
    lon = rng.uniform(-180, 180, 20_000)
    lat = np.degrees(np.arcsin(rng.uniform(-0.9, 0.99, 20_000)))
    result = split(lon, lat, fractions=(0.8, 0.15, 0.05), block_km=100)
    for name, fraction in zip(("train", "val", "test"), (0.8, 0.15, 0.05), strict=True):
        assert len(result[name]) == pytest.approx(20_000 * fraction, abs=40)


def test_a_block_is_not_cut():
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(8.01, 8.3, 400), rng.uniform(0.05, 0.35, 400)
    result = split(lon, lat, block_km=20_000.0, tile_m=10.0)
    assert [len(result[name]) for name in ("train", "val", "test")] == [400, 0, 0]


def test_order_of_input_does_not_matter():
    rng = np.random.default_rng(4)
    lon, lat = rng.uniform(7, 9, 500), rng.uniform(40, 42, 500)
    ids = [f"id{i}" for i in range(500)]
    by_id = dict(zip(ids, labels(split(lon, lat, ids, block_km=10), 500), strict=True))
    order = rng.permutation(500)
    shuffled = split(lon[order], lat[order], [ids[i] for i in order], block_km=10)
    again = labels(shuffled, 500)
    assert {ids[i]: label for i, label in zip(order, again, strict=True)} == by_id


def test_seed_deals_otherwise():
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(-180, 180, 300), rng.uniform(-60, 60, 300)
    assert split(lon, lat, seed=1) == split(lon, lat, seed=1)
    assert split(lon, lat, seed=1) != split(lon, lat, seed=2)


@pytest.mark.parametrize("fractions", [(0.6, 0.2, 0.2), (0.01, 0.5, 0.49)])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_train_is_not_empty(count, fractions):
    lon = [10.0 * i for i in range(count)]
    assert split(lon, [0.0] * count, fractions=fractions)["train"]


def test_all_in_one_split_if_asked():
    assert split([1.0, 90.0], [0.0, 0.0], fractions=(0, 0, 1))["test"] == [0, 1]
    assert split([1.0, 90.0], [0.0, 0.0], fractions=(1, 0, 0))["train"] == [0, 1]


def test_a_long_chain_of_overlaps_stays_whole():
    lon = np.arange(3000) * 0.01  # 1.1 km on the equator
    order = np.random.default_rng(6).permutation(3000)
    result = split(lon[order], np.zeros(3000), block_km=5.0)
    assert sorted(len(part) for part in result.values()) == [0, 0, 3000]


def test_no_tiles_give_empty_splits():
    assert split([], []) == {"train": [], "val": [], "test": []}


@pytest.mark.parametrize(
    "changes",
    [
        {"fractions": (0.5, 0.5, 0.5)},
        {"fractions": (1.5, -0.5, 0.0)},
        {"block_km": 0.0},
        {"tile_m": math.inf},
        {"ids": ["a", "a"]},
        {"ids": ["a"]},
        {"lat": [0.0, 91.0]},
        {"lon": [0.0, math.nan]},
        {"grids": ([1], [1], [1])},
    ],
)
def test_nonsense_is_refused(changes):
    with pytest.raises(ValueError):
        split(**({"lon": [0.0, 1.0], "lat": [0.0, 1.0]} | changes))

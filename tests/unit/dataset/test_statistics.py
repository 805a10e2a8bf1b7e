"""Statistics are those of all values at once, whatever the order of merging."""

import json
import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.partials import partial
from dataset.statistics import BandAccumulator, band_statistics, stats_key, stats_keys
from modalities.spec import Band, Spec, Storage


def accumulate(tiles, no_data=None):
    accumulator = BandAccumulator()
    for tile in tiles:
        accumulator.add(partial(tile, no_data))
    return accumulator


def merge_as(tree, leaves):
    """Merges leaves in the shape of a nested list of their indices."""
    if isinstance(tree, int):
        result = BandAccumulator()
        result.add(leaves[tree])
        return result
    result = BandAccumulator()
    for branch in tree:
        result.merge(merge_as(branch, leaves))
    return result


@st.composite
def trees(draw, count):
    branches = draw(st.permutations(range(count)))
    while len(branches) > 1:
        i = draw(st.integers(0, len(branches) - 2))
        branches[i : i + 2] = [branches[i : i + 2]]
    return branches[0]


@pytest.mark.parametrize("offset", [0.0, 273.0, 1e8])
def test_agrees_with_two_passes_over_all_values(offset):
    rng = np.random.default_rng(5)
    tiles = [rng.normal(size=(3, 8, 8)) * (1 + i) + offset + i for i in range(60)]
    figures = accumulate(tiles).finish()
    # numpy's longdouble is 80 bits on x86: three more digits than float64.
    everything = np.stack(tiles, 1).reshape(3, -1).astype(np.longdouble)
    mean, std = everything.mean(axis=1), everything.std(axis=1)
    np.testing.assert_allclose(
        figures["mean"], mean.astype(float), rtol=1e-15, atol=1e-15
    )
    # A tile's mean is a float64: near 1e8 it is known to 1e-8, beside a spread of 40.
    exact = 1e-13 if offset < 1e8 else 2e-11
    np.testing.assert_allclose(figures["std"], std.astype(float), rtol=exact)
    np.testing.assert_array_equal(figures["min"], everything.min(axis=1))
    np.testing.assert_array_equal(figures["max"], everything.max(axis=1))
    assert figures["count"] == [60 * 64] * 3


def test_integers_are_right_to_the_last_bit():
    rng = np.random.default_rng(6)
    tiles = [rng.integers(1, 60000, (1, 32, 32)).astype(np.uint16) for _ in range(40)]
    # Means with 1024 = 2**10 values are exact in float64, so all must be.
    figures = accumulate(tiles).finish()
    values = [int(v) for tile in tiles for v in tile.ravel()]
    mean = Fraction(sum(values), len(values))
    variance = Fraction(sum(v * v for v in values), len(values)) - mean * mean
    assert figures["mean"] == [float(mean)]
    assert figures["std"][0] == pytest.approx(math.sqrt(variance), rel=3e-16)


@given(st.data())
def test_order_and_bundling_do_not_change_a_bit(data):
    count = data.draw(st.integers(2, 9))
    numbers = (
        st.floats(-(2.0**40), 2.0**40, width=32)
        | st.floats(-1e-30, 1e-30)
        | st.just(math.nan)
    )
    leaves = [
        partial(
            np.array(data.draw(st.lists(numbers, min_size=4, max_size=4))).reshape(
                2, 2
            ),
            None,
        )
        for _ in range(count)
    ]
    one = merge_as(data.draw(trees(count)), leaves).finish()
    other = merge_as(data.draw(trees(count)), leaves).finish()
    assert one == other


def test_a_large_offset_does_not_swallow_the_spread():
    tiles = [np.array([[1e8 - 1, 1e8 + 1]]), np.array([[1e8 - 1, 1e8 + 1]])]
    assert accumulate(tiles).finish()["std"] == [1.0]


def test_merging_leaves_the_other_alone_and_survives_pickling():
    one, other = accumulate([np.ones((2, 3))]), accumulate([np.full((2, 3), 3.0)])
    before = other.finish()
    one.merge(pickle.loads(pickle.dumps(other)))
    one.merge(BandAccumulator())
    assert other.finish() == before
    assert one.finish()["mean"] == [2.0, 2.0]
    empty = BandAccumulator()
    empty.merge(other)
    empty.add(partial(np.ones((2, 3)), None))
    assert other.finish() == before


def test_bands_without_values_stand_in_with_finite_figures():
    tile = np.stack([np.zeros((4, 4)), np.full((4, 4), 7.0)]).astype(np.uint16)
    figures = accumulate([tile], no_data=0).finish()
    assert figures == {
        "mean": [0.0, 7.0],
        "std": [1.0, 0.0],
        "min": [0.0, 7.0],
        "max": [1.0, 7.0],
        "count": [0, 16],
    }


def test_other_numbers_of_bands_are_refused():
    accumulator = accumulate([np.ones((2, 3))])
    with pytest.raises(ValueError, match="bands"):
        accumulator.add(partial(np.ones((3, 3)), None))
    with pytest.raises(ValueError, match="bands"):
        accumulator.merge(accumulate([np.ones((1, 3))]))


def spec_of(name, statistics, bands=1):
    each = tuple(Band(f"b{i}", "1", "") for i in range(bands))
    return Spec(name, each, Storage("float32", None), True, statistics, ())


def mmearth_specs():
    return [
        spec_of("sentinel2", "by_level", 13),
        spec_of("sentinel2_cloudmask", "by_level"),
        spec_of("sentinel2_cloudprod", "by_level"),
        spec_of("sentinel2_scl", "none"),
        spec_of("sentinel1", "all", 8),
        spec_of("aster", "all", 2),
        spec_of("era5", "all", 12),
        spec_of("dynamic_world", "none"),
        spec_of("canopy_height_eth", "all", 2),
        spec_of("lat", "all", 2),
        spec_of("lon", "all", 2),
        spec_of("biome", "none", 14),
        spec_of("month", "all", 2),
    ]


def test_keys_and_their_order_are_those_of_mmearth():
    expected = [
        *("aster", "canopy_height_eth", "era5", "lat", "lon", "month", "sentinel1"),
        *("sentinel2_l2a", "sentinel2_l1c"),
        *("sentinel2_cloudmask_l2a", "sentinel2_cloudmask_l1c"),
        *("sentinel2_cloudprod_l2a", "sentinel2_cloudprod_l1c"),
    ]
    assert list(stats_keys(mmearth_specs())) == expected
    assert list(band_statistics({}, mmearth_specs())) == expected


def test_a_key_is_chosen_by_level():
    assert stats_key(spec_of("s", "by_level"), "l1c") == "s_l1c"
    assert stats_key(spec_of("s", "all"), "l1c") == "s"
    assert stats_key(spec_of("s", "none"), "l1c") is None
    with pytest.raises(ValueError, match="l3"):
        stats_key(spec_of("s", "by_level"), "l3")


def test_band_statistics_are_whole_and_strict_json():
    accumulators = {"sentinel2_l2a": accumulate([np.arange(13.0)])}
    result = band_statistics(accumulators, mmearth_specs())
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert result["sentinel2_l2a"]["mean"] == [float(i) for i in range(13)]
    assert result["sentinel2_l1c"]["std"] == [1.0] * 13
    assert all(
        list(v) == ["mean", "std", "min", "max", "count"] for v in result.values()
    )


def test_accumulators_of_unknown_modalities_are_refused():
    with pytest.raises(ValueError, match="stranger"):
        band_statistics({"stranger": BandAccumulator()}, mmearth_specs())
    with pytest.raises(ValueError, match="bands"):
        band_statistics({"aster": accumulate([np.ones((3, 1))])}, mmearth_specs())

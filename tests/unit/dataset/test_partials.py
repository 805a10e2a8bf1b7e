"""Partial statistics are those of the valid values, and nothing else."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dataset.partials import partial


@given(
    st.sampled_from(["uint8", "int8", "uint16", "int16", "int32", "int64"]).flatmap(
        lambda dtype: hnp.arrays(
            dtype, st.tuples(st.integers(1, 3), st.integers(1, 40))
        )
    ),
    st.sampled_from([None, 0, 255]),
)
def test_integers_are_exact(array, no_data):
    result = partial(array[..., None], no_data)
    for i, band in enumerate(array):
        values = [int(v) for v in band if no_data is None or int(v) != no_data]
        n = len(values)
        assert result["count"][i] == n
        if not n:
            assert result["min"][i] is None and result["max"][i] is None
            assert result["mean"][i] == result["m2"][i] == 0
            continue
        assert (result["min"][i], result["max"][i]) == (
            float(min(values)),
            float(max(values)),
        )
        assert result["mean"][i] == sum(values) / n
        assert (
            result["m2"][i] == (n * sum(v * v for v in values) - sum(values) ** 2) / n
        )


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e8])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_agree_with_two_passes_in_extended_precision(dtype, offset):
    rng = np.random.default_rng(3)
    array = (rng.normal(size=(4, 64, 64)) * 30 + offset).astype(dtype)
    result = partial(array, -math.inf)
    exact = array.reshape(4, -1).astype(np.longdouble)
    mean = exact.mean(axis=1)
    m2 = ((exact - mean[:, None]) ** 2).sum(axis=1)
    np.testing.assert_allclose(
        result["mean"], mean.astype(float), rtol=3e-16, atol=3e-15
    )
    np.testing.assert_allclose(result["m2"], m2.astype(float), rtol=1e-13)
    assert result["min"] == array.min(axis=(1, 2)).tolist()
    assert result["max"] == array.max(axis=(1, 2)).tolist()


@pytest.mark.parametrize("no_data", [None, math.nan, -math.inf, math.inf, -9999.0])
def test_nan_infinities_and_no_data_are_not_valid(no_data):
    array = np.array([[1, math.nan, 5, math.inf, -math.inf, 3]], np.float32)
    if no_data == -9999.0:
        array = np.append(array, [[np.float32(-9999)]], axis=1)
    result = partial(array, no_data)
    assert result == {
        "count": [3],
        "mean": [3.0],
        "m2": [8.0],
        "min": [1.0],
        "max": [5.0],
    }


def test_no_data_is_compared_as_stored():
    array = np.array([[0.1, 1.0]], np.float32)
    assert partial(array, 0.1)["count"] == [1]


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_image_level_values_are_bands_of_one_value(dtype):
    result = partial(np.array([4, 0, 6], dtype), 0)
    assert result["count"] == [1, 0, 1]
    assert result["mean"] == [4.0, 0.0, 6.0]
    assert result["min"] == [4.0, None, 6.0]


def test_no_data_that_the_dtype_cannot_hold_excludes_nothing():
    array = np.array([[1, 2, 3]], np.int16)
    assert partial(array, -math.inf)["count"] == [3]
    assert partial(array.astype(np.uint8), 65535)["count"] == [3]


def test_array_is_left_alone():
    array = np.arange(6, dtype=np.float64).reshape(2, 3)
    before = array.copy()
    partial(array, None)
    np.testing.assert_array_equal(array, before)


def test_result_is_strict_json():
    array = np.full((2, 3, 3), -np.inf, np.float32)
    array[0, 0, 0] = 2
    result = partial(array, -math.inf)
    assert json.loads(json.dumps(result, allow_nan=False)) == result

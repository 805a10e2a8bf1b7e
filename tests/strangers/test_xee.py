"""Xee: a collection as an xarray dataset."""

import ee
import numpy as np
import pytest
import xarray as xr

from tests.strangers.conftest import END, LAT, LON, S2, START

SIZE = 64
STEP = 1e-4
TRANSFORM = (STEP, 0.0, LON, 0.0, -STEP, LAT)


@pytest.fixture(scope="module")
def collection(region):
    return (
        ee.ImageCollection(S2)
        .filterBounds(region)
        .filterDate(START, END)
        .filter(ee.Filter.contains(".geo", region))
        .limit(4)
        .select(["B4", "B8"])
    )


@pytest.fixture(scope="module")
def dataset(collection):
    return xr.open_dataset(
        collection,
        engine="ee",
        crs="EPSG:4326",
        crs_transform=TRANSFORM,
        shape_2d=(SIZE, SIZE),
    )


@pytest.fixture(scope="module")
def frames(collection, own):
    """Each image of the collection, by our own evaluation, as (time, y, x)."""
    ids = collection.aggregate_array("system:id").getInfo()
    pixels = [
        own(
            ee.Image(one).select(["B4"]).unmask(-1, False),
            "EPSG:4326",
            TRANSFORM,
            SIZE,
            SIZE,
        )
        for one in ids
    ]
    values = np.stack([p["B4"] for p in pixels]).astype(float)
    return np.where(values == -1, np.nan, values)


def test_dimensions_and_times_are_those_of_the_collection(dataset, collection):
    times = collection.aggregate_array("system:time_start").getInfo()
    assert dict(dataset.sizes) == {"time": len(times), "y": SIZE, "x": SIZE}
    assert set(dataset.data_vars) == {"B4", "B8"}
    found = dataset.time.values.astype("datetime64[ms]").astype(int)
    assert sorted(found.tolist()) == sorted(times)


def test_pixels_are_those_of_each_image(dataset, frames):
    read = dataset.B4.transpose("time", "y", "x").values
    np.testing.assert_array_equal(read, frames)
    assert np.isfinite(read).any()


def test_the_mean_over_time_is_numpy_s(dataset, frames):
    mean = dataset.B4.mean("time").transpose("y", "x").values
    np.testing.assert_allclose(mean, np.nanmean(frames, axis=0), rtol=1e-6)

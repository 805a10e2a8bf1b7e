"""Windows of local files: dtypes, masks, grids, levels."""

from __future__ import annotations

import ee
import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.enums import ColorInterp, Resampling

from emulator import pyramid
from emulator.source import Pyramidal
from tests.unit.emulator.conftest import World
from tests.unit.emulator.local.conftest import UTM

GRID = World.grid("EPSG:32632", 568680.0, 5606460.0, 10.0, 40, 30)
DTYPES = (
    *("uint8", "int8", "uint16", "int16", "uint32", "int32"), *("float32", "float64")
)  # fmt: skip


def some(dtype, shape=(30, 40), seed=0):
    """Returns values over the whole range of a dtype."""
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return (rng.normal(size=shape) * 1e6).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, dtype, endpoint=True)


def whole(scene, band, size=(30, 40)):
    return scene.read(band, 0, 0, *size)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_arrives_as_it_is(dtype, files, serve):
    values = some(dtype)
    files.tif("a.tif", values, **UTM)
    serve()
    found = World.pixels(ee.Image("a"), GRID)["b1"]
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("way", ["nodata", "internal", "alpha", "described"])
def test_masks_of_every_kind(way, dtype, files, serve):
    values = some(dtype)
    valid = np.random.default_rng(1).random(values.shape) > 0.3
    nodata = values.dtype.type(7)
    values[values == nodata] = 8
    if way in ("nodata", "described"):
        values[~valid] = nodata
    if way == "nodata":
        files.tif("a.tif", values, nodata=nodata, **UTM)
    elif way == "described":
        files.tif("a.tif", values, **UTM)
        files.json("a.json", bands={"b1": {"nodata": 7}})
    elif way == "internal":
        files.tif("a.tif", values, mask=valid, **UTM)
    else:
        alpha = np.where(valid, np.iinfo("uint8").max, 0).astype(dtype)
        path = files.tif("a.tif", np.stack([values, alpha]), **UTM)
        with rasterio.open(path, "r+") as file:
            file.colorinterp = (ColorInterp.gray, ColorInterp.alpha)
    scene = serve().image("a")
    assert [band.name for band in scene.bands] == ["b1"]
    found, mask = whole(scene, "b1")
    np.testing.assert_array_equal(mask, valid)
    np.testing.assert_array_equal(found[valid], values[valid])


@pytest.mark.parametrize("nodata", [np.nan, None])
def test_not_a_number_is_masked_declared_or_not(nodata, files, serve):
    values = some("float32")
    values[3:9, 5:20] = np.nan
    files.tif("a.tif", values, nodata=nodata, **UTM)
    _, mask = whole(serve().image("a"), "b1")
    np.testing.assert_array_equal(mask, ~np.isnan(values))


def test_a_no_data_value_that_no_pixel_can_have_masks_nothing(files, serve):
    files.tif("a.tif", some("uint8"), **UTM)
    files.json("a.json", bands={"b1": {"nodata": -9999}})
    assert whole(serve().image("a"), "b1")[1].all()


def test_bands_keep_their_own_grids(files, serve):
    _, _, x, _, _, y = UTM["transform"]
    for name, step in (("B2", 10), ("B5", 20), ("B1", 60)):
        side = 120 // step
        files.tif(
            f"s/{name}.tif", some("uint16", (side, side)), crs="EPSG:32632",
            transform=(step, 0, x, 0, -step, y),
        )  # fmt: skip
    serve()
    scales = [
        ee.Image("s").select(name).projection().nominalScale().getInfo()
        for name in ("B1", "B2", "B5")
    ]
    assert scales == [60, 10, 20]


def test_scaled_pixels_are_rounded_to_the_dtype_or_float32(files, serve):
    values = np.array([[0, 900, 1000, 1001, 65535]], "uint16")
    files.tif("a.tif", values, nodata=0, **UTM)
    files.json(
        "a.json",
        bands={
            "dn": {},
            "shifted": {"offset": -1000, "dtype": "uint16"},
            "part": {"scale": 0.0001, "offset": -0.1},
        },
    )
    scene = serve().image("a")
    assert [b.dtype for b in scene.bands] == ["uint16", "uint16", "float32"]
    shifted, valid = whole(scene, "shifted", (1, 5))
    assert valid.tolist() == [[False, True, True, True, True]]
    assert shifted[valid].tolist() == [0, 0, 1, 64535]
    part, _ = whole(scene, "part", (1, 5))
    np.testing.assert_allclose(part[valid], values[valid] * 1e-4 - 0.1, rtol=1e-6)


@pytest.fixture
def gappy(files, serve):
    """An image of 90 by 120 pixels with gaps, in blocks of 16."""
    values = some("int16", (90, 120))
    values[np.random.default_rng(5).random(values.shape) < 0.2] = -1
    blocks = {"tiled": True, "blockxsize": 16, "blockysize": 16}
    files.tif("a.tif", values, nodata=-1, **blocks, **UTM)
    return serve().image("a"), values


spans = st.tuples(st.integers(-30, 110), st.integers(1, 60))


@settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(rows=spans, cols=spans, level=st.integers(0, 4))
def test_a_window_is_the_crop_of_a_larger_one(rows, cols, level, gappy):
    scene, _ = gappy
    (row, height), (col, width) = rows, cols
    large, known = scene.read_level(
        "b1", level, row - 7, col - 5, height + 9, width + 8
    )
    small, valid = scene.read_level("b1", level, row, col, height, width)
    there = np.s_[7 : 7 + height, 5 : 5 + width]
    assert small.tobytes() == np.ascontiguousarray(large[there]).tobytes()
    np.testing.assert_array_equal(valid, known[there])


def test_outside_everything_is_masked(gappy):
    scene, values = gappy
    found, valid = scene.read("b1", -10, -20, 120, 160)
    assert not valid[:10].any()
    assert not valid[:, :20].any()
    assert not valid[100:].any()
    assert not valid[:, 140:].any()
    inside = np.s_[10:100, 20:140]
    np.testing.assert_array_equal(valid[inside], values != -1)
    np.testing.assert_array_equal(found[inside], values)
    assert not scene.read("b1", 500, 500, 3, 3)[1].any()


@pytest.mark.parametrize("policy", ["mean", "mode", "sample"])
@pytest.mark.parametrize("level", [1, 2, 3])
def test_levels_without_overviews_sum_up_native_pixels(policy, level, files, serve):
    values = np.random.default_rng(3).integers(0, 6, (50, 70)).astype("uint8")
    files.tif("a.tif", values, nodata=0, **UTM)
    files.json("a.json", bands={"b1": {"pyramiding": policy}})
    scene = serve().image("a")
    assert isinstance(scene, Pyramidal)
    step = 1 << level
    for row, col in ((0, 0), (1, 2), (2, 5)):
        block = values[row * step : (row + 1) * step, col * step : (col + 1) * step]
        found, valid = scene.read_level("b1", level, row, col, 1, 1)
        known = block[block > 0]
        if policy == "sample":
            assert valid.item() == (block[0, 0] > 0)
            assert not valid.item() or found.item() == block[0, 0]
            continue
        assert valid.item() == (known.size > 0)
        if policy == "mean":
            assert found.item() == np.floor(known.mean(dtype=float) + 0.5)
        elif level == 1:
            counts = np.bincount(known)
            assert found.item() == np.flatnonzero(counts == counts.max())[0]


def mark_overviews(path, factors, resampling, value):
    """Gives a file overviews of one value, to be told from its pixels' sums."""
    with rasterio.open(path, "r+") as file:
        file.build_overviews(factors, resampling)
    for index in range(len(factors)):
        with rasterio.open(path, "r+", overview_level=index) as file:
            shape = (file.height, file.width)
            file.write(np.full(shape, value + index, file.dtypes[0]), 1)


def overviewed(files, resampling=Resampling.average, size=(64, 96), **band):
    values = np.random.default_rng(3).integers(10, 90, size).astype("uint8")
    blocks = {"tiled": True, "blockxsize": 16, "blockysize": 16}
    path = files.tif("a.tif", values, **blocks, **UTM)
    mark_overviews(path, [2, 4], resampling, 200)
    files.json("a.json", bands={"b1": band})
    return values


def test_overviews_that_fit_are_read(files, serve):
    overviewed(files)
    scene = serve().image("a")
    assert (scene.read_level("b1", 1, 0, 0, 4, 4)[0] == 200).all()
    assert (scene.read_level("b1", 2, 3, 5, 4, 4)[0] == 201).all()
    # Above the highest, its pixels are summed up.
    assert (scene.read_level("b1", 3, 0, 0, 4, 4)[0] == 201).all()


@pytest.mark.parametrize(
    "given",
    [
        {"overviews": False},
        {"pyramiding": "mode"},
        {"resampling": Resampling.nearest},
        {"size": (62, 95)},
    ],
)
def test_overviews_that_do_not_fit_are_left(given, files, serve):
    values = overviewed(files, **given)
    policy = given.get("pyramiding", "mean")
    found, valid = serve().image("a").read_level("b1", 1, 0, 0, 8, 8)
    truth = pyramid.aggregated((values, np.ones(values.shape, bool)), policy, 1)
    assert valid.all()
    np.testing.assert_array_equal(found, truth[0][:8, :8])


def test_overviews_are_read_whatever_they_are_if_told_so(files, serve):
    overviewed(files, Resampling.nearest, overviews=True)
    assert (serve().image("a").read_level("b1", 1, 0, 0, 4, 4)[0] == 200).all()


def test_a_request_below_native_resolution_reads_the_overview(files, serve):
    values = np.random.default_rng(3).integers(10, 90, (512, 1024)).astype("uint8")
    path = files.tif("a.tif", values, tiled=True, blockxsize=64, blockysize=64, **UTM)
    mark_overviews(path, [2, 4], Resampling.average, 200)
    serve()
    for pixel, value in ((20.0, 200), (40.0, 201), (75.0, 201)):
        grid = World.grid("EPSG:32632", 568680.0, 5606460.0, pixel, 8, 8)
        assert (World.pixels(ee.Image("a"), grid)["b1"] == value).all()


def test_classes_with_colours_keep_to_classes(files, serve):
    path = files.tif("a.tif", some("uint8"), **UTM)
    with rasterio.open(path, "r+") as file:
        file.write_colormap(1, {10: (0, 100, 0, 255)})
    (band,) = serve().image("a").bands
    assert band.pyramiding == "mode"

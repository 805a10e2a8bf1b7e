"""Pyramids.

The rules are those of the guide "Scale" (guides/scale, "Image Pyramids") and of
``PyramidingPolicy`` in the REST reference (rest/Shared.Types/PyramidingPolicy).
"""

import ee
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import pyramid
from emulator.evaluator.sampling import level_for
from emulator.source import PixelGrid

CRS = "EPSG:32632"


def grid(world, pixel, size, left=568_000.0, top=5_607_000.0):
    return world.grid(CRS, left, top, pixel, size, size)


def masked(values, valid):
    return np.where(valid, values.astype(np.float64), np.nan)


def blocks(array, side):
    """Returns (h, w, side * side): the pixels under each pixel of a level."""
    height, width = array.shape[0] // side, array.shape[1] // side
    cut = array[: height * side, : width * side].reshape(height, side, width, side)
    return cut.swapaxes(1, 2).reshape(height, width, side * side)


@pytest.mark.parametrize(
    ("pixel", "level"), [(10, 0), (19.99, 0), (20, 1), (39, 1), (40, 2), (81, 3)]
)
def test_the_level_is_the_closest_whose_scale_is_not_larger(pixel, level):
    """guides/scale: "the closest scale less than or equal to the scale specified"."""
    native = PixelGrid(CRS, (10.0, 0.0, 0.0, 0.0, -10.0, 0.0), 10980, 10980)
    assert level_for(float(pixel), native) == level


def test_levels_end_where_the_image_fits_in_256_pixels():
    """guides/scale: "until the entire image fits within a 256x256 pixel tile"."""
    assert pyramid.top_level(256, 256) == 0
    assert pyramid.top_level(257, 10) == 1
    assert pyramid.top_level(10980, 10980) == 6
    native = PixelGrid(CRS, (10.0, 0.0, 0.0, 0.0, -10.0, 0.0), 10980, 10980)
    assert level_for(1e6, native) == 6
    assert pyramid.level_grid(native, 6).width == 172


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_a_mean_is_of_the_valid_pixels_below(world, noise, dtype):
    """PyramidingPolicy MEAN: "the mask-weighted mean of the input pixels"."""
    values = noise((600, 600), 200, dtype)
    valid = noise((600, 600), 3, seed=4) > 0
    values[~valid] = 199
    native = grid(world, 10.0, 600)
    world.add("a", {"B": (native, values, valid)})
    asked = grid(world, 40.0, 100)
    got = world.pixels(ee.Image("a").unmask(0), asked)["B"]
    under = blocks(masked(values, valid), 4)[:100, :100]
    expected = np.nan_to_num(np.nanmean(under, axis=2))
    if dtype != "float32":
        expected = np.floor(expected + 0.5)
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_a_pixel_is_valid_if_any_below_it_is(world):
    """PyramidingPolicy: the mask is the mean of the masks; valid is above zero."""
    valid = np.zeros((600, 600), np.bool_)
    valid[5, 6] = True
    world.add("a", {"B": (grid(world, 10.0, 600), np.full((600, 600), 7), valid)})
    shown = world.pixels(ee.Image("a").mask(), grid(world, 40.0, 100))["B"]
    assert np.argwhere(shown).tolist() == [[1, 1]]


def test_a_mode_is_the_mode_of_the_four_below(world):
    """PyramidingPolicy MODE: "the mask-weighted mode of the input pixels"."""
    four = np.array([[3, 9], [9, 5]], np.uint8)
    values = np.tile(four, (300, 300))
    valid = np.ones((600, 600), np.bool_)
    # Without one 9 all are equally frequent: the least.
    valid[0, 1] = False
    # Two valid 5 outweigh one valid 9.
    values[2:4, 0:2], valid[2:4, 0:2] = [[5, 9], [5, 9]], [[1, 1], [1, 0]]
    world.add("a", {"B": (grid(world, 10.0, 600), values, valid)}, pyramiding="mode")
    got = world.pixels(ee.Image("a"), grid(world, 20.0, 300))["B"]
    assert got[0, 0] == 3
    assert got[1, 0] == 5
    assert (got[2:, :] == 9).all()
    assert got.dtype == np.uint8


def test_a_sample_is_the_upper_left_pixel_with_its_mask(world, noise):
    """PyramidingPolicy SAMPLE: "identical to the upper-left input pixel"."""
    values = noise((600, 600), 65536)
    valid = noise((600, 600), 2, seed=3) > 0
    world.add("a", {"B": (grid(world, 10.0, 600), values, valid)}, pyramiding="sample")
    image = ee.Image("a").addBands(ee.Image("a").mask())
    got = world.pixels(image.unmask(0), grid(world, 40.0, 100))
    assert np.array_equal(got["B_1"], valid[:400:4, :400:4])
    expected = np.where(valid, values, 0)[:400:4, :400:4]
    assert np.array_equal(got["B"], expected)


def test_the_last_pixels_sum_up_what_is_inside(world):
    """guides/scale, Figure 1; sizes that are no power of two are ours."""
    values = np.full((301, 301), 10, np.uint16)
    values[300, :] = 50
    world.add("a", {"B": (grid(world, 10.0, 301), values)})
    got = world.pixels(ee.Image("a").unmask(0), grid(world, 20.0, 152))["B"]
    assert got[150, 0] == 50
    assert got[149, 0] == 10
    assert got[151, 0] == 0


def test_inputs_of_a_composite_come_from_their_pyramids(world, noise):
    """guides/scale: "the scale at which to request inputs" is the output's."""
    scenes, means = [], []
    for i in range(3):
        values = noise((600, 600), 1000, "float32", seed=i)
        scenes.append(world.add(f"c/{i}", {"B": (grid(world, 10.0, 600), values)}))
        means.append(blocks(values, 2).mean(axis=2))
    world.gather("c", scenes)
    image = ee.ImageCollection("c").map(lambda i: i.multiply(2)).max()
    got = world.pixels(image, grid(world, 20.0, 300))["B"]
    np.testing.assert_allclose(got, 2 * np.max(means, axis=0), rtol=1e-6)


def test_reproject_forces_the_scale_of_the_inputs(world, noise):
    """Reference of reproject: "computed in a given projection and resolution"."""
    values = noise((600, 600), 60000)
    world.add("a", {"B": (grid(world, 10.0, 600), values)})
    forced = ee.Image("a").reproject(CRS, [10, 0, 568_000, 0, -10, 5_607_000])
    got = world.pixels(forced, grid(world, 40.0, 100))["B"]
    # The centre of a pixel of 40 m is the corner of four of 10 m.
    assert np.array_equal(got, values[2:402:4, 2:402:4])


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_resample_interpolates_between_pixels_of_the_level(world, noise, mode):
    """The reference of ``Image.resample``: "or other levels of the same pyramid"."""
    values = noise((600, 600), 1000, "float32")
    world.add("native", {"B": (grid(world, 10.0, 600), values)})
    level = blocks(values, 2).mean(axis=2).astype(np.float32)
    world.add("level", {"B": (grid(world, 20.0, 300), level)})
    asked = grid(world, 25.0, 80, 568_430.0, 5_606_790.0)
    got = world.pixels(ee.Image("native").resample(mode), asked)["B"]
    expected = world.pixels(ee.Image("level").resample(mode), asked)["B"]
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_scenes_with_levels_of_their_own_are_asked_for_them(world, noise):
    """Not a document's: a catalogue may keep overviews (:class:`Pyramidal`)."""
    scene = world.add("a", {"B": (grid(world, 10.0, 600), noise((600, 600)))})
    asked = []

    def read_level(band, level, row, col, height, width):
        asked.append((band, level, row, col, height, width))
        return np.full((height, width), 5, np.uint16), np.ones((height, width), bool)

    scene.read_level = read_level
    got = world.pixels(ee.Image("a"), grid(world, 20.0, 64))["B"]
    assert (got == 5).all()
    assert asked == [("B", 1, 0, 0, 64, 64)]
    assert scene.reads == []


def test_too_many_input_pixels_are_refused(world, monkeypatch):
    """Not documented: what a scale without a pyramid would have to read is bounded."""
    monkeypatch.setattr("emulator.evaluator.mapping.MAX_WINDOW", 100_000)
    native = grid(world, 10.0, 600)
    world.add("a", {"B": (native, np.zeros((600, 600), np.uint8))})
    with pytest.raises(ee.EEException, match="Too many input pixels"):
        world.pixels(ee.Image("a"), grid(world, 40.0, 100))
    forced = ee.Image("a").reproject(CRS, None, 10)
    with pytest.raises(ee.EEException, match="Too many input pixels"):
        world.pixels(forced, grid(world, 40.0, 100))


POLICIES = ("mean", "mode", "sample")


@settings(max_examples=30, deadline=None)
@given(
    policy=st.sampled_from(POLICIES),
    level=st.integers(1, 5),
    row=st.integers(-3, 40),
    col=st.integers(-3, 40),
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    piece=st.sampled_from([16, 1024]),
)
def test_a_window_of_a_level_is_the_crop_of_a_larger_one(
    policy, level, row, col, height, width, piece
):
    rng = np.random.default_rng(level)
    values = rng.normal(0, 1, (97, 101)).astype(np.float32)
    if policy == "mode":
        values = np.round(values)
    valid = rng.random((97, 101)) < 0.7

    def read(row, col, height, width):
        rows, cols = row + np.arange(height), col + np.arange(width)
        inside = ((rows >= 0) & (rows < 97))[:, None] & ((cols >= 0) & (cols < 101))
        there = np.ix_(rows.clip(0, 96), cols.clip(0, 100))
        return values[there], valid[there] & inside

    with pytest.MonkeyPatch.context() as patch:
        whole = pyramid.read_level(read, policy, level, -4, -4, 60, 60)
        patch.setattr(pyramid, "_PIECE", piece)
        part = pyramid.read_level(read, policy, level, row, col, height, width)
    there = np.s_[row + 4 : row + 4 + height, col + 4 : col + 4 + width]
    assert np.array_equal(part[1], whole[1][there])
    assert np.array_equal(part[0][part[1]], whole[0][there][part[1]])

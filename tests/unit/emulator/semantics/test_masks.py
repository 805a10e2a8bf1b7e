"""Masks: how they spread.

The rules are those of the guides "Mathematical Operations" (guides/image_math) and
"Compositing and Mosaicking" (guides/ic_composite_mosaic), and of the references of
``Image.mask``, ``updateMask``, ``unmask``, ``where`` and ``clip``. Masks here are yes
or no, where Earth Engine's are fractions too.
"""

import ee
import numpy as np
import pytest
from shapely.geometry import box


@pytest.fixture
def halves(world, utm, noise):
    """An image that is masked in its right half, and its values."""
    values = noise((128, 128), 200, "uint8") + np.uint8(1)
    mask = np.ones((128, 128), np.bool_)
    mask[:, 64:] = False
    world.add("a", {"B": (utm, values, mask)})
    return ee.Image("a"), values


def shown(world, utm, image):
    return world.pixels(image.mask(), utm)["B"].astype(bool)


def test_arithmetic_is_masked_where_either_operand_is(world, utm, halves):
    """guides/image_math: "Only the intersection of unmasked pixels ... considered"."""
    image, _ = halves
    top = np.zeros((128, 128), np.uint8)
    top[:64] = 1
    world.add("b", {"B": (utm, top)})
    other = ee.Image("b").selfMask()
    both = np.zeros((128, 128), bool)
    both[:64, :64] = True
    for result in (image.add(other), other.add(image), image.And(other)):
        assert np.array_equal(shown(world, utm, result), both)


def test_update_mask_opens_nothing(world, utm, halves):
    """Reference of updateMask: "where the existing mask is not zero"."""
    image, values = halves
    valid = shown(world, utm, image.updateMask(image.unmask(1, False).gt(100)))
    assert np.array_equal(valid[:, :64], values[:, :64] > 100)
    assert not valid[:, 64:].any()
    assert shown(world, utm, image.updateMask(1))[:, :64].all()


def test_a_mask_above_zero_is_open(world, utm, halves):
    """Masks are fractions of 0 to 1 in Earth Engine; here above zero is valid."""
    image, _ = halves
    assert shown(world, utm, image.updateMask(0.2))[:, :64].all()
    assert not shown(world, utm, image.updateMask(-1)).any()
    assert not shown(world, utm, image.updateMask(ee.Image(1).updateMask(0))).any()


def test_setting_a_mask_fills_with_zero_or_what_is_closest(world, utm, halves):
    """Reference of mask: "the values closest to zero within the range"."""
    image, values = halves
    got = world.pixels(image.mask(ee.Image(1)), utm)["B"]
    assert np.array_equal(got[:, :64], values[:, :64])
    assert (got[:, 64:] == 0).all()
    far = ee.Image(7).updateMask(0).mask(ee.Image(1)).rename("B")
    assert (world.pixels(far, utm)["B"] == 7).all()


def test_unmask_takes_value_and_mask_of_the_other(world, utm, halves):
    """Reference of unmask: mask and value, "where the input mask is zero"."""
    image, values = halves
    other = ee.Image(9).updateMask(image.unmask(0, False).eq(0).And(ee.Image(1)))
    got = world.pixels(image.unmask(other, False).unmask(255, False), utm)["B"]
    assert np.array_equal(got[:, :64], values[:, :64])
    assert (got[:, 64:] == 9).all()
    nothing = image.unmask(ee.Image(9).updateMask(0), False)
    assert not shown(world, utm, nothing)[:, 64:].any()


def test_unmask_keeps_to_the_footprint_unless_told(world, utm):
    """Reference of unmask: sameFootprint."""
    mask = np.zeros((128, 128), np.bool_)
    # The western half by longitude, a bit slanted against the grid.
    west = box(9.0, 50.0, 9.9755, 51.0)
    world.add("a", {"B": (utm, np.ones((128, 128), np.uint8), mask)}, footprint=west)
    kept = world.pixels(ee.Image("a").unmask(7).mask(), utm)["B"]
    assert kept[:, 0].all()
    assert not kept[:, -1].any()
    assert 34 < kept.sum() / 128 < 98
    everywhere = world.pixels(ee.Image("a").unmask(7, False), utm)["B"]
    assert (everywhere == 7).all()


def test_where_leaves_what_is_masked(world, utm, halves):
    """Reference of where: masked tests and values change nothing, nor masked inputs."""
    image, values = halves
    test = image.gt(100).updateMask(image.lt(150))
    got = world.pixels(image.where(test, 255).unmask(0, False), utm)["B"]
    left = values[:, :64]
    expected = np.where((left > 100) & (left < 150), 255, left)
    assert np.array_equal(got[:, :64], expected)
    assert (got[:, 64:] == 0).all()
    same = world.pixels(image.where(1, ee.Image(3).updateMask(0)), utm)["B"]
    assert np.array_equal(same[:, :64], left)


def test_clip_masks_outside(world, utm):
    """Reference of clip: "data not covered by the geometry is masked".

    In Earth Engine pixels on the outline have fractional masks
    (guides/reducers_weighting); here their centre decides.
    """
    place = ee.Geometry.Rectangle(
        [568700, 5606300, 568800, 5606400], "EPSG:32632", False
    )
    got = world.pixels(ee.Image(1).clip(place).mask(), utm)["constant"]
    expected = np.zeros((128, 128))
    expected[6:16, 2:12] = 1
    assert np.array_equal(got, expected)


def test_reducers_of_collections_leave_masked_pixels_out(world, utm, halves):
    """Reference of ImageCollection.mosaic: "using the mask"; so are other reducers."""
    image, values = halves
    full = ee.Image(50).toUint8().rename("B")
    pair = ee.ImageCollection([image, full])
    got = world.pixels(pair.mean(), utm)["B"]
    np.testing.assert_allclose(got[:, :64], (values[:, :64] + 50.0) / 2)
    assert (got[:, 64:] == 50).all()
    alone = ee.ImageCollection([image]).max()
    assert np.array_equal(
        shown(world, utm, alone), np.arange(128)[None].repeat(128, 0) < 64
    )
    count = world.pixels(pair.count(), utm)["B"]
    assert (count[:, :64] == 2).all()
    assert (count[:, 64:] == 1).all()


def test_a_mosaic_has_the_last_image_on_top(world, utm, halves):
    """guides/ic_composite_mosaic: images overlap in their order, the last on top."""
    image, values = halves
    full = ee.Image(250).toUint8().rename("B")
    got = world.pixels(ee.ImageCollection([full, image]).mosaic(), utm)["B"]
    assert np.array_equal(got[:, :64], values[:, :64])
    assert (got[:, 64:] == 250).all()

"""Types of pixels.

The references of the binary operators say: "The type of the output pixels is the union
of the input types", of comparisons "boolean". That integers keep growing follows from
guides/image_relational, which adds three comparisons to a band of 0 to 3.
"""

import ee
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.evaluator import pixeltype


def kind(image):
    (found,) = image.bandTypes().getInfo().values()
    return found["precision"], found.get("min"), found.get("max")


def test_sums_of_comparisons_reach_three(world, utm, noise):
    """guides/image_relational, "zones": gt(30).add(gt(55)).add(gt(62))."""
    values = noise((128, 128), 100, "uint8")
    world.add("a", {"B": (utm, values)})
    image = ee.Image("a")
    zones = image.gt(30).add(image.gt(55)).add(image.gt(62))
    got = world.pixels(zones, utm)["B"]
    expected = (values > 30) * 1 + (values > 55) + (values > 62)
    assert np.array_equal(got, expected)
    assert kind(zones) == ("int", 0, 3)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (
            lambda: ee.Image(1).toUint8().max(ee.Image(1).toInt16()),
            ("int", -32768, 32767),
        ),
        (
            lambda: ee.Image(1).toUint16().min(ee.Image(1).toInt16()),
            ("int", -32768, 65535),
        ),
        (
            lambda: ee.Image(1).toUint8().add(ee.Image(1).toFloat()),
            ("float", None, None),
        ),
        (lambda: ee.Image(1).toFloat().add(ee.Image(1.5)), ("double", None, None)),
        (lambda: ee.Image(1).toUint8().where(1, ee.Image(2.5)), ("double", None, None)),
        (lambda: ee.Image(5).toUint8().eq(5.5), ("int", 0, 1)),
        (lambda: ee.Image(5.5).gt(5), ("int", 0, 1)),
        (lambda: ee.Image(5.5).And(1), ("int", 0, 1)),
        (lambda: ee.Image(5).Not(), ("int", 0, 1)),
    ],
)
def test_output_types_are_unions(world, image, expected):
    assert kind(image()) == expected


@pytest.mark.parametrize(
    ("cast", "value", "expected"),
    [
        ("toUint8", 1.7, 1),
        ("toUint8", 12600, 255),
        ("toUint8", -12345, 0),
        ("toUint16", 77880, 65535),
        ("toInt8", -1.7, -1),
        ("toInt16", 1e9, 32767),
        ("toInt32", -1e12, -(2**31)),
    ],
)
def test_casts_truncate_and_clamp(world, utm, cast, value, expected):
    """References of Number.toUint8 and its kin, with just these examples."""
    got = world.pixels(getattr(ee.Image(value), cast)(), world.crop(utm, 0, 0, 2, 2))
    assert (got["constant"] == expected).all()
    assert getattr(ee.Number(value), cast)().getInfo() == expected


def test_dividing_by_zero_gives_zero(world, utm, noise):
    """Reference of Image.divide: "returning 0 for division by 0"."""
    values = noise((128, 128), 5, "int16")
    world.add("a", {"B": (utm, values)})
    got = world.pixels(ee.Image(7).divide(ee.Image("a")), utm)["constant"]
    expected = np.divide(7, values, out=np.zeros((128, 128)), where=values != 0)
    np.testing.assert_allclose(got, expected, rtol=1e-6)


TYPES = st.sampled_from(["uint8", "int8", "uint16", "int16", "int32", "float32"])


@given(st.lists(TYPES, min_size=1, max_size=4))
def test_a_union_holds_all_of_its_types(names):
    kinds = [pixeltype.of_dtype(name) for name in names]
    union = pixeltype.union(*kinds)
    assert pixeltype.union(union, *kinds) == union
    for one in kinds:
        assert pixeltype.union(union, one) == union
        if union.precision == "int":
            assert union.low <= one.low
            assert one.high <= union.high
    assert pixeltype.union(*reversed(kinds)) == union


def test_interpolated_integers_are_floating_point(world, utm, noise):
    """Not documented: between 3 and 4 lies no integer."""
    world.add("a", {"B": (utm, noise((128, 128)))})
    assert kind(ee.Image("a").resample("bicubic"))[0] == "float"
    assert kind(ee.Image("a")) == ("int", 0, 65535)

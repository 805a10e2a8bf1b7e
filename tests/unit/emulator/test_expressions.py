"""Texts as functions of images, numbers and elements."""

import ee
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture
def pair(world, utm, noise):
    """An image of two float bands, never zero."""
    a = noise((128, 128), high=90, seed=1).astype("float64") + 1.0
    b = noise((128, 128), high=90, seed=2).astype("float64") + 1.0
    world.add("pair", {"a": (utm, a), "b": (utm, b)})
    return ee.Image("pair"), a, b


TEXTS = {
    "(b(0) - b(1)) / (b('a') + b('b'))": lambda a, b: (a - b) / (a + b),
    "2.5 * (a.a - i[1]) / (a.a + 6 * b('b') + 1)": lambda a, b: (
        2.5 * (a - b) / (a + 6 * b + 1)
    ),
    "-b(0) ** 2 + 3e-1": lambda a, b: -(a**2) + 0.3,
    "b(0) > 40 && !(b(1) <= 20) || b(0) == b(1)": lambda a, b: (
        (a > 40) & ~(b <= 20) | (a == b)
    ),
    "b(0) > 40 ? b(1) : b(0) > 20 ? 5 : -1": lambda a, b: np.where(
        a > 40, b, np.where(a > 20, 5, -1)
    ),
    "min(b(0), b(1), 30) + max(b(0), 50)": lambda a, b: (
        np.minimum(np.minimum(a, b), 30) + np.maximum(a, 50)
    ),
    "sqrt(b(0)) * cos(b(1)) % 2": lambda a, b: np.fmod(np.sqrt(a) * np.cos(b), 2),
    "clamp(b(0), 10, 30) - 7 % 4": lambda a, b: np.clip(a, 10, 30) - 3,
    "1 + 2 * 3 - 8 / 4 / 2 + b(0)": lambda a, b: 6 + a,
}


@pytest.mark.parametrize("text", TEXTS)
def test_an_expression_is_its_arithmetic(world, utm, pair, text):
    image, a, b = pair
    made = image.expression(text, {"a": image.select("a"), "i": image})
    (found,) = (world.pixels(made, utm)[n] for n in made.bandNames().getInfo())
    np.testing.assert_allclose(found, TEXTS[text](a, b).astype(float), rtol=1e-12)


def test_bands_may_be_taken_together_and_the_result_named(pair):
    image, _, _ = pair
    several = image.expression("b(1, 'a') + 1").bandNames()
    assert several.getInfo() == ["b", "a"]
    assert image.expression("i['b', 0]", {"i": image}).bandNames().getInfo() == [
        "b",
        "a",
    ]
    assert image.expression("b()").bandNames().getInfo() == ["a", "b"]
    assert image.expression("x = b(0) + 1").bandNames().getInfo() == ["x"]


def test_the_chosen_image_is_masked_where_it_is(world, utm):
    left = np.arange(128 * 128).reshape(128, 128) % 2
    hole = np.ones(left.shape, bool)
    hole[:, :10] = False
    world.add("t", {"t": (utm, left.astype("uint8"))})
    world.add("y", {"y": (utm, np.full(left.shape, 7, "uint8"), hole)})
    made = ee.Image("t").expression("b(0) ? y : 3", {"y": ee.Image("y")})
    found = world.pixels(made.rename("v").unmask(99), utm)["v"]
    np.testing.assert_array_equal(found, np.where(left, np.where(hole, 7, 99), 3))


@pytest.mark.parametrize("text", ["b(0) +", "b(0) $ 1", "(1", "nothing(1)", "c + 1"])
def test_nonsense_is_named(pair, text):
    image, _, _ = pair
    with pytest.raises(ee.EEException, match="Cannot parse"):
        image.expression(text).getInfo()


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.x + b", 5),
        ("b > 2 ? a.x : 0 - b", 2),
        ("Math.E ** 0 + max(1, 2, b)", 4),
        ("!a.x || 2 == 2", 1),
        ("(b << 3) + (~b) + (5 & 3)", 21),
    ],
)
def test_numbers_are_computed(text, expected):
    found = ee.Number.expression(text, {"a": {"x": 2}, "b": 3})
    assert found.getInfo() == expected


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=6), st.integers(0, 20))
def test_filters_are_their_text(_client, values, limit):
    table = ee.FeatureCollection(
        [ee.Feature(None, {"v": v, "m": "IW"}) for v in values]
    )
    texts = {
        f"v < {limit}": [v for v in values if v < limit],
        f"!(v <= {limit}) && m == 'IW'": [v for v in values if v > limit],
        f"v == {limit} || v > 18": [v for v in values if v == limit or v > 18],
        f"{limit} >= v and system:index != 'none'": [v for v in values if v <= limit],
        'm == "EW"': [],
    }
    found = ee.List(
        [
            table.filter(ee.Filter.expression(text)).aggregate_array("v")
            for text in texts
        ]
    )
    assert found.getInfo() == [*texts.values()]


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("text", ["v <", "v", "1 < 2", "v < 3 )"])
def test_a_filter_that_is_none_is_refused(text):
    with pytest.raises(ee.EEException, match=r"Filter\.expression: Cannot parse"):
        ee.FeatureCollection([]).filter(ee.Filter.expression(text)).size().getInfo()

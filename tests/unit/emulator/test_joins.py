"""Joins, by the pairs that plain loops find."""

import ee
import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

numbers = st.lists(st.integers(0, 9), min_size=1, max_size=6)


def table(values, **more):
    return ee.FeatureCollection(
        [ee.Feature(None, {"v": v, "n": i, **more}) for i, v in enumerate(values)]
    )


CONDITIONS = {
    "equals": (
        lambda: ee.Filter.equals(leftField="v", rightField="v"),
        lambda a, b: a == b,
    ),
    "near": (
        lambda: ee.Filter.maxDifference(2, leftField="v", rightField="v"),
        lambda a, b: abs(a - b) <= 2,
    ),
    "both": (
        lambda: ee.Filter.And(
            ee.Filter.lessThan(leftField="v", rightField="v"),
            ee.Filter.greaterThan(leftField="v", rightValue=3),
        ),
        lambda a, b: 3 < a < b,
    ),
    "either": (
        lambda: ee.Filter.Or(
            ee.Filter.equals(leftField="v", rightField="v"),
            ee.Filter.greaterThan(leftField="v", rightField="v").Not(),
        ),
        lambda a, b: a <= b,
    ),
}


@settings(deadline=None, max_examples=25)
@given(numbers, numbers, st.sampled_from(sorted(CONDITIONS)))
def test_joins_find_the_pairs_of_a_loop(_client, left, right, name):
    make, passes = CONDITIONS[name]
    condition = make()
    one, two = table(left), table(right)
    pairs = [[j for j, b in enumerate(right) if passes(a, b)] for a in left]
    simple = ee.Join.simple().apply(one, two, condition)
    inverted = ee.Join.inverted().apply(one, two, condition)
    every = ee.Join.saveAll("all", "n", False, None, True).apply(one, two, condition)
    inner = ee.Join.inner("p", "s").apply(one, two, condition)

    def numbers_of(feature):
        return ee.List(feature.get("all")).map(lambda e: ee.Feature(e).get("n"))

    def pair(feature):
        p, s = (ee.Feature(feature.get(k)).getNumber("n") for k in "ps")
        return feature.set("pair", p.multiply(100).add(s))

    found = ee.Dictionary(
        {
            "simple": simple.aggregate_array("n"),
            "inverted": inverted.aggregate_array("n"),
            "every": every.toList(99).map(lambda f: numbers_of(ee.Feature(f))),
            "inner": inner.map(pair).aggregate_array("pair"),
        }
    ).getInfo()
    assert found["simple"] == [i for i, found in enumerate(pairs) if found]
    assert found["inverted"] == [i for i, found in enumerate(pairs) if not found]
    assert found["every"] == [found[::-1] for found in pairs]
    assert found["inner"] == [100 * i + j for i, row in enumerate(pairs) for j in row]


@pytest.mark.usefixtures("world")
def test_the_best_match_is_the_nearest_and_tells_how_near():
    best = ee.Join.saveBest("best", "apart")
    near = ee.Filter.maxDifference(5, leftField="v", rightField="v")
    (only,) = best.apply(table([4, 99]), table([9, 1, 6]), near).getInfo()["features"]
    assert only["properties"]["best"]["properties"] == {"v": 6, "n": 2, "apart": 2}
    first = ee.Join.saveFirst("first", "v", False, "apart", outer=True)
    found = first.apply(table([4, 99]), table([9, 1, 6]), near).getInfo()["features"]
    assert found[0]["properties"]["first"]["properties"]["v"] == 9
    assert "first" not in found[1]["properties"]
    with pytest.raises(ee.EEException, match="no measure"):
        best.apply(
            table([1]), table([1]), ee.Filter.equals(leftField="v", rightField="v")
        ).getInfo()


@pytest.mark.usefixtures("world")
def test_a_join_by_distance_measures_metres():
    near = ee.Filter.withinDistance(60_000, leftField=".geo", rightField=".geo")
    one, two = (
        ee.FeatureCollection([ee.Feature(ee.Geometry.Point(p))])
        for p in ([10, 50], [10.5, 50.1])
    )
    found = ee.Join.saveBest("best", "apart").apply(one, two, near).first()
    _, _, metres = pyproj.Geod(ellps="WGS84").inv(10, 50, 10.5, 50.1)
    apart = ee.Feature(found.get("best")).get("apart").getInfo()
    assert apart == pytest.approx(metres, rel=0.005)
    closer = ee.Filter.withinDistance(30_000, leftField=".geo", rightField=".geo")
    assert ee.Join.simple().apply(one, two, closer).size().getInfo() == 0


@pytest.mark.usefixtures("world")
def test_a_spatial_condition_looks_at_both_places():
    squares = [ee.Geometry.BBox(x, 0, x + 1, 1) for x in (0, 5)]
    one = ee.FeatureCollection([ee.Feature(s, {"n": i}) for i, s in enumerate(squares)])
    two = ee.FeatureCollection([ee.Feature(ee.Geometry.Point([5.5, 0.5]))])
    meet = ee.Filter.intersects(leftField=".geo", rightField=".geo")
    found = ee.Join.simple().apply(one, two, meet).aggregate_array("n")
    assert found.getInfo() == [1]


@pytest.fixture
def linked(world, utm):
    """Two collections that share one index."""
    plain = np.ones((128, 128), "uint8")
    first = [
        world.add(f"A/{n}", {"a": (utm, plain * k)}) for k, n in enumerate("xy", 1)
    ]
    second = [world.add("B/y", {"c": (utm, plain * 7), "d": (utm, plain)}, score=3)]
    world.gather("A", first)
    world.gather("B", second)
    return ee.ImageCollection("A"), ee.ImageCollection("B")


def test_a_linked_image_brings_bands_and_properties(world, utm, linked):
    first, second = linked
    made = first.linkCollection(second, linkedBands=["c"], linkedProperties=["score"])
    assert made.aggregate_array("score").getInfo() == [3]
    for index, c in (("x", 99), ("y", 7)):
        image = made.filter(ee.Filter.eq("system:index", index)).first()
        assert image.bandNames().getInfo() == ["a", "c"]
        found = world.pixels(image.unmask(99, False), world.crop(utm, 0, 0, 1, 1))
        assert found["c"].item() == c


def test_combined_collections_keep_what_both_have(linked):
    first, second = linked
    made = first.combine(second)
    assert made.aggregate_array("system:index").getInfo() == ["y"]
    assert made.first().bandNames().getInfo() == ["a", "c", "d"]

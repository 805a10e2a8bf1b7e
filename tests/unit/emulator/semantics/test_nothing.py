"""Empty collections, lists and null.

Where a document says nothing the tests say what is done here.
"""

import ee
import pytest


@pytest.fixture
def empty(world, utm, noise):
    world.gather("c", [world.add("c/a", {"B": (utm, noise((128, 128)))}, time=0)])
    return ee.ImageCollection("c").filterDate("2030-01-01", "2031-01-01")


def test_an_empty_collection_has_nothing(empty):
    """Not documented; clients ask for ``size()`` and expect 0."""
    assert empty.size().getInfo() == 0
    assert empty.first().getInfo() is None
    assert empty.aggregate_array("system:index").getInfo() == []
    assert empty.toList(10).getInfo() == []
    assert empty.map(lambda i: i.add(1)).size().getInfo() == 0
    assert empty.merge(empty).size().getInfo() == 0


@pytest.mark.parametrize("name", ["mosaic", "mean", "max", "mode", "toBands"])
def test_a_composite_of_nothing_has_no_bands(empty, name):
    """Observed in many threads: "Image.select: Pattern ... did not match any bands"."""
    composite = getattr(empty, name)()
    assert composite.bandNames().getInfo() == []
    with pytest.raises(ee.EEException, match="did not match any bands"):
        composite.select("B").getInfo()


def test_a_composite_of_nothing_has_no_pixels(world, utm, empty):
    with pytest.raises(ee.EEException, match="no bands"):
        world.pixels(empty.mean(), utm)


def test_null_is_no_image(empty):
    """Observed: "Image.reduceRegion: Parameter 'image' is required", and longer."""
    with pytest.raises(ee.EEException, match="required and may not be null"):
        ee.Image(empty.first()).select("B").getInfo()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("count", 0),
        ("mean", None),
        ("min", None),
        ("max", None),
        ("median", None),
        ("stdDev", None),
        ("first", None),
    ],
)
def test_reducers_of_nothing(world, name, expected):
    """Reference of Reducer.count: "the number of non-null inputs"."""
    reducer = getattr(ee.Reducer, name)()
    assert ee.List([]).reduce(reducer).getInfo() == expected


def test_reducers_leave_nulls_out(world):
    """References of count and firstNonNull: "non-null inputs"."""
    rows = [ee.Feature(None, {"v": v} if v else {}) for v in (None, 4, None, 2)]
    table = ee.FeatureCollection(rows)
    assert table.aggregate_count("v").getInfo() == 2
    assert table.aggregate_mean("v").getInfo() == 3
    assert table.aggregate_first("v").getInfo() == 4
    got = table.reduceColumns(ee.Reducer.toList(), ["v"]).getInfo()
    assert got == {"list": [4, 2]}


def test_a_missing_property_is_null(world, utm, empty):
    """Reference of Element.get: null for a property that is not there."""
    assert ee.Image("c/a").get("nothing").getInfo() is None


def test_map_may_drop_nulls(world):
    """Reference of Collection.map: dropNulls."""
    table = ee.FeatureCollection([ee.Feature(None, {"v": v}) for v in (1, 2, 3)])
    even = ee.Filter.eq("v", 2)
    kept = table.map(lambda f: ee.FeatureCollection([f]).filter(even).first(), True)
    assert kept.aggregate_array("v").getInfo() == [2]


def test_a_region_without_pixels_reduces_to_null(world, utm, empty):
    """Not documented: what lies beside an image is masked, so nothing is reduced."""
    place = ee.Geometry.Point([30.0, 10.0]).buffer(100)
    got = ee.Image("c/a").reduceRegion(ee.Reducer.mean(), place, 10).getInfo()
    assert got == {"B": None}

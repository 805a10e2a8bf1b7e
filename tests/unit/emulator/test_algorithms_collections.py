"""Collections, their elements, filters and aggregates against Python and NumPy."""

import statistics

import ee
import numpy as np
import pytest
from shapely.geometry import shape

from emulator.evaluator.registry import registered

VALUES = [4.0, 1.0, 9.0, 1.0, None]


@pytest.fixture
def rows(world):
    """Five features; the last has no number."""
    return ee.FeatureCollection(
        [
            ee.Feature(
                ee.Geometry.BBox(i, 0, i + 1, 1),
                {"i": i, "name": "abcab"[i]} | ({} if v is None else {"v": v}),
            )
            for i, v in enumerate(VALUES)
        ]
    )


def some(collection, wanted):
    return collection.filter(wanted).aggregate_array("i").getInfo()


NUMBERS = [v for v in VALUES if v is not None]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("first", 4),
        ("count", 4),
        ("count_distinct", 3),
        ("min", 1),
        ("max", 9),
        ("sum", 15),
        ("product", 36),
        ("mean", statistics.mean(NUMBERS)),
        ("sample_sd", statistics.stdev(NUMBERS)),
        ("sample_var", statistics.variance(NUMBERS)),
        ("total_sd", statistics.pstdev(NUMBERS)),
        ("total_var", statistics.pvariance(NUMBERS)),
        ("array", NUMBERS),
        ("histogram", {"1.0": 2, "4.0": 1, "9.0": 1}),
    ],
)
def test_aggregates_leave_out_elements_without_the_property(rows, name, expected):
    found = getattr(rows, f"aggregate_{name}")("v").getInfo()
    if name == "histogram":
        found = {str(float(key)): number for key, number in found.items()}
    assert found == pytest.approx(expected)


def test_aggregates_of_texts(rows):
    assert rows.aggregate_min("name").getInfo() == "a"
    assert rows.aggregate_max("name").getInfo() == "c"
    assert rows.aggregate_histogram("name").getInfo() == {"a": 2, "b": 2, "c": 1}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("eq", 1, [1, 3]),
        ("neq", 1, [0, 2, 4]),
        ("lt", 4, [1, 3]),
        ("lte", 4, [0, 1, 3]),
        ("gt", 4, [2]),
        ("gte", 4, [0, 2]),
        ("equals", 1, [1, 3]),
        ("notEquals", 1, [0, 2, 4]),
        ("lessThan", 4, [1, 3]),
        ("lessThanOrEquals", 4, [0, 1, 3]),
        ("greaterThan", 4, [2]),
        ("greaterThanOrEquals", 4, [0, 2]),
        ("lessThan", "b", []),
    ],
)
def test_comparisons_with_what_is_missing_fail(rows, name, value, expected):
    wanted = ee.Filter(
        ee.ApiFunction.apply_(f"Filter.{name}", {"leftField": "v", "rightValue": value})
    )
    assert some(rows, wanted) == expected


def test_other_filters(rows):
    far = ee.Geometry.Point([0.5, 0.5])
    apply = ee.ApiFunction.apply_
    for wanted, expected in (
        (ee.Filter.inList("name", ["a", "c"]), [0, 2, 3]),
        (ee.Filter.inList("v", [9, 4]), [0, 2]),
        (ee.Filter(apply("Filter.inList", {
            "leftField": "v", "rightValue": [9, 4]})), [0, 2]),
        (ee.Filter.rangeContains("v", 1, 4), [0, 1, 3]),
        (ee.Filter.rangeContains("name", "b", "c"), [1, 2, 4]),
        (ee.Filter.notNull(["v"]), [0, 1, 2, 3]),
        (ee.Filter.stringContains("name", "b"), [1, 4]),
        (ee.Filter.disjoint(".geo", far), [1, 2, 3, 4]),
        (ee.Filter(apply("Filter.always", {})), [0, 1, 2, 3, 4]),
        (ee.Filter(apply("Filter.never", {})), []),
        (ee.Filter(apply("Filter.hasGeometry", {})), [0, 1, 2, 3, 4]),
        (ee.Filter.Or(ee.Filter.eq("i", 0), ee.Filter.gt("v", 4)), [0, 2]),
        (ee.Filter.eq("v", 1).Not(), [0, 2, 4]),
    ):  # fmt: skip
        assert some(rows, wanted) == expected


def test_days_of_the_year(world):
    moments = ["2019-01-31", "2019-06-01", "2020-12-31"]
    rows = ee.FeatureCollection(
        [
            ee.Feature(None, {"i": i, "system:time_start": ee.Date(m).millis()})
            for i, m in enumerate(moments)
        ]
    )
    assert some(rows, ee.Filter.dayOfYear(31, 152)) == [0, 1]
    assert some(rows, ee.Filter.dayOfYear(366, 31)) == [0, 2]
    assert some(rows, ee.Filter.calendarRange(6, 12, "month")) == [1, 2]
    assert some(rows, ee.Filter.calendarRange(2020, None, "year")) == [2]


def test_lists_of_elements(rows):
    assert rows.toList(2, 1).map(lambda f: ee.Feature(f).get("i")).getInfo() == [1, 2]
    assert rows.toList(9, 4).size().getInfo() == 1
    assert rows.toList(9, 5).getInfo() == []
    ordered = rows.sort("v").aggregate_array("i").getInfo()
    assert ordered == [1, 3, 0, 2, 4]
    last = rows.sort("i", False).limit(2).aggregate_array("i").getInfo()
    assert last == [4, 3]
    for wrong in (lambda: rows.limit(-1), lambda: rows.toList(1, -1)):
        with pytest.raises(ee.EEException, match="not be negative"):
            wrong().getInfo()


def test_collections_of_collections(rows):
    both = rows.merge(rows.limit(1))
    assert both.size().getInfo() == 6
    assert both.aggregate_array("system:index").getInfo()[-1] == "2_0"
    nested = ee.FeatureCollection([rows.limit(2), rows.limit(1)])
    assert nested.flatten().aggregate_array("i").getInfo() == [0, 1, 0]
    with pytest.raises(ee.EEException, match="no collection"):
        rows.flatten().getInfo()


def test_distinct_by_properties(rows):
    assert rows.distinct("v").aggregate_array("i").getInfo() == [0, 1, 2, 4]
    assert rows.distinct(["v", "name"]).size().getInfo() == 5
    assert rows.merge(rows).distinct(".geo").size().getInfo() == 5


def test_iterating_and_mapping(rows):
    total = rows.iterate(lambda f, s: ee.Number(s).add(ee.Feature(f).get("i")), 0)
    assert total.getInfo() == 10
    kept = rows.map(
        lambda f: ee.Algorithms.If(f.getNumber("i").gt(2), f, None), True
    ).aggregate_array("i")
    assert kept.getInfo() == [3, 4]
    with pytest.raises(ee.EEException, match="returned null"):
        rows.map(lambda f: ee.Algorithms.If(0, f, None)).getInfo()
    with pytest.raises(ee.EEException, match="must return a Feature or Image"):
        rows.map(lambda f: 5).getInfo()


def test_remapping_drops_other_values(rows):
    found = rows.remap(["a", "c"], [10, 30], "name")
    assert found.aggregate_array("name").getInfo() == [10, 30, 10]
    with pytest.raises(ee.EEException, match="same length"):
        rows.remap([1], [], "i").getInfo()


def test_geometries_of_collections(rows):
    assert shape(rows.geometry().getInfo()).area == pytest.approx(5)
    assert shape(rows.bounds().getInfo()).bounds == pytest.approx((0, 0, 5, 1))
    union = rows.union().getInfo()["features"]
    assert [f["id"] for f in union] == ["union_result"]
    assert shape(union[0]["geometry"]).area == pytest.approx(5)


def test_more_than_5000_elements_are_not_listed(world):
    many = ee.FeatureCollection(
        ee.List.sequence(0, 5000).map(lambda i: ee.Feature(None, {"i": i}))
    )
    assert many.size().getInfo() == 5001
    with pytest.raises(ee.EEException, match="over 5000 elements"):
        many.getInfo()
    assert len(many.limit(5000).getInfo()["features"]) == 5000


def test_properties_of_elements(rows):
    one = ee.Feature(rows.first())
    assert one.getString("name").getInfo() == "a"
    assert one.getNumber("v").getInfo() == 4
    assert one.id().getInfo() == "0"
    assert set(one.propertyNames().getInfo()) >= {"i", "name", "v"}
    changed = one.set({"v": 5, "w": 6})
    assert changed.toDictionary(["v", "w"]).getInfo() == {"v": 5, "w": 6}
    several = {"object": one, "properties": {"v": 5, "w": 6}}
    changed = ee.Feature(ee.ApiFunction.apply_("Element.setMulti", several))
    assert changed.toDictionary(["v", "w"]).getInfo() == {"v": 5, "w": 6}
    other = ee.Feature(None, {"b": 1}).copyProperties(one, ["v", "name"], ["name"])
    assert other.toDictionary().getInfo() == {"b": 1, "v": 4}
    picked = one.select(["v", "name"], ["x", "y"], False).getInfo()
    assert picked["properties"] == {"x": 4, "y": "a"}
    assert picked["geometry"] is None
    moved = one.setGeometry(ee.Geometry.Point([7, 8])).geometry().coordinates()
    assert moved.getInfo() == [7, 8]
    with pytest.raises(ee.EEException, match="is not a Number"):
        one.getNumber("name").getInfo()


@pytest.fixture
def image(world, utm, noise):
    """An image of three bands, and its arrays."""
    arrays = [noise((128, 128), 9, "uint8", seed) for seed in range(3)]
    bands = {name: (utm, a) for name, a in zip("abc", arrays, strict=True)}
    world.add("x/y/z", bands, cloud=12.5)
    return ee.Image("x/y/z"), np.array(arrays, float)


def values(world, made, utm):
    found = world.pixels(made, utm)
    return [found[name].astype(float) for name in found.dtype.names]


def test_bands_and_properties_of_images(world, utm, image):
    one, _ = image
    assert one.slice(1).bandNames().getInfo() == ["b", "c"]
    cut = one.slice(-2, 3)
    assert cut.bandNames().getInfo() == ["b", "c"]
    joined = ee.Image(ee.ApiFunction.apply_("Image.cat", {"images": [one, one]}))
    assert joined.bandNames().getInfo() == ["a", "b", "c", "a_1", "b_1", "c_1"]
    assert one.id().getInfo() == "z"
    (cloud,) = values(world, one.metadata("cloud"), utm)
    assert (cloud == 12.5).all()
    copied = ee.ApiFunction.apply_(
        "Image.copyProperties", {"destination": ee.Image(1), "source": one}
    )
    assert ee.Image(copied).get("cloud").getInfo() == 12.5
    with pytest.raises(ee.EEException, match="is not a number"):
        one.metadata("nothing").getInfo()


REDUCERS = {
    "product": np.prod,
    "last": lambda a, axis: np.take(a, -1, axis),
    "firstNonNull": lambda a, axis: np.take(a, 0, axis),
    "lastNonNull": lambda a, axis: np.take(a, -1, axis),
    "anyNonZero": np.any,
    "allNonZero": np.all,
    "or": np.any,
    "and": np.all,
    "sampleStdDev": lambda a, axis: np.std(a, axis, ddof=1),
    "sampleVariance": lambda a, axis: np.var(a, axis, ddof=1),
}


@pytest.mark.parametrize("name", REDUCERS)
def test_reducers_of_bands_and_of_lists(world, utm, image, name):
    one, arrays = image
    reducer = ee.Reducer(ee.ApiFunction.apply_(f"Reducer.{name}", {}))
    (found,) = values(world, one.reduce(reducer), utm)
    expected = REDUCERS[name](arrays, axis=0)
    assert np.allclose(found, expected, rtol=1e-6)
    listed = ee.List([3, 0, 5]).reduce(reducer).getInfo()
    assert listed == pytest.approx(float(REDUCERS[name](np.array([3, 0, 5.0]), axis=0)))


@pytest.mark.parametrize("name", ["and", "or", "product"])
def test_reductions_of_collections(world, utm, image, name):
    one, arrays = image
    images = ee.ImageCollection([one.select([0]), one.select([1]).rename(["a"])])
    made = ee.Image(ee.ApiFunction.apply_(f"reduce.{name}", {"collection": images}))
    (found,) = values(world, made, utm)
    assert np.array_equal(found, REDUCERS[name](arrays[:2], axis=0))


def test_outputs_of_reducers(world):
    both = ee.Reducer.mean().combine(ee.Reducer.max(), None, True)
    assert both.getOutputs().getInfo() == ["mean", "max"]
    renamed = both.setOutputs(["m", "x"])
    assert renamed.getOutputs().getInfo() == ["m", "x"]
    assert ee.List([1, 3]).reduce(renamed).getInfo() == {"m": 2, "x": 3}
    with pytest.raises(ee.EEException, match="As many names"):
        both.setOutputs(["m"]).getOutputs().getInfo()


def test_quality_mosaics_take_all_bands_of_the_best(world, utm, image):
    one, arrays = image
    pairs = ee.ImageCollection(
        [one.select(["a", "b"], ["q", "v"]), one.select(["b", "c"], ["q", "v"])]
    )
    quality, value = values(world, pairs.qualityMosaic("q"), utm)
    a, b, c = arrays
    assert np.array_equal(quality, np.maximum(a, b))
    sure = a != b
    assert np.array_equal(value[sure], np.where(b > a, c, b)[sure])


def windows(array):
    """Returns the 3 by 3 neighbours of all pixels but the outermost, flat."""
    around = np.lib.stride_tricks.sliding_window_view(array, (3, 3))
    return around.reshape(*around.shape[:2], 9)


@pytest.mark.parametrize(
    ("name", "function"),
    [("focal_min", np.min), ("focal_median", np.median), ("focal_mean", np.mean)],
)
def test_old_names_of_focal_filters(world, utm, image, name, function):
    one, arrays = image
    made = getattr(one.select(["a"]), name)(1, "square", "pixels")
    (found,) = values(world, made, utm)
    expected = function(windows(arrays[0]), axis=-1)
    assert np.allclose(found[1:-1, 1:-1], expected, atol=1e-5)


def test_the_old_focal_mode(world, utm, image):
    one, arrays = image
    (found,) = values(world, one.select(["a"]).focal_mode(1, "square", "pixels"), utm)

    counts = (windows(arrays[0])[..., None] == np.arange(9)).sum(axis=2)
    chosen = found[1:-1, 1:-1].astype(int)[..., None]
    assert (np.take_along_axis(counts, chosen, 2)[..., 0] == counts.max(axis=2)).all()


def weights(name, **arguments):
    kernel = registered()[f"Kernel.{name}"].call(arguments, None)
    return kernel.at(10.0).values


def test_kernels_against_their_formulas():
    y, x = np.mgrid[-2:3, -2:3].astype(float)
    plain = {"radius": 2, "normalize": False}
    assert np.allclose(weights("euclidean", **plain), np.hypot(x, y))
    assert np.allclose(weights("manhattan", **plain), abs(x) + abs(y))
    assert np.allclose(weights("chebyshev", **plain), np.maximum(abs(x), abs(y)))
    assert np.array_equal(weights("cross", **plain), abs(x) == abs(y))
    bell = np.exp(-(x**2 + y**2) / 2)
    gaussian = weights("gaussian", radius=2, sigma=1)
    assert np.allclose(gaussian, bell / bell.sum())
    flat = weights("rectangle", xRadius=2, yRadius=1)
    assert flat.shape == (3, 5)
    assert np.allclose(flat, 1 / 15)


def test_kernels_of_edges_and_their_sums():
    assert weights("laplacian4").tolist() == [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    assert weights("laplacian8").tolist() == [[1, 1, 1], [1, -8, 1], [1, 1, 1]]
    assert weights("sobel").tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    one = registered()["Kernel.square"].call({"radius": 1, "normalize": False}, None)
    two = registered()["Kernel.euclidean"].call({"radius": 1, "normalize": False}, None)
    total = weights("add", kernel1=one, kernel2=two)
    assert np.allclose(total, one.at(1).values + two.at(1).values)
    turned = weights("inverse", kernel=two)
    root = 1 / np.sqrt(2)
    assert np.allclose(turned, [[root, 1, root], [1, 0, 1], [root, 1, root]])


def test_projections_are_scaled_and_moved_by_pixels(world):
    base = ee.Projection("EPSG:32632", [10, 0, 500000, 0, -10, 6000000])
    scaled = base.scale(3, 2).getInfo()["transform"]
    assert scaled == [30, 0, 500000, 0, -20, 6000000]
    moved = base.translate(5, 7).getInfo()["transform"]
    assert moved == [10, 0, 500050, 0, -10, 5999930]
    assert base.wkt().getInfo().startswith('PROJCS["WGS 84 / UTM zone 32N"')
    text = base.transform().getInfo()
    assert 'PARAMETER["elt_0_2", 500000.0]' in text
    assert text.startswith('PARAM_MT["Affine"')

"""Collections ask the catalogue narrowly, filter truly, and reduce."""

import operator

import ee
import numpy as np
import pytest
import shapely
from shapely.geometry import Point, box

from emulator.evaluator.filters import And, Comparison, Operand, Spatial
from emulator.evaluator.geometry import Geometry

DAY = 86400000


@pytest.fixture
def year(world, utm):
    """Twelve scenes of a collection, a month apart, marching east."""
    scenes = []
    for month in range(12):
        west = 9.0 + 0.1 * month
        scenes.append(
            world.add(
                f"c/m{month:02d}",
                {"B": (utm, np.full((128, 128), month, np.uint8))},
                time=month * 30 * DAY,
                footprint=box(west, 50.0, west + 1.0, 51.0),
                cloud=float(month * 10),
                name="even" if month % 2 == 0 else "odd",
            )
        )
    return world.gather("c", scenes)


def indexes(collection):
    return collection.aggregate_array("system:index").getInfo()


def test_place_and_time_reach_the_catalogue(year):
    place = ee.Geometry.Rectangle([10.4, 50.2, 10.6, 50.4], None, False)
    found = (
        ee.ImageCollection("c")
        .filter(ee.Filter.lt("cloud", 95))
        .filterDate("1970-01-01", "1970-09-01")
        .filterBounds(place)
        .filter(ee.Filter.contains(".geo", place))
    )
    # m06 covers 9.6 to 10.6, m07 9.7 to 10.7; m08 begins at 1970-08-29.
    assert indexes(found) == ["m06", "m07", "m08"]
    [(bounds, start, end)] = year.asked
    assert np.allclose(bounds, (10.4, 50.2, 10.6, 50.4))
    assert (start, end) == (0, 243 * DAY)


def test_and_chains_and_maps_that_keep_the_place_are_seen_through(year):
    point = ee.Geometry.Point([10.95, 50.5])
    wanted = ee.Filter.And(ee.Filter.bounds(point), ee.Filter.date(0, 400 * DAY))
    found = ee.ImageCollection("c").select("B").filter(wanted)
    assert indexes(found) == ["m10", "m11"]
    [(bounds, start, end)] = year.asked
    assert bounds == pytest.approx((10.95, 50.5, 10.95, 50.5))
    assert (start, end) == (0, 400 * DAY)


def test_a_map_that_may_change_the_place_is_not_seen_through(year):
    moved = ee.ImageCollection("c").map(lambda i: i.set("system:time_start", 5))
    assert len(indexes(moved.filterDate(5, 6))) == 12
    assert year.asked == [(None, None, None)]


def test_an_index_is_looked_up(world, year):
    found = ee.ImageCollection("c").filter(ee.Filter.eq("system:index", "m03"))
    assert found.first().bandNames().getInfo() == ["B"]
    assert year.asked == []
    assert world.looked_up == ["c/m03"]
    clear = found.filter(ee.Filter.lt("cloud", 5))
    assert clear.size().getInfo() == 0
    gone = ee.ImageCollection("c").filter(ee.Filter.eq("system:index", "m99"))
    assert gone.size().getInfo() == 0


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: ee.Filter.eq("cloud", 30), [3]),
        (lambda: ee.Filter.neq("name", "odd"), [0, 2, 4, 6, 8, 10]),
        (lambda: ee.Filter.lte("cloud", 20), [0, 1, 2]),
        (lambda: ee.Filter.gte("cloud", 100), [10, 11]),
        (lambda: ee.Filter.gt("cloud", 100), [11]),
        (lambda: ee.Filter.inList("cloud", [10, 110]), [1, 11]),
        (lambda: ee.Filter.stringStartsWith("name", "ev"), [0, 2, 4, 6, 8, 10]),
        (lambda: ee.Filter.stringEndsWith("system:index", "1"), [1, 11]),
        (lambda: ee.Filter.stringContains("system:index", "m1"), [10, 11]),
        (lambda: ee.Filter.rangeContains("cloud", 20, 40), [2, 3, 4]),
        (lambda: ee.Filter.notNull(["cloud", "absent"]), []),
        (lambda: ee.Filter.eq("absent", None), list(range(12))),
        (lambda: ee.Filter.lt("absent", 5), []),
        (lambda: ee.Filter.Not(ee.Filter.eq("absent", 5)), list(range(12))),
        (
            lambda: ee.Filter.Or(ee.Filter.eq("cloud", 0), ee.Filter.gt("cloud", 100)),
            [0, 11],
        ),
        # Days 30, 60 and 90 of 1970 are 31 January, 2 March and 1 April.
        (lambda: ee.Filter.calendarRange(2, 3, "month"), [2]),
        (lambda: ee.Filter.Not(ee.Filter.date(0, 300 * DAY)), [10, 11]),
        (
            lambda: ee.Filter.isContained(
                ".geo", ee.Geometry.Rectangle([8.9, 49, 10.15, 52], None, False)
            ),
            [0, 1],
        ),
        (lambda: ee.Filter.maxDifference(10, "cloud", 50), [4, 5, 6]),
    ],
)
def test_filters(year, make, expected):
    found = indexes(ee.ImageCollection("c").filter(make()))
    assert found == [f"m{i:02d}" for i in expected]


def test_sorting_limits_and_lists(year):
    collection = ee.ImageCollection("c")
    assert indexes(collection.sort("cloud", False).limit(2)) == ["m11", "m10"]
    assert collection.size().getInfo() == 12
    assert collection.toList(2, 3).size().getInfo() == 2
    third = ee.Image(collection.toList(1, 2).get(0))
    assert third.get("cloud").getInfo() == 20
    table = collection.limit(3).reduceColumns(
        ee.Reducer.toList(2), ["system:index", "cloud"]
    )
    assert table.getInfo() == {"list": [["m00", 0], ["m01", 10], ["m02", 20]]}
    holes = collection.map(
        lambda i: i.set(
            "x", ee.Algorithms.If(ee.Number(i.get("cloud")).gt(90), 1, None)
        )
    )
    pairs = holes.reduceColumns(ee.Reducer.toList(2), ["system:index", "x"]).get("list")
    assert pairs.getInfo() == [["m10", 1], ["m11", 1]]
    assert collection.aggregate_max("cloud").getInfo() == 110
    assert collection.aggregate_first("name").getInfo() == "even"


def test_an_empty_collection_has_a_null_first(year):
    none = ee.ImageCollection("c").filter(ee.Filter.eq("cloud", -1))
    assert none.first().getInfo() is None
    assert none.aggregate_array("cloud").cat([0]).get(0).getInfo() == 0
    message = "Image.bandNames: Parameter 'image' is required and may not be null."
    with pytest.raises(ee.EEException, match=message):
        none.first().bandNames().getInfo()


def test_reducing_a_stack_agrees_with_numpy(world, utm, noise):
    scenes, layers = [], []
    for i in range(9):
        values = noise((128, 128), 6, "uint8", seed=i)
        mask = noise((128, 128), 4, "uint8", seed=100 + i) > 0
        mask[:2, :2] = False
        layers.append(np.ma.array(values, mask=~mask))
        scenes.append(world.add(f"s/{i}", {"L": (utm, values, mask)}, time=i))
    world.gather("s", scenes)
    stack = np.ma.stack(layers)
    collection = ee.ImageCollection("s")

    def got(image):
        image = ee.Image(image).rename("v")
        pixels = world.pixels(image.addBands(image.mask().rename("m")), utm)
        return np.ma.array(pixels["v"], mask=pixels["m"] == 0)

    expected = {
        "mean": stack.mean(axis=0),
        "min": stack.min(axis=0),
        "max": stack.max(axis=0),
        "sum": stack.sum(axis=0),
        "median": np.ma.median(stack.astype(float), axis=0),
    }
    for name, truth in expected.items():
        found = got(getattr(collection, name)())
        assert np.array_equal(found.mask, truth.mask), name
        np.testing.assert_allclose(found.compressed(), truth.compressed(), rtol=1e-12)
    assert np.array_equal(got(collection.count()).data, (~stack.mask).sum(axis=0))
    found = got(collection.reduce(ee.Reducer.stdDev()))
    np.testing.assert_allclose(found.compressed(), stack.std(axis=0).compressed())

    counts = np.stack([(stack == v).filled(False).sum(axis=0) for v in range(6)])
    for image in (collection.mode(), collection.map(lambda i: i.toDouble()).mode()):
        mode = got(image)
        assert np.array_equal(mode.mask, stack.mask.all(axis=0))
        valid = ~mode.mask
        assert np.array_equal(mode.data[valid], counts.argmax(axis=0)[valid])

    top = got(collection.mosaic())
    last = np.ma.array(np.zeros((128, 128)), mask=True)
    for layer in layers:
        last = np.ma.where(layer.mask, last, layer)
    assert np.array_equal(top.mask, last.mask)
    assert np.array_equal(top.compressed(), last.compressed())


def test_composites_name_their_bands(year):
    collection = ee.ImageCollection("c").limit(2)
    both = ee.Reducer.mean().combine(ee.Reducer.max(), "", True)
    assert collection.reduce(both).bandNames().getInfo() == ["B_mean", "B_max"]
    assert collection.mean().bandNames().getInfo() == ["B"]
    assert collection.toBands().bandNames().getInfo() == ["m00_B", "m01_B"]
    made = ee.ImageCollection([ee.Image(1), ee.Image(2)])
    assert made.toBands().bandNames().getInfo() == ["0_constant", "1_constant"]
    merged = collection.merge(made)
    assert indexes(merged) == ["1_m00", "1_m01", "2_0", "2_1"]
    assert made.mean().reduceRegion(
        ee.Reducer.first(), ee.Geometry.Point([0, 0]), 1
    ).getInfo() == {"constant": 1.5}


def test_random_columns_are_uniform_and_repeatable(year):
    def column(seed):
        made = ee.ImageCollection("c").randomColumn("r", seed)
        return made.aggregate_array("r").getInfo()

    first = column(1)
    assert first == column(1) != column(2)
    assert len(set(first)) == 12
    assert all(0 <= number < 1 for number in first)


def test_get_region_lists_header_rows_and_nulls(world, year):
    # m03 is masked at the point's pixel.
    scene = world.images["c/m03"]
    scene.arrays["B"][2][:] = False
    point = ee.Geometry.Point([9.9777, 50.6])
    rows = ee.ImageCollection("c").filterDate(60 * DAY, 150 * DAY).getRegion(point, 10)
    header, *rest = rows.getInfo()
    assert header == ["id", "longitude", "latitude", "time", "B"]
    assert [row[0] for row in rest] == ["m02", "m03", "m04"]
    assert [row[3] for row in rest] == [60 * DAY, 90 * DAY, 120 * DAY]
    assert [row[4] for row in rest] == [2, None, 4]
    # The pixel's centre, on the 10 m lattice that starts at 0°, 0°.
    step = 10 / (np.pi * 6378137 / 180)
    for value, place in ((rest[0][1], 9.9777), (rest[0][2], 50.6)):
        assert value == pytest.approx((np.floor(place / step) + 0.5) * step, abs=1e-9)


def test_tables_join_by_place(world):
    rows = [
        (box(0, 0, 1, 1), {"name": "a", "n": 1}),
        (box(1.5, 0, 2, 1), {"name": "b", "n": 2}),
    ]
    world.tabulate("t", rows)
    table = ee.FeatureCollection("t")
    found = table.filterBounds(ee.Geometry.Point([1.7, 0.5]))
    assert found.aggregate_array("name").getInfo() == ["b"]
    info = table.getInfo()
    assert [f["id"] for f in info["features"]] == ["0", "1"]
    assert info["features"][0]["properties"] == {"name": "a", "n": 1}


def test_places_across_the_antimeridian_meet(world, utm):
    east = world.add(
        "f/e",
        {"B": (utm, np.zeros((128, 128)))},
        footprint=Point(-179.9, -17).buffer(0.2),
    )
    west = world.add(
        "f/w",
        {"B": (utm, np.zeros((128, 128)))},
        footprint=Point(179.9, -17).buffer(0.05),
    )
    far = world.add(
        "f/x", {"B": (utm, np.zeros((128, 128)))}, footprint=Point(10, -17).buffer(0.2)
    )
    fiji = world.gather("f", [east, west, far])
    place = ee.Geometry.Rectangle([179.85, -17.1, 180.1, -16.9], None, False)
    assert sorted(indexes(ee.ImageCollection("f").filterBounds(place))) == ["e", "w"]
    boxes = [bounds for bounds, _, _ in fiji.asked]
    assert all(-180 <= b[0] <= b[2] <= 180 for b in boxes)


def test_too_much_to_list_is_a_400(world, year, monkeypatch):
    def refuse(*_):
        raise ValueError("too large")

    monkeypatch.setattr(year, "scenes", refuse)
    with pytest.raises(ee.EEException, match="aborted after accumulating"):
        ee.ImageCollection("c").size().getInfo()
    with pytest.raises(ee.EEException, match="'nowhere' not found"):
        ee.ImageCollection("nowhere").size().getInfo()


def test_what_fails_several_filters_may_pass_one_of_them(year):
    early_and_clear = ee.Filter.And(
        ee.Filter.lt("system:time_start", 60 * DAY), ee.Filter.lt("cloud", 5)
    )
    found = ee.ImageCollection("c").filter(early_and_clear.Not())
    assert indexes(found) == [f"m{month:02d}" for month in range(1, 12)]


def test_footprints_are_tested_once_and_only_of_scenes_with_the_properties():
    class Footprinted:
        def __init__(self, number, shape):
            self.properties = {"cloud": number}
            self._shape = shape

        def geometry(self):
            asked.append(self.properties["cloud"])
            return Geometry(self._shape, geodesic=False)

    asked, tested = [], []

    def test(left, right):
        tested.append(len(left))
        return shapely.intersects(left, right)

    shapes = [box(0, 0, 1, 1), box(2, 2, 3, 3)]
    elements = [Footprinted(n, shapes[n % 2]) for n in range(100)]
    point = Operand(None, Geometry(Point(0.5, 0.5)))
    wanted = And(
        (
            Spatial(Operand(".geo", None), point, test),
            Comparison(Operand("cloud", None), Operand(None, 10), operator.lt),
        )
    )
    kept = [n for n, ok in enumerate(wanted.keep(elements)) if ok]
    assert kept == [0, 2, 4, 6, 8]
    assert asked == list(range(10))
    assert tested == [2]

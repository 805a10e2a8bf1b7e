"""Regions: which pixels count, and how much.

The rules are those of the guides "Statistics of an Image Region"
(guides/reducers_reduce_region, "Pixels in the region"), "Weighted Reductions"
(guides/reducers_weighting) and "Statistics of Image Regions"
(guides/reducers_reduce_regions), and of the references of the algorithms.
"""

import json

import ee
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import rasterize
from shapely.geometry import Polygon, box

from emulator.evaluator.geometry import Geometry
from emulator.evaluator.projection import Projection
from emulator.evaluator.regions import quantised, region_of
from emulator.evaluator.signatures import algorithms_json
from emulator.evaluator.weighting import DOCUMENTED

CRS = "EPSG:32632"


@pytest.fixture
def image(world, utm, noise):
    """Values and a place that cuts pixels at 3 and 4 tenths."""
    values = noise((128, 128), 1000)
    world.add("a", {"B": (utm, values)})
    place = ee.Geometry.Rectangle([568703, 5606301, 568804, 5606402], CRS, False)
    return ee.Image("a"), values, place


def weights_by_hand():
    """Weights of 12 by 12 pixels around the place, in 8 bits."""
    x = np.array([0.7, *[1.0] * 9, 0.4, 0.0])
    y = np.array([0.2, *[1.0] * 9, 0.9, 0.0])
    shares = y[:, None] * x
    return np.minimum(np.floor(shares * 256 + 1e-6), 255) / 255


def reduced(image, reducer, place, **more):
    return image.reduceRegion(reducer, place, 10, **more).getInfo()["B"]


def test_weighted_reducers_weigh_pixels_by_the_share_inside(image):
    """guides/reducers_reduce_region: the weight is the fraction that is covered."""
    picture, values, place = image
    weights = weights_by_hand()
    around = values[5:17, 2:14].astype(float)
    mean = (around * weights).sum() / weights.sum()
    assert reduced(picture, ee.Reducer.mean(), place) == pytest.approx(mean, rel=1e-9)
    total = (around * weights).sum()
    assert reduced(picture, ee.Reducer.sum(), place) == pytest.approx(total, rel=1e-9)


def test_unweighted_reducers_take_pixels_whose_centre_is_inside(image):
    """guides/reducers_reduce_region: count, and ``mean().unweighted()``."""
    picture, values, place = image
    inside = values[6:16, 2:12]
    assert reduced(picture, ee.Reducer.count(), place) == inside.size == 100
    plain = ee.Reducer.mean().unweighted()
    assert reduced(picture, plain, place) == pytest.approx(inside.mean())
    assert reduced(picture, ee.Reducer.max(), place) == inside.max()


def test_weights_have_eight_bits():
    """guides/reducers_weighting: below about 1/256 a weight is 0."""
    assert quantised(np.array([0.0, 0.003, 0.005, 1.0])).tolist() == [
        0.0,
        0.0,
        1 / 255,
        1.0,
    ]
    assert len(np.unique(quantised(np.linspace(0, 1, 100_000)))) == 256


def test_the_reference_says_weighted_of_these_reducers():
    """The descriptions in ``algorithms.list``: "the (weighted) sum of its inputs"."""
    listed = {
        entry["name"].removeprefix("algorithms/Reducer."): entry.get("description", "")
        for entry in json.loads(algorithms_json())["algorithms"]
        if entry["name"].startswith("algorithms/Reducer.")
    }
    said = {name for name, text in listed.items() if "(weighted)" in text}
    assert set(DOCUMENTED) <= said
    assert not {"count", "min", "max", "first", "toList"} & said


def test_masked_pixels_count_for_nothing(world, image, utm):
    """guides/reducers_reduce_region: "and the image's mask is non-zero"."""
    picture, values, place = image
    half = picture.updateMask(picture.lt(500))
    inside = values[6:16, 2:12]
    assert reduced(half, ee.Reducer.count(), place) == (inside < 500).sum()
    weights = weights_by_hand() * (values[5:17, 2:14] < 500)
    mean = (values[5:17, 2:14] * weights).sum() / weights.sum()
    assert reduced(half, ee.Reducer.mean(), place) == pytest.approx(mean, rel=1e-9)


def test_a_point_takes_the_pixel_it_lies_in(image):
    """guides/reducers_reduce_region: "there will only be one pixel in the region"."""
    picture, values, _ = image
    point = ee.Geometry.Point([568685, 5606455], CRS)
    for reducer in (ee.Reducer.first(), ee.Reducer.mean(), ee.Reducer.sum()):
        assert reduced(picture, reducer, point) == values[0, 0]
    assert reduced(picture, ee.Reducer.count(), point) == 1


def test_a_line_takes_the_pixels_it_touches(image):
    """Not documented: lines have no area to cover with."""
    picture, values, _ = image
    line = ee.Geometry.LineString([[568692, 5606455], [568728, 5606455]], CRS)
    assert reduced(picture, ee.Reducer.count(), line) == 4
    mean = values[0, 1:5].mean()
    assert reduced(picture, ee.Reducer.mean(), line) == pytest.approx(mean)


def test_split_weights_takes_weights_from_the_next_band(image):
    """guides/reducers_weighting: the second input is the weight."""
    picture, values, place = image
    weight = picture.divide(1000).rename("w")
    both = picture.addBands(weight)
    got = both.reduceRegion(ee.Reducer.mean().splitWeights(), place, 10).getInfo()
    inside = values[6:16, 2:12].astype(float)
    wanted = (inside * inside).sum() / inside.sum()
    assert got == {"mean": pytest.approx(wanted, rel=1e-6)}


def test_all_masked_is_null_and_counts_zero(image):
    """Not documented; the reference of ``count``: "the number of non-null inputs"."""
    picture, _, place = image
    nothing = picture.updateMask(0)
    assert reduced(nothing, ee.Reducer.mean(), place) is None
    assert reduced(nothing, ee.Reducer.max(), place) is None
    assert reduced(nothing, ee.Reducer.count(), place) == 0


def test_too_many_pixels_are_refused_or_seen_from_farther(image):
    """The reference of ``reduceRegion``: maxPixels and bestEffort."""
    picture, _, place = image
    with pytest.raises(ee.EEException, match=r"Too many pixels .* Found 121"):
        reduced(picture, ee.Reducer.sum(), place, maxPixels=120)
    coarse = reduced(picture, ee.Reducer.count(), place, maxPixels=50, bestEffort=True)
    assert 20 <= coarse <= 30


def test_outputs_are_named_by_band_and_by_reducer(image):
    """guides/reducers_reduce_region; combined reducers: guides/reducers_combine."""
    picture, _, place = image
    both = picture.addBands(picture.add(1).rename("C"))
    one = both.reduceRegion(ee.Reducer.mean(), place, 10).getInfo()
    assert set(one) == {"B", "C"}
    reducer = ee.Reducer.mean().combine(ee.Reducer.minMax(), "", True)
    got = picture.reduceRegion(reducer, place, 10).getInfo()
    assert set(got) == {"B_mean", "B_min", "B_max"}


def test_reduce_regions_adds_outputs_to_each_feature(image):
    """guides/reducers_reduce_regions; a single band's output has the reducer's name."""
    picture, _, place = image
    features = ee.FeatureCollection(
        [ee.Feature(place, {"name": "a"}), ee.Feature(place.buffer(20), {"name": "b"})]
    )
    rows = picture.reduceRegions(features, ee.Reducer.mean(), 10).getInfo()["features"]
    assert [row["properties"]["name"] for row in rows] == ["a", "b"]
    mean = reduced(picture, ee.Reducer.mean(), place)
    assert rows[0]["properties"]["mean"] == mean
    assert rows[0]["geometry"]["type"] == "Polygon"
    both = picture.addBands(picture.add(1).rename("C"))
    rows = both.reduceRegions(features, ee.Reducer.mean(), 10).getInfo()["features"]
    assert rows[0]["properties"]["B"] == mean
    assert rows[0]["properties"]["C"] == pytest.approx(mean + 1)


def test_a_composite_without_scale_is_reduced_in_degrees(world, image):
    """guides/projections: a composite's projection is WGS84 with pixels of 1°."""
    _, _, place = image
    scene = world.images["a"]
    world.gather("c", [scene])
    composite = ee.ImageCollection("c").mosaic()
    got = composite.reduceRegion(ee.Reducer.count(), place).getInfo()
    # The pixel of 1° around the place has its centre far from it.
    assert got == {"B": 0}


@pytest.mark.parametrize(
    "name", ["mean", "sum", "variance", "stdDev", "median", "mode"]
)
def test_equal_weights_are_no_weights(image, name):
    picture, _, _ = image
    aligned = ee.Geometry.Rectangle([568700, 5606300, 568800, 5606400], CRS, False)
    reducer = getattr(ee.Reducer, name)()
    plain = reduced(picture, reducer.unweighted(), aligned)
    assert reduced(picture, reducer, aligned) == pytest.approx(plain, rel=1e-9)


def test_large_regions_are_cut_into_windows(world, noise):
    grid = world.grid(CRS, 568680.0, 5606460.0, 10.0, 700, 600)
    values = noise((600, 700), 1000)
    world.add("a", {"B": (grid, values)})
    place = ee.Geometry.Rectangle([568685, 5600465, 575675, 5606455], CRS, False)
    got = reduced(ee.Image("a"), ee.Reducer.sum(), place)
    weights = np.ones((600, 700))
    half = 128 / 255
    weights[0] = weights[-1] = half
    weights[:, 0] *= half
    weights[:, -1] *= half
    weights[[0, 0, -1, -1], [0, -1, 0, -1]] = 64 / 255
    assert got == pytest.approx((values * weights).sum(), rel=1e-12)
    count = reduced(ee.Image("a"), ee.Reducer.count().unweighted(), place)
    assert 599 * 699 <= count <= 600 * 700


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), corners=st.integers(3, 9))
def test_weights_sum_up_to_the_area(seed, corners):
    points = np.random.default_rng(seed).uniform(0.5, 29.5, (corners, 2))
    shape = shapely.convex_hull(shapely.MultiPoint(points))
    if not isinstance(shape, Polygon) or shape.area < 1:
        return
    projection = Projection(CRS, (10.0, 0.0, 568680.0, 0.0, -10.0, 5606460.0))
    moved = shapely.transform(
        shape,
        lambda xy: np.column_stack([568680 + 10 * xy[:, 0], 5606460 - 10 * xy[:, 1]]),
    )
    region = region_of(Geometry(moved, CRS, False), projection)
    whole = region.whole()
    # Each cut pixel loses at most 1/255.
    assert whole.weights.sum() == pytest.approx(shape.area, abs=1 + shape.length / 100)
    row = round((5606460 - whole.grid.transform[5]) / 10)
    col = round((whole.grid.transform[2] - 568680) / 10)
    canvas = np.zeros((31, 31), bool)
    high, wide = whole.inside.shape
    canvas[row : row + high, col : col + wide] = whole.inside
    expected = rasterize([shape], (31, 31)).astype(bool)
    assert np.array_equal(canvas, expected)


def test_parts_together_are_the_whole():
    shape = box(3.3, 4.4, 40.2, 30.9).difference(box(10, 10, 20.5, 20.5))
    region = region_of(Geometry(shape, CRS, False), Projection(CRS))
    whole = region.whole()
    weights, inside = np.zeros(whole.weights.shape), np.zeros(whole.inside.shape, bool)
    for part in region.parts(tile=7):
        row = round(part.grid.transform[5] - whole.grid.transform[5])
        col = round(part.grid.transform[2] - whole.grid.transform[2])
        high, wide = part.inside.shape
        weights[row : row + high, col : col + wide] = part.weights
        inside[row : row + high, col : col + wide] = part.inside
    assert np.array_equal(weights, whole.weights)
    assert np.array_equal(inside, whole.inside)

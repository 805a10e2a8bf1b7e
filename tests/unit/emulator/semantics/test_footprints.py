"""Footprints: what becomes of them.

The references of ``mask``, ``updateMask``, ``unmask`` and ``where`` say that they keep
the footprint of the input. Of arithmetic, ``clip`` and composites no document tells:
there the tests say what is done here.
"""

import ee
import pytest
from shapely.geometry import box, shape

HERE = box(9.95, 50.58, 9.99, 50.61)
THERE = box(9.97, 50.58, 10.05, 50.61)


@pytest.fixture
def images(world, utm, noise):
    one = world.add("c/a", {"B": (utm, noise((128, 128)))}, footprint=HERE)
    two = world.add("c/b", {"B": (utm, noise((128, 128)))}, footprint=THERE)
    world.gather("c", [one, two])
    return ee.Image("c/a"), ee.Image("c/b")


def footprint(image):
    return shape(image.geometry().getInfo())


def unbounded(image):
    # Google's engine is said to answer with infinite coordinates; here it is null.
    return image.geometry().getInfo() is None


@pytest.mark.parametrize(
    "made",
    [
        lambda i: i.mask(ee.Image(1)),
        lambda i: i.updateMask(1),
        lambda i: i.unmask(0),
        lambda i: i.where(1, 2),
        lambda i: i.select("B").rename("C"),
        lambda i: i.resample("bicubic"),
        lambda i: i.reproject("EPSG:4326", None, 10),
        lambda i: i.add(1),
        lambda i: ee.Image(1).add(i),
        lambda i: i.gt(3).toFloat(),
        lambda i: i.addBands(ee.Image(1)),
        lambda i: i.set("x", 1),
    ],
)
def test_what_keeps_it(images, made):
    assert footprint(made(images[0])).equals_exact(HERE, 1e-9)


def test_unmask_extends_it_to_the_union(images):
    """Reference of unmask: "the union of the input footprint with" the value's."""
    one, two = images
    got = footprint(one.unmask(two, False))
    assert got.symmetric_difference(HERE.union(THERE)).area < 1e-9
    assert unbounded(one.unmask(0, False))


def test_clip_sets_it(images):
    place = ee.Geometry.Rectangle([9.96, 50.59, 9.97, 50.6], None, False)
    got = footprint(images[0].clip(place))
    assert got.bounds == pytest.approx((9.96, 50.59, 9.97, 50.6))


@pytest.mark.parametrize(
    "made",
    [
        lambda c: c.mosaic(),
        lambda c: c.mean(),
        lambda c: c.reduce(ee.Reducer.max()),
        lambda c: c.toBands(),
    ],
)
def test_composites_are_unbounded(images, made):
    assert unbounded(made(ee.ImageCollection("c")))


def test_mapped_and_merged_images_keep_theirs(images):
    """References of Collection.map and merge: of the elements nothing changes."""
    collection = ee.ImageCollection("c").map(lambda i: i.multiply(2))
    merged = collection.merge(ee.ImageCollection("c"))
    whole = shape(merged.geometry().getInfo())
    assert whole.symmetric_difference(HERE.union(THERE)).area < 1e-6
    west = merged.filterBounds(ee.Geometry.Point([9.96, 50.6]))
    assert west.size().getInfo() == 2


def test_constants_are_unbounded(world):
    """Not documented: a constant has no place to end."""
    assert unbounded(ee.Image(1))

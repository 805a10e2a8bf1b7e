"""Projections: of stored images, composites and what is made of them.

The rules are those of the guide "Projections" (guides/projections) and of the
references of ``Image.projection``, ``reproject`` and ``setDefaultProjection``.
"""

import ee
import numpy as np
import pytest

DEGREE = np.pi * 6378137 / 180


@pytest.fixture
def image(world, utm, noise):
    world.gather("c", [world.add("c/a", {"B": (utm, noise((128, 128)))})])
    return ee.Image("c/a")


def projection(picture):
    found = picture.projection().getInfo()
    return found["crs"], found["transform"]


UTM = ("EPSG:32632", [10, 0, 568680, 0, -10, 5606460])
UNPROJECTED = ("EPSG:4326", [1, 0, 0, 0, 1, 0])


def test_a_stored_band_has_its_own(image):
    """guides/projections: ``projection()`` and ``nominalScale()``."""
    assert projection(image) == UTM
    assert image.projection().nominalScale().getInfo() == 10


@pytest.mark.parametrize(
    "made",
    [
        lambda c: c.mosaic(),
        lambda c: c.mean(),
        lambda c: c.reduce(ee.Reducer.max()),
        lambda c: c.map(lambda i: i.add(1)).median(),
    ],
)
def test_a_composite_has_wgs84_and_one_degree(image, made):
    """guides/projections: a composite has a WGS84 projection with 1-degree scale.

    The guide says so of images of different projections; here of all alike, as
    Earth Engine is seen to do.
    """
    composite = made(ee.ImageCollection("c"))
    assert projection(composite) == UNPROJECTED
    scale = composite.projection().nominalScale().getInfo()
    assert scale == pytest.approx(DEGREE, rel=1e-9)


def test_a_constant_has_wgs84_and_one_degree(world):
    """Not documented; seen in what clients print."""
    assert projection(ee.Image(1)) == UNPROJECTED


@pytest.mark.parametrize(
    "made",
    [
        lambda i: i.add(1),
        lambda i: ee.Image(1).add(i),
        lambda i: i.gt(5),
        lambda i: i.toFloat(),
        lambda i: i.updateMask(1),
        lambda i: i.resample("bilinear"),
        lambda i: i.clip(ee.Geometry.Point([9.98, 50.6]).buffer(300)),
    ],
)
def test_operations_on_pixels_keep_it(image, made):
    """guides/projections: of aggregates alone it says that they lose it."""
    assert projection(made(image)) == UTM


def test_bands_with_several_have_none_in_common(world, utm, image, noise):
    """Reference of Image.projection: "Throws an error if the bands ... don't all"."""
    coarse = world.grid("EPSG:32632", 568680.0, 5606460.0, 20.0, 64, 64)
    world.add("b", {"C": (coarse, noise((64, 64)))})
    with pytest.raises(ee.EEException, match="different projections"):
        image.addBands(ee.Image("b")).projection().getInfo()


def test_reproject_sets_it_and_computes_there(world, utm, image):
    """Reference of reproject: "computed in a given projection and resolution"."""
    forced = image.reproject("EPSG:32632", None, 40)
    crs, transform = projection(forced)
    assert (crs, transform[0], transform[4]) == ("EPSG:32632", 40, -40)
    got = world.pixels(forced, utm)["B"]
    # Pixels of 40 m from the CRS's origin: one value each.
    left, top = 568680 % 40, -5606460 % 40
    cols = (np.arange(128) * 10 + left) // 40
    rows = (np.arange(128) * 10 + top) // 40
    for row in np.unique(rows)[1:4]:
        for col in np.unique(cols)[1:4]:
            block = got[np.ix_(rows == row, cols == col)]
            assert len(np.unique(block)) == 1


def test_set_default_projection_changes_no_pixel(world, utm, image):
    """Reference of setDefaultProjection: a default only."""
    moved = image.setDefaultProjection("EPSG:4326", None, 1000)
    assert projection(moved)[0] == "EPSG:4326"
    got, plain = (world.pixels(i, utm)["B"] for i in (moved, image))
    assert np.array_equal(got, plain)


def test_computation_is_in_the_projection_of_the_output(world, utm, image, degrees):
    """guides/projections: "inputs are requested in the output projection"."""
    grid = degrees(9.975, 50.602, 1 / 3600, 20)
    squared = image.multiply(image)
    got = world.pixels(squared, grid)["B"]
    plain = world.pixels(image, grid)["B"].astype(float)
    np.testing.assert_allclose(got, plain**2)

"""Random points and columns."""

import ee
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, MultiPoint, MultiPolygon, box

from emulator.algorithms.randomness import scattered


def test_points_are_uniform_on_the_sphere():
    # By Archimedes, as many lie in each band of equal height in sin(latitude).
    places = scattered(box(0, 0, 40, 80), 40_000, seed=3)
    height = np.sin(np.radians(places[:, 1])) / np.sin(np.radians(80))
    counts, _, _ = np.histogram2d(
        height, places[:, 0], bins=(5, 4), range=((0, 1), (0, 40))
    )
    # 20 cells of 2000 each: the deviation of a count is about 44.
    assert abs(counts - 2000).max() < 5 * 44


def test_parts_get_points_by_their_area_on_the_sphere():
    both = MultiPolygon([box(0, 0, 10, 10), box(50, 60, 60, 70)])
    places = scattered(both, 20_000, seed=1)
    share = (places[:, 0] < 20).mean()
    south, north = np.sin(np.radians(10)), np.sin(np.radians([60, 70]))
    assert share == pytest.approx(south / (south + north[1] - north[0]), abs=0.02)


def test_points_lie_on_lines_and_points():
    line = LineString([(0, 0), (3, 0), (3, 1)])
    places = shapely.points(scattered(line, 2000, seed=2))
    assert shapely.distance(line, places).max() < 1e-12
    assert (shapely.get_x(places) < 3).mean() == pytest.approx(0.75, abs=0.05)
    some = scattered(MultiPoint([(1, 2), (3, 4)]), 100, seed=2)
    assert {tuple(p) for p in some} == {(1, 2), (3, 4)}


@pytest.mark.usefixtures("world")
def test_a_seed_gives_the_same_points_in_the_region():
    region = ee.Geometry.Polygon([[[5, 5], [9, 5], [5, 9]]])
    made = [ee.FeatureCollection.randomPoints(region, 40, s) for s in (7, 7, 8)]
    one, again, other = [m.geometry().coordinates().getInfo() for m in made]
    assert one == again != other
    assert len(one) == 40
    triangle = shapely.Polygon([(5, 5), (9, 5), (5, 9)])
    assert all(triangle.intersects(shapely.Point(p)) for p in one)

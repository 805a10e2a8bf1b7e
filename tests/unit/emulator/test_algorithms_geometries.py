"""Geometries against the ellipsoid (pyproj), the plane (shapely) and the sphere."""

import itertools
import math

import ee
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box, shape

from emulator.evaluator import edges
from emulator.evaluator.geometry import Geometry

GEOD = pyproj.Geod(ellps="WGS84")
UTM = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32632", always_xy=True)


def planar(coordinates):
    return ee.Geometry.Polygon(coordinates, None, False)


def close(value, expected, tolerance=1e-9):
    return value == pytest.approx(expected, rel=tolerance)


def test_a_geodesic_edge_runs_on_the_great_circle(world):
    # 40 degrees along the 60th parallel: the geodesic passes 2.4 degrees north of it.
    line = ee.Geometry.LineString([[0, 60], [40, 60]])
    middle = GEOD.npts(0, 60, 40, 60, 1)[0]
    to_it = ee.Geometry.Point(middle).distance(line).getInfo()
    assert to_it < 8_000  # sphere against ellipsoid
    assert ee.Geometry.Point([20, 60]).distance(line).getInfo() > 100_000
    flat = ee.Geometry.LineString([[0, 60], [40, 60]], None, False)
    assert ee.Geometry.Point([20, 60]).distance(flat).getInfo() < 2


@given(
    st.floats(-170, 170),
    st.floats(-80, 80),
    st.floats(-170, 170),
    st.floats(-80, 80),
    st.floats(0, 1),
)
def test_points_of_a_great_circle_divide_its_angle(lon0, lat0, lon1, lat1, fraction):
    starts, ends = np.array([[lon0, lat0]]), np.array([[lon1, lat1]])
    point = edges.great_circle(starts, ends, fraction)
    sphere = pyproj.Geod(a=1.0, b=1.0)
    whole = sphere.inv(lon0, lat0, lon1, lat1)[2]
    if abs(lon1 - lon0) < 180 and 1e-6 < whole < 3.1:
        here = sphere.inv(lon0, lat0, *point[0])[2]
        there = sphere.inv(lon1, lat1, *point[0])[2]
        assert here == pytest.approx(fraction * whole, abs=1e-7)
        assert here + there == pytest.approx(whole, abs=1e-7)


@given(st.floats(-60, 60), st.floats(0.1, 8), st.booleans())
def test_followed_edges_are_off_by_less_than_a_metre_or_so(south, side, geodesic):
    square = Geometry(box(9, south, 9 + side, south + side), geodesic=geodesic)
    path = edges.great_circle if geodesic else edges.straight
    corners = shapely.get_coordinates(square.shape)
    moved = square.within("EPSG:32632").exterior
    for start, end in itertools.pairwise(corners):
        for fraction in (0.1, 0.3, 0.5, 0.62, 0.9):
            on_edge = path(start[None], end[None], fraction)[0]
            assert moved.distance(shapely.Point(*UTM.transform(*on_edge))) < 1.3


def test_small_shapes_keep_their_vertices():
    tile = Geometry(box(9.0, 56.0, 9.015, 56.01))
    assert tile.lonlat is tile.shape
    assert len(tile.within("EPSG:32632").exterior.coords) == 5


def test_areas_and_lengths_are_those_of_the_ellipsoid(world):
    ring = [[5, 50], [9, 50], [9, 54], [5, 54], [5, 50]]
    hole = [[6, 51], [7, 51], [7, 52], [6, 52], [6, 51]]
    lons, lats = zip(*ring, strict=True)
    inner = zip(*hole, strict=True)
    (area, around), (less, about) = (
        GEOD.polygon_area_perimeter(lons, lats),
        GEOD.polygon_area_perimeter(*inner),
    )
    polygon = ee.Geometry.Polygon([ring, hole])
    assert close(polygon.area().getInfo(), abs(area) - abs(less))
    assert close(polygon.perimeter().getInfo(), around + about)
    assert polygon.length().getInfo() == 0
    line = ee.Geometry.LineString(ring)
    assert close(line.length().getInfo(), around)
    assert line.perimeter().getInfo() == line.area().getInfo() == 0
    assert ee.Feature(polygon).area().getInfo() == polygon.area().getInfo()
    assert ee.Feature(polygon).perimeter().getInfo() == polygon.perimeter().getInfo()
    assert ee.Feature(line).length().getInfo() == line.length().getInfo()


def test_planar_areas_follow_the_parallels(world):
    # The zone between two parallels has a closed form on the ellipsoid.
    def cap(lat):
        e = math.sqrt(GEOD.es)
        s = math.sin(math.radians(lat))
        return s / (2 * (1 - GEOD.es * s * s)) + math.log((1 + e * s) / (1 - e * s)) / (
            4 * e
        )

    zone = math.radians(40) * GEOD.b**2 * (cap(60) - cap(50))
    assert close(ee.Geometry.BBox(0, 50, 40, 60).area().getInfo(), zone, 1e-6)
    earth = 4 * math.pi * GEOD.b**2 * cap(90) / 1
    world_box = ee.Geometry.BBox(-180, -90, 180, 90).area().getInfo()
    assert close(world_box, earth, 1e-6)


def test_a_projection_counts_in_its_own_units(world):
    metres = ee.Geometry.Rectangle([500000, 5000000, 501000, 5002000], "EPSG:32632")
    utm = ee.Projection("EPSG:32632")
    assert close(metres.area(None, utm).getInfo(), 2e6)
    assert close(metres.perimeter(None, utm).getInfo(), 6000)
    assert close(metres.area(None, utm.atScale(10)).getInfo(), 2e4)
    grown = box(0, 0, 1000, 2000).buffer(100, quad_segs=16).area
    assert close(metres.buffer(100, None, utm).area(None, utm).getInfo(), grown)
    centre = metres.centroid(None, utm).coordinates().getInfo()
    assert centre == pytest.approx([500500, 5001000])
    corner = ee.Geometry.Point([501000, 5002000], "EPSG:32632")
    apart = ee.Geometry.Point([500000, 5000000], "EPSG:32632").distance(
        corner, None, utm
    )
    assert close(apart.getInfo(), math.hypot(1000, 2000))
    assert metres.contains(corner.buffer(-1, None, utm), None, utm).getInfo() is False
    line = ee.Geometry.LineString([[500000, 0], [500000, 70]], "EPSG:32632")
    assert close(line.length(None, utm).getInfo(), 70)


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("intersection", shapely.intersection),
        ("union", shapely.union),
        ("difference", shapely.difference),
        ("symmetricDifference", shapely.symmetric_difference),
    ],
)
def test_overlays_are_those_of_the_plane(world, name, operation):
    one, two = box(0, 0, 2, 2), box(1, 1, 3, 3)
    left, right = (planar([*map(list, b.exterior.coords)]) for b in (one, two))
    expected = operation(one, two)
    found = shape(getattr(left, name)(right).getInfo())
    assert found.symmetric_difference(expected).area < 1e-9
    feature = ee.Feature(left, {"kept": 1})
    made = getattr(feature, name)(ee.Feature(right)).getInfo()
    assert shape(made["geometry"]).equals(found)
    assert made["properties"] == {"kept": 1}
    plane = ee.Projection("EPSG:4326")
    found = shape(getattr(left, name)(right, None, plane).getInfo())
    assert found.symmetric_difference(expected).area < 1e-9


def test_overlays_meet_across_the_antimeridian(world):
    left = ee.Geometry.BBox(178, 0, -178, 2)
    right = ee.Geometry.BBox(-179, 1, -170, 3)
    common = left.intersection(right).area().getInfo()
    assert close(common, ee.Geometry.BBox(-179, 1, -178, 2).area().getInfo(), 1e-6)


def test_predicates(world):
    big, small = ee.Geometry.BBox(0, 0, 4, 4), ee.Geometry.BBox(1, 1, 2, 2)
    far = ee.Geometry.BBox(10, 10, 11, 11)
    names = ("contains", "containedIn", "intersects", "disjoint")
    for left, right, expected in (
        (big, small, [True, False, True, False]),
        (small, big, [False, True, True, False]),
        (small, far, [False, False, False, True]),
    ):
        for wrap in (lambda g: g, ee.Feature):
            found = [getattr(wrap(left), name)(wrap(right), 1) for name in names]
            assert ee.List(found).getInfo() == expected


def test_distances_are_along_geodesics(world):
    one, two = [10.0, 60.0], [11.0, 61.0]
    points = ee.Geometry.Point(one), ee.Geometry.Point(two)
    metres = GEOD.inv(*one, *two)[2]
    assert close(points[0].distance(points[1]).getInfo(), metres, 1e-9)
    assert close(ee.Feature(points[0]).distance(points[1]).getInfo(), metres, 1e-9)
    assert points[0].withinDistance(points[1], metres + 1).getInfo() is True
    features = [ee.Feature(point) for point in points]
    assert features[0].withinDistance(features[1], metres - 1).getInfo() is False
    # At 60 degrees a degree of longitude is half one of latitude.
    line = ee.Geometry.LineString([[10, 60], [12, 61]])
    there = ee.Geometry(line.closestPoint(ee.Geometry.Point([11, 60])))
    nearest = there.coordinates().getInfo()
    assert nearest == pytest.approx([11, 60])
    both = ee.Geometry.Point([11, 60]).closestPoints(line).getInfo()
    on_line = both["right"]["coordinates"]
    apart = GEOD.inv(11, 60, *on_line)[2]
    path = GEOD.npts(10, 60, 12, 61, 4000)
    assert apart == pytest.approx(min(GEOD.inv(11, 60, *p)[2] for p in path), rel=2e-3)
    from_feature = ee.Feature(line).closestPoints(ee.Feature(points[0])).getInfo()
    assert set(from_feature) == {"left", "right"}
    alone = ee.Feature(points[0]).closestPoint(ee.Feature(points[1]))
    assert ee.Geometry(alone).coordinates().getInfo() == pytest.approx(two)
    assert ee.Geometry.MultiPoint([]).distance(points[0]).getInfo() is None


def test_a_hull_is_spherical(world):
    # The hull of two points of a parallel and one south of them has geodesic edges.
    corners = [[0, 60], [40, 60], [20, 50]]
    hull = ee.Geometry.MultiPoint(corners).convexHull()
    got = sorted(map(tuple, hull.coordinates().getInfo()[0][:-1]))
    assert got == [pytest.approx(c) for c in sorted(map(tuple, corners))]
    assert hull.contains(ee.Geometry.Point([20, 61])).getInfo() is True
    plane = ee.Projection("EPSG:4326")
    flat = ee.Geometry.MultiPoint(corners).convexHull(None, plane)
    assert flat.contains(ee.Geometry.Point([20, 61])).getInfo() is False
    feature = ee.Feature(ee.Geometry.MultiPoint(corners)).convexHull().geometry()
    assert close(feature.area().getInfo(), hull.area().getInfo())


@pytest.mark.parametrize("distance", [500.0, 20_000.0])
def test_buffers_are_within_the_error_margin(world, distance):
    ring = ee.Geometry.Point([25.0, 65.0]).buffer(distance, 0.01 * distance / 100)
    for lon, lat in ring.coordinates().getInfo()[0]:
        assert GEOD.inv(25.0, 65.0, lon, lat)[2] == pytest.approx(distance, rel=1e-5)
    area = ring.area().getInfo()
    assert area == pytest.approx(math.pi * distance**2, rel=3e-4)
    shrunk = ring.buffer(-distance / 2).area().getInfo()
    assert shrunk == pytest.approx(area / 4, rel=1e-2)
    feature = ee.Feature(ee.Geometry.Point([25.0, 65.0]), {"a": 1}).buffer(distance)
    assert feature.getInfo()["properties"] == {"a": 1}


def test_bounds_enclose_the_curve(world):
    arc = ee.Geometry.LineString([[0, 60], [40, 60]])
    box_ = shape(arc.bounds().getInfo()).bounds
    top = max(lat for _, lat in GEOD.npts(0, 60, 40, 60, 101))
    assert box_ == pytest.approx((0, 60, 40, top), abs=0.02)
    utm = shape(ee.Geometry.Point([9, 0]).bounds(None, "EPSG:32632").getInfo()).bounds
    assert utm == pytest.approx((500000, 0, 500000, 0), abs=1e-6)
    feature = ee.Feature(arc, {"a": 1}).bounds().getInfo()
    assert feature["geometry"]["type"] == "Polygon"


def test_centroids(world):
    point = ee.Geometry.BBox(8, 50, 10, 52).centroid(1).coordinates().getInfo()
    assert point[0] == pytest.approx(9)
    assert 50.9 < point[1] < 51  # wider in the south
    feature = ee.Feature(ee.Geometry.BBox(8, 50, 10, 52)).centroid(1)
    assert feature.geometry().coordinates().getInfo() == point


def test_simplify_leaves_no_more_than_the_margin(world):
    wave = [[i / 100, 0.0001 * (i % 2)] for i in range(21)]
    line = ee.Geometry.LineString(wave, None, False)
    assert len(line.simplify(20).coordinates().getInfo()) == 2
    assert len(line.simplify(5).coordinates().getInfo()) == 21
    degrees = ee.ErrorMargin(0.001, "projected")
    assert len(line.simplify(degrees).coordinates().getInfo()) == 2
    feature = ee.Feature(line).simplify(20).geometry()
    assert len(feature.coordinates().getInfo()) == 2
    with pytest.raises(ee.EEException, match="Unknown unit 'feet'"):
        line.simplify(ee.ErrorMargin(1, "feet")).getInfo()


def test_transform_moves_vertices_and_says_how_edges_run(world):
    square = ee.Geometry.BBox(8.9, 50, 9.1, 50.01)
    moved = square.transform("EPSG:32632").getInfo()
    assert moved["crs"]["properties"]["name"] == "EPSG:32632"
    assert moved["geodesic"] is False
    expected = shapely.Point(*UTM.transform(8.9, 50))
    assert shape(moved).distance(expected) < 1e-3
    back = ee.Geometry(moved).transform()
    assert back.geodesic().getInfo() is back.edgesAreGeodesics().getInfo() is True
    kept = ee.Geometry(
        ee.ApiFunction.apply_(
            "Geometry.transform", {"geometry": square, "geodesic": False}
        )
    )
    assert kept.edgesAreGeodesics().getInfo() is False
    feature = ee.Feature(square).transform("EPSG:32632").geometry().projection()
    assert feature.crs().getInfo() == "EPSG:32632"


def test_dissolve_joins_parts(world):
    parts = [box(0, 0, 2, 2), box(1, 0, 3, 2)]
    both = ee.Geometry.MultiPolygon(
        [[[*map(list, part.exterior.coords)]] for part in parts], None, False
    )
    for joined in (
        both.dissolve(),
        both.dissolve(None, "EPSG:4326"),
        ee.Feature(both).dissolve().geometry(),
    ):
        assert shape(joined.getInfo()).area == pytest.approx(6)
    double = both.area().getInfo() / both.dissolve().area().getInfo()
    assert double == pytest.approx(8 / 6, rel=1e-3)


def test_a_polygon_that_crosses_itself_is_inside_by_the_even_odd_rule(world):
    points = [(math.sin(a), math.cos(a)) for a in np.arange(5) * 0.8 * math.pi]
    star = planar([list(p) for p in points])
    assert star.contains(ee.Geometry.Point([0, 0.6])).getInfo() is True
    assert star.contains(ee.Geometry.Point([0, 0])).getInfo() is False


@pytest.mark.parametrize(
    ("geometry", "kind", "coordinates"),
    [
        (lambda: ee.Geometry.Point([1, 2]), "Point", [1, 2]),
        (lambda: ee.Geometry.MultiPoint([1, 2, 3, 4]), "MultiPoint", [[1, 2], [3, 4]]),
        (
            lambda: ee.Geometry.LineString([1, 2, 3, 4]),
            "LineString",
            [[1, 2], [3, 4]],
        ),
        (
            lambda: ee.Geometry.LinearRing([0, 0, 1, 0, 1, 1]),
            "LinearRing",
            [[0, 0], [1, 0], [1, 1], [0, 0]],
        ),
        (
            lambda: ee.Geometry.MultiLineString([[[0, 0], [1, 0]], [[2, 2], [3, 3]]]),
            "MultiLineString",
            [[[0, 0], [1, 0]], [[2, 2], [3, 3]]],
        ),
        (
            lambda: ee.Geometry.Polygon([ee.Geometry.Point(p) for p in ((0, 0),)] * 3),
            "Polygon",
            [[[0, 0]] * 4],
        ),
        (
            lambda: ee.Geometry.Rectangle(ee.List([2, 2, 0, 0])),
            "Polygon",
            [[[2, 0], [2, 2], [0, 2], [0, 0], [2, 0]]],
        ),
        (
            lambda: ee.Geometry.MultiPolygon([[[[0, 0], [1, 0], [1, 1]]]]),
            "MultiPolygon",
            [[[[0, 0], [1, 0], [1, 1], [0, 0]]]],
        ),
    ],
)
def test_constructors(world, geometry, kind, coordinates):
    made = geometry()
    assert made.type().getInfo() == kind
    # By the constructor on the server, too.
    assert made.getInfo()["coordinates"] == coordinates
    assert ee.Geometry(made).coordinates().getInfo() == coordinates
    assert made.isUnbounded().getInfo() is False


def test_collections_of_geometries_fall_apart_again(world):
    parts = [ee.Geometry.Point([1, 2]), ee.Geometry.LineString([[0, 0], [1, 1]])]
    for whole in (
        ee.Geometry({"type": "GeometryCollection", "geometries": [
            {"type": "Point", "coordinates": [1, 2]},
            {"type": "LineString", "coordinates": [[0, 0], [1, 1]]},
        ]}),
        ee.Geometry(ee.ApiFunction.apply_(
            "GeometryConstructors.MultiGeometry", {"geometries": parts}
        )),
    ):  # fmt: skip
        kinds = whole.geometries().map(lambda g: ee.Geometry(g).type()).getInfo()
        assert kinds == ["Point", "LineString"]
        assert whole.coordinates().getInfo() == [[1, 2], [[0, 0], [1, 1]]]
    assert parts[0].geometries().size().getInfo() == 1
    assert parts[0].geometries().getGeometry(0).type().getInfo() == "Point"


def test_a_box_goes_around_the_earth(world):
    crossing = ee.Geometry.BBox(ee.Number(170), 0, -170, 10).getInfo()
    assert shape(crossing).bounds == (170, 0, 190, 10)
    everything = ee.Geometry.BBox(ee.Number(-200), -95, 200, 95).getInfo()
    assert shape(everything).bounds == (-180, -90, 180, 90)


def test_what_is_not_there_is_refused_and_defaults_are_not(world):
    two = ee.Geometry.Point([1, 2]), ee.Geometry.Point([2, 2])
    two[0].distance(two[1], spherical=False).getInfo()
    with pytest.raises(ee.EEException, match=r"argument 'spherical' of 'Geometry.dis"):
        two[0].distance(two[1], spherical=True).getInfo()
    with pytest.raises(ee.EEException, match="has no geometry"):
        ee.Feature(None).area().getInfo()

"""Geometries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import shapely
import shapely.affinity
import shapely.geometry
from shapely.geometry.base import BaseGeometry

from emulator.evaluator.elements import Feature
from emulator.evaluator.errors import EngineError
from emulator.evaluator.geometry import Geometry, shifted
from emulator.evaluator.projection import UNPROJECTED, WGS84, Projection, crs_of
from emulator.evaluator.registry import algorithm


def _crs(projection: Projection | None) -> str:
    return WGS84 if projection is None else projection.crs


def _points(coordinates: Any) -> list[tuple[float, float]]:
    """Reads positions, given as pairs or as one flat list of numbers."""
    if coordinates and not isinstance(coordinates[0], list):
        pairs = list(zip(coordinates[::2], coordinates[1::2], strict=True))
    else:
        pairs = [(position[0], position[1]) for position in coordinates]
    return [(float(x), float(y)) for x, y in pairs]


def _depth(coordinates: Any) -> int:
    depth = 0
    while isinstance(coordinates, list) and coordinates:
        coordinates, depth = coordinates[0], depth + 1
    return depth


def _built(make: Callable[[], BaseGeometry], crs: str, geodesic: bool) -> Geometry:
    try:
        return Geometry(make(), crs, geodesic)
    except (TypeError, ValueError, IndexError, shapely.errors.ShapelyError) as error:
        raise EngineError(f"Geometry: Invalid coordinates ({error}).") from error


def _polygon(rings: Any) -> BaseGeometry:
    if _depth(rings) < 3:
        rings = [rings]
    shell, *holes = (_points(ring) for ring in rings)
    return shapely.geometry.Polygon(shell, holes)


def _edges(geodesic: bool | None, crs: str) -> bool:
    return crs == WGS84 if geodesic is None else geodesic


def _placed(
    crs: Projection | None, make: Callable[[], BaseGeometry], code: str, geodesic: bool
) -> Geometry:
    """Builds a geometry whose coordinates count in a projection's pixels."""
    built = _built(make, code, geodesic)
    if crs is None or crs.transform == UNPROJECTED.transform:
        return built
    a, b, c, d, e, f = crs.transform
    moved = shapely.affinity.affine_transform(built.shape, (a, b, d, e, c, f))
    return Geometry(moved, built.crs, built.geodesic)


@algorithm("GeometryConstructors.Point")
def point(coordinates: list[float], crs: Projection | None) -> Geometry:
    """Returns a point."""
    return _placed(
        crs, lambda: shapely.geometry.Point(*coordinates[:2]), _crs(crs), True
    )


@algorithm("GeometryConstructors.MultiPoint")
def multi_point(coordinates: list[Any], crs: Projection | None) -> Geometry:
    """Returns points."""
    return _placed(
        crs, lambda: shapely.geometry.MultiPoint(_points(coordinates)), _crs(crs), True
    )


@algorithm("GeometryConstructors.LineString")
def line_string(
    coordinates: list[Any], crs: Projection | None, geodesic: bool | None
) -> Geometry:
    """Returns a line."""
    code = _crs(crs)
    return _placed(
        crs,
        lambda: shapely.geometry.LineString(_points(coordinates)),
        code,
        _edges(geodesic, code),
    )


@algorithm("GeometryConstructors.Polygon")
def polygon(
    coordinates: list[Any], crs: Projection | None, geodesic: bool | None
) -> Geometry:
    """Returns a polygon of rings, of one ring, or of a flat list of numbers."""
    code = _crs(crs)
    return _placed(crs, lambda: _polygon(coordinates), code, _edges(geodesic, code))


@algorithm("GeometryConstructors.MultiPolygon")
def multi_polygon(
    coordinates: list[Any], crs: Projection | None, geodesic: bool | None
) -> Geometry:
    """Returns polygons."""
    code = _crs(crs)
    return _placed(
        crs,
        lambda: shapely.geometry.MultiPolygon(
            [_polygon(rings) for rings in coordinates]
        ),
        code,
        _edges(geodesic, code),
    )


@algorithm("GeometryConstructors.Rectangle")
def rectangle(
    coordinates: list[Any], crs: Projection | None, geodesic: bool | None
) -> Geometry:
    """Returns a rectangle of two corners."""
    code = _crs(crs)

    def make() -> BaseGeometry:
        (x0, y0), (x1, y1) = _points(coordinates)
        return shapely.box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))

    return _placed(crs, make, code, _edges(geodesic, code))


@algorithm("GeometryConstructors.BBox")
def bbox(west: float, south: float, east: float, north: float) -> Geometry:
    """Returns a box along meridians and parallels; it may cross ±180°."""
    right = east if east >= west else east + 360.0
    return Geometry(shapely.box(west, south, right, north), geodesic=False)


@algorithm("Geometry.buffer")
def buffer(geometry: Geometry, distance: float) -> Geometry:
    """Returns the geometry grown by metres."""
    return geometry.local(lambda shape: shape.buffer(distance))


@algorithm("Geometry.bounds")
def bounds(geometry: Geometry, proj: Projection | None) -> Geometry:
    """Returns the geometry's bounding rectangle in a projection."""
    crs = _crs(proj)
    return Geometry(shapely.box(*geometry.within(crs).bounds), crs, geodesic=False)


@algorithm("Geometry.centroid")
def centroid(geometry: Geometry) -> Geometry:
    """Returns the point at the geometry's centre."""
    return geometry.local(lambda shape: shape.centroid)


@algorithm("Geometry.convexHull")
def convex_hull(geometry: Geometry) -> Geometry:
    """Returns the geometry's convex hull."""
    return Geometry(geometry.shape.convex_hull, geometry.crs, geometry.geodesic)


@algorithm("Geometry.simplify")
def simplify(geometry: Geometry, max_error: Any) -> Geometry:
    """Returns the geometry simplified within metres."""
    tolerance = float(max_error)
    return geometry.local(lambda shape: shape.simplify(tolerance))


@algorithm("Geometry.transform")
def transform(geometry: Geometry, proj: Projection) -> Geometry:
    """Returns the geometry in another CRS."""
    return Geometry(geometry.within(proj.crs), proj.crs, geometry.geodesic)


@algorithm("Geometry.coordinates")
def coordinates(geometry: Geometry) -> list[Any]:
    """Returns the geometry's GeoJSON coordinates."""
    found: list[Any] = geometry.geojson()["coordinates"]
    return found


@algorithm("Geometry.type")
def geometry_type(geometry: Geometry) -> str:
    """Returns the geometry's GeoJSON type."""
    return str(geometry.shape.geom_type)


@algorithm("Geometry.projection")
def geometry_projection(geometry: Geometry) -> Projection:
    """Returns the geometry's projection."""
    return Projection(geometry.crs)


@algorithm("Geometry.geodesic")
def geometry_geodesic(geometry: Geometry) -> bool:
    """Whether the geometry's edges are meant as geodesics."""
    return geometry.geodesic


@algorithm("Geometry.area")
def area(geometry: Geometry) -> float:
    """Returns the area in square metres."""
    return geometry.area


@algorithm("Geometry.length")
def length(geometry: Geometry) -> float:
    """Returns the length of lines in metres; 0 for others."""
    return geometry.length if geometry.shape.length and geometry.area == 0 else 0.0


@algorithm("Geometry.perimeter")
def perimeter(geometry: Geometry) -> float:
    """Returns the length of polygons' outlines in metres; 0 for others."""
    return geometry.length if geometry.area else 0.0


@algorithm("Geometry.distance")
def distance(left: Geometry, right: Geometry) -> float:
    """Returns the least distance in metres."""
    geod = crs_of(WGS84).get_geod()
    near = shapely.shortest_line(left.lonlat, right.lonlat)
    assert geod is not None
    return float(geod.geometry_length(near))


def _predicate(name: str, test: Callable[[Any, Any], Any], any_turn: bool) -> None:
    @algorithm(f"Geometry.{name}")
    def related(left: Geometry, right: Geometry) -> bool:
        results = [
            bool(test(a, b))
            for a in shifted(left.lonlat)
            for b in shifted(right.lonlat)
        ]
        return any(results) if any_turn else all(results)


_predicate("intersects", shapely.intersects, True)
_predicate("contains", shapely.contains, True)
_predicate("containedIn", shapely.within, True)
_predicate("disjoint", shapely.disjoint, False)


def _overlay(name: str, operation: Callable[[Any, Any], Any]) -> None:
    @algorithm(f"Geometry.{name}")
    def combined(left: Geometry, right: Geometry) -> Geometry:
        return Geometry(operation(left.lonlat, right.lonlat), WGS84, left.geodesic)


for _operation in ("intersection", "union", "difference"):
    _overlay(_operation, getattr(shapely, _operation))


def _on_feature(name: str, change: Callable[..., Geometry]) -> None:
    @algorithm(f"Feature.{name}")
    def changed(feature: Any) -> Feature:
        place = feature.geometry()
        if place is None:
            return Feature(None, feature.properties)
        return Feature(change(place), feature.properties)


_on_feature("centroid", centroid)
_on_feature("bounds", lambda place: bounds(place, None))


@algorithm("Feature.buffer")
def feature_buffer(feature: Any, distance: float) -> Feature:
    """Returns the feature with its geometry grown by metres."""
    place = feature.geometry()
    grown = None if place is None else buffer(place, distance)
    return Feature(grown, feature.properties)


@algorithm("Feature.area")
def feature_area(feature: Any) -> float:
    """Returns the area of the feature's geometry in square metres."""
    place = feature.geometry()
    return 0.0 if place is None else float(place.area)


@algorithm("ErrorMargin")
def error_margin(value: float | None) -> float:
    """Returns an error margin; geometry here is computed without one."""
    return 0.0 if value is None else value

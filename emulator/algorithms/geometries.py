"""Geometries: their constructors and what they are made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import shapely
import shapely.affinity
import shapely.geometry
from shapely.geometry.base import BaseGeometry

from emulator.evaluator.errors import EngineError
from emulator.evaluator.geometry import ErrorMargin, Geometry
from emulator.evaluator.projection import UNPROJECTED, WGS84, Projection
from emulator.evaluator.registry import algorithm


def _crs(projection: Projection | None) -> str:
    return WGS84 if projection is None else projection.crs


def _points(coordinates: Any) -> list[tuple[float, float]]:
    """Reads positions: points, pairs, or one flat list of numbers."""
    if coordinates and isinstance(coordinates[0], int | float):
        pairs = list(zip(coordinates[::2], coordinates[1::2], strict=True))
    else:
        pairs = [_position(position) for position in coordinates]
    return [(float(x), float(y)) for x, y in pairs]


def _position(value: Any) -> tuple[float, float]:
    if isinstance(value, Geometry) and value.shape.geom_type == "Point":
        return value.shape.x, value.shape.y
    return value[0], value[1]


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


@algorithm("GeometryConstructors.LineString", ignores=("maxError",))
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


@algorithm("GeometryConstructors.Polygon", ignores=("evenOdd", "maxError"))
def polygon(
    coordinates: list[Any], crs: Projection | None, geodesic: bool | None
) -> Geometry:
    """Returns a polygon of rings, of one ring, or of a flat list of numbers."""
    code = _crs(crs)
    return _placed(crs, lambda: _polygon(coordinates), code, _edges(geodesic, code))


@algorithm("GeometryConstructors.MultiPolygon", ignores=("evenOdd", "maxError"))
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


@algorithm("GeometryConstructors.Rectangle", ignores=("evenOdd",))
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
    if east - west >= 360.0:
        west, east = -180.0, 180.0
    if not -180.0 <= west <= 180.0:
        turns = 360.0 * math.floor((west + 180.0) / 360.0)
        west, east = west - turns, east - turns
    if east < west:
        east += 360.0 * math.ceil((west - east) / 360.0)
    shape = shapely.box(west, max(south, -90.0), east, min(north, 90.0))
    return Geometry(shape, geodesic=False)


@algorithm("GeometryConstructors.LinearRing", ignores=("maxError",))
def linear_ring(
    coordinates: list[Any], crs: Projection | None, geodesic: bool | None
) -> Geometry:
    """Returns a line that ends where it begins."""
    code = _crs(crs)
    return _placed(
        crs,
        lambda: shapely.geometry.LinearRing(_points(coordinates)),
        code,
        _edges(geodesic, code),
    )


@algorithm("GeometryConstructors.MultiLineString", ignores=("maxError",))
def multi_line_string(
    coordinates: list[Any], crs: Projection | None, geodesic: bool | None
) -> Geometry:
    """Returns lines."""
    code = _crs(crs)
    lines = [coordinates] if _depth(coordinates) < 3 else coordinates
    return _placed(
        crs,
        lambda: shapely.geometry.MultiLineString([_points(line) for line in lines]),
        code,
        _edges(geodesic, code),
    )


@algorithm("GeometryConstructors.MultiGeometry", ignores=("maxError",))
def multi_geometry(
    geometries: list[Geometry], crs: Projection | None, geodesic: bool | None
) -> Geometry:
    """Returns geometries as one; their edges are those of the first."""
    code = _crs(crs)
    shapes = [
        part.shape if part.crs == code else part.within(code) for part in geometries
    ]
    own = geometries[0].geodesic if geometries else True
    return Geometry(
        shapely.geometry.GeometryCollection(shapes),
        code,
        own if geodesic is None else geodesic,
    )


@algorithm("Geometry.coordinates")
def coordinates(geometry: Geometry) -> list[Any]:
    """Returns the geometry's GeoJSON coordinates."""
    json = geometry.geojson()
    if "coordinates" in json:
        return list(json["coordinates"])
    return [part["coordinates"] for part in json["geometries"]]


@algorithm("Geometry.geometries")
def geometries(geometry: Geometry) -> list[Geometry]:
    """Returns the parts of a collection, or the geometry alone."""
    if geometry.shape.geom_type != "GeometryCollection":
        return [geometry]
    return [
        Geometry(part, geometry.crs, geometry.geodesic) for part in geometry.shape.geoms
    ]


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
    """Whether the geometry's edges are geodesics."""
    return geometry.geodesic


@algorithm("Geometry.edgesAreGeodesics")
def edges_are_geodesics(geometry: Geometry) -> bool:
    """Whether the geometry's edges are geodesics."""
    return geometry.geodesic


@algorithm("Geometry.isUnbounded")
def is_unbounded(geometry: Geometry) -> bool:
    """Returns false: what covers everything has no geometry here."""
    return False


@algorithm("ErrorMargin")
def error_margin(value: float | None, unit: str) -> ErrorMargin:
    """Returns how far a result may be off."""
    if unit not in ("meters", "projected", "infinite"):
        raise EngineError(f"ErrorMargin: Unknown unit '{unit}'.")
    if unit == "infinite":
        return ErrorMargin(math.inf)
    if value is None:
        raise EngineError("ErrorMargin: A value is needed.")
    return ErrorMargin(value, unit)

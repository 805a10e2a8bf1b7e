"""From a GeoJSON geometry to the centre of a tile."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

Position = tuple[float, float]
"""Longitude, latitude in degrees."""

MAX_LATITUDE = 84.0
"""Degrees; UTM ends there (DMA TM 8358.2)."""

_HALF_TURN = 180.0
_TURN = np.array([360.0, 0.0])
_SPLIT_TOLERANCE = 1e-6
_NUMBERS = frozenset({int, float})  # and not bool, which is an int elsewhere


class GeometryError(ValueError):
    """The geometry is no tile; the message says what is wrong and what to do."""


def centre_of(geometry: object) -> Position:
    """Finds the centre of a tile: the point itself, or the polygon's centroid.

    A polygon may cross the antimeridian in any of the ways in use: longitudes that
    go on beyond ±180, longitudes that jump by 360, or two parts cut at ±180
    (RFC 7946 §3.1.9).

    Args:
        geometry: A GeoJSON Point, Polygon or MultiPolygon of one part, in WGS 84
            degrees. A third ordinate (height) is ignored.

    Returns:
        Longitude in [-180, 180) and latitude in [-84, 84].

    Raises:
        GeometryError: It is missing, of another type, empty, crosses itself, or
            has coordinates that are not finite or out of range.
    """
    if geometry is None:
        raise GeometryError("has no geometry; give a Polygon or a Point")
    if not isinstance(geometry, dict):
        raise GeometryError("its geometry is not an object; give a Polygon or a Point")
    kind = geometry.get("type")
    coordinates = geometry.get("coordinates")
    if kind == "Point":
        if not coordinates:
            raise GeometryError("its Point is empty; give [longitude, latitude]")
        lon, lat = _position(coordinates)
    elif kind == "Polygon":
        lon, lat = _centroid([_polygon(coordinates)])
    elif kind == "MultiPolygon":
        lon, lat = _centroid([_polygon(part) for part in _items(coordinates)])
    else:
        raise GeometryError(
            f"its geometry is of type {kind!r}; give a Polygon or a Point"
        )
    if abs(lat) > MAX_LATITUDE:
        raise GeometryError(
            f"its centre lies at latitude {lat:.5f}, beyond {MAX_LATITUDE:g}° where "
            "UTM ends; leave this place out"
        )
    return _normalised(lon), lat


def _items(value: object) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise GeometryError("its coordinates are not nested arrays; see RFC 7946 §3.1")
    return list(value)


def _position(value: object) -> Position:
    items = _items(value)
    if len(items) < 2 or not _NUMBERS.issuperset(map(type, items)):
        raise GeometryError(
            f"its coordinates hold {str(value)[:40]!r}; give positions as "
            "[longitude, latitude] in degrees"
        )
    try:
        lon, lat = float(items[0]), float(items[1])
    except OverflowError:
        lon, lat = math.inf, math.inf
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise GeometryError(
            f"its coordinates are not finite: [{lon}, {lat}]; give degrees"
        )
    if abs(lat) > 90:
        cure = (
            "are the axes swapped? GeoJSON positions are [longitude, latitude]"
            if abs(lon) <= 90 and abs(lat) <= 360
            else "give WGS 84 degrees, not projected metres"
        )
        raise GeometryError(f"its coordinates are out of range: [{lon}, {lat}]; {cure}")
    if abs(lon) > 360:
        raise GeometryError(
            f"its coordinates are out of range: [{lon}, {lat}]; give WGS 84 degrees, "
            "not projected metres"
        )
    return lon, lat


def _polygon(rings: object) -> BaseGeometry:
    lines = [[_position(p) for p in _items(ring)] for ring in _items(rings)]
    if not lines or not lines[0]:
        raise GeometryError("its Polygon is empty; give a ring of at least 4 positions")
    for line in lines:
        if len(line) < 4:
            raise GeometryError(
                f"its Polygon has a ring of {len(line)} positions; a ring has at "
                "least 4, the last like the first"
            )
        if line[0] != line[-1]:
            raise GeometryError(
                "its Polygon has a ring that is not closed; repeat the first position "
                "at the end"
            )
    longitudes = [lon for lon, _ in lines[0]]
    if max(longitudes) - min(longitudes) > _HALF_TURN:
        lines = [_eastward(line) for line in lines]
        longitudes = [lon for lon, _ in lines[0]]
        if not 0 < max(longitudes) - min(longitudes) <= _HALF_TURN:
            raise GeometryError(
                "its Polygon spans more than half of all longitudes, or holds a pole; "
                "give a Polygon of the size of a tile, or a Point"
            )
    # As arrays: from tuples shapely takes a second for every 300,000 positions.
    polygon = shapely.Polygon(
        np.array(lines[0]), [np.array(line) for line in lines[1:]]
    )
    if not polygon.is_valid:
        raise GeometryError(
            f"its Polygon is not valid ({shapely.is_valid_reason(polygon)}); give a "
            "ring that does not cross itself"
        )
    return polygon


def _eastward(line: list[Position]) -> list[Position]:
    return [(lon + 360.0 if lon < 0 else lon, lat) for lon, lat in line]


def _centroid(parts: list[BaseGeometry]) -> Position:
    if not parts:
        raise GeometryError("its MultiPolygon is empty; give a Polygon")
    whole = parts[0] if len(parts) == 1 else _rejoined(parts)
    centroid = whole.centroid
    return float(centroid.x), float(centroid.y)


def _rejoined(parts: list[BaseGeometry]) -> BaseGeometry:
    """Joins parts that were cut at the antimeridian."""
    west, east = (
        [p for p in parts if abs(p.bounds[edge] - at) < _SPLIT_TOLERANCE]
        for edge, at in ((0, -_HALF_TURN), (2, _HALF_TURN))
    )
    if len(parts) == 2 and len(west) == len(east) == 1:
        moved = shapely.transform(west[0], lambda xy: xy + _TURN)
        whole = shapely.union(moved, east[0])
        if whole.geom_type == "Polygon":
            return whole
    raise GeometryError(
        f"its MultiPolygon has {len(parts)} parts; a tile is one place: give one "
        "Polygon a feature"
    )


def _normalised(lon: float) -> float:
    if -_HALF_TURN <= lon < _HALF_TURN:
        return lon
    turned = (lon + _HALF_TURN) % 360.0 - _HALF_TURN
    return turned if turned < _HALF_TURN else -_HALF_TURN

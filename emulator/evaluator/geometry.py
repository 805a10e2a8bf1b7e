"""Geometries: shapely shapes with a CRS.

Edges are straight in the geometry's own CRS, or geodesics; see
:mod:`emulator.evaluator.edges`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
import shapely.affinity
import shapely.geometry
from shapely.geometry.base import BaseGeometry

from emulator.evaluator import edges
from emulator.evaluator.errors import EngineError
from emulator.evaluator.projection import (
    WGS84,
    crs_of,
    is_geographic,
    is_plane,
    plane_at,
    plane_transformer,
    transformer,
)
from emulator.source import Bounds

_SMALL = {True: 0.02, False: 2000.0}
"""Shapes of this many degrees or metres: no edge is off by a metre."""


@dataclass(frozen=True)
class ErrorMargin:
    """How far a result may be off.

    Attributes:
        value: A length; infinite if all is allowed.
        unit: ``meters`` or ``projected``, which is the CRS's unit.
    """

    value: float
    unit: str = "meters"


@dataclass(frozen=True, eq=False)
class Geometry:
    """A geometry.

    Attributes:
        shape: Its coordinates, in ``crs``.
        crs: Authority code; degrees for ``EPSG:4326``.
        geodesic: Whether its edges are geodesics.
    """

    shape: BaseGeometry
    crs: str = WGS84
    geodesic: bool = True
    _within: dict[str, BaseGeometry] = field(default_factory=dict, repr=False)

    @functools.cached_property
    def lonlat(self) -> BaseGeometry:
        """The shape in degrees, longitude first, edges followed."""
        return self.within(WGS84)

    def within(self, crs: str) -> BaseGeometry:
        """Returns the shape in a CRS, where its edges are straight by now."""
        found = self._within.get(crs)
        if found is None:
            found = self._moved(crs)
            if not found.is_valid:
                found = _valid(found)
            self._within[crs] = found
        return found

    def _moved(self, crs: str) -> BaseGeometry:
        if crs == self.crs and (not self.geodesic or self._small):
            return self.shape
        if self._small or self.shape.geom_type in ("Point", "MultiPoint"):
            return shapely.transform(self.shape, _mover(self.crs, crs))
        degrees = not is_plane(crs) and is_geographic(crs)
        if not self.geodesic:
            move = _mover(self.crs, crs)
            return edges.followed(
                self.shape, edges.straight, move, edges.straight, degrees
            )
        shape = shapely.transform(self.shape, _mover(self.crs, WGS84))
        move = _mover(WGS84, crs)
        return edges.followed(shape, edges.great_circle, move, edges.straight, degrees)

    @functools.cached_property
    def _small(self) -> bool:
        degrees = is_geographic(self.crs)
        west, south, east, north = self.shape.bounds
        if degrees and max(abs(south), abs(north)) > 85.0:
            return False
        return bool(max(east - west, north - south) < _SMALL[degrees])

    @property
    def on_geodesics(self) -> BaseGeometry:
        """The shape in degrees, as followed by geodesics between its vertices."""
        if self.geodesic or self._small:
            return shapely.transform(self.shape, _mover(self.crs, WGS84))
        move = _mover(self.crs, WGS84)
        return edges.followed(
            self.shape, edges.straight, move, edges.great_circle, True
        )

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north in degrees."""
        west, south, east, north = self.lonlat.bounds
        return west, south, east, north

    def local(
        self,
        operation: Callable[[BaseGeometry], BaseGeometry],
        projection: str = "aeqd",
    ) -> Geometry:
        """Returns the result of an operation done in metres around the centroid.

        Args:
            operation: Takes and returns a shape.
            projection: PROJ's name of a projection with a centre.
        """
        if self.shape.is_empty:
            return self
        centre = self.lonlat.centroid
        plane = plane_at(centre.x, centre.y, projection)
        done = operation(self.within(plane))
        return Geometry(
            shapely.transform(done, _mover(plane, WGS84)), WGS84, self.geodesic
        )

    @property
    def area(self) -> float:
        """Area in square metres on the ellipsoid; 0 for points and lines."""
        west, _, east, _ = self.shape.bounds
        if not self.geodesic and is_geographic(self.crs) and east - west > 180.0:
            # A ring around the Earth has no inside; its halves have.
            halves = [
                shapely.box(at, -90.0, at + 90.0, 90.0)
                for at in np.arange(west, east, 90.0)
            ]
            cut = [shapely.intersection(self.lonlat, half) for half in halves]
            return math.fsum(Geometry(part, WGS84, False).area for part in cut)
        return math.fsum(
            _ring(polygon.exterior)[0] - sum(_ring(h)[0] for h in polygon.interiors)
            for polygon in self._polygons
        )

    @property
    def length(self) -> float:
        """Length of its lines in metres on the ellipsoid; 0 for others."""
        return sum(
            float(_geod().geometry_length(part))
            for part in edges.simple_parts(self.on_geodesics)
            if part.geom_type in ("LineString", "LinearRing")
        )

    @property
    def perimeter(self) -> float:
        """Length of its polygons' rings in metres on the ellipsoid; 0 for others."""
        return sum(
            _ring(ring)[1]
            for polygon in self._polygons
            for ring in (polygon.exterior, *polygon.interiors)
        )

    @property
    def _polygons(self) -> list[BaseGeometry]:
        parts = edges.simple_parts(self.on_geodesics)
        return [part for part in parts if part.geom_type == "Polygon"]

    def geojson(self) -> dict[str, Any]:
        """Returns it as GeoJSON with Earth Engine's extra members."""
        json: dict[str, Any] = _listed(shapely.geometry.mapping(self.shape))
        if self.crs != WGS84:
            json["crs"] = {"type": "name", "properties": {"name": self.crs}}
        if self.shape.geom_type not in ("Point", "MultiPoint"):
            json["geodesic"] = self.geodesic
        return json


def _mover(source: str, target: str) -> Callable[[Any], Any]:
    """Returns what takes positions (n, 2) from one CRS to another."""
    if source == target:
        return _same
    if is_plane(target):
        leave, enter = _mover(source, WGS84), plane_transformer(target).transform
        return lambda xy: np.column_stack(enter(*leave(xy).T))
    if is_plane(source):
        back = plane_transformer(source).transform
        return lambda xy: np.column_stack(back(*xy.T, direction="INVERSE"))
    project = transformer(source, target).transform
    return lambda xy: np.column_stack(project(*xy.T))


def _valid(shape: BaseGeometry) -> BaseGeometry:
    """Returns a shape that GEOS can work with.

    Polygons that cross themselves are inside by the even-odd rule, parts that
    overlap are joined.
    """
    parts = [shapely.make_valid(part) for part in edges.simple_parts(shape)]
    if all(p.geom_type == "Polygon" for p in edges.simple_parts(shape)):
        pieces = [piece for part in parts for piece in edges.simple_parts(part)]
        polygons = [piece for piece in pieces if piece.geom_type == "Polygon"]
        return shapely.union_all(polygons or pieces)
    return shapely.geometry.GeometryCollection(parts)


def _same(xy: Any) -> Any:
    return xy


def _geod() -> Any:
    return crs_of(WGS84).get_geod()


def _ring(ring: BaseGeometry) -> tuple[float, float]:
    """Returns the area within a ring and its length."""
    area, length = _geod().polygon_area_perimeter(*shapely.get_coordinates(ring).T)
    return abs(float(area)), float(length)


def _listed(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_listed(item) for item in value]
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    return value


def from_geojson(json: dict[str, Any]) -> Geometry:
    """Reads GeoJSON.

    Raises:
        EngineError: It is none.
    """
    crs = json.get("crs", {}).get("properties", {}).get("name", WGS84)
    try:
        shape = shapely.geometry.shape(json)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise EngineError(f"Invalid GeoJSON geometry: {error}.") from error
    return Geometry(shape, crs, bool(json.get("geodesic", True)))


def shifted(shape: BaseGeometry) -> list[BaseGeometry]:
    """Returns a lon/lat shape and its copies a turn away that touch ±180°."""
    west, _, east, _ = shape.bounds
    shapes = [shape]
    if math.isnan(west):
        return shapes
    if east > 180.0:
        shapes.append(shapely.affinity.translate(shape, -360.0))
    if west < -180.0:
        shapes.append(shapely.affinity.translate(shape, 360.0))
    return shapes

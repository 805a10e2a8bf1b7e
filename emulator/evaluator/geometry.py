"""Geometries: shapely shapes with a CRS.

Edges are straight in the geometry's own CRS. Earth Engine's geodesic edges differ
from that only for edges of many kilometres; the flag is kept for the record.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
import shapely.affinity
import shapely.geometry
from shapely.geometry.base import BaseGeometry

from emulator.evaluator.errors import EngineError
from emulator.evaluator.projection import WGS84, crs_of, transformer
from emulator.source import Bounds


@dataclass(frozen=True, eq=False)
class Geometry:
    """A geometry.

    Attributes:
        shape: Its coordinates, in ``crs``.
        crs: Authority code; degrees for ``EPSG:4326``.
        geodesic: Whether its edges are meant as geodesics.
    """

    shape: BaseGeometry
    crs: str = WGS84
    geodesic: bool = True

    @functools.cached_property
    def lonlat(self) -> BaseGeometry:
        """The shape in degrees, longitude first."""
        return self.within(WGS84)

    def within(self, crs: str) -> BaseGeometry:
        """Returns the shape in another CRS, vertex by vertex."""
        if crs == self.crs:
            return self.shape
        project = transformer(self.crs, crs).transform

        def move(xy: Any) -> Any:
            return np.column_stack(project(xy[:, 0], xy[:, 1]))

        return shapely.transform(self.shape, move)

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north in degrees."""
        west, south, east, north = self.lonlat.bounds
        return west, south, east, north

    def local(self, operation: Callable[[BaseGeometry], BaseGeometry]) -> Geometry:
        """Returns the result of an operation done in metres around the centroid."""
        centre = self.lonlat.centroid
        plane = f"+proj=aeqd +lat_0={centre.y:.9f} +lon_0={centre.x:.9f} +units=m"
        done = Geometry(operation(self.within(plane)), plane)
        return Geometry(done.lonlat, WGS84, self.geodesic)

    @property
    def area(self) -> float:
        """Area in square metres on the ellipsoid; 0 for points and lines."""
        geod = crs_of(WGS84).get_geod()
        assert geod is not None
        area, _ = geod.geometry_area_perimeter(self.lonlat)
        return abs(float(area))

    @property
    def length(self) -> float:
        """Length or perimeter in metres on the ellipsoid."""
        geod = crs_of(WGS84).get_geod()
        assert geod is not None
        return float(geod.geometry_length(self.lonlat))

    def geojson(self) -> dict[str, Any]:
        """Returns it as GeoJSON with Earth Engine's extra members."""
        json: dict[str, Any] = _listed(shapely.geometry.mapping(self.shape))
        if self.crs != WGS84:
            json["crs"] = {"type": "name", "properties": {"name": self.crs}}
        if self.shape.geom_type not in ("Point", "MultiPoint"):
            json["geodesic"] = self.geodesic
        return json


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

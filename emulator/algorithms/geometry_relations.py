"""What geometries and features measure, and how two of them lie to each other."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from emulator.algorithms.geometry_operations import beside, in_plane, of_both
from emulator.evaluator.edges import simple_parts
from emulator.evaluator.geometry import Geometry, shifted
from emulator.evaluator.projection import WGS84, Projection, crs_of, transformer


@of_both("area")
def area(geometry: Geometry, proj: Projection | None) -> float:
    """Returns the area in square metres, or in a projection's units."""
    if proj is None:
        return geometry.area
    return math.fsum(part.area for part in simple_parts(in_plane(geometry, proj)))


@of_both("length")
def length(geometry: Geometry, proj: Projection | None) -> float:
    """Returns the length of lines in metres or a projection's units; else 0."""
    if proj is None:
        return geometry.length
    parts = simple_parts(in_plane(geometry, proj))
    return math.fsum(part.length for part in parts if part.geom_type != "Polygon")


@of_both("perimeter")
def perimeter(geometry: Geometry, proj: Projection | None) -> float:
    """Returns the length of polygons' rings in metres or other units; else 0."""
    if proj is None:
        return geometry.perimeter
    parts = simple_parts(in_plane(geometry, proj))
    return math.fsum(part.length for part in parts if part.geom_type == "Polygon")


def _nearest(
    left: Geometry, right: Geometry, proj: Projection | None
) -> tuple[BaseGeometry, str] | None:
    """Returns the shortest line between two geometries and its CRS."""
    if left.shape.is_empty or right.shape.is_empty:
        return None
    if proj is not None:
        return shapely.shortest_line(
            in_plane(left, proj), in_plane(right, proj)
        ), proj.crs
    one = left.lonlat
    two = beside(one, right.lonlat)
    # Degrees are no measure: look again in metres, around where it was near.
    middle = shapely.shortest_line(one, two).centroid
    plane = f"+proj=aeqd +lat_0={middle.y:.6f} +lon_0={middle.x:.6f} +units=m"
    return shapely.shortest_line(left.within(plane), right.within(plane)), plane


@of_both("distance")
def distance(left: Geometry, right: Geometry, proj: Projection | None) -> float | None:
    """Returns the least distance in metres on the ellipsoid, or in other units."""
    found = _nearest(left, right, proj)
    if found is None:
        return None
    line, crs = found
    if proj is not None:
        return float(line.length)
    ends = transformer(crs, WGS84).transform(*shapely.get_coordinates(line).T)
    geod = crs_of(WGS84).get_geod()
    assert geod is not None
    return float(geod.line_length(*ends))


_distance = distance


@of_both("withinDistance")
def within_distance(
    left: Geometry, right: Geometry, distance: float, proj: Projection | None
) -> bool:
    """Whether two geometries lie no farther apart than a distance."""
    apart = _distance(left, right, proj)
    return apart is not None and apart <= distance


@of_both("closestPoints")
def closest_points(
    left: Geometry, right: Geometry, proj: Projection | None
) -> dict[str, Geometry]:
    """Returns the point of each geometry that is nearest to the other."""
    found = _nearest(left, right, proj)
    if found is None:
        return {}
    line, crs = found
    ends = [shapely.Point(xy) for xy in shapely.get_coordinates(line)]
    places = [Geometry(Geometry(end, crs).within(WGS84)) for end in ends]
    return dict(zip(("left", "right"), places, strict=True))


@of_both("closestPoint")
def closest_point(
    left: Geometry, right: Geometry, proj: Projection | None
) -> Geometry | None:
    """Returns the right geometry's point that is nearest to the left; else null."""
    return closest_points(left, right, proj).get("right")


def _predicate(
    name: str, test: Callable[[Any, Any], Any], any_turn: bool, doc: str
) -> None:
    def related(left: Geometry, right: Geometry, proj: Projection | None) -> bool:
        if proj is not None:
            return bool(test(in_plane(left, proj), in_plane(right, proj)))
        results = [
            bool(test(a, b))
            for a in shifted(left.lonlat)
            for b in shifted(right.lonlat)
        ]
        return any(results) if any_turn else all(results)

    related.__doc__ = doc
    of_both(name)(related)


_predicate("intersects", shapely.intersects, True, "Whether the two share a point.")
_predicate("contains", shapely.contains, True, "Whether the right lies in the left.")
_predicate("containedIn", shapely.within, True, "Whether the left lies in the right.")
_predicate("disjoint", shapely.disjoint, False, "Whether the two share no point.")

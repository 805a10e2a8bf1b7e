"""Edges of shapes, followed within a metre when their coordinates change.

An edge is straight in the shape's own CRS, or it is a geodesic: the shortest path on
a sphere, as Earth Engine's are. In another CRS neither is straight. What is followed
gets as many vertices between as it takes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely
import shapely.geometry
from shapely.geometry.base import BaseGeometry

from emulator.evaluator.projection import METRES_PER_DEGREE

Points: TypeAlias = npt.NDArray[np.float64]
"""Positions (n, 2)."""

Path = Callable[[Points, Points, float], Points]
"""Returns where edges from starts to ends are after a fraction of them."""

Move = Callable[[Points], Points]

TOLERANCE = 1.0
"""How far a followed edge may be off, in metres."""

_MAX_PIECES = 2000
_FRACTIONS = (0.25, 0.5, 0.75)


def straight(starts: Points, ends: Points, fraction: float) -> Points:
    """Returns points on straight lines."""
    return starts + fraction * (ends - starts)


def great_circle(starts: Points, ends: Points, fraction: float) -> Points:
    """Returns points on geodesics of a sphere, in degrees.

    Edges of half a turn and more stay straight: their shortest path is another.
    """
    one, two = _unit(starts), _unit(ends)
    angle = np.arctan2(
        np.linalg.norm(np.cross(one, two), axis=1), (one * two).sum(axis=1)
    )
    sine = np.sin(angle)
    plain = (sine < 1e-12) | (abs(ends[:, 0] - starts[:, 0]) >= 180.0)
    safe = np.where(plain, 1.0, sine)
    first, second = np.sin((1 - fraction) * angle), np.sin(fraction * angle)
    x, y, z = ((first / safe)[:, None] * one + (second / safe)[:, None] * two).T
    lon, lat = np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))
    # Longitudes go on from their edge, even past ±180.
    near = starts[:, 0] + fraction * (ends[:, 0] - starts[:, 0])
    lon += 360.0 * np.round((near - lon) / 360.0)
    found = np.column_stack([lon, lat])
    return np.where(plain[:, None], straight(starts, ends, fraction), found)


def _unit(points: Points) -> npt.NDArray[np.float64]:
    lon, lat = np.radians(points).T
    return np.column_stack(
        [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    )


def followed(
    shape: BaseGeometry, path: Path, move: Move, drawn: Path, degrees: bool
) -> BaseGeometry:
    """Returns a shape moved to other coordinates, its edges followed.

    Args:
        shape: The shape.
        path: What its edges are.
        move: Takes positions to the other coordinates.
        drawn: What edges between the vertices of the result will be taken for.
        degrees: Whether the other coordinates are degrees, not metres.
    """

    def line(points: Points) -> Points:
        starts, ends = points[:-1], points[1:]
        moved = move(points)
        # No geodesic is longer than half a turn.
        pieces = np.ones(len(starts))
        if drawn is great_circle:
            pieces = np.fmax(1.0, np.ceil(abs(ends - starts).max(axis=1) / 90.0))
        for fraction in _FRACTIONS:
            there = move(path(starts, ends, fraction))
            off = there - drawn(moved[:-1], moved[1:], fraction)
            if degrees:
                off[:, 0] *= np.cos(np.radians(there[:, 1]))
                off *= METRES_PER_DEGREE
            # Halving an edge leaves a quarter of the deviation.
            wanted = np.ceil(np.sqrt(np.hypot(*off.T) / TOLERANCE))
            pieces = np.fmax(pieces, wanted)
        if not (pieces > 1).any():
            return moved
        return np.vstack([_cut(points, moved, pieces, path, move), moved[-1:]])

    return rebuilt(shape, line, move)


def _cut(
    points: Points, moved: Points, pieces: npt.NDArray[Any], path: Path, move: Move
) -> Points:
    found = []
    for i, number in enumerate(np.minimum(pieces, _MAX_PIECES).astype(int)):
        found.append(moved[i : i + 1])
        start, end = points[i : i + 1], points[i + 1 : i + 2]
        inner = [path(start, end, k / number) for k in range(1, number)]
        if inner:
            found.append(move(np.vstack(inner)))
    return np.vstack(found)


def rebuilt(
    shape: BaseGeometry, line: Callable[[Points], Points], point: Move
) -> BaseGeometry:
    """Returns a shape with other vertices on its lines and rings."""
    if shape.is_empty:
        return shape
    again = functools.partial(rebuilt, line=line, point=point)
    match shape.geom_type:
        case "Point":
            return shapely.geometry.Point(*point(shapely.get_coordinates(shape))[0])
        case "LineString" | "LinearRing":
            return type(shape)(line(shapely.get_coordinates(shape)))
        case "Polygon":
            rings = [shape.exterior, *shape.interiors]
            shell, *holes = (line(shapely.get_coordinates(ring)) for ring in rings)
            return shapely.geometry.Polygon(shell, holes)
    return type(shape)([again(part) for part in shape.geoms])


def simple_parts(shape: BaseGeometry) -> list[BaseGeometry]:
    """Returns the points, lines and polygons that a shape is made of."""
    if not hasattr(shape, "geoms"):
        return [] if shape.is_empty else [shape]
    return [part for inner in shape.geoms for part in simple_parts(inner)]

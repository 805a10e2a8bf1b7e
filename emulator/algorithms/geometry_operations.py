"""What geometries and features are turned into: buffers, hulls, unions and so on.

With a projection the work is done in its coordinates. Without, it is done on the
Earth: in metres around the centroid, or in degrees where edges have been followed.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any, TypeVar

import shapely
import shapely.affinity
from shapely.geometry.base import BaseGeometry

from emulator.evaluator.elements import Feature
from emulator.evaluator.errors import EngineError
from emulator.evaluator.geometry import ErrorMargin, Geometry
from emulator.evaluator.projection import (
    UNPROJECTED,
    WGS84,
    Projection,
    is_geographic,
)
from emulator.evaluator.registry import algorithm
from emulator.evaluator.signatures import signatures

F = TypeVar("F", bound=Callable[..., Any])

_QUARTER = 16
"""Edges of a quarter of a circle, if the error margin wants no more."""


def of_both(name: str, *, ignores: tuple[str, ...] = ("maxError",)) -> Callable[[F], F]:
    """Registers a function of geometries for them and for features.

    Args:
        name: Of ``Geometry.name`` and ``Feature.name``.
        ignores: As for any algorithm.
    """

    def register(function: F) -> F:
        algorithm(f"Geometry.{name}", ignores=ignores)(function)
        algorithm(f"Feature.{name}", ignores=ignores)(_of_features(name, function))
        return function

    return register


def _of_features(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function of geometries as one of features."""
    own = inspect.signature(function)
    places = [n for n in ("geometry", "left", "right") if n in own.parameters]
    first = "feature" if places[0] == "geometry" else "left"
    keeps = signatures()[f"Feature.{name}"].returns in ("Feature", "Element")

    @functools.wraps(function)
    def of_features(**arguments: Any) -> Any:
        feature = arguments[first]
        if first == "feature":
            arguments["geometry"] = arguments.pop("feature")
        for place in places:
            arguments[place] = arguments[place].geometry()
            if arguments[place] is None:
                if keeps:
                    return Feature(None, feature.properties)
                raise EngineError(f"Feature.{name}: A feature has no geometry.")
        found = function(**arguments)
        return Feature(found, feature.properties) if keeps else found

    parameters = [
        parameter.replace(name="feature") if key == "geometry" else parameter
        for key, parameter in own.parameters.items()
    ]
    of_features.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    return of_features


def in_plane(geometry: Geometry, proj: Projection) -> BaseGeometry:
    """Returns a geometry in a projection's coordinates."""
    shape = geometry.within(proj.crs)
    if proj.transform == UNPROJECTED.transform:
        return shape
    a, b, c, d, e, f = proj.transform
    turned = a * e - b * d
    back = (e / turned, -b / turned, -d / turned, a / turned)
    return shapely.affinity.affine_transform(
        shape,
        (*back, -(back[0] * c + back[1] * f), -(back[2] * c + back[3] * f)),
    )


def out_of_plane(shape: BaseGeometry, proj: Projection) -> Geometry:
    """Returns a shape in a projection's coordinates as a geometry."""
    if proj.transform != UNPROJECTED.transform:
        a, b, c, d, e, f = proj.transform
        shape = shapely.affinity.affine_transform(shape, (a, b, d, e, c, f))
    return Geometry(shape, proj.crs, geodesic=False)


def _changed(
    geometry: Geometry,
    proj: Projection | None,
    change: Callable[[BaseGeometry], BaseGeometry],
    local: str = "aeqd",
) -> Geometry:
    if proj is None:
        return geometry.local(change, local)
    return out_of_plane(change(in_plane(geometry, proj)), proj)


@of_both("buffer", ignores=())
def buffer(
    geometry: Geometry,
    distance: float,
    max_error: ErrorMargin | None,
    proj: Projection | None,
) -> Geometry:
    """Returns the geometry grown by metres, or by a projection's units."""
    error = max_error.value if max_error is not None else math.inf
    edges = _QUARTER
    if 0.0 < error < abs(distance):
        # An edge of a circle is off by the radius times 1 - cos(half its angle).
        edges = math.ceil(math.pi / 4.0 / math.acos(1.0 - error / abs(distance)))
    edges = min(max(edges, _QUARTER), 1000)
    return _changed(geometry, proj, lambda s: s.buffer(distance, quad_segs=edges))


@of_both("bounds")
def bounds(geometry: Geometry, proj: Projection | None) -> Geometry:
    """Returns the geometry's bounding rectangle in a projection."""
    code = WGS84 if proj is None else proj.crs
    return Geometry(shapely.box(*geometry.within(code).bounds), code, geodesic=False)


@of_both("centroid")
def centroid(geometry: Geometry, proj: Projection | None) -> Geometry:
    """Returns the point at the geometry's centre."""
    return _changed(geometry, proj, lambda shape: shape.centroid)


@of_both("convexHull")
def convex_hull(geometry: Geometry, proj: Projection | None) -> Geometry:
    """Returns the geometry's convex hull.

    On the Earth its edges are geodesics, which are straight in the gnomonic
    projection.
    """
    hull = _changed(geometry, proj, lambda shape: shape.convex_hull, "gnom")
    return hull if proj is not None else Geometry(hull.shape, WGS84, geodesic=True)


@of_both("simplify", ignores=())
def simplify(
    geometry: Geometry, max_error: ErrorMargin, proj: Projection | None
) -> Geometry:
    """Returns the geometry simplified within an error margin."""
    tolerance = max_error.value
    if max_error.unit == "meters" or proj is not None:
        return _changed(geometry, proj, lambda shape: shape.simplify(tolerance))
    shape = geometry.shape.simplify(tolerance)
    return Geometry(shape, geometry.crs, geometry.geodesic)


@of_both("transform")
def transform(geometry: Geometry, proj: Projection, geodesic: bool | None) -> Geometry:
    """Returns the geometry in another CRS, its edges followed."""
    bent = is_geographic(proj.crs) if geodesic is None else geodesic
    return Geometry(geometry.within(proj.crs), proj.crs, bent)


@of_both("dissolve")
def dissolve(geometry: Geometry, proj: Projection | None) -> Geometry:
    """Returns the union of the geometry's parts."""
    if not hasattr(geometry.shape, "geoms"):
        return geometry
    if proj is None:
        joined = shapely.union_all(shapely.get_parts(geometry.lonlat))
        return Geometry(joined, WGS84, geometry.geodesic)
    return out_of_plane(shapely.union_all([in_plane(geometry, proj)]), proj)


def beside(left: BaseGeometry, right: BaseGeometry) -> BaseGeometry:
    """Returns the right lon/lat shape, moved by turns to where the left one is."""
    if left.is_empty or right.is_empty:
        return right
    turns = round((left.centroid.x - right.centroid.x) / 360.0)
    return shapely.affinity.translate(right, 360.0 * turns) if turns else right


def _overlay(name: str, operation: Callable[[Any, Any], Any], doc: str) -> None:
    def combined(left: Geometry, right: Geometry, proj: Projection | None) -> Geometry:
        if proj is not None:
            done = operation(in_plane(left, proj), in_plane(right, proj))
            return out_of_plane(done, proj)
        done = operation(left.lonlat, beside(left.lonlat, right.lonlat))
        return Geometry(done, WGS84, left.geodesic)

    combined.__doc__ = doc
    of_both(name)(combined)


_overlay("intersection", shapely.intersection, "Returns what both have in common.")
_overlay("union", shapely.union, "Returns both in one.")
_overlay("difference", shapely.difference, "Returns the left without the right.")
_overlay(
    "symmetricDifference",
    shapely.symmetric_difference,
    "Returns what one has and the other has not.",
)

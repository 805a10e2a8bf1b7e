"""Random places inside regions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from emulator.evaluator.collection import FEATURES, Collection, given
from emulator.evaluator.elements import Feature
from emulator.evaluator.errors import EngineError
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.registry import algorithm

MAX_POINTS = 1_000_000
_ROUNDS = 10_000
"""Draws after which a region is called too thin to hit."""

Floats = npt.NDArray[np.float64]


@algorithm("FeatureCollection.randomPoints", ignores=("maxError",))
def random_points(region: Geometry, points: int, seed: int) -> Collection:
    """Returns points uniform on the sphere inside a region, the same for a seed.

    Earth Engine's own points for the same seed are others.
    """
    if not 0 <= points <= MAX_POINTS:
        raise EngineError(
            f"FeatureCollection.randomPoints: Cannot make {points} points."
        )
    places = scattered(region.lonlat, points, seed)
    return given(FEATURES, [Feature(Geometry(p), {}) for p in shapely.points(places)])


def scattered(region: BaseGeometry, count: int, seed: int) -> Floats:
    """Returns points uniform on the sphere inside a lon/lat region.

    Args:
        region: Polygons, in degrees; if there are none, lines or points to lie on.
        count: Of points.
        seed: Of the generator.

    Returns:
        Longitudes and latitudes (count, 2).

    Raises:
        EngineError: The region is empty.
    """
    draw = np.random.Generator(np.random.PCG64(seed & (2**64 - 1)))
    parts = [p for p in _polygons(region) if _weight(p) > 0.0]
    if not parts:
        return _on_lines(region, count, draw)
    weights = np.array([_weight(part) for part in parts])
    chosen = draw.choice(len(parts), count, p=weights / weights.sum())
    places = np.empty((count, 2))
    for index in np.unique(chosen):
        here = np.flatnonzero(chosen == index)
        places[here] = _inside(parts[index], len(here), draw)
    return places


def _polygons(region: BaseGeometry) -> list[BaseGeometry]:
    return [p for p in shapely.get_parts(region) if p.geom_type == "Polygon"]


def _weight(polygon: BaseGeometry) -> float:
    """Returns the area on the unit sphere: exact in longitude and sine of latitude.

    Edges are straight on that map, which over one edge is next to straight.
    """

    def flat(xy: Floats) -> Floats:
        return np.column_stack([np.radians(xy[:, 0]), np.sin(np.radians(xy[:, 1]))])

    return float(shapely.transform(polygon, flat).area)


def _on_lines(region: BaseGeometry, count: int, draw: np.random.Generator) -> Floats:
    """Returns places along lines, or some of the points."""
    if region.is_empty:
        raise EngineError("FeatureCollection.randomPoints: The region is empty.")
    if region.length > 0.0:
        at = draw.uniform(0.0, region.length, count)
        lines = [p for p in shapely.get_parts(region) if p.length > 0.0]
        ends = np.cumsum([line.length for line in lines])
        chosen = np.searchsorted(ends, at)
        offsets = at - np.concatenate([[0.0], ends])[chosen]
        found = shapely.line_interpolate_point(np.array(lines)[chosen], offsets)
        return np.asarray(shapely.get_coordinates(found))
    places = shapely.get_coordinates(region)
    return np.asarray(places[draw.integers(0, len(places), count)])


def _inside(polygon: BaseGeometry, count: int, draw: np.random.Generator) -> Floats:
    west, south, east, north = polygon.bounds
    low, high = np.sin(np.radians([south, north]))
    shapely.prepare(polygon)
    found: list[Floats] = []
    missing = count
    for _ in range(_ROUNDS):
        tried = max(64, 2 * missing)
        lon = draw.uniform(west, east, tried)
        lat = np.degrees(np.arcsin(draw.uniform(low, high, tried)))
        hits = np.column_stack([lon, lat])[shapely.contains_xy(polygon, lon, lat)]
        found.append(hits[:missing])
        missing -= len(found[-1])
        if missing == 0:
            return np.concatenate(found)
    raise EngineError("FeatureCollection.randomPoints: The region is too thin.")

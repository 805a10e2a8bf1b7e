"""Projections: a CRS with an affine from pixels to its coordinates."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import pyproj

from emulator import proj
from emulator.evaluator.errors import EngineError
from emulator.source import Affine6

METRES_PER_DEGREE = math.pi * 6378137.0 / 180.0
"""Length of a degree on the sphere of WGS 84's equatorial radius."""


def crs_of(code: str) -> pyproj.CRS:
    """Returns a CRS.

    Raises:
        EngineError: PROJ does not know it.
    """
    try:
        return proj.crs(code)
    except pyproj.exceptions.CRSError:
        raise EngineError(
            f"Projection: The CRS of a map projection could not be parsed: '{code}'."
        ) from None


def plane_at(lon: float, lat: float, projection: str = "aeqd") -> str:
    """Returns the code of a plane in metres around a place.

    Args:
        lon: Degrees.
        lat: Degrees.
        projection: PROJ's name of a projection with a centre.
    """
    return f"+proj={projection} +lat_0={lat:.9f} +lon_0={lon:.9f} +ellps=WGS84"


def is_plane(code: str) -> bool:
    """Whether a code is one of :func:`plane_at`."""
    return code.startswith("+proj=") and code.endswith(" +ellps=WGS84")


def plane_transformer(code: str) -> pyproj.Transformer:
    """Returns PROJ's transformation from degrees to a plane.

    It is made in a moment: PROJ need not look for a way between two systems, and
    there are as many planes as features.
    """
    return pyproj.Transformer.from_pipeline(code)


@functools.lru_cache(maxsize=512)
def transformer(source: str, target: str) -> pyproj.Transformer:
    """Returns PROJ's transformation, x before y on both sides."""
    crs_of(source), crs_of(target)
    return proj.transformer(source, target)


@functools.lru_cache(maxsize=512)
def is_geographic(code: str) -> bool:
    """Whether the CRS counts in degrees."""
    return bool(crs_of(code).is_geographic)


@functools.lru_cache(maxsize=512)
def metres_per_unit(code: str) -> float:
    """Returns the nominal length of the CRS's unit in metres."""
    if is_geographic(code):
        return METRES_PER_DEGREE
    return float(crs_of(code).axis_info[0].unit_conversion_factor)


@functools.lru_cache(maxsize=4096)
def nominal_scale(crs: str, transform: Affine6) -> float:
    """Returns the nominal side of a pixel in metres."""
    a, b, _, d, e, _ = transform
    return math.sqrt(abs(a * e - b * d)) * metres_per_unit(crs)


@dataclass(frozen=True)
class Projection:
    """A CRS and an affine.

    Attributes:
        crs: Authority code or WKT.
        transform: Pixel corner (col, row) to CRS coordinates.
    """

    crs: str
    transform: Affine6 = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

    def __hash__(self) -> int:
        """Returns a hash, worked out once."""
        return self._hash

    @functools.cached_property
    def _hash(self) -> int:
        return hash((self.crs, self.transform))

    def __getstate__(self) -> dict[str, object]:
        """Leaves the hash behind: another process's strings hash differently."""
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}

    @property
    def scale(self) -> float:
        """Nominal side of a pixel in metres."""
        return nominal_scale(self.crs, self.transform)

    def coarser(self, times: float) -> Projection:
        """Returns the projection with pixels so many times as large, same origin."""
        a, b, c, d, e, f = self.transform
        return Projection(self.crs, (a * times, b * times, c, d * times, e * times, f))

    def at_scale(self, metres: float) -> Projection:
        """Returns the projection with square pixels of that side, same origin."""
        side = metres / metres_per_unit(self.crs)
        a, _, c, _, e, f = self.transform
        return Projection(
            self.crs,
            (math.copysign(side, a), 0.0, c, 0.0, math.copysign(side, e), f),
        )


WGS84 = "EPSG:4326"
UNPROJECTED = Projection(WGS84)
"""What a composite or a constant has in place of a meaningful projection."""


def requested(
    base: Projection,
    crs: Projection | None,
    crs_transform: list[float] | None,
    scale: float | None,
) -> Projection:
    """Returns the projection that the arguments crs, crsTransform and scale mean.

    Args:
        base: Used where ``crs`` is not given.
        crs: A projection to use instead.
        crs_transform: Six numbers that replace its affine.
        scale: Metres; excludes ``crs_transform``. A given ``crs`` starts its pixels
            at the CRS's origin with rows going south.

    Raises:
        EngineError: Both of the last two are given, or not six numbers.
    """
    if crs_transform is not None and scale is not None:
        raise EngineError("Cannot specify both crsTransform and scale.")
    projection = base if crs is None else crs
    if crs_transform is not None:
        if len(crs_transform) != 6:
            raise EngineError("crsTransform must have 6 elements.")
        a, b, c, d, e, f = map(float, crs_transform)
        return Projection(projection.crs, (a, b, c, d, e, f))
    if scale is not None:
        if projection.transform == UNPROJECTED.transform:
            projection = Projection(projection.crs, (1.0, 0.0, 0.0, 0.0, -1.0, 0.0))
        return projection.at_scale(scale)
    return projection

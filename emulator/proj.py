"""PROJ's objects, made once: a transformation takes milliseconds to set up."""

from __future__ import annotations

import functools

import pyproj

WGS84 = "EPSG:4326"


@functools.lru_cache(maxsize=512)
def crs(code: str) -> pyproj.CRS:
    """Returns a CRS.

    Raises:
        pyproj.exceptions.CRSError: PROJ does not know it.
    """
    return pyproj.CRS.from_user_input(code)


@functools.lru_cache(maxsize=512)
def transformer(source: str, target: str) -> pyproj.Transformer:
    """Returns a transformation, x before y on both sides.

    Raises:
        pyproj.exceptions.CRSError: PROJ does not know one of the two.
    """
    return pyproj.Transformer.from_crs(crs(source), crs(target), always_xy=True)

"""Transverse Mercator on WGS 84 by Krüger's series, as plain arithmetic.

PROJ's transformers are bound to a thread each and cost time and memory in every one;
tiles are planned and fetched in many. The series to the sixth order is good to less
than a micrometre within a zone.

Source: Karney 2011, "Transverse Mercator with an accuracy of a few nanometers",
doi:10.1007/s00190-011-0445-3, equations 7 to 36.
"""

from __future__ import annotations

import math

_A = 6378137.0
_F = 1 / 298.257223563
_E = math.sqrt(_F * (2 - _F))
_N = _F / (2 - _F)
_SCALE = 0.9996
_RADIUS = _A / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64 + _N**6 / 256)

# Equations 35 and 36, the highest power last.
_ALPHA_TERMS = (
    (1 / 2, -2 / 3, 5 / 16, 41 / 180, -127 / 288, 7891 / 37800),
    (13 / 48, -3 / 5, 557 / 1440, 281 / 630, -1983433 / 1935360),
    (61 / 240, -103 / 140, 15061 / 26880, 167603 / 181440),
    (49561 / 161280, -179 / 168, 6601661 / 7257600),
    (34729 / 80640, -3418889 / 1995840),
    (212378941 / 319334400,),
)
_BETA_TERMS = (
    (1 / 2, -2 / 3, 37 / 96, -1 / 360, -81 / 512, 96199 / 604800),
    (1 / 48, 1 / 15, -437 / 1440, 46 / 105, -1118711 / 3870720),
    (17 / 480, -37 / 840, -209 / 4480, 5569 / 90720),
    (4397 / 161280, -11 / 504, -830251 / 7257600),
    (4583 / 161280, -108847 / 3991680),
    (20648693 / 638668800,),
)


def _coefficients(terms: tuple[tuple[float, ...], ...]) -> tuple[float, ...]:
    return tuple(
        sum(factor * _N ** (order + power) for power, factor in enumerate(row))
        for order, row in enumerate(terms, start=1)
    )


_ALPHA = _coefficients(_ALPHA_TERMS)
_BETA = _coefficients(_BETA_TERMS)


def to_utm(lon: float, lat: float, epsg: int) -> tuple[float, float]:
    """Returns easting and northing, metres, in the zone of an EPSG code 326zz, 327zz.

    Args:
        lon: Degrees east; any turn.
        lat: Degrees north.
        epsg: Of the zone.
    """
    delta = math.radians((lon - _meridian(epsg) + 180.0) % 360.0 - 180.0)
    tau = math.tan(math.radians(lat))
    root = math.hypot(1.0, tau)
    sigma = math.sinh(_E * math.atanh(_E * tau / root))
    tau1 = tau * math.hypot(1.0, sigma) - sigma * root
    xi = math.atan2(tau1, math.cos(delta))
    eta = math.asinh(math.sin(delta) / math.hypot(tau1, math.cos(delta)))
    x, y = eta, xi
    for j, factor in enumerate(_ALPHA, start=1):
        y += factor * math.sin(2 * j * xi) * math.cosh(2 * j * eta)
        x += factor * math.cos(2 * j * xi) * math.sinh(2 * j * eta)
    scale = _SCALE * _RADIUS
    return scale * x + 500_000.0, scale * y + _false_northing(epsg)


def from_utm(x: float, y: float, epsg: int) -> tuple[float, float]:
    """Returns longitude, at most 180 from the zone's meridian, and latitude."""
    scale = _SCALE * _RADIUS
    xi, eta = (y - _false_northing(epsg)) / scale, (x - 500_000.0) / scale
    xi1, eta1 = xi, eta
    for j, factor in enumerate(_BETA, start=1):
        xi1 -= factor * math.sin(2 * j * xi) * math.cosh(2 * j * eta)
        eta1 -= factor * math.cos(2 * j * xi) * math.sinh(2 * j * eta)
    tau1 = math.sin(xi1) / math.hypot(math.sinh(eta1), math.cos(xi1))
    delta = math.atan2(math.sinh(eta1), math.cos(xi1))
    tau = tau1
    for _ in range(4):  # Newton's method, equations 19 to 21
        root = math.hypot(1.0, tau)
        sigma = math.sinh(_E * math.atanh(_E * tau / root))
        guess = tau * math.hypot(1.0, sigma) - sigma * root
        slope = 1 + (1 - _E**2) * tau**2
        tau += (tau1 - guess) / math.hypot(1.0, guess) * slope / ((1 - _E**2) * root)
    lon = (_meridian(epsg) + math.degrees(delta) + 180.0) % 360.0 - 180.0
    return lon, math.degrees(math.atan(tau))


def _meridian(epsg: int) -> float:
    return epsg % 100 * 6.0 - 183.0


def _false_northing(epsg: int) -> float:
    return 10_000_000.0 if epsg // 100 == 327 else 0.0

"""Projections."""

from __future__ import annotations

import json
from typing import Any

from emulator.evaluator.coerce import coercer
from emulator.evaluator.errors import EngineError
from emulator.evaluator.projection import UNPROJECTED, crs_of
from emulator.evaluator.projection import Projection as Proj
from emulator.evaluator.registry import algorithm


@algorithm("Projection")
def projection(
    crs: Any, transform: list[Any] | None, transform_wkt: str | None
) -> Proj:
    """Returns a projection of a CRS's code and six numbers."""
    if transform_wkt is not None:
        raise EngineError("Projection: transformWkt is not supported; use transform.")
    base: Proj = coercer("Projection")(crs)
    if transform is None:
        return base
    if len(transform) != 6:
        raise EngineError("Projection: The transform must have 6 elements.")
    a, b, c, d, e, f = map(float, transform)
    return Proj(base.crs, (a, b, c, d, e, f))


@algorithm("Projection.crs")
def projection_crs(projection: Proj) -> str:
    """Returns the CRS's code."""
    return projection.crs


@algorithm("Projection.nominalScale")
def nominal_scale(proj: Proj) -> float:
    """Returns the side of a pixel in metres."""
    return proj.scale


@algorithm("Projection.atScale")
def at_scale(projection: Proj, meters: float) -> Proj:
    """Returns the projection with pixels of another size."""
    if projection.transform == UNPROJECTED.transform:
        flipped = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
        return Proj(projection.crs, flipped).at_scale(meters)
    return projection.at_scale(meters)


@algorithm("Projection.scale")
def scale(projection: Proj, x: float, y: float) -> Proj:
    """Returns the projection with pixels some times as large."""
    a, b, c, d, e, f = projection.transform
    return Proj(projection.crs, (a * x, b * y, c, d * x, e * y, f))


@algorithm("Projection.translate")
def translate(projection: Proj, x: float, y: float) -> Proj:
    """Returns the projection moved by pixels."""
    a, b, c, d, e, f = projection.transform
    return Proj(projection.crs, (a, b, c + a * x + b * y, d, e, f + d * x + e * y))


@algorithm("Projection.transform")
def transform(projection: Proj) -> str:
    """Returns the affine as Earth Engine prints it, in WKT."""
    a, b, c, d, e, f = (json.dumps(number) for number in projection.transform)
    elements = (("0_0", a), ("0_1", b), ("0_2", c), ("1_0", d), ("1_1", e), ("1_2", f))
    parameters = "".join(
        f', \n  PARAMETER["elt_{place}", {number}]' for place, number in elements
    )
    head = 'PARAM_MT["Affine", \n  PARAMETER["num_row", 3], \n  PARAMETER["num_col", 3]'
    return f"{head}{parameters}]"


@algorithm("Projection.wkt")
def wkt(projection: Proj) -> str:
    """Returns the CRS as WKT."""
    return str(crs_of(projection.crs).to_wkt("WKT1_GDAL", pretty=True))

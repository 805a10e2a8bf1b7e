"""Where the pixels of a requested grid lie in another CRS.

Everything hangs on the output CRS's absolute lattice, never on the window asked for:
pixel centres are counted from the CRS's origin in 2⁻²⁰ pixels, and between CRSs PROJ
is asked at nodes every 16 pixels of that lattice only, linear in between. So a
window's coordinates equal the crop of a larger window's, bit for bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.evaluator.projection import (
    is_geographic,
    metres_per_unit,
    transformer,
)
from emulator.source import PixelGrid

Floats = npt.NDArray[np.float64]

_QUANTUM = 1 << 20
NODE_SPACING = 16
"""Pixels between nodes of the control net."""
NET_MAX_PIXEL_M = 500.0
"""Coarsest pixel for which a net is used.

The sagitta of a parallel over a net cell of length L is about L²·tan(lat)/8R: below
a 500th of a pixel for 10 m pixels, a tenth for 500 m at 60°. Coarser grids ask PROJ
for every pixel.
"""


def is_rectilinear(grid: PixelGrid) -> bool:
    """Whether rows and columns run along the CRS's axes."""
    return grid.transform[1] == 0.0 and grid.transform[3] == 0.0


def lattice(origin: float, step: float, count: int) -> Floats:
    """Returns pixel centres along an axis in pixels from the CRS's origin."""
    first = round(origin / step * _QUANTUM)
    offsets = np.arange(count, dtype=np.int64) * _QUANTUM + _QUANTUM // 2
    return (first + offsets) / _QUANTUM


def axes(grid: PixelGrid) -> tuple[Floats, Floats]:
    """Returns the x of every column's and the y of every row's centre."""
    a, _, c, _, e, f = grid.transform
    return lattice(c, a, grid.width) * a, lattice(f, e, grid.height) * e


def centres(grid: PixelGrid, crs: str) -> tuple[Floats, Floats]:
    """Returns the pixel centres in a CRS.

    Args:
        grid: The pixels.
        crs: The CRS of the answer.

    Returns:
        x and y, each (height, width); infinite where there is no such place.
    """
    if not is_rectilinear(grid):
        a, b, c, d, e, f = grid.transform
        cols, rows = np.meshgrid(
            np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5
        )
        return _exact(a * cols + b * rows + c, d * cols + e * rows + f, grid.crs, crs)
    if grid.crs == crs:
        x, y = np.meshgrid(*axes(grid))
        return x, y
    if abs(grid.transform[0]) * metres_per_unit(grid.crs) > NET_MAX_PIXEL_M:
        return _exact(*np.meshgrid(*axes(grid)), grid.crs, crs)
    return _netted(grid, crs)


def _exact(x: Any, y: Any, source: str, target: str) -> tuple[Floats, Floats]:
    if source == target:
        return x, y
    u, v = transformer(source, target).transform(x, y)
    return u, v


def _cells(ticks: Floats) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
    scaled = ticks / NODE_SPACING
    cells = np.floor(scaled).astype(np.int64)
    nodes = np.arange(cells.min(), cells.max() + 2) * float(NODE_SPACING)
    return cells - cells.min(), scaled - np.floor(scaled), nodes


def _netted(grid: PixelGrid, crs: str) -> tuple[Floats, Floats]:
    a, _, c, _, e, f = grid.transform
    j, s, nodes_x = _cells(lattice(c, a, grid.width))
    i, t, nodes_y = _cells(lattice(f, e, grid.height))
    net = _exact(*np.meshgrid(nodes_x * a, nodes_y * e), grid.crs, crs)
    x = _interpolated(net[0], i, j, t, s, wraps=is_geographic(crs))
    y = _interpolated(net[1], i, j, t, s, wraps=False)
    return x, y


def _interpolated(
    net: Floats, i: Any, j: Any, t: Floats, s: Floats, *, wraps: bool
) -> Floats:
    top, bottom = net[i], net[i + 1]
    p00, p01 = top[:, j], top[:, j + 1]
    p10, p11 = bottom[:, j], bottom[:, j + 1]
    if wraps and np.ptp(net) > 180.0:
        p01, p10, p11 = (_near(p, p00) for p in (p01, p10, p11))
    t = t[:, None]
    upper = p00 * (1.0 - s) + p01 * s
    lower = p10 * (1.0 - s) + p11 * s
    result: Floats = upper * (1.0 - t) + lower * t
    return result


def _near(longitude: Floats, reference: Floats) -> Floats:
    """Returns longitudes within half a turn of others."""
    gap = longitude - reference
    turn = np.where(gap > 180.0, -360.0, np.where(gap < -180.0, 360.0, 0.0))
    return longitude + turn

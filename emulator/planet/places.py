"""From a band's pixels to the planet's: where each pixel of a window lies.

Positions are interpolated from nodes fixed to the band's lattice, by products and
sums alone, so that a window's positions equal the crop of a larger window's.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyproj

from emulator import proj
from emulator.planet import land, mercator
from emulator.recent import remembered

Doubles = npt.NDArray[np.floating[Any]]

_STEP = 1280.0
"""Metres between nodes; Mercator bends by centimetres within, less than half a metre
in the far north."""


def transformer(crs: str) -> pyproj.Transformer:
    """Returns the transformer from a CRS to longitude and latitude."""
    return proj.transformer(crs, proj.WGS84)


@functools.lru_cache(maxsize=65536)
def _node(crs: str, i: int, j: int) -> tuple[float, float]:
    """Returns the Mercator x and y of node (i, j), x within (-0.5, 1.5)."""
    longitude, latitude = transformer(crs).transform(i * _STEP, j * _STEP)
    y = mercator.y_of(np.array([latitude]))
    return (longitude + 180.0) / 360.0, float(y[0])


@functools.lru_cache(maxsize=128)
def _middle(crs: str) -> float:
    """Returns the Mercator x of a CRS's middle: of UTM, its central meridian."""
    longitude, _ = transformer(crs).transform(500_000.0, 5_000_000.0)
    return (longitude + 180.0) / 360.0 if np.isfinite(longitude) else 0.5


def _nodes(crs: str, i0: int, j0: int, width: int, height: int) -> Doubles:
    """Returns Mercator x and y at nodes (2, height, width), x unwrapped."""
    out = np.array(
        [[_node(crs, i0 + i, j0 + j) for i in range(width)] for j in range(height)]
    )
    x = out[..., 0]
    # Across the antimeridian x jumps by one: stay near the CRS's middle, so that a
    # node is the same in any window.
    x -= np.rint(x - _middle(crs))
    return np.moveaxis(out, -1, 0)


def metric(
    crs: str, x0: float, y0: float, step: float, width: int, height: int
) -> tuple[Doubles, Doubles]:
    """Returns the Mercator x and y of a window of a projected, north-up grid.

    Args:
        crs: A CRS in metres.
        x0: Left edge in metres.
        y0: Upper edge in metres.
        step: Pixel size in metres.
        width: Columns.
        height: Rows.

    Returns:
        x and y of the pixel centres, each (height, width); x may pass [0, 1).
    """
    east = (x0 + (np.arange(width) + 0.5) * step) / _STEP
    north = (y0 - (np.arange(height) + 0.5) * step) / _STEP
    i = np.floor(east).astype(np.int64)
    j = np.floor(north).astype(np.int64)
    i0, j0 = int(i[0]), int(j[-1])
    nodes = _nodes(crs, i0, j0, int(i[-1]) - i0 + 2, int(j[0]) - j0 + 2)
    u = (east - i)[None, :]
    v = (north - j)[:, None]
    a, b = i - i0, j - j0
    # Down each node column first, then across: products and sums, no reductions.
    lower = nodes[:, b, :]
    upper = nodes[:, b + 1, :]
    column = lower * (1.0 - v) + upper * v
    place = column[:, :, a] * (1.0 - u) + column[:, :, a + 1] * u
    return place[0], place[1]


def geographic(
    west: float,
    north: float,
    step: float,
    column: int,
    row: int,
    width: int,
    height: int,
) -> tuple[Doubles, Doubles]:
    """Returns the Mercator x and y of a window of a north-up degree grid.

    Args:
        west: The grid's left edge in degrees.
        north: The grid's upper edge in degrees.
        step: Pixel size in degrees.
        column: First column of the window.
        row: First row of the window.
        width: Columns.
        height: Rows.

    Returns:
        x (width,) and y (height,) of the pixel centres; x may pass [0, 1).
    """
    longitude = west + (column + np.arange(width) + 0.5) * step
    # Rows go through fixed nodes as well: tan and asinh differ by vector length.
    apart = _rows_apart(step)
    position = (row + np.arange(height) + 0.5) / apart
    low = np.floor(position).astype(np.int64)
    first = int(low[0])
    numbers = range(first, int(low[-1]) + 2)
    edges = np.array([_row_y(north, step, number * apart) for number in numbers])
    t = position - low
    y = edges[low - first] * (1.0 - t) + edges[low - first + 1] * t
    return (longitude + 180.0) / 360.0, y


def _rows_apart(step: float) -> int:
    """Returns the rows between fixed nodes: 64, fewer where pixels are large."""
    apart = 64
    while apart > 1 and apart * step > 0.02:
        apart //= 2
    return apart


@functools.lru_cache(maxsize=16384)
def _row_y(north: float, step: float, row: int) -> float:
    """Returns the Mercator y of the edge above a row."""
    return float(mercator.y_of(np.array([north - row * step]))[0])


class _Joined(Mapping[str, land.Layer]):
    """Layers across the seam of two zooms or more, put together when asked for."""

    def __init__(
        self,
        shape: tuple[int, ...],
        parts: Sequence[tuple[tuple[npt.NDArray[np.intp], ...], land.Layers]],
    ) -> None:
        self._shape = shape
        self._parts = parts
        self._found: dict[str, land.Layer] = {}

    def __getitem__(self, name: str) -> land.Layer:
        found = self._found.get(name)
        if found is None:
            found = np.empty(self._shape, land.LAYERS[name])
            for here, layers in self._parts:
                found[here] = layers[name]
            found.setflags(write=False)
            self._found[name] = found
        return found

    @property
    def nbytes(self) -> int:
        """Most bytes that it comes to hold."""
        joined = math.prod(self._shape) * land.PIXEL
        return joined + sum(layers.nbytes for _, layers in self._parts)

    def __iter__(self) -> Iterator[str]:
        return iter(land.LAYERS)

    def __len__(self) -> int:
        return len(land.LAYERS)


Land: TypeAlias = land.Layers | _Joined
"""Layers of a window by name."""

_FINE = 64.0
"""Steps up to so many metres see the land as it is."""

_COARSEST = 8
"""Zooms that the land can be coarser by; beyond, seas and rivers go wrong."""


def coarsening(step: float) -> int:
    """Returns by how many zooms the land is seen coarser at a step in metres.

    Only the upper levels of pyramids have steps above 60 m: they would touch every
    block of the land to take a few pixels of each.
    """
    if step <= _FINE:
        return 0
    # The lattice's pixels are 6.25 m to 12.5 m wide.
    return min(_COARSEST, round(math.log2(step / 9.0)))


def gather(x: Doubles, y: Doubles, coarser: int = 0) -> Land:
    """Samples the land at Mercator places (nearest lattice pixel).

    Args:
        x: Mercator x (h, w).
        y: Mercator y (h, w).
        coarser: By how many zooms the lattice is coarser.

    Returns:
        Read-only (h, w) for each of :data:`emulator.planet.land.LAYERS`, gathered
        when it is first asked for.
    """
    zooms = mercator.zooms_of(y) - coarser
    low, high = int(zooms.min()), int(zooms.max())
    if low == high:
        return _gather(low, x, y)
    parts = []
    for zoom in range(low, high + 1):
        here = np.nonzero(zooms == zoom)
        if here[0].size:
            parts.append((here, _gather(zoom, x[here], y[here])))
    return _Joined(x.shape, parts)


def _gather(zoom: int, x: Doubles, y: Doubles) -> land.Layers:
    size = 2**zoom
    column = np.floor(x * size).astype(np.int64) % size
    row = np.clip(np.floor(y * size).astype(np.int64), 0, size - 1)
    return land.Layers(zoom, column, row)


@remembered(12, 64 << 20, lambda layers: layers.nbytes)
def metric_land(
    crs: str, x0: float, y0: float, step: float, width: int, height: int
) -> Land:
    """Returns every layer over a window of a projected grid, read-only.

    The last few windows are kept: the bands and scenes of one place share them.
    """
    x, y = metric(crs, x0, y0, step, width, height)
    return gather(x, y, coarsening(step))


@remembered(4, 32 << 20, lambda layers: layers.nbytes)
def geographic_land(
    step: float, column: int, row: int, width: int, height: int
) -> Land:
    """Returns every layer over a window of a global degree grid, read-only.

    The grid starts at 180° W, 90° N; ``step`` is its pixel in degrees.
    """
    x, y = geographic(-180.0, 90.0, step, column, row, width, height)
    shape = (height, width)
    return gather(
        np.broadcast_to(x[None, :], shape),
        np.broadcast_to(y[:, None], shape),
        coarsening(step * mercator.EQUATOR / 360.0),
    )

"""Sampling of a source at the pixels of a requested grid.

As the guide "Scale" says, the level of the source's pyramid is taken whose pixels are
the closest in size to those asked for and not larger, and sampled from there. Which
level depends on the CRS and the scale asked for, never on the window.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from emulator import pyramid
from emulator.evaluator.context import Context, Pixels
from emulator.evaluator.mapping import check_window, mapping, period_of, seam_of
from emulator.evaluator.projection import Projection, nominal_scale
from emulator.source import BandInfo, PixelGrid, Pyramidal, Scene

_SAME_SCALE = 1e-6
"""Scales that differ by less than this part are the same."""


class Reader(Protocol):
    """Something with a pixel grid of its own that is read by windows."""

    @property
    def projection(self) -> Projection:
        """Its grid."""

    @property
    def size(self) -> tuple[int, int] | None:
        """Its width and height; None if it has no end."""

    def read(
        self, context: Context, row: int, col: int, height: int, width: int
    ) -> Pixels:
        """Reads a window, masked outside."""

    def coarsened(self, metres: float) -> Reader:
        """Returns the level of its pyramid for pixels of a side, or itself."""


@functools.lru_cache(maxsize=4096)
def _projection(grid: PixelGrid) -> Projection:
    return Projection(grid.crs, grid.transform)


@functools.lru_cache(maxsize=4096)
def _grid_of(grid: PixelGrid, level: int) -> PixelGrid:
    return pyramid.level_grid(grid, level) if level else grid


@functools.lru_cache(maxsize=4096)
def level_for(metres: float, grid: PixelGrid) -> int:
    """Returns the level of a grid's pyramid whose scale is the closest not above.

    Args:
        metres: The scale asked for.
        grid: The native one.
    """
    ratio = metres / _projection(grid).scale * (1.0 + _SAME_SCALE)
    if ratio < 2.0:
        return 0
    level = math.frexp(ratio)[1] - 1
    return min(level, pyramid.top_level(grid.width, grid.height))


@dataclass(frozen=True)
class SceneReader:
    """Reads a band of a catalogue's scene.

    Attributes:
        scene: The scene.
        info: The band.
        level: Of the band's pyramid; 0 is native.
    """

    scene: Scene
    info: BandInfo
    level: int = 0

    @functools.cached_property
    def _asset(self) -> str:
        return self.scene.id

    @functools.cached_property
    def _grid(self) -> PixelGrid:
        return _grid_of(self.info.grid, self.level)

    @property
    def projection(self) -> Projection:
        """The level's own grid."""
        return _projection(self._grid)

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the level."""
        return self._grid.width, self._grid.height

    def coarsened(self, metres: float) -> SceneReader:
        """Returns the level of the pyramid for pixels of a side."""
        level = level_for(metres, self.info.grid)
        return self if level == self.level else replace(self, level=level)

    def read(
        self, context: Context, row: int, col: int, height: int, width: int
    ) -> Pixels:
        """Reads a window, once in a request."""
        key = ("read", self._asset, self.info.name, self.level, row, col, height, width)
        return context.once(key, lambda: self._read(row, col, height, width))

    def _read(self, row: int, col: int, height: int, width: int) -> Pixels:
        name, level, scene = self.info.name, self.level, self.scene
        if level == 0:
            return scene.read(name, row, col, height, width)
        if isinstance(scene, Pyramidal):
            return scene.read_level(name, level, row, col, height, width)
        check_window(height << level, width << level)
        native = functools.partial(scene.read, name)
        policy = self.info.pyramiding
        return pyramid.read_level(native, policy, level, row, col, height, width)


def read_around(
    reader: Reader, context: Context, row: int, col: int, height: int, width: int
) -> Pixels:
    """Reads a window, on both sides of the seam of a source that goes around.

    Args:
        reader: The source.
        context: The request's memory.
        row: First row.
        col: First column; any number of turns away if the source goes around.
        height: Rows.
        width: Columns.
    """
    source, size = reader.projection, reader.size
    period = period_of(source, size)
    if period is None:
        return reader.read(context, row, col, height, width)
    first = 0 if size is not None else seam_of(source)
    pieces = []
    left = width
    while left > 0:
        turned = (col - first) % period
        count = min(left, period - turned)
        pieces.append(reader.read(context, row, first + turned, height, count))
        col, left = col + count, left - count
    if len(pieces) == 1:
        return pieces[0]
    values, masks = zip(*pieces, strict=True)
    return np.concatenate(values, axis=1), np.concatenate(masks, axis=1)


def sample(
    reader: Reader,
    method: str,
    dtype: np.dtype[Any],
    context: Context,
    grid: PixelGrid,
) -> Pixels:
    """Samples a source at the pixels of a grid.

    Args:
        reader: The source.
        method: ``nearest``, ``bilinear`` or ``bicubic``.
        dtype: Of the values returned.
        context: The request's memory.
        grid: The pixels asked for.

    Returns:
        Values (height, width) of ``dtype``, and where they are valid.
    """
    reader = reader.coarsened(nominal_scale(grid.crs, grid.transform))
    source, size = reader.projection, reader.size
    parts = context.once(
        ("mapping", grid, source, size, method),
        lambda: mapping(grid, source, size, method, context),
    )
    joined: Pixels | None = None
    for part in parts:
        w = part.window
        if w is None:
            shape = (grid.height, grid.width)
            return np.zeros(shape, dtype), np.zeros(shape, np.bool_)
        pixels = read_around(reader, context, w.row, w.col, w.height, w.width)
        values, mask = part.apply(pixels)
        if joined is not None:
            values, mask = np.where(mask, values, joined[0]), mask | joined[1]
        joined = values, mask
    assert joined is not None
    return joined[0].astype(dtype, copy=False), joined[1]

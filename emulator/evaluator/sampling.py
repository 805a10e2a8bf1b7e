"""Sampling of a source's own grid at the pixels of a requested grid.

* Nearest: the source pixel that holds the requested pixel's centre.
* Bilinear: weights of the four source pixels around the centre. Masked neighbours
  lend no value: a pixel is masked if any neighbour with weight above zero is.
* A request on the source's own lattice copies pixels, whatever the method.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from emulator.evaluator.context import Context, Pixels
from emulator.evaluator.errors import EngineError
from emulator.evaluator.projection import Projection, is_geographic
from emulator.evaluator.warp import axes, centres, is_rectilinear
from emulator.source import PixelGrid, Scene

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

NEAREST = "nearest"
BILINEAR = "bilinear"
MAX_WINDOW = 1 << 27
"""Most source pixels read at once."""
_ON_LATTICE = 1e-5


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


@functools.lru_cache(maxsize=4096)
def _projection(grid: PixelGrid) -> Projection:
    return Projection(grid.crs, grid.transform)


@dataclass(frozen=True)
class SceneReader:
    """Reads a band of a catalogue's scene."""

    scene: Scene
    band: str
    grid: PixelGrid

    @functools.cached_property
    def _asset(self) -> str:
        return self.scene.id

    @property
    def projection(self) -> Projection:
        """The band's own grid."""
        return _projection(self.grid)

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the band."""
        return self.grid.width, self.grid.height

    def read(
        self, context: Context, row: int, col: int, height: int, width: int
    ) -> Pixels:
        """Reads a window, once in a request."""
        key = ("read", self._asset, self.band, row, col, height, width)
        return context.once(
            key, lambda: self.scene.read(self.band, row, col, height, width)
        )


@dataclass(frozen=True)
class Window:
    """A window of a source: first row and column, height and width."""

    row: int
    col: int
    height: int
    width: int


class Mapping(Protocol):
    """From a window of a source to the pixels of a grid."""

    @property
    def window(self) -> Window | None:
        """What to read; None if the source is missed."""

    def apply(self, pixels: Pixels) -> Pixels:
        """Returns the grid's pixels out of the window's."""


@dataclass(frozen=True)
class Missed:
    """The source does not reach the grid."""

    window: None = None

    def apply(self, pixels: Pixels) -> Pixels:
        """Returns the pixels as they are."""
        return pixels


@dataclass(frozen=True)
class Copied:
    """The grid lies on the source's lattice."""

    window: Window

    def apply(self, pixels: Pixels) -> Pixels:
        """Returns the pixels as they are."""
        return pixels


@dataclass(frozen=True)
class Gathered:
    """Nearest neighbours, by flat index into the window."""

    window: Window
    index: Indices
    valid: npt.NDArray[np.bool_] | None

    def apply(self, pixels: Pixels) -> Pixels:
        """Takes each pixel's neighbour."""
        values, mask = pixels
        taken = mask.ravel()[self.index]
        if self.valid is not None:
            taken &= self.valid
        return values.ravel()[self.index], taken


@dataclass(frozen=True)
class Outer:
    """Nearest neighbours, by row and by column."""

    window: Window
    rows: Indices
    cols: Indices

    def apply(self, pixels: Pixels) -> Pixels:
        """Takes each pixel's neighbour."""
        values, mask = pixels
        rows = self.rows[:, None]
        return values[rows, self.cols], mask[rows, self.cols]


def _interpolating(values: npt.NDArray[Any], mask: npt.NDArray[np.bool_]) -> Floats:
    """Returns values as float64 with nothing harmful under the mask."""
    return np.where(mask, values, 0).astype(np.float64)


@dataclass(frozen=True)
class OuterBilinear:
    """Bilinear weights, by row and by column."""

    window: Window
    rows: Indices
    row_weight: Floats
    cols: Indices
    col_weight: Floats

    def apply(self, pixels: Pixels) -> Pixels:
        """Mixes each pixel's four neighbours; the result is float64."""
        values, mask = pixels
        v = _interpolating(values, mask)
        r, c = self.rows, self.cols
        t, s = self.row_weight[:, None], self.col_weight
        across = v[:, c] * (1.0 - s) + v[:, c + 1] * s
        mixed = across[r] * (1.0 - t) + across[r + 1] * t
        if mask.all():
            return mixed, np.ones(mixed.shape, np.bool_)
        near = mask[:, c] & (mask[:, c + 1] | (s == 0.0))
        return mixed, near[r] & (near[r + 1] | (t == 0.0))


@dataclass(frozen=True)
class GatheredBilinear:
    """Bilinear weights, by flat index of the upper left neighbour."""

    window: Window
    index: Indices
    row_weight: Floats
    col_weight: Floats
    valid: npt.NDArray[np.bool_] | None

    def apply(self, pixels: Pixels) -> Pixels:
        """Mixes each pixel's four neighbours; the result is float64."""
        values, mask = pixels
        v = _interpolating(values, mask).ravel()
        i, width = self.index, self.window.width
        t, s = self.row_weight, self.col_weight
        upper = v[i] * (1.0 - s) + v[i + 1] * s
        lower = v[i + width] * (1.0 - s) + v[i + width + 1] * s
        mixed = upper * (1.0 - t) + lower * t
        if mask.all():
            near = np.ones(mixed.shape, np.bool_)
        else:
            m = mask.ravel()
            right, down = s == 0.0, t == 0.0
            near = m[i] & (m[i + 1] | right)
            near &= (m[i + width] & (m[i + width + 1] | right)) | down
        if self.valid is not None:
            near &= self.valid
        return mixed, near


def _copied(grid: PixelGrid, source: Projection) -> Copied | None:
    """Returns a copy if the grid lies on the source's lattice."""
    if grid.crs != source.crs:
        return None
    a, b, c, d, e, f = grid.transform
    sa, sb, sc, sd, se, sf = source.transform
    if b or d or sb or sd:
        return None
    drift = max(abs(a / sa - 1) * grid.width, abs(e / se - 1) * grid.height)
    col, row = (c - sc) / sa, (f - sf) / se
    off = max(abs(col - round(col)), abs(row - round(row)))
    if drift > _ON_LATTICE or off > _ON_LATTICE:
        return None
    return Copied(Window(round(row), round(col), grid.height, grid.width))


def _turn(source: Projection) -> float | None:
    """Returns the columns of 360°, None unless columns are degrees of longitude."""
    a, b, _, d, _, _ = source.transform
    if b or d or not is_geographic(source.crs):
        return None
    return 360.0 / abs(a)


def _period(source: Projection, size: tuple[int, int] | None) -> int | None:
    """Returns the columns of a turn if the source's lattice closes around the Earth.

    A source without end closes if a turn is a whole number of its pixels.
    """
    turn = _turn(source)
    if turn is None:
        return None
    if size is not None:
        return size[0] if abs(size[0] - turn) < 0.5 else None
    return round(turn) if abs(turn - round(turn)) < _ON_LATTICE else None


def _seam(source: Projection) -> int:
    """Returns the first column of a lattice of degrees past the antimeridian."""
    a, _, c, _, _, _ = source.transform
    return round((math.copysign(-180.0, a) - c) / a)


def _home(
    cols: Floats, source: Projection, size: tuple[int, int] | None
) -> tuple[Floats, Indices | None]:
    """Returns columns within half a turn of a source's middle, and where they jump.

    What is changed depends on the pixel alone, so any window changes it alike.

    Returns:
        The columns, and to which branch of a source that does not close each
        belongs once the antimeridian is crossed; None if there is one branch.
    """
    turn = _turn(source)
    if turn is None:
        return cols, None
    a, _, c, _, _, _ = source.transform
    middle = -c / a if size is None else size[0] / 2
    turns = np.floor((cols - middle) / turn + 0.5)
    cols = np.where(turns == 0.0, cols, cols - turns * turn)
    if _period(source, size) is not None or np.ptp(cols) <= turn / 2:
        return cols, None
    return cols, (cols > middle).astype(np.int64)


def _together(cols: Indices, period: int | None) -> Indices:
    """Returns columns moved by whole turns to within half a turn of the first."""
    if period is None:
        return cols
    gap = cols - cols.flat[0]
    return cols - period * np.rint(gap / period).astype(np.int64)


def _window(
    rows: Indices, cols: Indices, more: int, size: tuple[int, int] | None, wraps: bool
) -> Window | None:
    row, col = int(rows.min()), int(cols.min())
    height = int(rows.max()) + 1 + more - row
    width = int(cols.max()) + 1 + more - col
    if size is not None:
        if row >= size[1] or row + height <= 0:
            return None
        if not wraps and (col >= size[0] or col + width <= 0):
            return None
    if height * width > MAX_WINDOW:
        raise EngineError(
            "Too many input pixels for one request: "
            f"{height}x{width}. Ask for a finer scale or a smaller region."
        )
    return Window(row, col, height, width)


def mapping(
    grid: PixelGrid,
    source: Projection,
    size: tuple[int, int] | None,
    method: str,
    context: Context,
) -> tuple[Mapping, ...]:
    """Returns how a source's pixels become a grid's.

    Longitudes go round: a source that closes around the Earth is read across its
    seam, and one that does not is found from either side of the antimeridian.

    Args:
        grid: The grid asked for.
        source: The source's own grid.
        size: Its width and height, if it ends.
        method: ``nearest`` or ``bilinear``.
        context: Remembers coordinates.

    Returns:
        As a rule one mapping. Two, each valid on its own side, where the grid
        crosses the antimeridian and the source's lattice does not close there.
    """
    copied = _copied(grid, source)
    if copied is not None:
        w = copied.window
        outside = size is not None and (w.row >= size[1] or w.row + w.height <= 0)
        if outside:
            return (Missed(),)
        if not _beside(w, source, size):
            return (copied,)
    half = 0.0 if method == NEAREST else 0.5
    a, b, c, d, e, f = source.transform
    if grid.crs == source.crs and is_rectilinear(grid) and not (b or d):
        x, y = axes(grid)
        cols, branch = _home((x - c) / a - half, source, size)
        if branch is None:
            return (_outer(cols, (y - f) / e - half, source, size, method),)
        cols, rows = np.meshgrid(cols, (y - f) / e - half)
        return _branches(
            cols, rows, np.ones(cols.shape, np.bool_), source, size, method
        )
    x, y = context.once(
        ("centres", grid, source.crs), lambda: centres(grid, source.crs)
    )
    if b or d:
        det = a * e - b * d
        cols = (e * (x - c) - b * (y - f)) / det - half
        rows = (a * (y - f) - d * (x - c)) / det - half
    else:
        cols, rows = (x - c) / a - half, (y - f) / e - half
    valid = np.isfinite(cols) & np.isfinite(rows)
    if not valid.any():
        return (Missed(),)
    if not valid.all():
        cols = np.where(valid, cols, cols[valid][0])
        rows = np.where(valid, rows, rows[valid][0])
    return _branches(cols, rows, valid, source, size, method)


def _beside(window: Window, source: Projection, size: tuple[int, int] | None) -> bool:
    """Whether a window misses a source that may lie a turn away."""
    if size is None or _turn(source) is None or _period(source, size) is not None:
        return False
    return window.col < 0 or window.col + window.width > size[0]


def _outer(
    cols: Floats,
    rows: Floats,
    source: Projection,
    size: tuple[int, int] | None,
    method: str,
) -> Mapping:
    period = _period(source, size)
    i, j = _floor(rows), _floor(cols)
    t, s = rows - i, cols - j
    j = _together(j, period)
    more = 0 if method == NEAREST else 1
    window = _window(i, j, more, size, period is not None)
    if window is None:
        return Missed()
    if method == NEAREST:
        return Outer(window, i - window.row, j - window.col)
    return OuterBilinear(window, i - window.row, t, j - window.col, s)


def _branches(
    cols: Floats,
    rows: Floats,
    valid: npt.NDArray[np.bool_],
    source: Projection,
    size: tuple[int, int] | None,
    method: str,
) -> tuple[Mapping, ...]:
    cols, branch = _home(cols, source, size)
    if branch is None:
        return (_gathered(cols, rows, valid, source, size, method),)
    parts = []
    for side in (0, 1):
        here = valid & (branch == side)
        if here.any():
            near = np.where(here, cols, cols[here][0])
            level = np.where(here, rows, rows[here][0])
            parts.append(_gathered(near, level, here, source, size, method))
    return tuple(part for part in parts if part.window is not None) or (Missed(),)


def _gathered(
    cols: Floats,
    rows: Floats,
    valid: npt.NDArray[np.bool_],
    source: Projection,
    size: tuple[int, int] | None,
    method: str,
) -> Mapping:
    period = _period(source, size)
    i, j = _floor(rows), _floor(cols)
    t, s = rows - i, cols - j
    j = _together(j, period)
    more = 0 if method == NEAREST else 1
    window = _window(i, j, more, size, period is not None)
    if window is None:
        return Missed()
    index = (i - window.row) * window.width + (j - window.col)
    known = None if valid.all() else valid
    if method == NEAREST:
        return Gathered(window, index, known)
    return GatheredBilinear(window, index, t, s, known)


def _floor(values: Floats) -> Indices:
    return np.floor(values).astype(np.int64)


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
    period = _period(source, size)
    if period is None:
        return reader.read(context, row, col, height, width)
    first = 0 if size is not None else _seam(source)
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
        method: ``nearest`` or ``bilinear``.
        dtype: Of the values returned.
        context: The request's memory.
        grid: The pixels asked for.

    Returns:
        Values (height, width) of ``dtype``, and where they are valid.
    """
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

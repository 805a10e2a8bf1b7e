"""Where the pixels of a requested grid lie on a source's own grid.

* A request on the source's own lattice copies pixels, whatever the method.
* Longitudes go round: a source that closes around the Earth is read across its seam,
  and one that does not is found from either side of the antimeridian.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from emulator.evaluator.context import Context
from emulator.evaluator.errors import EngineError
from emulator.evaluator.interpolation import (
    KERNELS,
    Copied,
    Floats,
    Gathered,
    GatheredMixed,
    Indices,
    Mapping,
    Missed,
    Outer,
    OuterMixed,
    Window,
)
from emulator.evaluator.projection import Projection, is_geographic
from emulator.evaluator.warp import axes, centres, is_rectilinear
from emulator.source import PixelGrid

MAX_WINDOW = 1 << 27
"""Most source pixels read at once."""
_ON_LATTICE = 1e-5


def mapping(
    grid: PixelGrid,
    source: Projection,
    size: tuple[int, int] | None,
    method: str,
    context: Context,
) -> tuple[Mapping, ...]:
    """Returns how a source's pixels become a grid's.

    Args:
        grid: The grid asked for.
        source: The source's own grid.
        size: Its width and height, if it ends.
        method: ``nearest``, ``bilinear`` or ``bicubic``.
        context: Remembers coordinates.

    Returns:
        As a rule one mapping. Two, each valid on its own side, where the grid
        crosses the antimeridian and the source's lattice does not close there.

    Raises:
        EngineError: More than :data:`MAX_WINDOW` pixels would be read.
    """
    copied = _copied(grid, source)
    if copied is not None:
        w = copied.window
        outside = size is not None and (w.row >= size[1] or w.row + w.height <= 0)
        if outside:
            return (Missed(),)
        if not _beside(w, source, size):
            return (copied,)
    half = 0.5 if method in KERNELS else 0.0
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
    if size is None or _turn(source) is None or period_of(source, size) is not None:
        return False
    return window.col < 0 or window.col + window.width > size[0]


def _outer(
    cols: Floats,
    rows: Floats,
    source: Projection,
    size: tuple[int, int] | None,
    method: str,
) -> Mapping:
    period = period_of(source, size)
    kernel = KERNELS.get(method)
    i, j = _floor(rows), _floor(cols)
    t, s = rows - i, cols - j
    j = _together(j, period)
    if kernel is None:
        window = _window(i, j, 0, size, period is not None)
        if window is None:
            return Missed()
        return Outer(window, i - window.row, j - window.col)
    i, j = i - kernel.before, j - kernel.before
    window = _window(i, j, kernel.count - 1, size, period is not None)
    if window is None:
        return Missed()
    down, across = kernel.weights(t[:, None]), kernel.weights(s)
    return OuterMixed(window, i - window.row, down, j - window.col, across)


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
    period = period_of(source, size)
    kernel = KERNELS.get(method)
    i, j = _floor(rows), _floor(cols)
    t, s = rows - i, cols - j
    j = _together(j, period)
    more = 0
    if kernel is not None:
        i, j, more = i - kernel.before, j - kernel.before, kernel.count - 1
    window = _window(i, j, more, size, period is not None)
    if window is None:
        return Missed()
    index = (i - window.row) * window.width + (j - window.col)
    known = None if valid.all() else valid
    if kernel is None:
        return Gathered(window, index, known)
    return GatheredMixed(window, index, kernel.weights(t), kernel.weights(s), known)


def _floor(values: Floats) -> Indices:
    return np.floor(values).astype(np.int64)


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


def period_of(source: Projection, size: tuple[int, int] | None) -> int | None:
    """Returns the columns of a turn if the source's lattice closes around the Earth.

    A source without end closes if a turn is a whole number of its pixels.
    """
    turn = _turn(source)
    if turn is None:
        return None
    if size is not None:
        return size[0] if abs(size[0] - turn) < 0.5 else None
    return round(turn) if abs(turn - round(turn)) < _ON_LATTICE else None


def seam_of(source: Projection) -> int:
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
    if period_of(source, size) is not None or np.ptp(cols) <= turn / 2:
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
    check_window(height, width)
    return Window(row, col, height, width)


def check_window(height: int, width: int) -> None:
    """Refuses a window of more than :data:`MAX_WINDOW` pixels.

    Raises:
        EngineError: It is too large.
    """
    if height * width > MAX_WINDOW:
        raise EngineError(
            "Too many input pixels for one request: "
            f"{height}x{width}. Ask for a finer scale or a smaller region."
        )

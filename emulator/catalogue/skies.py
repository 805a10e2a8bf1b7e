"""Clouds and their shadows over a window of a granule: 60 m cells mixed to pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from emulator.catalogue import mgrs
from emulator.planet import weather
from emulator.recent import Recent

Floats = npt.NDArray[np.float32]

_TOGETHER = 1 << 18
"""Most cells of the passes that a window keeps (2 MB with shadows)."""


class Seen(Protocol):
    """What of a pass its sky depends on."""

    @property
    def share(self) -> float:
        """Cloudy share, 0 to 1."""

    @property
    def number(self) -> int:
        """A number of the pass, the same for all its granules."""

    @property
    def cast(self) -> tuple[int, int]:
        """How many cells east and south of its shadow a cloud is."""


class Sky:
    """The cloud cells under a window of a granule, and how they mix to its pixels."""

    def __init__(
        self,
        square: mgrs.Granule,
        step: float,
        row: int,
        col: int,
        height: int,
        width: int,
    ) -> None:
        ratio = step / weather.CELL
        x = (col + np.arange(width) + 0.5) * ratio - 0.5
        y = (row + np.arange(height) + 0.5) * ratio - 0.5
        i, j = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
        i0, j0 = int(i[0]), int(j[0])
        self._u = (x - i).astype(np.float32)[None, :]
        self._v = (y - j).astype(np.float32)[:, None]
        self._i, self._j = i - i0, j - j0
        self._column = round(square.x0 / weather.CELL) + i0
        self._row = round(-square.y0 / weather.CELL) + j0
        self._width, self._height = int(i[-1]) - i0 + 2, int(j[-1]) - j0 + 2
        self._shape = height, width
        self._room = max(1, _TOGETHER // (self._width * self._height))
        self._known: dict[Seen, tuple[Floats, Floats]] = {}

    @property
    def nbytes(self) -> int:
        """Most bytes that it comes to hold."""
        return 8 * max(_TOGETHER, self._width * self._height) + 40 * sum(self._shape)

    def clouds(self, seen: Seen) -> Floats:
        """Returns a pass's cloud density at pixels."""
        here, _ = self._cells(seen)
        return _PIXELS.get((self, seen, False), lambda: self._spread(here))

    def shadows(self, seen: Seen) -> Floats:
        """Returns a pass's shadows at pixels, less under cloud."""

        def make() -> Floats:
            _, there = self._cells(seen)
            return self._spread(there) * (1.0 - self.clouds(seen))

        return _PIXELS.get((self, seen, True), make)

    def hidden(
        self,
        seen: Seen,
        cloud: float,
        shadow: float,
        alike: Callable[[], Sequence[Seen]],
    ) -> npt.NDArray[np.bool_] | None:
        """Returns where clouds or shadows are denser than these; None if nowhere.

        Args:
            seen: The pass.
            cloud: Density of clouds.
            shadow: Density of shadows.
            alike: Other passes that the window may be asked of next.
        """
        if seen.share <= 0.0:
            return None
        here, there = self._cells(seen, alike)
        # Between cells density is linear, to a rounding.
        cloudy = here.max() > cloud - 1e-4
        shaded = there.max() > shadow - 1e-4
        if not (cloudy or shaded):
            return None
        clouds = self._spread(here) if here.any() else np.float32(0.0)
        if not shaded:
            return np.asarray(clouds > cloud)
        dark = self._spread(there) * (1.0 - clouds) > shadow
        return np.asarray((clouds > cloud) | dark)

    def _cells(
        self, seen: Seen, alike: Callable[[], Sequence[Seen]] | None = None
    ) -> tuple[Floats, Floats]:
        """Returns the density of cells above pixels, and of those that shade them."""
        known = self._known.get(seen)
        if known is not None:
            return known
        some = [seen]
        if self._known and alike is not None:
            # The window's second pass is a sign that more will be asked for, and
            # many cost little more than one.
            more = (one for one in alike() if one is not seen)
            some += [one for one in more if one not in self._known]
            some = some[: self._room]
        made = self._make(some)
        if len(self._known) + len(some) > self._room:
            self._known = {}
        self._known |= made
        return made[seen]

    def _make(self, some: Sequence[Seen]) -> dict[Seen, tuple[Floats, Floats]]:
        casts = np.array([one.cast for one in some], np.int64)
        both = np.zeros((2, len(some)), np.int64)
        both[1] = casts[:, 0]
        columns = (self._column + both).ravel()
        both[1] = casts[:, 1]
        rows = (self._row + both).ravel()
        shares = np.tile(np.array([one.share for one in some]), 2)
        numbers = np.tile(np.array([one.number for one in some], np.int64), 2)
        cells = weather.densities(
            shares, numbers, columns, rows, self._width, self._height
        )
        pairs = zip(cells[: len(some)], cells[len(some) :], strict=True)
        return dict(zip(some, pairs, strict=True))

    def _spread(self, cells: Floats) -> Floats:
        """Mixes cells to pixels."""
        if not cells.any():
            return np.zeros(self._shape, np.float32)
        i, j, u, v = self._i, self._j, self._u, self._v
        lines = cells[j] * (1 - v) + cells[j + 1] * v
        dense: Floats = lines[:, i] * (1 - u) + lines[:, i + 1] * u
        return dense


_PIXELS: Recent[tuple[Sky, Seen, bool], Floats] = Recent(
    16, 1 << 25, lambda pixels: pixels.nbytes
)
_SKIES: Recent[tuple[mgrs.Granule, float, int, int, int, int], Sky] = Recent(
    16, 1 << 26, lambda sky: sky.nbytes
)


def sky(
    square: mgrs.Granule, step: float, row: int, col: int, height: int, width: int
) -> Sky:
    """Returns the sky over a window of a granule; the last few are kept.

    Args:
        square: The granule.
        step: Pixel size in metres.
        row: First row of the window.
        col: First column.
        height: Rows.
        width: Columns.
    """
    key = square, step, row, col, height, width
    return _SKIES.get(key, lambda: Sky(*key))

"""The real Earth's coasts, climate zones and broad relief, loaded once a process."""

from __future__ import annotations

import functools
import io
import threading
from dataclasses import dataclass
from importlib import resources

import numpy as np
import numpy.typing as npt

from emulator.planet import noise

Doubles = noise.Reals

STEP = 25.0
"""Metres in one unit of the broad height."""


@dataclass(frozen=True)
class Raster:
    """A global raster in longitude and latitude, north up, from 180° W.

    Attributes:
        cells: Values (rows, columns).
    """

    cells: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

    def smooth(
        self,
        longitude: Doubles,
        latitude: Doubles,
        tables: Doubles | None = None,
    ) -> Doubles:
        """Samples a separable grid through a cubic B-spline.

        Args:
            longitude: Ascending degrees (n,), which may pass 180.
            latitude: Descending degrees (m,).
            tables: Values to put in place of the cells' codes (codes, k).

        Returns:
            (m, n), or (k, m, n) with tables.
        """
        rows, columns = self.cells.shape
        x0, across = noise.spline_rows((longitude + 180.0) * (columns / 360.0) - 0.5)
        y0, down = noise.spline_rows((90.0 - latitude) * (rows / 180.0) - 0.5)
        x = np.arange(x0, x0 + across.shape[1]) % columns
        y = np.clip(np.arange(y0, y0 + down.shape[1]), 0, rows - 1)
        cells = self.cells[np.ix_(y, x)]
        if tables is None:
            plain: Doubles = down @ cells.astype(np.float64) @ across.T
            return plain
        each: Doubles = down @ np.moveaxis(tables[cells], -1, 0) @ across.T
        return each

    def nodes(
        self, longitude: Doubles, latitude: Doubles, tables: Doubles | None = None
    ) -> Doubles:
        """Samples grids side by side through a cubic B-spline.

        Each is the same in any company: sums go term by term.

        Args:
            longitude: Degrees (n, k), any.
            latitude: Degrees (m,).
            tables: Values to put in place of the cells' codes (codes, c).

        Returns:
            (n, m, k), or (c, n, m, k) with tables.
        """
        rows, columns = self.cells.shape
        x = (longitude + 180.0) * (columns / 360.0) - 0.5
        y = (90.0 - latitude) * (rows / 180.0) - 0.5
        i, j = np.floor(x), np.floor(y)
        across = noise.spline((x - i).ravel()).reshape(*x.shape, 4)
        down = noise.spline(y - j)
        taps = np.arange(-1, 3)
        left = (i[..., None].astype(np.int64) + taps) % columns
        top = np.clip(j[:, None].astype(np.int64) + taps, 0, rows - 1)
        cells = self.cells[top[None, :, None, :, None], left[:, None, :, None, :]]
        values = cells.astype(np.float64) if tables is None else tables.T[:, cells]
        lines = values * down[:, None, :, None]
        column = lines[..., 0, :] + lines[..., 1, :] + lines[..., 2, :]
        column = (column + lines[..., 3, :]) * across[:, None]
        total = column[..., 0] + column[..., 1] + column[..., 2] + column[..., 3]
        found: Doubles = total
        return found

    def nearest(self, longitude: float, latitude: float) -> int:
        """Returns the cell that holds a point."""
        rows, columns = self.cells.shape
        x = int((longitude + 180.0) * (columns / 360.0) // 1) % columns
        y = min(rows - 1, max(0, int((90.0 - latitude) * (rows / 180.0))))
        return int(self.cells[y, x])


@dataclass(frozen=True)
class Atlas:
    """The rasters.

    Attributes:
        land: Land cells of 36 in each 3-arcmin cell.
        zone: Köppen-Geiger zone 1..31 (see :mod:`emulator.planet.climate`).
        height: Broad height in steps of :data:`STEP`.
        rugged: Ruggedness, 0 flat to 255 high mountains.
    """

    land: Raster
    zone: Raster
    height: Raster
    rugged: Raster


_LOCK = threading.Lock()


@functools.lru_cache(maxsize=1)
def _load() -> Atlas:
    source = resources.files("emulator.planet").joinpath("data/atlas.npz")
    with np.load(io.BytesIO(source.read_bytes())) as archive:
        names = ("land", "zone", "height", "rugged")
        return Atlas(*(Raster(archive[name]) for name in names))


def atlas() -> Atlas:
    """Returns the atlas (about 35 MB, a tenth of a second the first time)."""
    with _LOCK:
        return _load()

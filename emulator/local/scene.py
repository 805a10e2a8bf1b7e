"""Images of local files."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from emulator import pyramid
from emulator.evaluator.mapping import check_window
from emulator.local.bands import ServedBand, served
from emulator.local.described import ImageText
from emulator.local.outline import outline
from emulator.local.rasters import Pixels, Rasters
from emulator.source import BandInfo


@dataclass(frozen=True, slots=True, eq=False)
class LocalScene:
    """An image: properties known, files opened when bands are asked for.

    Attributes:
        id: Full asset id.
        properties: With ``system:index``.
        folder: What its files are looked for in.
        rasters: Its files, or its only one, as far as nothing else is said.
        text: What is said of it.
        store: Reads files.
    """

    id: str
    properties: Mapping[str, Any]
    folder: Path
    rasters: tuple[Path, ...]
    text: ImageText
    store: Store

    @property
    def footprint(self) -> BaseGeometry | None:
        """As described; else the outline of the first band, by its file."""
        return self.store.footprint(self)

    @property
    def bands(self) -> Sequence[BandInfo]:
        """In the described order, else in the files'."""
        return [band.info for band in self.store.bands(self).values()]

    def read(self, band: str, row: int, col: int, height: int, width: int) -> Pixels:
        """Reads a window; see :class:`emulator.source.Scene`."""
        return self.store.read(
            self.store.bands(self)[band], (0, -1), row, col, height, width
        )

    def read_level(
        self, band: str, level: int, row: int, col: int, height: int, width: int
    ) -> Pixels:
        """Reads a window of a level; see :class:`emulator.source.Pyramidal`.

        It comes from the highest of the file's overviews that fits, summed up
        further where that is not yet the level.
        """
        one = self.store.bands(self)[band]
        policy = one.info.pyramiding
        at = one.band.overview(level, policy, one.text.overviews)
        more = level - at[0]
        check_window(height << more, width << more)
        read = functools.partial(self.store.read, one, at)
        return pyramid.read_level(read, policy, more, row, col, height, width)


class Store:
    """What the images of a catalogue share: files, and what was found out of them."""

    def __init__(self) -> None:
        self.rasters = Rasters()
        self.bands = functools.lru_cache(maxsize=4096)(self._bands)
        self.footprint = functools.lru_cache(maxsize=4096)(self._footprint)

    def _bands(self, scene: LocalScene) -> dict[str, ServedBand]:
        return served(scene.id, scene.folder, scene.rasters, scene.text, self.rasters)

    def _footprint(self, scene: LocalScene) -> BaseGeometry | None:
        if scene.text.footprint is not None:
            return shapely.from_wkb(scene.text.footprint)
        first = next(iter(self.bands(scene).values()))
        return outline(first.info.grid)

    def read(
        self,
        one: ServedBand,
        at: tuple[int, int],
        row: int,
        col: int,
        height: int,
        width: int,
    ) -> Pixels:
        """Reads a window of a level that the file has; as described, as served."""
        window = (row, col, height, width)
        values, valid = self.rasters.read(one.file, one.band, at, *window)
        text = one.text
        if text.nodata is not None:
            valid &= ~_equal(values, text.nodata)
        if text.scaled:
            values = values.astype(np.float64) * text.scale + text.offset
        return _cast(values, np.dtype(one.info.dtype)), valid


def _equal(values: Any, nodata: float) -> Any:
    if nodata != nodata:
        return np.isnan(values)
    return values == values.dtype.type(nodata)


def _cast(values: Any, dtype: np.dtype[Any]) -> Any:
    """Rounds and clips to an integer dtype."""
    if values.dtype == dtype:
        return values
    if dtype.kind == "f":
        return values.astype(dtype)
    info = np.iinfo(dtype)
    if values.dtype.kind == "f":
        whole = np.rint(np.nan_to_num(values.astype(np.float64)))
        # The double next below 2**63 is the greatest that int64 holds.
        high = float(info.max) if info.bits < 64 else np.nextafter(2.0**63, 0.0)
        return np.clip(whole, float(info.min), high).astype(dtype)
    return np.clip(values.astype(np.int64), info.min, info.max).astype(dtype)

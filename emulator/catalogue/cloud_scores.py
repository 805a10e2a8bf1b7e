"""Clouds of each Sentinel-2 L1C scene, as two algorithms see them.

``COPERNICUS/S2_CLOUD_PROBABILITY`` (s2cloudless, per cent) and
``GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED`` (1 is clear, 0 is not; shadows count). Each
member has its scene's ``system:index``, and sees the clouds that QA60 and SCL see.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from shapely.geometry.base import BaseGeometry

from emulator.catalogue import mgrs, passes
from emulator.catalogue.base import (
    Properties,
    Window,
    band_of,
    level_within,
    metres_grid,
    within,
)
from emulator.source import BandInfo, Bounds, Scene

PROBABILITY = "COPERNICUS/S2_CLOUD_PROBABILITY"
SCORE_PLUS = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"
_BANDS = {
    PROBABILITY: (("probability", "uint8"),),
    SCORE_PLUS: (("cs", "float32"), ("cs_cdf", "float32")),
}
_TITLES = {
    PROBABILITY: "Sentinel-2: Cloud Probability",
    SCORE_PLUS: "Cloud Score+ S2_HARMONIZED V1",
}


@dataclass(frozen=True, eq=False)
class CloudScene:
    """A member of either collection.

    Attributes:
        parent: The collection's id.
        seen: The pass of Sentinel-2 it was made of.
    """

    parent: str
    seen: passes.Pass

    @property
    def id(self) -> str:
        """Full asset id."""
        return f"{self.parent}/{self.seen.index}"

    @property
    def properties(self) -> Mapping[str, Any]:
        """Properties; ``system:index`` is the Sentinel-2 scene's."""
        return Properties(self, _PROPERTIES)

    @property
    def footprint(self) -> BaseGeometry | None:
        """The Sentinel-2 scene's."""
        return self.seen.strip.footprint

    @property
    def bands(self) -> Sequence[BandInfo]:
        """The probability, or the two scores."""
        return _bands(self.parent, self.seen.square)

    def read(self, band: str, row: int, col: int, height: int, width: int) -> Window:
        """Reads a window; see :class:`emulator.source.Scene`."""
        return within(band_of(self.bands, band), row, col, height, width, self._read)

    def read_level(
        self, band: str, level: int, row: int, col: int, height: int, width: int
    ) -> Window:
        """Reads a window of a level; see :class:`emulator.source.Pyramidal`."""
        info = band_of(self.bands, band)
        return level_within(info, level, row, col, height, width, self._read)

    def _read(
        self, band: str, row: int, col: int, height: int, width: int, shrink: int
    ) -> Window:
        window = (10.0 * shrink, row, col, height, width)
        valid = self.seen.inside(*window)
        cloud = self.seen.clouds(*window)
        if band == "probability":
            return np.rint(cloud * np.float32(100)).astype(np.uint8), valid
        shade = self.seen.shadows(*window) * np.float32(0.7)
        clear = np.float32(1.0) - np.clip(np.maximum(cloud, shade), 0.0, 1.0)
        # The other score spreads the middle, as its cumulative distribution does.
        score = clear if band == "cs" else clear * clear * (3 - 2 * clear)
        return score.astype(np.float32), valid


_PROPERTIES: dict[str, Callable[[CloudScene], Any]] = {
    "system:index": lambda one: one.seen.index,
    "system:time_start": lambda one: one.seen.time_ms,
    "MGRS_TILE": lambda one: one.seen.square.name,
}


@functools.lru_cache(maxsize=4096)
def _bands(parent: str, square: mgrs.Granule) -> tuple[BandInfo, ...]:
    grid = metres_grid(square.crs, square.x0, square.y0, 10, mgrs.SIDE)
    return tuple(BandInfo(name, dtype, grid, "mean") for name, dtype in _BANDS[parent])


def _all(days: passes.Calendar) -> Any:
    return np.ones(len(days.times), np.bool_)


@dataclass(frozen=True)
class CloudScores:
    """Either collection.

    Attributes:
        id: Its id.
    """

    id: str

    @property
    def properties(self) -> Mapping[str, Any]:
        """Of the collection."""
        return {
            "title": _TITLES[self.id],
            "date_range": [passes.FIRST_MS, passes.LAST_MS],
        }

    def scenes(
        self, bounds: Bounds | None, start_ms: int | None, end_ms: int | None
    ) -> Iterator[Scene]:
        """Yields members; see :class:`emulator.source.Collection`.

        Raises:
            ValueError: Without bounds, the collection is too large to list.
        """
        if bounds is None:
            raise ValueError(f"{self.id} is too large to list without bounds.")
        for seen in passes.passes_in(bounds, start_ms, end_ms, _all):
            yield CloudScene(self.id, seen)

    def find(self, index: str) -> CloudScene | None:
        """Returns a scene by ``system:index``, None if there is none."""
        seen = passes.find_pass(index)
        return None if seen is None else CloudScene(self.id, seen)


def collections() -> tuple[CloudScores, CloudScores]:
    """Returns both collections."""
    return CloudScores(PROBABILITY), CloudScores(SCORE_PLUS)

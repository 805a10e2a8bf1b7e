"""``GOOGLE/DYNAMICWORLD/V1``: labels and probabilities of each clear enough L1C scene.

A label is the land cover's, taken for another in a few places that differ from scene
to scene; cloud and its shadow are masked, as are scenes of more than 35 % cloud.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
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
from emulator.planet import cover, places, speckle
from emulator.planet.sun import months
from emulator.recent import remembered
from emulator.source import BandInfo, Bounds, Scene

ID = "GOOGLE/DYNAMICWORLD/V1"
CLASSES = (
    *("water", "trees", "grass", "flooded_vegetation", "crops"),
    *("shrub_and_scrub", "built", "bare", "snow_and_ice"),
)
CLOUDIEST = 0.35
_SNOW = 8
_WRONG = 13  # of 256 pixels' chances, the second label wins


@dataclass(frozen=True, eq=False)
class DynamicWorldScene:
    """One member.

    Attributes:
        seen: The pass of Sentinel-2 it was made of.
    """

    seen: passes.Pass

    @property
    def id(self) -> str:
        """Full asset id."""
        return f"{ID}/{self.seen.index}"

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
        """Nine probabilities and the label."""
        return _bands(self.seen.square)

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
        seen = self.seen
        window = (10.0 * shrink, row, col, height, width)
        labels, chance = _labels(seen, *window)
        valid = seen.inside(*window)
        if valid.any():
            hidden = seen.hidden(*window, cloud=0.25, shadow=0.3, cloudiest=CLOUDIEST)
            if hidden is not None:
                valid = valid & ~hidden
        if band == "label":
            return labels, valid
        number = CLASSES.index(band)
        # The winner holds half or more; the rest is spread unevenly over the others.
        sure = np.float32(0.52) + chance.astype(np.float32) * np.float32(0.0014)
        weight = (chance >> np.uint8(1)).astype(np.float32)
        weights = [
            ((weight * (k + 3)) % 29 + 1) * (labels != k) for k in range(len(CLASSES))
        ]
        total = sum(weights[1:], weights[0])
        rest = (np.float32(1.0) - sure) * weights[number] / total
        share = np.where(labels == number, sure, rest)
        return share.astype(np.float32), valid


_PROPERTIES: dict[str, Callable[[DynamicWorldScene], Any]] = {
    "system:index": lambda one: one.seen.index,
    "system:time_start": lambda one: one.seen.time_ms,
    "dynamicworld_algorithm_version": lambda _: "3.5",
    "qa_algorithm_version": lambda _: "5",
}


def _labels(
    seen: passes.Pass, step: float, row: int, col: int, height: int, width: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Returns labels and the random bytes that spoilt some of them (h, w)."""
    square = seen.square
    x0, y0 = square.x0 + col * step, square.y0 - row * step
    base = _base(square.crs, x0, y0, step, width, height)
    chance = speckle.bytes_at(
        seen.number, round(x0 / step), round(-y0 / step), width, height
    )
    labels = base.usual ^ (base.change & -(chance < _WRONG).view(np.uint8))
    snowy = base.snowy(_summer(seen.time_ms), -1.5 - seen.chill)
    if snowy is not None:
        labels ^= (labels ^ np.uint8(_SNOW)) & -snowy.view(np.uint8)
    return labels, chance


@functools.lru_cache(maxsize=65536)
def _summer(time_ms: int) -> float:
    """Returns the season, 1 in the northern summer to -1 in its winter."""
    # climate.season of the far north, without arrays.
    return math.cos(2.0 * math.pi * (months(time_ms) - 6.6) / 12.0)


@dataclass(frozen=True)
class _Base:
    """What all scenes of a window share.

    Attributes:
        usual: Labels (h, w).
        change: The bits in which what they are most often taken for differs.
        open_land: Where snow is seen.
        warm: Mean annual °C.
        swing: Half the yearly range in °C, negative in the south.
        warmest: Range of ``warm``.
        swings: Range of ``swing``.
    """

    usual: npt.NDArray[np.uint8]
    change: npt.NDArray[np.uint8]
    open_land: npt.NDArray[np.bool_]
    warm: npt.NDArray[np.float32]
    swing: npt.NDArray[np.float32]
    warmest: tuple[float, float]
    swings: tuple[float, float]

    def snowy(self, summer: float, frost: float) -> npt.NDArray[np.bool_] | None:
        """Returns where snow lies at a season, None if nowhere.

        Args:
            summer: 1 in the northern summer to -1 in its winter.
            frost: Snow lies below so many °C.
        """
        ends = [end * summer for end in self.swings]
        # What the ranges decide need not be computed; the margin is for rounding.
        if self.warmest[0] + min(ends) > frost + 1e-2:
            return None
        if self.warmest[1] + max(ends) < frost - 1e-2:
            return self.open_land
        cold = self.warm + self.swing * np.float32(summer) < np.float32(frost)
        return cold & self.open_land


@remembered(8, 32 << 20, lambda base: 11 * base.usual.size)
def _base(
    crs: str, x0: float, y0: float, step: float, width: int, height: int
) -> _Base:
    """Returns what all scenes share over a window."""
    layers = places.metric_land(crs, x0, y0, step, width, height)
    codes = layers["cover"]
    usual = cover.LABEL[codes]
    warm, swing = layers["warmth"], layers["swing"]
    return _Base(
        usual=usual,
        change=usual ^ cover.SECOND[codes],
        open_land=(usual != 1) & (usual != 6) & (usual != 0),
        warm=warm,
        swing=swing,
        warmest=(float(warm.min()), float(warm.max())),
        swings=(float(swing.min()), float(swing.max())),
    )


@functools.lru_cache(maxsize=4096)
def _bands(square: mgrs.Granule) -> tuple[BandInfo, ...]:
    grid = metres_grid(square.crs, square.x0, square.y0, 10, mgrs.SIDE)
    return (
        *(BandInfo(name, "float32", grid, "mean") for name in CLASSES),
        BandInfo("label", "uint8", grid, "mode"),
    )


def _clear_enough(days: passes.Calendar) -> npt.NDArray[np.bool_]:
    return days.shares <= CLOUDIEST


@dataclass(frozen=True)
class DynamicWorld:
    """The collection."""

    id: str = ID

    @property
    def properties(self) -> Mapping[str, Any]:
        """Of the collection."""
        return {
            "title": "Dynamic World V1",
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
            raise ValueError(f"{ID} is too large to list without bounds.")
        for seen in passes.passes_in(bounds, start_ms, end_ms, _clear_enough):
            yield DynamicWorldScene(seen)


def find(index: str) -> DynamicWorldScene | None:
    """Returns a scene by ``system:index``, None if there is none."""
    seen = passes.find_pass(index)
    if seen is None or seen.share > CLOUDIEST:
        return None
    return DynamicWorldScene(seen)

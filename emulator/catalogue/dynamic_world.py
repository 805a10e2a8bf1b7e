"""``GOOGLE/DYNAMICWORLD/V1``: labels and probabilities of each clear enough L1C scene.

A label is the land cover's, taken for another in a few places that differ from scene
to scene; cloud and its shadow are masked, as are scenes of more than 35 % cloud.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from emulator.catalogue import mgrs, sentinel2
from emulator.catalogue.base import (
    Properties,
    Window,
    band_of,
    metres_grid,
    within,
)
from emulator.planet import climate, cover, places, speckle
from emulator.planet.sun import months
from emulator.source import BandInfo, Bounds, Scene

ID = "GOOGLE/DYNAMICWORLD/V1"
CLASSES = (
    *("water", "trees", "grass", "flooded_vegetation", "crops"),
    *("shrub_and_scrub", "built", "bare", "snow_and_ice"),
)
CLOUDIEST = 0.35
_WRONG = 13  # of 256 pixels' chances, the second label wins


@dataclass(frozen=True, eq=False)
class DynamicWorldScene:
    """One member.

    Attributes:
        seen: The pass of Sentinel-2 it was made of.
    """

    seen: sentinel2.Pass

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

    def _read(self, band: str, row: int, col: int, height: int, width: int) -> Window:
        seen = self.seen
        window = (10.0, row, col, height, width)
        labels, chance = _labels(seen, row, col, height, width)
        valid = seen.inside(*window)
        if seen.share > 0.0:
            cloudy = seen.clouds(*window) > 0.25
            shadow = seen.shadows(*window) > 0.3
            valid &= ~(cloudy | shadow)
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
    seen: sentinel2.Pass, row: int, col: int, height: int, width: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Returns labels and the random bytes that spoilt some of them (h, w)."""
    square = seen.square
    x0, y0 = square.x0 + col * 10.0, square.y0 - row * 10.0
    usual, second, cold = _base(square.crs, x0, y0, width, height)
    chance = speckle.bytes_at(
        seen.number, round(x0 / 10.0), round(-y0 / 10.0), width, height
    )
    labels = np.where(chance < _WRONG, second, usual)
    summer = float(climate.season(months(seen.time_ms), np.array(90.0)))
    coldest, warm, swing = cold
    frost = -1.5 - seen.chill
    if coldest < frost:
        snowy = warm + swing * np.float32(summer) < np.float32(frost)
        open_land = (usual != 1) & (usual != 6) & (usual != 0)
        labels = np.where(snowy & open_land, np.uint8(8), labels)
    return labels, chance


@functools.lru_cache(maxsize=8)
def _base(
    crs: str, x0: float, y0: float, width: int, height: int
) -> tuple[
    npt.NDArray[np.uint8],
    npt.NDArray[np.uint8],
    tuple[float, npt.NDArray[np.float32], npt.NDArray[np.float32]],
]:
    """Returns usual and second labels, and temperatures, over a window."""
    layers = places.metric_land(crs, x0, y0, 10.0, width, height)
    codes = layers["cover"].astype(np.uint8)
    warm = layers["warmth"].astype(np.float32)
    swing = layers["swing"].astype(np.float32)
    span = np.abs(swing)
    return (
        cover.LABEL[codes],
        cover.SECOND[codes],
        (float((warm - span).min()), warm, swing),
    )


@functools.lru_cache(maxsize=4096)
def _bands(square: mgrs.Granule) -> tuple[BandInfo, ...]:
    grid = metres_grid(square.crs, square.x0, square.y0, 10, mgrs.SIDE)
    return (
        *(BandInfo(name, "float32", grid, "mean") for name in CLASSES),
        BandInfo("label", "uint8", grid, "mode"),
    )


@functools.lru_cache(maxsize=20_000)
def _scene(seen: sentinel2.Pass) -> DynamicWorldScene:
    return DynamicWorldScene(seen)


@dataclass(frozen=True)
class DynamicWorld:
    """The collection."""

    id: str = ID

    @property
    def properties(self) -> Mapping[str, Any]:
        """Of the collection."""
        return {
            "title": "Dynamic World V1",
            "date_range": [sentinel2.FIRST_MS, sentinel2.LAST_MS],
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
        for seen in sentinel2.passes_in(bounds, start_ms, end_ms):
            if seen.share <= CLOUDIEST:
                yield _scene(seen)


def find(index: str) -> DynamicWorldScene | None:
    """Returns a scene by ``system:index``, None if there is none."""
    seen = sentinel2.find_pass(index)
    return _scene(seen) if seen is not None and seen.share <= CLOUDIEST else None

"""``COPERNICUS/S2_HARMONIZED`` (L1C) and ``COPERNICUS/S2_SR_HARMONIZED`` (L2A).

Granules, revisit, names, bands and gaps follow the real collections: 143 orbits in
ten days, Sentinel-2A from June 2015 and 2B from July 2017; surface reflectance in
Europe from 28 March 2017, nearly nowhere else before 13 December 2018; QA60 masked
from 25 January 2022 to 28 February 2024; MSK_CLDPRB missing from some early scenes.
The emulator's archive ends with 2024.
"""

from __future__ import annotations

import bisect
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from emulator.catalogue import mgrs
from emulator.catalogue.base import (
    Properties,
    Window,
    band_of,
    level_within,
    metres_grid,
    stamp,
    within,
)
from emulator.catalogue.passes import (
    EUROPE_L2A,
    FIRST_MS,
    L1C,
    L2A,
    LAST_MS,
    Calendar,
    Pass,
    find_day,
    milliseconds,
    passes_in,
)
from emulator.planet import noise, places, reflectance, speckle
from emulator.planet.sun import months
from emulator.recent import remembered
from emulator.source import BandInfo, Bounds, Range, Scene

_QA60_GAP = (milliseconds("2022-01-25"), milliseconds("2024-02-28"))
_CLDPRB_SURE = milliseconds("2018-10-01")
_BASELINES = (
    ("2015-06-27", "02.02"),
    ("2016-06-15", "02.04"),
    ("2017-10-23", "02.06"),
    ("2018-11-06", "02.07"),
    ("2019-07-08", "02.08"),
    ("2020-02-04", "02.09"),
    ("2021-03-30", "03.00"),
    ("2022-01-25", "04.00"),
    ("2022-12-06", "05.09"),
    ("2023-12-13", "05.10"),
    ("2024-07-23", "05.11"),
)
_BASELINE_TIMES = [milliseconds(day) for day, _ in _BASELINES]

_STEP = {
    **dict.fromkeys(("B1", "B9", "B10", "QA60"), 60),
    **dict.fromkeys(("B5", "B6", "B7", "B8A", "B11", "B12"), 20),
    **dict.fromkeys(("SCL", "MSK_CLDPRB", "MSK_SNWPRB"), 20),
}
_BYTE = {"SCL", "TCI_R", "TCI_G", "TCI_B", "MSK_CLDPRB", "MSK_SNWPRB"}
_POLICY = {"SCL": "mode", "QA60": "sample"}
_BANDS = {
    L1C: (*reflectance.BANDS, "QA60"),
    L2A: (
        *(band for band in reflectance.BANDS if band != "B10"),
        *("AOT", "WVP", "SCL", "TCI_R", "TCI_G", "TCI_B"),
        *("MSK_CLDPRB", "MSK_SNWPRB", "QA60"),
    ),
}
_TCI = {"TCI_R": "B4", "TCI_G": "B3", "TCI_B": "B2"}


@remembered(16, 32 << 20, lambda ground: 13 * ground.cover.size)
def _surface(
    seen: Pass, step: float, row: int, col: int, height: int, width: int
) -> reflectance.Surface:
    """Returns the surface on a window of the granule."""
    layers = places.metric_land(
        seen.square.crs,
        seen.square.x0 + col * step,
        seen.square.y0 - row * step,
        step,
        width,
        height,
    )
    return reflectance.surface(layers, months(seen.time_ms), seen.sun, seen.chill)


@dataclass(frozen=True, eq=False)
class Sentinel2Scene:
    """A member of either collection.

    Attributes:
        level: The collection's id.
        seen: The pass.
    """

    level: str
    seen: Pass

    @property
    def id(self) -> str:
        """Full asset id."""
        return f"{self.level}/{self.seen.index}"

    @property
    def properties(self) -> Mapping[str, Any]:
        """Properties under the real collection's names."""
        return Properties(self, _PROPERTIES)

    @property
    def baseline(self) -> str:
        """The processing baseline of the day."""
        past = bisect.bisect_right(_BASELINE_TIMES, self.seen.time_ms)
        return _BASELINES[max(0, past - 1)][1]

    @property
    def _kind(self) -> str:
        return "L1C" if self.level == L1C else "L2A"

    @property
    def product(self) -> str:
        """The name of ESA's product."""
        seen = self.seen
        compact = self.baseline.replace(".", "")
        return (
            f"S2{seen.satellite}_MSI{self._kind}_{stamp(seen.start_ms)}_N{compact}"
            f"_R{seen.strip.orbit:03d}_T{seen.square.name}"
            f"_{stamp(seen.time_ms + _DELAY_MS)}"
        )

    @property
    def granule(self) -> str:
        """The name of ESA's granule."""
        return f"{self._kind}_T{self.seen.square.name}_{stamp(self.seen.time_ms)}"

    @property
    def datatake(self) -> str:
        """The name of the datatake."""
        seen = self.seen
        return f"GS2{seen.satellite}_{stamp(seen.start_ms)}_N{self.baseline}"

    @property
    def footprint(self) -> BaseGeometry | None:
        """The granule's part in the swath."""
        return self.seen.strip.footprint

    @property
    def bands(self) -> Sequence[BandInfo]:
        """Bands in catalogue order."""
        early = self.seen.time_ms < _CLDPRB_SURE
        lacks = early and noise.unit(self.seen.number, 5) < 0.12
        return _bands(self.level, self.seen.square, lacks)

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
        step = float(_STEP.get(band, 10) * shrink)
        window = (step, row, col, height, width)
        valid = seen.inside(*window)
        if band in _TCI:
            values = self._reflectance(_TCI[band], window)
            bright = np.clip(values.astype(np.float32) * np.float32(0.0714), 1, 255)
            return bright.astype(np.uint8), valid
        if band in reflectance.BANDS:
            return self._reflectance(band, window), valid
        if band == "QA60":
            low, high = _QA60_GAP
            if low <= seen.time_ms < high:
                valid = np.zeros_like(valid)
            return self._qa60(window), valid
        if band == "MSK_CLDPRB":
            dense = seen.clouds(*window)
            return np.rint(dense * np.float32(100)).astype(np.uint8), valid
        if band == "MSK_SNWPRB":
            snow = _surface(seen, *window).snow * (1 - seen.clouds(*window))
            return np.rint(snow * np.float32(100)).astype(np.uint8), valid
        if band == "SCL":
            return self._scl(window), valid
        mean = 80 + noise.hashed(seen.number, 6) % 90
        if band == "WVP":
            mean = 500 + noise.hashed(seen.number, 8) % 2500
        # Even over 16 pixels: haze and vapour change slowly.
        down = (row + np.arange(height)) // 16
        across = (col + np.arange(width)) // 16
        i, j = int(across[0]), int(down[0])
        coarse = speckle.bytes_at(
            seen.number, i, j, int(across[-1]) - i + 1, int(down[-1]) - j + 1
        )
        grain = coarse[(down - j)[:, None], (across - i)[None, :]]
        return np.uint16(mean) + (grain >> np.uint8(5)), valid

    def _reflectance(
        self, band: str, window: tuple[float, int, int, int, int]
    ) -> npt.NDArray[np.uint16]:
        cloud = self.seen.clouds(*window)
        thin = np.float32(0.45) if self._thin(window) else np.float32(1.0)
        return reflectance.reflect(
            band,
            _surface(self.seen, *window),
            cloud * thin,
            self.seen.shadows(*window),
            self.level == L1C,
        )

    def _thin(self, window: tuple[float, int, int, int, int]) -> bool:
        """Whether the pass's clouds are cirrus."""
        del window
        return noise.unit(self.seen.number, 9) < 0.12

    def _qa60(self, window: tuple[float, int, int, int, int]) -> npt.NDArray[np.uint16]:
        """Returns bit 10 in opaque cloud and bit 11 in cirrus."""
        cloudy = self.seen.clouds(*window) >= 0.5
        bit = 1 << 11 if self._thin(window) else 1 << 10
        return cloudy.astype(np.uint16) * np.uint16(bit)

    def _scl(self, window: tuple[float, int, int, int, int]) -> npt.NDArray[np.uint8]:
        """Returns the scene classification, 2 to 11."""
        seen = self.seen
        ground = _surface(seen, *window)
        classes = _SCL[ground.cover]
        green = ground.lush > 0.3
        classes = np.where((classes == 4) & ~green, 5, classes)
        classes = np.where((ground.light < 0.4) & (classes != 6), 2, classes)
        classes = np.where(ground.snow > 0.5, 11, classes)
        cloud = seen.clouds(*window)
        classes = np.where(seen.shadows(*window) > 0.5, 3, classes)
        if self._thin(window):
            classes = np.where(cloud >= 0.5, 10, classes)
        else:
            classes = np.where(cloud >= 0.5, 8, classes)
            classes = np.where(cloud >= 0.8, 9, classes)
        edge = (cloud > 0.25) & (cloud < 0.5)
        return np.where(edge, 7, classes).astype(np.uint8)


_CLOUDY = "CLOUDY_PIXEL_PERCENTAGE"
_DELAY_MS = 9_000_000  # from sensing to product
_PROPERTIES: dict[str, Callable[[Sentinel2Scene], Any]] = {
    "system:index": lambda one: one.seen.index,
    "system:time_start": lambda one: one.seen.time_ms,
    "MGRS_TILE": lambda one: one.seen.square.name,
    _CLOUDY: lambda one: round(one.seen.share * 100.0, 4),
    "PROCESSING_BASELINE": lambda one: one.baseline,
    "SPACECRAFT_NAME": lambda one: f"Sentinel-2{one.seen.satellite}",
    "SENSING_ORBIT_NUMBER": lambda one: one.seen.strip.orbit,
    "SENSING_ORBIT_DIRECTION": lambda _: "DESCENDING",
    "PRODUCT_ID": lambda one: one.product,
    "GRANULE_ID": lambda one: one.granule,
    "DATATAKE_IDENTIFIER": lambda one: one.datatake,
    "GENERATION_TIME": lambda one: one.seen.time_ms + _DELAY_MS,
    "MEAN_SOLAR_ZENITH_ANGLE": lambda one: round(one.seen.sun.zenith, 6),
    "MEAN_SOLAR_AZIMUTH_ANGLE": lambda one: round(one.seen.sun.azimuth, 6),
}

_SCL = np.full(256, 5, np.uint8)
_SCL[[10, 20, 30, 40, 90, 95]] = 4
_SCL[70] = 11
_SCL[80] = 6


@functools.lru_cache(maxsize=4096)
def _bands(level: str, square: mgrs.Granule, lacks: bool) -> tuple[BandInfo, ...]:
    grids = {
        step: metres_grid(square.crs, square.x0, square.y0, step, mgrs.SIDE)
        for step in (10, 20, 60)
    }
    return tuple(
        BandInfo(
            name,
            "uint8" if name in _BYTE else "uint16",
            grids[_STEP.get(name, 10)],
            _POLICY.get(name, "mean"),
        )
        for name in _BANDS[level]
        if not (lacks and name == "MSK_CLDPRB")
    )


@dataclass(frozen=True)
class Sentinel2Collection:
    """Either collection.

    Attributes:
        id: Its id.
    """

    id: str

    @property
    def properties(self) -> Mapping[str, Any]:
        """Of the collection."""
        level = "Level-1C" if self.id == L1C else "Level-2A (SR)"
        return {
            "title": f"Harmonized Sentinel-2 MSI: MultiSpectral Instrument, {level}",
            "date_range": [FIRST_MS if self.id == L1C else EUROPE_L2A, LAST_MS],
        }

    def scenes(
        self, bounds: Bounds | None, start_ms: int | None, end_ms: int | None
    ) -> Iterator[Scene]:
        """Yields members; see :class:`emulator.source.Collection`.

        Raises:
            ValueError: Without bounds, the collection is too large to list.
        """
        return self.sift(bounds, start_ms, end_ms, ())

    def sift(
        self,
        bounds: Bounds | None,
        start_ms: int | None,
        end_ms: int | None,
        ranges: Sequence[Range],
    ) -> Iterator[Scene]:
        """Yields members, few that are too cloudy among them.

        See :class:`emulator.source.Sifting`.

        Raises:
            ValueError: Without bounds, the collection is too large to list.
        """
        if bounds is None:
            raise ValueError(f"{self.id} is too large to list without bounds.")
        shares = [
            # A little more, as the property is rounded.
            (low / 100.0 - 1e-5, high / 100.0 + 1e-5)
            for name, low, high in ranges
            if name == _CLOUDY
        ]

        def wanted(days: Calendar) -> npt.NDArray[np.bool_]:
            kept = days.l2a.copy() if self.id == L2A else np.ones(len(days.times), bool)
            for low, high in shares:
                kept &= (days.shares >= low) & (days.shares <= high)
            return kept

        for seen in passes_in(bounds, start_ms, end_ms, wanted):
            yield Sentinel2Scene(self.id, seen)


def find(level: str, index: str) -> Sentinel2Scene | None:
    """Returns a scene by ``system:index``, None if there is none."""
    found = find_day(index)
    if found is None:
        return None
    days, i = found
    if level == L2A and not days.l2a[i]:
        return None
    return Sentinel2Scene(level, days.seen(i))

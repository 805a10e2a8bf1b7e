"""``COPERNICUS/S1_GRD``: backscatter in dB, mostly IW, mostly VV and VH.

175 orbits in 12 days; Sentinel-1A from October 2014, 1B from September 2016 to 23
December 2021. Slices of 25 s on a slanted strip 250 km wide. Both satellites serve
Europe; elsewhere one does, and many places see one direction only. Ice-covered land
is seen in HH and HV, and the frozen sea in EW mode.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from shapely.geometry.base import BaseGeometry

from emulator.catalogue.base import (
    Properties,
    Window,
    band_of,
    level_within,
    stamp,
    within,
)
from emulator.catalogue.frames import ORBITS, SLICE_S, Frame, frame, frames, in_europe
from emulator.planet import noise, places, radar
from emulator.source import BandInfo, Bounds, Scene

ID = "COPERNICUS/S1_GRD"


def _ms(text: str) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


FIRST_MS = _ms("2014-10-03")
LAST_MS = _ms("2025-01-01")
_FLEET = (
    ("A", 0.0, FIRST_MS, LAST_MS),
    ("B", 6 * 86_400.0, _ms("2016-09-26"), _ms("2021-12-23")),
)
_LAUNCH_MS = {"A": _ms("2014-04-03"), "B": _ms("2016-04-25")}


@dataclass(frozen=True)
class Sentinel1Scene:
    """One member.

    Attributes:
        frame: The slice.
        satellite: ``A`` or ``B``.
        cycle: The orbit's cycle.
        time_ms: When the slice begins.
    """

    frame: Frame
    satellite: str
    cycle: int
    time_ms: int

    @property
    def number(self) -> int:
        """A number of the pass, the same for all its slices."""
        return noise.hashed(
            self.frame.orbit, self.cycle & 0xFFFF, ord(self.satellite), 8
        )

    @functools.cached_property
    def index(self) -> str:
        """``system:index`` in the form of ESA's product names."""
        end = self.time_ms + int(SLICE_S * 1000)
        kind = {
            (False, False): "1SDV",
            (False, True): "1SSV",
            (True, False): "1SDH",
            (True, True): "1SSH",
        }[self.frame.polar, self.frame.single]
        medium = "GRDM" if self.frame.mode == "EW" else "GRDH"
        take = noise.hashed(self.number, 1) & 0xFFFFF
        mark = noise.hashed(self.number, self.frame.slice & 0xFFFF) & 0xFFFF
        return (
            f"S1{self.satellite}_{self.frame.mode}_{medium}_{kind}_"
            f"{stamp(self.time_ms)}_{stamp(end)}_{self.absolute:06d}_"
            f"{take:06X}_{mark:04X}"
        )

    @property
    def absolute(self) -> int:
        """Absolute orbit number."""
        since = self.time_ms - _LAUNCH_MS[self.satellite]
        return max(1, round(since / 86_400_000 * 175 / 12))

    @property
    def id(self) -> str:
        """Full asset id."""
        return f"{ID}/{self.index}"

    @property
    def properties(self) -> Mapping[str, Any]:
        """Properties under the real collection's names."""
        return Properties(self, _PROPERTIES)

    @property
    def footprint(self) -> BaseGeometry | None:
        """The slice's strip."""
        return self.frame.footprint

    @property
    def bands(self) -> Sequence[BandInfo]:
        """Channels and ``angle``."""
        return self.frame.bands

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
        grid = self.frame.grid
        step = 10.0 * shrink
        left, upper = grid.transform[2] + col * step, grid.transform[5] - row * step
        x = left + (np.arange(width) + 0.5) * step
        y = upper - (np.arange(height) + 0.5) * step
        valid = np.ones((height, width), bool)
        for a, b, c in self.frame.sides:
            valid &= (a * x)[None, :] + ((b * y) + c)[:, None] > 0
        if band == "angle":
            a, b, c = self.frame.near
            off = (a * x)[None, :] + ((b * y) + c)[:, None]
            return (30.5 + off * (15.5 / 250_000.0)).astype(np.float32), valid
        layers = places.metric_land(grid.crs, left, upper, step, width, height)
        values = radar.backscatter(
            layers,
            band in ("VH", "HV"),
            self.frame.look,
            self.number,
            round(left / step),
            round(-upper / step),
        )
        return values, valid


_PROPERTIES: dict[str, Callable[[Sentinel1Scene], Any]] = {
    "system:index": lambda one: one.index,
    "system:time_start": lambda one: one.time_ms,
    "system:time_end": lambda one: one.time_ms + int(SLICE_S * 1000),
    "instrumentMode": lambda one: one.frame.mode,
    "orbitProperties_pass": lambda one: one.frame.direction,
    "transmitterReceiverPolarisation": lambda one: list(one.frame.polarisations),
    "relativeOrbitNumber_start": lambda one: one.frame.orbit,
    "orbitNumber_start": lambda one: one.absolute,
    "platform_number": lambda one: one.satellite,
    "resolution": lambda one: "M" if one.frame.mode == "EW" else "H",
    "resolution_meters": lambda one: 40 if one.frame.mode == "EW" else 10,
    "productType": lambda _: "GRD",
    "sliceNumber": lambda one: one.frame.slice,
}


def _taken(one: Frame, satellite: str, cycle: int) -> bool:
    """Whether the mission took a slice in a cycle."""
    key = noise.hashed(one.orbit, cycle & 0xFFFF, ord(satellite), len(one.direction))
    if in_europe(one.longitude, one.latitude):
        return noise.unit(key, 61) > 0.03
    # Elsewhere 1B rarely flies over what 1A serves.
    region = noise.unit(int(one.longitude // 14), int(one.latitude // 12), 62)
    mostly = "B" if region < 0.25 else "A"
    return noise.unit(key, 61) > (0.06 if satellite == mostly else 0.85)


def members(one: Frame, low: int, high: int) -> Iterator[Sentinel1Scene]:
    """Yields a slice's scenes of a time, by satellite and then by time.

    Args:
        one: The slice.
        low: Milliseconds since 1970 before which none begins.
        high: Milliseconds before which all begin.
    """
    orbit = ORBITS[one.direction]
    for satellite, offset, first, last in _FLEET:
        begin, end = max(low, first), min(high, last)
        shift = offset + one.slice * SLICE_S
        # A millisecond more, as times are rounded.
        span = begin / 1000.0 - 0.001, end / 1000.0 + 0.001
        for cycle in orbit.cycles(one.orbit, *span, shift):
            time_ms = round(orbit.crossing_time(one.orbit, cycle, shift) * 1000)
            if not begin <= time_ms < end:
                continue
            alone = not _FLEET[1][2] <= time_ms < _FLEET[1][3]
            if alone or _taken(one, satellite, cycle):
                yield Sentinel1Scene(one, satellite, cycle, time_ms)


@dataclass(frozen=True)
class Sentinel1:
    """The collection."""

    id: str = ID

    @property
    def properties(self) -> Mapping[str, Any]:
        """Of the collection."""
        return {
            "title": "Sentinel-1 SAR GRD: C-band Synthetic Aperture Radar",
            "date_range": [FIRST_MS, LAST_MS],
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
        low = max(FIRST_MS, start_ms if start_ms is not None else FIRST_MS)
        high = min(LAST_MS, end_ms if end_ms is not None else LAST_MS)
        if low >= high:
            return
        found = [scene for one in frames(bounds) for scene in members(one, low, high)]
        found.sort(key=lambda scene: scene.time_ms)
        for _, same in itertools.groupby(found, key=lambda scene: scene.time_ms):
            # Few scenes share a time: most indexes need not be made.
            alike = list(same)
            yield from sorted(alike, key=_index) if len(alike) > 1 else alike


def _index(scene: Sentinel1Scene) -> str:
    return scene.index


def find(index: str) -> Sentinel1Scene | None:
    """Returns a scene by ``system:index``, None if there is none."""
    parts = index.split("_")
    if len(parts) != 9 or parts[0] not in ("S1A", "S1B"):
        return None
    try:
        time = datetime.strptime(parts[4], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    seconds = time.timestamp()
    offset = 0.0 if parts[0] == "S1A" else 6 * 86_400.0
    for direction, orbit in ORBITS.items():
        since = seconds + 0.5 - orbit.epoch - offset
        number = round(since / orbit.period)
        for crossing in (number - 1, number, number + 1):
            away = since - crossing * orbit.period
            one = frame(direction, crossing % 175 + 1, round(away / SLICE_S))
            if one is None:
                continue
            start = round(seconds) * 1000
            for scene in members(one, start, start + 1000):
                if scene.index == index:
                    return scene
    return None

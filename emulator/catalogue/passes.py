"""Sentinel-2's passes over granules: when, by which satellite, and how cloudy.

Sentinel-2A from June 2015 and 2B from July 2017. A pass is what both processing
levels, and Dynamic World, are made of.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.catalogue import mgrs, skies, swaths
from emulator.catalogue.base import (
    box_meets,
    hashes,
    stamp,
)
from emulator.catalogue.swaths import ORBIT, Strip, strips
from emulator.planet import noise, weather
from emulator.planet.sun import Sun, declination, equation, sun_at, turned
from emulator.source import Bounds

L1C = "COPERNICUS/S2_HARMONIZED"
L2A = "COPERNICUS/S2_SR_HARMONIZED"


def milliseconds(text: str) -> int:
    """Reads a date, UTC, as milliseconds since 1970."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


FIRST_MS = milliseconds("2015-06-27")
LAST_MS = milliseconds("2025-01-01")
FIRST_YEAR, LAST_YEAR = 2015, 2024
EUROPE_L2A = milliseconds("2017-03-28")
_WORLD_L2A = milliseconds("2018-12-13")

# Satellite, its offset in the cycle (s), and its first day.
_FLEET = (
    ("A", 0.0, FIRST_MS),
    ("B", 5 * 86_400.0, milliseconds("2017-07-01")),
)
_LETTERS = np.array([ord(letter) for letter, _, _ in _FLEET])


@dataclass(frozen=True, eq=False)
class Pass:
    """One pass of a satellite over a granule: what L1C, L2A and labels share.

    Attributes:
        square: The granule.
        strip: The relative orbit over it.
        satellite: ``A`` or ``B``.
        cycle: The orbit's cycle.
        time_ms: When the granule's middle was seen.
        start_ms: When the datatake began.
        share: Cloudy share, 0 to 1.
    """

    square: mgrs.Granule
    strip: Strip
    satellite: str
    cycle: int
    time_ms: int
    start_ms: int
    share: float

    @functools.cached_property
    def index(self) -> str:
        """``system:index``, such as ``20190615T105031_20190615T105034_T32VNH``."""
        return f"{stamp(self.start_ms)}_{stamp(self.time_ms)}_T{self.square.name}"

    @functools.cached_property
    def number(self) -> int:
        """A number of the pass, the same for all its granules."""
        return pass_number(self.strip.orbit, self.cycle, self.satellite)

    @functools.cached_property
    def sun(self) -> Sun:
        """Where the sun stands over the granule's middle."""
        return sun_at(self.square.longitude, self.square.latitude, self.time_ms)

    @property
    def chill(self) -> float:
        """The day's departure from normal temperature in °C."""
        spread = noise.unit(self.number, 41) + noise.unit(self.number, 42) - 1.0
        return -6.0 * spread

    def inside(
        self, step: float, row: int, col: int, height: int, width: int
    ) -> npt.NDArray[np.bool_]:
        """Returns which pixels of a window lie in the swath, read-only."""
        return swaths.inside(self.square, self.strip, step, row, col, height, width)

    def clouds(
        self, step: float, row: int, col: int, height: int, width: int
    ) -> npt.NDArray[np.float32]:
        """Returns cloud density on a window of the granule."""
        return skies.sky(self.square, step, row, col, height, width).clouds(self)

    def shadows(
        self, step: float, row: int, col: int, height: int, width: int
    ) -> npt.NDArray[np.float32]:
        """Returns cloud shadow on a window of the granule, less under cloud."""
        return skies.sky(self.square, step, row, col, height, width).shadows(self)

    @functools.cached_property
    def cast(self) -> tuple[int, int]:
        """How many cloud cells east and south of its shadow a cloud is."""
        sun = self.sun
        reach = 1_300.0 * math.tan(math.radians(min(sun.zenith, 70.0)))
        east = round(reach * math.sin(math.radians(sun.azimuth)) / weather.CELL)
        north = round(reach * math.cos(math.radians(sun.azimuth)) / weather.CELL)
        return east, -north

    def hidden(
        self,
        step: float,
        row: int,
        col: int,
        height: int,
        width: int,
        *,
        cloud: float,
        shadow: float,
        cloudiest: float,
    ) -> npt.NDArray[np.bool_] | None:
        """Returns where clouds or shadows are denser than these; None if nowhere.

        The same as by :meth:`clouds` and :meth:`shadows`, but quicker for many passes.

        Args:
            step: Pixel size in metres.
            row: First row of the window.
            col: First column.
            height: Rows.
            width: Columns.
            cloud: Density of clouds that hide.
            shadow: Density of shadows that hide.
            cloudiest: Who asks of several passes of a year asks of those that are no
                cloudier than this share.
        """
        sky = skies.sky(self.square, step, row, col, height, width)
        return sky.hidden(self, cloud, shadow, lambda: self._alike(cloudiest))

    def _alike(self, cloudiest: float) -> list[Pass]:
        """Returns the year's passes of the orbit that are not cloudier."""
        days = calendar(self.square)
        if self.strip not in days.strips:
            return []  # The granule's strips were worked out anew since.
        year = datetime.fromtimestamp(self.time_ms / 1000, UTC).year
        first, last = np.searchsorted(
            days.times,
            [milliseconds(f"{year}-01-01"), milliseconds(f"{year + 1}-01-01")],
        )
        chosen = (days.which == days.strips.index(self.strip)) & (
            days.shares <= cloudiest
        )
        return [days.seen(int(first + i)) for i in np.flatnonzero(chosen[first:last])]


def pass_number(orbit: int, cycle: int, satellite: str) -> int:
    """Returns a 31-bit number of a pass."""
    return noise.hashed(orbit, cycle & 0xFFFF, ord(satellite), 7) >> 1


def _in_europe(square: mgrs.Granule) -> bool:
    return 34.0 < square.latitude < 72.0 and -25.0 < square.longitude < 45.0


@dataclass(frozen=True, eq=False)
class Calendar:
    """The passes over a granule, by time.

    What a search looks at is in arrays (n,); passes are made when they are wanted.

    Attributes:
        square: The granule.
        strips: The relative orbits over it.
        which: Each pass's number among ``strips``.
        second: Whether it is of Sentinel-2B.
        cycles: Orbits' cycles.
        times: Milliseconds since 1970.
        numbers: Numbers of the passes.
        shares: Cloudy shares, 0 to 1.
    """

    square: mgrs.Granule
    strips: tuple[Strip, ...]
    which: npt.NDArray[np.int64]
    second: npt.NDArray[np.bool_]
    cycles: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.int64]
    shares: npt.NDArray[np.floating[Any]]
    _made: dict[int, Pass] = field(default_factory=dict, repr=False)

    @functools.cached_property
    def l2a(self) -> npt.NDArray[np.bool_]:
        """Which passes were processed to surface reflectance."""
        likely = 0.92 if _in_europe(self.square) else 0.015
        salt = noise.hashed(len(self.square.name), 3)
        chance = hashes(self.numbers, salt) / 2.0**32
        first = (self.times >= EUROPE_L2A) & (chance < likely)
        return first | (self.times >= _WORLD_L2A)

    def seen(self, i: int) -> Pass:
        """Returns a pass, made once."""
        made = self._made.get(i)
        if made is not None:
            return made
        strip, time_ms = self.strips[self.which[i]], int(self.times[i])
        # A datatake serves five minutes of a pass; all its granules share its start.
        lead = round((strip.seconds + 969.0) % 300.0 * 1000.0)
        return self._made.setdefault(
            i,
            Pass(
                self.square,
                strip,
                _FLEET[int(self.second[i])][0],
                int(self.cycles[i]),
                time_ms,
                time_ms - lead,
                float(self.shares[i]),
            ),
        )


@functools.lru_cache(maxsize=128)
def calendar(square: mgrs.Granule) -> Calendar:
    """Returns the passes over a granule (some 100 kB, the passes made not counted)."""
    rows = [np.empty((5, 0), np.int64)]
    over = strips(square)
    for which, strip in enumerate(over):
        for second, (_, offset, first) in enumerate(_FLEET):
            shift = offset + strip.seconds
            span = first / 1000.0 - 1.0, LAST_MS / 1000.0 + 1.0
            cycles = np.array(ORBIT.cycles(strip.orbit, *span, shift), np.int64)
            seconds = ORBIT.crossing_times(strip.orbit, cycles, shift)
            times = np.rint(seconds * 1000.0).astype(np.int64)
            kept = (times >= first) & (times < LAST_MS)
            row = np.empty((5, int(kept.sum())), np.int64)
            row[0], row[1] = times[kept], strip.orbit
            row[2], row[3], row[4] = which, second, cycles[kept]
            rows.append(row)
    table = np.concatenate(rows, axis=1)
    times, orbits, _, second, cycles = table
    table[1] = hashes(orbits, cycles & 0xFFFF, _LETTERS[second], 7) >> 1
    years = times.astype("datetime64[ms]").astype("datetime64[Y]").astype(np.int64)
    missed = _missed(square)[years - (FIRST_YEAR - 1970), second]
    table = table[:, (table[1] & 0xFFFF) / 65536.0 >= missed]
    if abs(square.latitude) > 50.0:  # Nearer the equator the sun is always up.
        table = table[:, ~_dark(square, table[0])]
    table = table[:, np.lexsort((table[1], table[0]))]
    times, numbers, which, second, cycles = table
    shares: npt.NDArray[np.floating[Any]] = np.empty(0)
    if times.size:
        shares = weather.shares(
            square.longitude, square.latitude, _months(times), numbers
        )
    return Calendar(
        square, over, which, second.astype(bool), cycles, times, numbers, shares
    )


_DARK = 85.0
"""Zenith in degrees beyond which the sun is too low to take a scene."""


def _dark(square: mgrs.Granule, times: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Returns at which times (n,) the sun is too low over a granule."""
    days = times / 86_400_000.0
    turn = turned(days)
    cosine, sine = np.cos(turn), np.sin(turn)
    tilt = declination(cosine, sine)
    late = equation(cosine, sine)
    hour = ((days % 1.0) * 24.0 - 12.0) * 15.0 + late / 4.0 + square.longitude
    hour = np.radians(hour)
    phi = math.radians(square.latitude)
    up = math.sin(phi) * np.sin(tilt)
    up += math.cos(phi) * np.cos(tilt) * np.cos(hour)
    edge = math.cos(math.radians(_DARK))
    dark: npt.NDArray[np.bool_] = up < edge
    # NumPy's sines may differ from Python's in the last bit: what is close is
    # decided by the function that gives a scene its angles.
    for i in np.nonzero(abs(up - edge) < 1e-9)[0]:
        sun = sun_at(square.longitude, square.latitude, int(times[i]))
        dark[i] = sun.zenith > _DARK
    return dark


def _months(times: npt.NDArray[np.int64]) -> npt.NDArray[np.floating[Any]]:
    """Returns :func:`emulator.planet.sun.months` of times (n,), to the last bit."""
    days = (times // 86_400_000).astype("datetime64[D]")
    since = (days - days.astype("datetime64[Y]")).astype(np.int64)
    hours = times // 3_600_000 % 24
    passed: npt.NDArray[np.floating[Any]] = (since + hours / 24.0) / 365.25 * 12.0
    return passed


def _missed(square: mgrs.Granule) -> npt.NDArray[np.float64]:
    """Returns the share of passes without data: many before the full service.

    Returns:
        By year from the first and by satellite (years, 2).
    """
    shares = np.full((LAST_YEAR - FIRST_YEAR + 1, len(_FLEET)), 0.02)
    full = 2017 - FIRST_YEAR
    shares[:full] = 0.15 if _in_europe(square) else 0.55
    if not _in_europe(square):
        shares[full] = 0.25, 0.5
    return shares


Mask = Callable[[Calendar], npt.NDArray[np.bool_]]
"""Returns which passes of a calendar are wanted."""


def passes_in(
    bounds: Bounds, start_ms: int | None, end_ms: int | None, wanted: Mask | None = None
) -> list[Pass]:
    """Returns passes by time and then by index.

    Args:
        bounds: Their footprint's box meets these.
        start_ms: Their time is not before.
        end_ms: Their time is before.
        wanted: Which of them; None for all.
    """
    low = max(FIRST_MS, start_ms if start_ms is not None else FIRST_MS)
    high = min(LAST_MS, end_ms if end_ms is not None else LAST_MS)
    if low >= high:
        return []
    found: list[Pass] = []
    times = [np.empty(0, np.int64)]
    for square in mgrs.granules(bounds):
        meeting = np.array(
            [box_meets(strip.box, bounds) for strip in strips(square)], bool
        )
        if not meeting.any():
            continue
        days = calendar(square)
        kept = meeting[days.which]
        kept &= (days.times >= low) & (days.times < high)
        if wanted is not None:
            kept &= wanted(days)
        chosen = np.nonzero(kept)[0]
        times.append(days.times[chosen])
        found.extend(map(days.seen, chosen.tolist()))
    # Granules come by name, and so do passes of one time.
    order = np.argsort(np.concatenate(times), kind="stable")
    return [found[i] for i in order.tolist()]


def find_day(index: str) -> tuple[Calendar, int] | None:
    """Finds the calendar that holds an index, and its place there."""
    parts = index.split("_")
    if len(parts) != 3 or not parts[2].startswith("T") or not parts[1][:4].isdigit():
        return None
    square = mgrs.by_name(parts[2][1:])
    if square is None:
        return None
    days = calendar(square)
    try:
        second = datetime.strptime(parts[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    start = round(second.timestamp() * 1000)
    first, last = np.searchsorted(days.times, [start, start + 1000]).tolist()
    for i in range(first, last):
        if days.seen(i).index == index:
            return days, i
    return None


def find_pass(index: str) -> Pass | None:
    """Returns the pass of a ``system:index``, None if there is none."""
    found = find_day(index)
    return None if found is None else found[0].seen(found[1])

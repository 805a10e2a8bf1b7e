"""Dates as milliseconds since 1970, and ranges of them; calendars in a time zone."""

from __future__ import annotations

import calendar
import functools
import math
import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from emulator.evaluator.errors import EngineError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MILLIS = {
    "millisecond": 1.0,
    "second": 1e3,
    "minute": 60e3,
    "hour": 3600e3,
    "day": 86400e3,
    "week": 7 * 86400e3,
    # Average Gregorian lengths: 365.2425 days, and a twelfth of it.
    "month": 365.2425 * 86400e3 / 12,
    "year": 365.2425 * 86400e3,
}

_ISO = re.compile(
    r"(?P<year>\d{4})(?:-(?:(?P<doy>\d{3})|(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?))?"
    r"(?:[T ](?P<hour>\d{1,2})(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2})"
    r"(?:\.(?P<fraction>\d{1,9}))?)?)?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
_OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d{2}))?")


@dataclass(frozen=True)
class Date:
    """A moment.

    Attributes:
        millis: Milliseconds since 1970-01-01T00:00:00Z.
    """

    millis: int

    @property
    def moment(self) -> datetime:
        """The moment as a datetime in UTC."""
        return self.within(UTC)

    def within(self, zone: tzinfo) -> datetime:
        """Returns the moment as a datetime in a time zone.

        Raises:
            EngineError: It lies outside the years 1 to 9999.
        """
        try:
            moment = _EPOCH + timedelta(milliseconds=self.millis)
            return moment if zone is UTC else moment.astimezone(zone)
        except OverflowError:
            raise EngineError(f"Date: {self.millis} is out of range.") from None


@dataclass(frozen=True)
class DateRange:
    """Moments from ``start`` up to but without ``end``, in milliseconds."""

    start: int
    end: int

    def contains(self, millis: float) -> bool:
        """Whether a moment lies in it."""
        return self.start <= millis < self.end


UNBOUNDED = DateRange(-(2**63), 2**63 - 1)
"""All moments."""


def zone_of(name: str | None) -> tzinfo:
    """Returns a time zone by its name in the IANA database, or an offset; else UTC.

    Raises:
        EngineError: There is none.
    """
    return UTC if name is None or name in ("UTC", "GMT", "Z") else _zone(name)


@functools.lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    offset = _OFFSET.fullmatch(name)
    try:
        if offset is None:
            return zoneinfo.ZoneInfo(name)
        sign, hours, minutes = offset.groups()
        span = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return timezone(-span if sign == "-" else span)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise EngineError(
            f"Date: The datetime zone id '{name}' is not recognised."
        ) from None


def of_datetime(moment: datetime) -> Date:
    """Returns the date of a moment that knows its time zone."""
    return Date((moment - _EPOCH) // timedelta(milliseconds=1))


def parse(text: str, zone: tzinfo = UTC) -> Date:
    """Reads ``1996-1-01``, ``1996-001``, ``1996-01-01T08:00`` and the like.

    Args:
        text: The text; an offset in it counts more than the zone.
        zone: Time zone.

    Raises:
        EngineError: It is no date.
    """
    match = _ISO.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        part = match.groupdict()
        if part["zone"]:
            zone = zone_of(part["zone"])
        moment = datetime(
            int(part["year"]),
            int(part["month"] or 1),
            int(part["day"] or 1),
            int(part["hour"] or 0),
            int(part["minute"] or 0),
            int(part["second"] or 0),
            tzinfo=zone,
        )
        if part["doy"]:
            moment += timedelta(days=int(part["doy"]) - 1)
        fraction = float(f"0.{part['fraction']}") if part["fraction"] else 0.0
        return of_datetime(moment + timedelta(milliseconds=round(fraction * 1000)))
    except (ValueError, OverflowError):
        raise EngineError(f"Date: Invalid date '{text}'.") from None


def unit_millis(unit: str) -> float:
    """Returns a unit's average length in milliseconds.

    Raises:
        EngineError: It is no unit of time.
    """
    name = unit.lower().removesuffix("s")
    if name not in _MILLIS:
        raise EngineError(f"Date: '{unit}' is not a unit of time.")
    return _MILLIS[name]


def unit_name(unit: str) -> str:
    """Returns the unit's name in lower-case singular."""
    unit_millis(unit)
    return unit.lower().removesuffix("s")


def advance(date: Date, delta: float, unit: str, zone: tzinfo = UTC) -> Date:
    """Returns a date some units later; whole days and more by the zone's calendar.

    Raises:
        EngineError: The unit is none, or the date lies outside the years 1 to 9999.
    """
    name = unit_name(unit)
    whole = math.trunc(delta)
    rest = round((delta - whole) * unit_millis(unit))
    moment = date.within(zone)
    try:
        if name in ("month", "year"):
            months = moment.year * 12 + moment.month - 1
            months += whole * (12 if name == "year" else 1)
            year, month = divmod(months, 12)
            day = min(moment.day, calendar.monthrange(year, month + 1)[1])
            moved = moment.replace(year=year, month=month + 1, day=day)
        elif name in ("day", "week"):
            moved = moment + timedelta(days=whole * (7 if name == "week" else 1))
        else:
            return Date(date.millis + round(delta * unit_millis(unit)))
    except (OverflowError, ValueError):
        raise EngineError(f"Date.advance: {delta} {unit} are out of range.") from None
    return Date(of_datetime(moved).millis + rest)


def enclosing(date: Date, unit: str, zone: tzinfo = UTC) -> DateRange:
    """Returns the calendar unit around a date; weeks start on Monday."""
    moment = date.within(zone)
    start = moment.replace(microsecond=0)
    match unit_name(unit):
        case "year":
            start = start.replace(month=1, day=1, hour=0, minute=0, second=0)
        case "month":
            start = start.replace(day=1, hour=0, minute=0, second=0)
        case "week":
            start = start.replace(hour=0, minute=0, second=0)
            start -= timedelta(days=start.weekday())
        case "day":
            start = start.replace(hour=0, minute=0, second=0)
        case "hour":
            start = start.replace(minute=0, second=0)
        case "minute":
            start = start.replace(second=0)
        case "millisecond":
            return DateRange(date.millis, date.millis + 1)
    first = of_datetime(start)
    return DateRange(first.millis, advance(first, 1, unit, zone).millis)


def component(date: Date, unit: str, zone: tzinfo = UTC) -> int:
    """Returns a calendar unit of a date, such as its month (1 to 12)."""
    moment = date.within(zone)
    match unit_name(unit):
        case "week":
            return moment.isocalendar().week
        case "millisecond":
            return moment.microsecond // 1000
        case name:
            return int(getattr(moment, name))


def relative(date: Date, unit: str, in_unit: str, zone: tzinfo = UTC) -> int:
    """Returns a date's place in a larger unit, from 0."""
    span = enclosing(date, in_unit, zone)
    moment, first = date.within(zone), Date(span.start).within(zone)
    match unit_name(unit):
        case "year":
            return moment.year - first.year
        case "month":
            return (moment.year - first.year) * 12 + moment.month - first.month
        case "week":
            return (moment.date() - first.date()).days // 7
        case "day":
            return (moment.date() - first.date()).days
    return int((date.millis - span.start) // unit_millis(unit))

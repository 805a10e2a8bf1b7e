"""Dates as milliseconds since 1970, and ranges of them, in UTC."""

from __future__ import annotations

import calendar
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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
    r"(?:\.(?P<fraction>\d{1,9}))?)?)?)?Z?"
)


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
        return _EPOCH + timedelta(milliseconds=self.millis)


@dataclass(frozen=True)
class DateRange:
    """Moments from ``start`` up to but without ``end``, in milliseconds."""

    start: int
    end: int

    def contains(self, millis: float) -> bool:
        """Whether a moment lies in it."""
        return self.start <= millis < self.end


def of_datetime(moment: datetime) -> Date:
    """Returns the date of a moment in UTC."""
    return Date((moment - _EPOCH) // timedelta(milliseconds=1))


def parse(text: str) -> Date:
    """Reads ``1996-1-01``, ``1996-001``, ``1996-01-01T08:00`` and the like.

    Raises:
        EngineError: It is no date.
    """
    match = _ISO.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        part = match.groupdict()
        moment = datetime(
            int(part["year"]),
            int(part["month"] or 1),
            int(part["day"] or 1),
            int(part["hour"] or 0),
            int(part["minute"] or 0),
            int(part["second"] or 0),
            tzinfo=UTC,
        )
    except ValueError:
        raise EngineError(f"Date: Invalid date '{text}'.") from None
    if part["doy"]:
        moment += timedelta(days=int(part["doy"]) - 1)
    fraction = float(f"0.{part['fraction']}") if part["fraction"] else 0.0
    return of_datetime(moment + timedelta(milliseconds=round(fraction * 1000)))


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


def advance(date: Date, delta: float, unit: str) -> Date:
    """Returns a date some units later; whole months and years by the calendar."""
    name = unit_name(unit)
    if name not in ("month", "year"):
        return Date(date.millis + round(delta * unit_millis(unit)))
    whole = math.trunc(delta)
    moment = date.moment
    months = moment.year * 12 + moment.month - 1 + whole * (12 if name == "year" else 1)
    year, month = divmod(months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    moved = of_datetime(moment.replace(year=year, month=month + 1, day=day))
    return Date(moved.millis + round((delta - whole) * unit_millis(unit)))


def enclosing(date: Date, unit: str) -> DateRange:
    """Returns the calendar unit around a date; weeks start on Monday."""
    moment = date.moment
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
    first = of_datetime(start)
    return DateRange(first.millis, advance(first, 1, unit).millis)


def component(date: Date, unit: str) -> int:
    """Returns a calendar unit of a date, such as its month (1 to 12)."""
    moment = date.moment
    name = unit_name(unit)
    return moment.isocalendar().week if name == "week" else int(getattr(moment, name))


_TOKENS = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|.", re.DOTALL)
DEFAULT_FORMAT = "yyyy-MM-dd'T'HH:mm:ss"


def formatted(date: Date, pattern: str | None) -> str:
    """Formats a date by a Joda pattern.

    Args:
        date: The date.
        pattern: Of the letters y, Y, M, d, D, H, h, m, s, S, a, E, w; text in quotes.

    Raises:
        EngineError: The pattern has another letter.
    """
    moment = date.moment
    out = []
    for match in _TOKENS.finditer(pattern or DEFAULT_FORMAT):
        token, letter = match[0], match[2]
        if letter is None:
            out.append(match[1].replace("''", "'") or "'" if match[1] else token)
            continue
        width = len(token)
        if letter in "yY":
            text = f"{moment.year:0{width}d}"
            out.append(text[-2:] if width == 2 else text)
        elif letter == "M" and width >= 3:
            names = calendar.month_name if width > 3 else calendar.month_abbr
            out.append(names[moment.month])
        elif letter == "E":
            day = moment.weekday()
            out.append((calendar.day_name if width > 3 else calendar.day_abbr)[day])
        elif letter == "a":
            out.append("AM" if moment.hour < 12 else "PM")
        else:
            numbers = {
                "M": moment.month,
                "d": moment.day,
                "D": moment.timetuple().tm_yday,
                "H": moment.hour,
                "h": (moment.hour - 1) % 12 + 1,
                "m": moment.minute,
                "s": moment.second,
                "w": moment.isocalendar().week,
            }
            if letter == "S":
                out.append(f"{moment.microsecond:06d}"[:width].ljust(width, "0"))
            elif letter in numbers:
                out.append(f"{numbers[letter]:0{width}d}")
            else:
                raise EngineError(f"Date.format: Illegal pattern component: {token}")
    return "".join(out)

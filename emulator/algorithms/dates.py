"""Dates and ranges of dates, in UTC."""

from __future__ import annotations

from typing import Any

from emulator.evaluator import dates
from emulator.evaluator.coerce import coercer
from emulator.evaluator.dates import Date, DateRange
from emulator.evaluator.errors import EngineError
from emulator.evaluator.registry import algorithm

_date = coercer("Date")


@algorithm("Date")
def date(value: Any) -> Date:
    """Returns a date from milliseconds, text or a date."""
    found: Date = _date(value)
    return found


@algorithm("Date.fromYMD")
def from_ymd(year: int, month: int, day: int) -> Date:
    """Returns midnight of a day."""
    return dates.parse(f"{year:04d}-{month}-{day}")


@algorithm("Date.advance")
def advance(date: Date, delta: float, unit: str) -> Date:
    """Returns a date some units later."""
    return dates.advance(date, delta, unit)


@algorithm("Date.difference")
def difference(date: Date, start: Date, unit: str) -> float:
    """Returns the time from another date in units of average length."""
    return (date.millis - start.millis) / dates.unit_millis(unit)


@algorithm("Date.format")
def format_(date: Date, format: str | None) -> str:
    """Returns a date as text by a Joda pattern."""
    return dates.formatted(date, format)


@algorithm("Date.get")
def get(date: Date, unit: str) -> int:
    """Returns a calendar unit of a date."""
    return dates.component(date, unit)


@algorithm("Date.getFraction")
def get_fraction(date: Date, unit: str) -> float:
    """Returns how much of the unit around a date has passed."""
    span = dates.enclosing(date, unit)
    return (date.millis - span.start) / (span.end - span.start)


@algorithm("Date.getRange")
def get_range(date: Date, unit: str) -> DateRange:
    """Returns the calendar unit around a date."""
    return dates.enclosing(date, unit)


@algorithm("Date.getRelative")
def get_relative(date: Date, unit: str, in_unit: str) -> int:
    """Returns a date's place in a larger unit, from 0."""
    span = dates.enclosing(date, in_unit)
    if dates.unit_name(unit) == "month":
        moment, first = date.moment, Date(span.start).moment
        return (moment.year - first.year) * 12 + moment.month - first.month
    return int((date.millis - span.start) // dates.unit_millis(unit))


@algorithm("Date.millis")
def millis(date: Date) -> int:
    """Returns a date in milliseconds since 1970."""
    return date.millis


@algorithm("Date.unitRatio")
def unit_ratio(numerator: str, denominator: str) -> float:
    """Returns how many of one unit make another."""
    return dates.unit_millis(numerator) / dates.unit_millis(denominator)


@algorithm("DateRange")
def date_range(start: Any, end: Any) -> DateRange:
    """Returns a range; without an end it lasts a millisecond."""
    first = _date(start).millis
    last = first + 1 if end is None else _date(end).millis
    if last < first:
        raise EngineError("DateRange: The end of a range is before its start.")
    return DateRange(first, last)


@algorithm("DateRange.start")
def range_start(date_range: DateRange) -> Date:
    """Returns a range's first moment."""
    return Date(date_range.start)


@algorithm("DateRange.end")
def range_end(date_range: DateRange) -> Date:
    """Returns the moment after a range."""
    return Date(date_range.end)


@algorithm("DateRange.contains")
def range_contains(date_range: DateRange, other: Any) -> bool:
    """Whether a range contains a date or another range."""
    if isinstance(other, DateRange):
        return date_range.start <= other.start and other.end <= date_range.end
    return date_range.contains(_date(other).millis)


@algorithm("DateRange.intersects")
def range_intersects(date_range: DateRange, other: DateRange) -> bool:
    """Whether two ranges share a moment."""
    return date_range.start < other.end and other.start < date_range.end

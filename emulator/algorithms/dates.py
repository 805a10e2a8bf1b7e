"""Dates and ranges of dates; without a time zone in UTC."""

from __future__ import annotations

from typing import Any

from emulator.evaluator import date_patterns, dates
from emulator.evaluator.coerce import coercer
from emulator.evaluator.dates import Date, DateRange, zone_of
from emulator.evaluator.errors import EngineError
from emulator.evaluator.registry import algorithm


def _date(value: Any, time_zone: str | None = None) -> Date:
    if isinstance(value, str):
        return dates.parse(value, zone_of(time_zone))
    found: Date = coercer("Date")(value)
    return found


@algorithm("Date")
def date(value: Any, time_zone: str | None) -> Date:
    """Returns a date from milliseconds, text or a date."""
    return _date(value, time_zone)


@algorithm("Date.fromYMD")
def from_ymd(year: int, month: int, day: int, time_zone: str | None) -> Date:
    """Returns midnight of a day."""
    return dates.parse(f"{year:04d}-{month}-{day}", zone_of(time_zone))


@algorithm("Date.parse")
def parse(format: str, date: str, time_zone: str | None) -> Date:
    """Returns a date from text of a form that a Joda pattern describes."""
    return date_patterns.parsed(date, format, zone_of(time_zone))


@algorithm("Date.advance")
def advance(date: Date, delta: float, unit: str, time_zone: str | None) -> Date:
    """Returns a date some units later."""
    return dates.advance(date, delta, unit, zone_of(time_zone))


@algorithm("Date.update")
def update(
    date: Date,
    year: int | None,
    month: int | None,
    day: int | None,
    hour: int | None,
    minute: int | None,
    second: float | None,
    time_zone: str | None,
) -> Date:
    """Returns a date with some of its calendar units set."""
    wanted = {"year": year, "month": month, "day": day, "hour": hour, "minute": minute}
    new = {name: value for name, value in wanted.items() if value is not None}
    moment = date.within(zone_of(time_zone))
    if second is not None:
        new |= {"second": int(second), "microsecond": round(second % 1 * 1000) * 1000}
    try:
        return dates.of_datetime(moment.replace(**new))  # type: ignore[arg-type]
    except ValueError as error:
        raise EngineError(f"Date.update: {error}.") from error


@algorithm("Date.difference")
def difference(date: Date, start: Date, unit: str) -> float:
    """Returns the time from another date in units of average length."""
    return (date.millis - start.millis) / dates.unit_millis(unit)


@algorithm("Date.format")
def format_(date: Date, format: str | None, time_zone: str | None) -> str:
    """Returns a date as text by a Joda pattern."""
    return date_patterns.formatted(date, format, zone_of(time_zone))


@algorithm("Date.get")
def get(date: Date, unit: str, time_zone: str | None) -> int:
    """Returns a calendar unit of a date."""
    return dates.component(date, unit, zone_of(time_zone))


@algorithm("Date.getFraction")
def get_fraction(date: Date, unit: str, time_zone: str | None) -> float:
    """Returns how much of the unit around a date has passed."""
    span = dates.enclosing(date, unit, zone_of(time_zone))
    return (date.millis - span.start) / (span.end - span.start)


@algorithm("Date.getRange")
def get_range(date: Date, unit: str, time_zone: str | None) -> DateRange:
    """Returns the calendar unit around a date."""
    return dates.enclosing(date, unit, zone_of(time_zone))


@algorithm("Date.getRelative")
def get_relative(date: Date, unit: str, in_unit: str, time_zone: str | None) -> int:
    """Returns a date's place in a larger unit, from 0."""
    return dates.relative(date, unit, in_unit, zone_of(time_zone))


@algorithm("Date.millis")
def millis(date: Date) -> int:
    """Returns a date in milliseconds since 1970."""
    return date.millis


@algorithm("Date.unitRatio")
def unit_ratio(numerator: str, denominator: str) -> float:
    """Returns how many of one unit make another."""
    return dates.unit_millis(numerator) / dates.unit_millis(denominator)


@algorithm("DateRange")
def date_range(start: Any, end: Any, time_zone: str | None) -> DateRange:
    """Returns a range; without an end it lasts a millisecond."""
    first = _date(start, time_zone).millis
    last = first + 1 if end is None else _date(end, time_zone).millis
    if last < first:
        raise EngineError("DateRange: The end of a range is before its start.")
    return DateRange(first, last)


@algorithm("DateRange.unbounded")
def unbounded() -> DateRange:
    """Returns the range of all dates."""
    return dates.UNBOUNDED


@algorithm("DateRange.start")
def range_start(date_range: DateRange) -> Date:
    """Returns a range's first moment."""
    return Date(date_range.start)


@algorithm("DateRange.end")
def range_end(date_range: DateRange) -> Date:
    """Returns the moment after a range."""
    return Date(date_range.end)


@algorithm("DateRange.isEmpty")
def is_empty(date_range: DateRange) -> bool:
    """Whether a range contains no date."""
    return date_range.end <= date_range.start


@algorithm("DateRange.isUnbounded")
def is_unbounded(date_range: DateRange) -> bool:
    """Whether a range contains all dates."""
    return date_range == dates.UNBOUNDED


@algorithm("DateRange.union")
def range_union(date_range: DateRange, other: DateRange) -> DateRange:
    """Returns the range from the first start to the last end."""
    return DateRange(min(date_range.start, other.start), max(date_range.end, other.end))


@algorithm("DateRange.intersection")
def range_intersection(date_range: DateRange, other: DateRange) -> DateRange:
    """Returns what two ranges share, an empty range if that is nothing."""
    first = max(date_range.start, other.start)
    return DateRange(first, max(first, min(date_range.end, other.end)))


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

"""Filters."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import shapely

from emulator.algorithms.geometry_relations import distance as metres_apart
from emulator.evaluator import dates
from emulator.evaluator.coerce import coercer
from emulator.evaluator.dates import Date, DateRange
from emulator.evaluator.elements import TIME
from emulator.evaluator.errors import EngineError
from emulator.evaluator.filters import (
    And,
    Comparison,
    Filter,
    Hint,
    Not,
    Operand,
    Or,
    Spatial,
    comparable,
    equal,
    index_hint,
    plain,
    range_hint,
)
from emulator.evaluator.registry import algorithm

Test = Callable[[Any, Any], bool]
HintOf = Callable[[Operand, Operand], Hint]


def _no_hint(left: Operand, right: Operand) -> Hint:
    return Hint()


def _order_hint(shift: Callable[[int], Hint]) -> HintOf:
    """Returns what an order of a property and a number says."""
    below = shift(0).end is not None

    def hint(left: Operand, right: Operand) -> Hint:
        value = plain(right.value)
        if left.name is None or right.name is not None:
            return Hint()
        if left.name == TIME:
            return shift(value) if isinstance(value, int) else Hint()
        if not isinstance(value, int | float):
            return Hint()
        ends = (-math.inf, value) if below else (value, math.inf)
        return Hint(ranges=((left.name, *ends),))

    return hint


def _contains(left: Any, right: Any) -> bool:
    if not isinstance(left, list):
        return False
    return plain(right) in [plain(item) for item in left]


_COMPARISONS: dict[str, tuple[Test, HintOf]] = {
    "equals": (equal, index_hint),
    "notEquals": (lambda a, b: not equal(a, b), _no_hint),
    "lessThan": (comparable(operator.lt), _order_hint(lambda t: Hint(end=t))),
    "lessThanOrEquals": (
        comparable(operator.le),
        _order_hint(lambda t: Hint(end=t + 1)),
    ),
    "greaterThan": (
        comparable(operator.gt),
        _order_hint(lambda t: Hint(start=t + 1)),
    ),
    "greaterThanOrEquals": (
        comparable(operator.ge),
        _order_hint(lambda t: Hint(start=t)),
    ),
    "stringContains": (comparable(lambda a, b: str(b) in str(a)), _no_hint),
    "stringStartsWith": (
        comparable(lambda a, b: str(a).startswith(str(b))),
        _no_hint,
    ),
    "stringEndsWith": (comparable(lambda a, b: str(a).endswith(str(b))), _no_hint),
    "inList": (lambda a, b: _contains(b, a), _no_hint),
    "listContains": (_contains, _no_hint),
}
_MEANINGS = {
    "equals": "two values are equal",
    "notEquals": "two values differ",
    "lessThan": "the left is less than the right",
    "lessThanOrEquals": "the left is not greater than the right",
    "greaterThan": "the left is greater than the right",
    "greaterThanOrEquals": "the left is not less than the right",
    "stringContains": "the left text contains the right",
    "stringStartsWith": "the left text begins with the right",
    "stringEndsWith": "the left text ends with the right",
    "inList": "the right list contains the left value",
    "listContains": "the left list contains the right value",
    "intersects": "two geometries share a point",
    "contains": "the left geometry contains the right",
    "isContained": "the right geometry contains the left",
    "disjoint": "two geometries share no point",
}
_SHORT = {
    "eq": "equals",
    "neq": "notEquals",
    "lt": "lessThan",
    "lte": "lessThanOrEquals",
    "gt": "greaterThan",
    "gte": "greaterThanOrEquals",
}
for _short, _long in _SHORT.items():
    _COMPARISONS[_short] = _COMPARISONS[_long]
    _MEANINGS[_short] = _MEANINGS[_long]

_SPATIAL = {
    "intersects": (shapely.intersects, True),
    "contains": (shapely.contains, True),
    "isContained": (shapely.within, True),
    "disjoint": (shapely.disjoint, False),
}


def _register_comparison(name: str, test: Test, hint: HintOf) -> None:
    @algorithm(f"Filter.{name}", about=f"Passes if {_MEANINGS[name]}.")
    def compared(
        left_field: str | None,
        right_value: Any,
        right_field: str | None,
        left_value: Any,
    ) -> Filter:
        left = Operand(left_field, left_value)
        right = Operand(right_field, right_value)
        return Comparison(left, right, test, hint(left, right))


def _register_spatial(name: str, test: Callable[[Any, Any], Any], near: bool) -> None:
    @algorithm(
        f"Filter.{name}", ignores=("maxError",), about=f"Passes if {_MEANINGS[name]}."
    )
    def compared(
        left_field: str | None,
        right_value: Any,
        right_field: str | None,
        left_value: Any,
    ) -> Filter:
        left = Operand(left_field, left_value)
        right = Operand(right_field, right_value)
        return Spatial(left, right, test, near)


for _name, (_test, _hint) in _COMPARISONS.items():
    _register_comparison(_name, _test, _hint)
for _name, (_predicate, _near) in _SPATIAL.items():
    _register_spatial(_name, _predicate, _near)


@algorithm("Filter.dateRangeContains")
def date_range_contains(
    left_field: str | None, right_value: Any, right_field: str | None, left_value: Any
) -> Filter:
    """Passes if the left range contains the right date."""
    span = None if left_value is None else coercer("DateRange")(left_value)
    left, right = Operand(left_field, span), Operand(right_field, right_value)

    def inside(span: Any, moment: Any) -> bool:
        if not isinstance(span, DateRange) or moment is None:
            return False
        if isinstance(moment, str):
            moment = dates.parse(moment)
        return span.contains(plain(moment))

    return Comparison(left, right, inside, range_hint(left, right))


@algorithm("Filter.maxDifference")
def max_difference(
    difference: float,
    left_field: str | None,
    right_value: Any,
    right_field: str | None,
    left_value: Any,
) -> Filter:
    """Passes if two numbers differ by no more than a limit."""
    left, right = Operand(left_field, left_value), Operand(right_field, right_value)

    def apart(a: Any, b: Any) -> float:
        return float(abs(plain(a) - plain(b)))

    near = comparable(lambda a, b: apart(a, b) <= difference)
    return Comparison(left, right, near, measure=apart)


@algorithm("Filter.withinDistance", ignores=("maxError",))
def within_distance(
    distance: float,
    left_field: str | None,
    right_value: Any,
    right_field: str | None,
    left_value: Any,
) -> Filter:
    """Passes if two geometries lie no farther apart than so many metres."""
    left, right = Operand(left_field, left_value), Operand(right_field, right_value)

    def apart(a: Any, b: Any) -> float:
        one, two = (coercer("Geometry")(side) for side in (a, b))
        metres = metres_apart(one, two, None)
        return math.inf if metres is None else metres

    def near(a: Any, b: Any) -> bool:
        return a is not None and b is not None and apart(a, b) <= distance

    return Comparison(left, right, near, measure=apart)


@algorithm("Filter.hasGeometry")
def has_geometry() -> Filter:
    """Passes if an element has a geometry."""
    return Comparison(
        Operand(".geo", None), Operand(None, None), lambda a, b: a is not None
    )


@algorithm("Filter.always")
def always() -> Filter:
    """Passes."""
    return And(())


@algorithm("Filter.never")
def never() -> Filter:
    """Does not pass."""
    return Not(And(()))


@algorithm("Filter.rangeContains")
def range_contains(field: str, min_value: Any, max_value: Any) -> Filter:
    """Passes if a property lies between two values, ends included."""
    not_less = comparable(operator.ge)

    def inside(value: Any, ends: Any) -> bool:
        return not_less(value, ends[0]) and not_less(ends[1], value)

    return Comparison(
        Operand(field, None), Operand(None, (min_value, max_value)), inside
    )


@algorithm("Filter.notNull")
def not_null(properties: list[str]) -> Filter:
    """Passes if none of the properties is null."""
    return And(
        tuple(
            Comparison(Operand(p, None), Operand(None, None), lambda a, b: a is not b)
            for p in properties
        )
    )


def _calendar_value(millis: Any, unit: str) -> int | None:
    if millis is None:
        return None
    moment = Date(int(millis)).moment
    match unit:
        case "day_of_year":
            return moment.timetuple().tm_yday
        case "day_of_month":
            return moment.day
        case "day_of_week":
            return moment.isoweekday()
        case "week_of_year":
            return moment.isocalendar().week
        case "year" | "month" | "hour" | "minute":
            return int(getattr(moment, unit))
    raise EngineError(f"Filter.calendarRange: Unknown field '{unit}'.")


@algorithm("Filter.calendarRange")
def calendar_range(start: int, end: int | None, field: str) -> Filter:
    """Passes if a calendar field lies between two values, ends included.

    A range whose end is below its start goes around the year.
    """
    last = start if end is None else end

    def inside(millis: Any, unused: Any) -> bool:
        value = _calendar_value(millis, field)
        if value is None:
            return False
        if start <= last:
            return start <= value <= last
        return value >= start or value <= last

    return Comparison(Operand(TIME, None), Operand(None, None), inside)


@algorithm("Filter.dayOfYear")
def day_of_year(start: int, end: int) -> Filter:
    """Passes if the day of the year lies between two, ends included."""
    return calendar_range(start, end, "day_of_year")


@algorithm("Filter.and")
def filter_and(filters: list[Filter]) -> Filter:
    """Passes if all pass."""
    return And(tuple(filters))


@algorithm("Filter.or")
def filter_or(filters: list[Filter]) -> Filter:
    """Passes if any passes."""
    return Or(tuple(filters))


@algorithm("Filter.not")
def filter_not(filter: Filter) -> Filter:
    """Passes if the filter does not."""
    return Not(filter)

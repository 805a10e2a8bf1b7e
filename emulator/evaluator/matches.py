"""Filters as conditions between the elements of two collections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emulator.evaluator.elements import Element
from emulator.evaluator.errors import EngineError
from emulator.evaluator.filters import (
    And,
    Comparison,
    Filter,
    Not,
    Or,
    Spatial,
    equal,
    place_of,
    plain,
)


@dataclass(frozen=True)
class Match:
    """An element that a condition pairs with another.

    Attributes:
        element: The element.
        measure: How far apart the two are; None if the condition does not measure.
    """

    element: Any
    measure: float | None


def matches(
    condition: Filter, lefts: Sequence[Element], rights: Sequence[Element]
) -> list[list[Match]]:
    """Returns each left element's matches, in the right ones' order.

    Args:
        condition: Its left operands look at the left, its right ones at the right.
        lefts: Elements of the first collection.
        rights: Of the second.
    """
    places = _by_value(condition, rights)
    found = []
    for left in lefts:
        near: Sequence[int] = range(len(rights))
        if places is not None:
            side, index = places
            value = _key(side.left.of(left))
            near = index.get(value, []) if value is not None else near
        kept = [i for i in near if _passes(condition, left, rights[i])]
        found.append(
            [Match(rights[i], _measure(condition, left, rights[i])) for i in kept]
        )
    return found


def _key(value: Any) -> Any:
    value = plain(value)
    return value if isinstance(value, str | int | float) else None


def equalities(condition: Filter) -> Iterator[Comparison]:
    """Yields the equalities that must hold for the condition to."""
    parts = condition.filters if isinstance(condition, And) else (condition,)
    for part in parts:
        if isinstance(part, Comparison) and part.test is equal:
            yield part


def _by_value(
    condition: Filter, rights: Sequence[Element]
) -> tuple[Comparison, dict[Any, list[int]]] | None:
    """Returns an equality that must hold, and the right elements by its value."""
    for part in equalities(condition):
        values = [_key(part.right.of(right)) for right in rights]
        if None in values:
            continue
        index: dict[Any, list[int]] = {}
        for i, value in enumerate(values):
            index.setdefault(value, []).append(i)
        return part, index
    return None


def _passes(condition: Filter, left: Element, right: Element) -> bool:
    match condition:
        case And():
            return all(_passes(part, left, right) for part in condition.filters)
        case Or():
            return any(_passes(part, left, right) for part in condition.filters)
        case Not():
            return not _passes(condition.filter, left, right)
        case Comparison():
            return condition.test(condition.left.of(left), condition.right.of(right))
        case Spatial():
            one = place_of(condition.left.of(left))
            two = place_of(condition.right.of(right))
            if one is None or two is None:
                return False
            return bool(np.any(condition.test(one.lonlat, two.lonlat)))
    raise EngineError("Join.apply, argument 'condition': Invalid type.")


def _measure(condition: Filter, left: Element, right: Element) -> float | None:
    parts = condition.filters if isinstance(condition, And) else (condition,)
    for part in parts:
        if isinstance(part, Comparison) and part.measure is not None:
            return part.measure(part.left.of(left), part.right.of(right))
    return None

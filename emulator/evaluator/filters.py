"""Filters of collections, and what of them a catalogue can be asked for."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from emulator.evaluator.dates import Date, DateRange
from emulator.evaluator.elements import (
    FOOTPRINT,
    ID,
    INDEX,
    TIME,
    Element,
    Feature,
    property_of,
)
from emulator.evaluator.errors import EngineError
from emulator.evaluator.geometry import Geometry, shifted
from emulator.source import Bounds, Range

PLACE_FIELDS = (".geo", ".all", FOOTPRINT)


@dataclass(frozen=True)
class Hint:
    """What is known of the elements that filters let pass.

    Attributes:
        bounds: Their footprint's box meets this one.
        start: Their time in milliseconds is not before it.
        end: Their time is before it.
        index: Their ``system:index``.
        ranges: Their properties lie within these.
    """

    bounds: Bounds | None = None
    start: int | None = None
    end: int | None = None
    index: str | None = None
    ranges: tuple[Range, ...] = ()

    def __and__(self, other: Hint) -> Hint:
        """Returns what both say; of two bounds the smaller."""
        boxes = [b for b in (self.bounds, other.bounds) if b is not None]
        starts = [t for t in (self.start, other.start) if t is not None]
        ends = [t for t in (self.end, other.end) if t is not None]
        return Hint(
            min(boxes, key=_extent, default=None),
            max(starts, default=None),
            min(ends, default=None),
            self.index if self.index is not None else other.index,
            self.ranges + other.ranges,
        )


def _extent(bounds: Bounds) -> float:
    return (bounds[2] - bounds[0]) * (bounds[3] - bounds[1])


class Filter(Protocol):
    """A filter."""

    @property
    def hint(self) -> Hint:
        """What is known of elements that pass."""

    @property
    def cost(self) -> int:
        """0 if it looks at properties only, 1 if at geometries."""

    def keep(self, elements: Sequence[Element]) -> list[bool]:
        """Returns which elements pass."""


def field(element: Element, name: str) -> Any:
    """Returns the value of a selector: a property, or the geometry of ``.geo``."""
    if name in PLACE_FIELDS:
        return element.geometry()
    return property_of(element, name)


@dataclass(frozen=True)
class Operand:
    """One side of a filter: a field of the element, or a value."""

    name: str | None
    value: Any

    def of(self, element: Element) -> Any:
        """Returns its value for an element."""
        return self.value if self.name is None else field(element, self.name)

    def over(self, elements: Sequence[Element]) -> Iterable[Any]:
        """Returns its values for elements, in order."""
        if self.name is None:
            return itertools.repeat(self.value, len(elements))
        if self.name in PLACE_FIELDS or self.name == ID:
            return [field(element, self.name) for element in elements]
        return [element.properties.get(self.name) for element in elements]


@dataclass(frozen=True)
class Comparison:
    """A test of two operands.

    Attributes:
        left: Left operand.
        right: Right operand.
        test: Called with both values.
        pushed: What is known of elements that pass.
        measure: How far apart both values are, for joins; None if that has no sense.
    """

    left: Operand
    right: Operand
    test: Callable[[Any, Any], bool]
    pushed: Hint = Hint()
    measure: Callable[[Any, Any], float] | None = None

    @property
    def cost(self) -> int:
        """1 if a side is a geometry, else 0."""
        return int(self.left.name in PLACE_FIELDS or self.right.name in PLACE_FIELDS)

    @property
    def hint(self) -> Hint:
        """What is known of elements that pass."""
        return self.pushed

    def keep(self, elements: Sequence[Element]) -> list[bool]:
        """Returns which elements pass."""
        sides = self.left.over(elements), self.right.over(elements)
        return [self.test(left, right) for left, right in zip(*sides, strict=True)]


@dataclass(frozen=True)
class Spatial:
    """A test of two geometries, done for many elements at once.

    Attributes:
        left: Left operand.
        right: Right operand.
        test: A shapely predicate over arrays.
        near: Whether what passes must touch the other side's box.
    """

    left: Operand
    right: Operand
    test: Callable[[Any, Any], Any]
    near: bool = True
    cost: int = 1

    @property
    def hint(self) -> Hint:
        """The box of the side that is a value."""
        fixed = self.right if self.right.name is None else self.left
        place = place_of(fixed.value) if fixed.name is None else None
        if not self.near or place is None or place.shape.is_empty:
            return Hint()
        return Hint(bounds=place.bounds)

    def keep(self, elements: Sequence[Element]) -> list[bool]:
        """Returns which elements pass; what has no geometry is everywhere."""
        if not elements:
            return []
        pairs = list(
            zip(
                self._places(self.left, elements),
                self._places(self.right, elements),
                strict=True,
            )
        )
        # Scenes of one granule and orbit share their footprint: one test does.
        distinct = {(id(left), id(right)): (left, right) for left, right in pairs}
        kept = np.zeros(len(distinct), dtype=bool)
        lefts, rights = zip(*distinct.values(), strict=True)
        for left in self._shapes(self.left, lefts):
            for right in self._shapes(self.right, rights):
                kept |= np.asarray(self.test(left, right), dtype=bool)
        passed = dict(zip(distinct, kept.tolist(), strict=True))
        return [passed[id(left), id(right)] for left, right in pairs]

    def _places(
        self, side: Operand, elements: Sequence[Element]
    ) -> Iterable[BaseGeometry]:
        """Returns a side's shape for each element, in degrees."""
        places = [place_of(value) for value in side.over(elements)]
        return [_EVERYWHERE if p is None else p.lonlat for p in places]

    def _shapes(self, side: Operand, shapes: Sequence[BaseGeometry]) -> list[Any]:
        """Returns a side's shapes as one or more operands of the test."""
        if side.name is None:
            fixed = shifted(shapes[0])
            for shape in fixed:
                shapely.prepare(shape)
            return list(fixed)
        found = np.empty(len(shapes), dtype=object)
        found[:] = shapes
        boxes = shapely.bounds(found)
        turned = (boxes[:, 0] < -180.0) | (boxes[:, 2] > 180.0)
        if not turned.any():
            return [found]
        other = found.copy()
        other[turned] = [shifted(shape)[-1] for shape in found[turned]]
        return [found, other]


_EVERYWHERE = shapely.box(-180.0, -90.0, 180.0, 90.0)


def place_of(value: Any) -> Geometry | None:
    """Returns a filter operand's geometry: of an element, or itself."""
    if value is None or isinstance(value, Geometry):
        return value
    if isinstance(value, Feature):
        return value.place
    geometry = getattr(value, "geometry", None)
    found: Geometry | None = geometry() if callable(geometry) else None
    return found


@dataclass(frozen=True)
class And:
    """Passes if all pass."""

    filters: tuple[Filter, ...]

    @property
    def hint(self) -> Hint:
        """All that the filters know."""
        known = Hint()
        for each in self.filters:
            known &= each.hint
        return known

    @property
    def sieve(self) -> And:
        """Those of its filters that look at properties only."""
        parts: list[Filter] = []
        for each in self.filters:
            if each.cost == 0:
                parts.append(each)
            elif isinstance(each, And):
                parts.append(each.sieve)
        return And(tuple(parts))

    @property
    def rest(self) -> And:
        """What is left to ask of elements that passed the sieve."""
        return And(tuple(each for each in self.filters if each.cost > 0))

    @property
    def cost(self) -> int:
        """The dearest filter's cost."""
        return max((each.cost for each in self.filters), default=0)

    def keep(self, elements: Sequence[Element]) -> list[bool]:
        """Returns which elements pass; geometries are looked at last."""
        if not self.filters:
            return [True] * len(elements)
        alive = list(range(len(elements)))
        for each in sorted(self.filters, key=lambda each: each.cost):
            passed = each.keep([elements[i] for i in alive])
            alive = [i for i, ok in zip(alive, passed, strict=True) if ok]
        kept = [False] * len(elements)
        for i in alive:
            kept[i] = True
        return kept


@dataclass(frozen=True)
class Or:
    """Passes if any passes."""

    filters: tuple[Filter, ...]
    hint: Hint = Hint()

    @property
    def cost(self) -> int:
        """The dearest filter's cost."""
        return max((each.cost for each in self.filters), default=0)

    def keep(self, elements: Sequence[Element]) -> list[bool]:
        """Returns which elements pass."""
        kept = [False] * len(elements)
        for each in self.filters:
            passed = each.keep(elements)
            kept = [a or b for a, b in zip(kept, passed, strict=True)]
        return kept


@dataclass(frozen=True)
class Not:
    """Passes if the filter does not."""

    filter: Filter

    @property
    def hint(self) -> Hint:
        """For ``not before`` and ``not after`` the rest of time, else nothing."""
        if not isinstance(self.filter, Comparison):
            return Hint()  # Who fails one of several may pass what is known.
        known = self.filter.hint
        if known.index is not None or known.ranges:
            return Hint()
        if known.start is None and known.end is not None:
            return Hint(start=known.end)
        if known.end is None and known.start is not None:
            return Hint(end=known.start)
        return Hint()

    @property
    def cost(self) -> int:
        """The filter's cost."""
        return self.filter.cost

    def keep(self, elements: Sequence[Element]) -> list[bool]:
        """Returns which elements pass."""
        return [not passed for passed in self.filter.keep(elements)]


def plain(value: Any) -> Any:
    """Returns a date as milliseconds, anything else as it is."""
    return value.millis if isinstance(value, Date) else value


def comparable(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Returns a test that fails on null and on operands of different kinds."""

    def safe(left: Any, right: Any) -> bool:
        left, right = plain(left), plain(right)
        if left is None or right is None:
            return False
        if isinstance(left, str) != isinstance(right, str):
            return False
        try:
            return bool(test(left, right))
        except TypeError as error:
            raise EngineError(f"Filter: Values cannot be compared ({error}).") from None

    return safe


def equal(left: Any, right: Any) -> bool:
    """Whether two values are equal; null equals null."""
    return bool(plain(left) == plain(right))


def index_hint(left: Operand, right: Operand) -> Hint:
    """Returns what equality of the operands says of the index."""
    for name, fixed in ((left, right), (right, left)):
        if name.name == INDEX and fixed.name is None and isinstance(fixed.value, str):
            return Hint(index=fixed.value)
    return Hint()


def range_hint(left: Operand, right: Operand) -> Hint:
    """Returns what a range that contains the start time says."""
    if right.name == TIME and isinstance(left.value, DateRange):
        return Hint(start=left.value.start, end=left.value.end)
    return Hint()

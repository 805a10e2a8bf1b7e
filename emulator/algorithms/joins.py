"""Joins: elements of one collection paired with those of another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.algorithms.bands import add_bands
from emulator.algorithms.collections import ordered_by
from emulator.evaluator.collection import FEATURES, Collection, Made, TooLarge
from emulator.evaluator.elements import INDEX, Element, Feature, index_of
from emulator.evaluator.errors import EngineError
from emulator.evaluator.filters import (
    Comparison,
    Filter,
    Operand,
    equal,
    index_hint,
)
from emulator.evaluator.image import Band, Image
from emulator.evaluator.matches import Match, equalities, matches
from emulator.evaluator.nodes import MaskedNode
from emulator.evaluator.pixeltype import DOUBLE
from emulator.evaluator.projection import UNPROJECTED
from emulator.evaluator.registry import algorithm

Paired = Callable[[Element, Sequence[Match]], Iterable[Any]]


@dataclass(frozen=True, eq=False)
class Join:
    """A join.

    Attributes:
        paired: Returns the results of an element and its matches.
        kind: What the results are; None for what the first collection is.
    """

    paired: Paired
    kind: str | None = None


def _saved(element: Any, key: str, value: Any) -> Any:
    return element.with_properties({**element.properties, key: value})


def _measured(match: Match, key: str | None) -> Any:
    """Returns a match's element, with its measure if that has a name."""
    if key is None:
        return match.element
    return _saved(match.element, key, match.measure)


@algorithm("Join.simple")
def simple() -> Join:
    """Returns a join to the elements that have a match."""
    return Join(lambda element, found: [element] if found else [])


@algorithm("Join.inverted")
def inverted() -> Join:
    """Returns a join to the elements that have none."""
    return Join(lambda element, found: [] if found else [element])


@algorithm("Join.saveFirst")
def save_first(
    match_key: str,
    ordering: str | None,
    ascending: bool,
    measure_key: str | None,
    outer: bool,
) -> Join:
    """Returns a join that saves each element's first match."""

    def paired(element: Element, found: Sequence[Match]) -> Iterable[Any]:
        if found:
            first = _ordered(found, ordering, ascending)[0]
            return [_saved(element, match_key, _measured(first, measure_key))]
        return [element] if outer else []

    return Join(paired)


@algorithm("Join.saveBest")
def save_best(match_key: str, measure_key: str, outer: bool) -> Join:
    """Returns a join that saves each element's match of the least measure."""

    def paired(element: Element, found: Sequence[Match]) -> Iterable[Any]:
        if any(match.measure is None for match in found):
            raise EngineError(
                "Join.saveBest: The condition has no measure; use "
                "Filter.maxDifference or Filter.withinDistance."
            )
        if found:
            best = min(found, key=lambda match: match.measure or 0.0)
            return [_saved(element, match_key, _measured(best, measure_key))]
        return [element] if outer else []

    return Join(paired)


@algorithm("Join.saveAll")
def save_all(
    matches_key: str,
    ordering: str | None,
    ascending: bool,
    measure_key: str | None,
    outer: bool,
) -> Join:
    """Returns a join that saves each element's matches in a list."""

    def paired(element: Element, found: Sequence[Match]) -> Iterable[Any]:
        if not found and not outer:
            return []
        group = _ordered(found, ordering, ascending)
        kept = [_measured(match, measure_key) for match in group]
        return [_saved(element, matches_key, kept)]

    return Join(paired)


@algorithm("Join.inner")
def inner(primary_key: str, secondary_key: str, measure_key: str | None) -> Join:
    """Returns a join to a feature for each pair, both elements its properties."""

    def paired(element: Element, found: Sequence[Match]) -> Iterable[Any]:
        for match in found:
            pair = {primary_key: element, secondary_key: match.element}
            if measure_key is not None:
                pair[measure_key] = match.measure
            index = f"{index_of(element)}_{index_of(match.element)}"
            yield Feature(None, {**pair, INDEX: index})

    return Join(paired, FEATURES)


def _ordered(
    found: Sequence[Match], ordering: str | None, ascending: bool
) -> Sequence[Match]:
    if ordering is None:
        return found
    return ordered_by(found, lambda match: match.element, ordering, ascending)


@algorithm("Join.apply")
def apply(
    join: Any, primary: Collection, secondary: Collection, condition: Filter
) -> Collection:
    """Returns the results of a join of two collections."""
    if not isinstance(join, Join):
        raise EngineError("Join.apply, argument 'join': Invalid type.")

    def make() -> Iterable[Any]:
        elements = primary.elements
        found = matches(
            condition, elements, _candidates(secondary, elements, condition)
        )
        for element, pairs in zip(elements, found, strict=True):
            yield from join.paired(element, pairs)

    return primary.derived(Made(make), join.kind)


def _candidates(
    secondary: Collection, elements: Sequence[Element], condition: Filter
) -> Sequence[Element]:
    """Returns the second collection's elements, or those that can match at all.

    A collection too large to list is asked for the indexes that the first one has.
    """
    try:
        return secondary.elements
    except TooLarge:
        for part in equalities(condition):
            if part.right.name == INDEX:
                wanted = dict.fromkeys(str(part.left.of(one)) for one in elements)
                return [
                    found
                    for index in wanted
                    for found in secondary.filtered(_equals(INDEX, index)).elements
                ]
        raise


@algorithm("ImageCollection.combine")
def combine(primary: Collection, secondary: Collection, overwrite: bool) -> Collection:
    """Returns the first's images with the bands of the second's of equal index."""

    def make() -> Iterable[Any]:
        others = {index_of(image): image for image in secondary.elements}
        for image in primary.elements:
            other = others.get(index_of(image))
            if other is not None:
                yield add_bands(image, other, None, overwrite)

    return primary.derived(Made(make))


def _names(value: Any) -> list[str]:
    names = [] if value is None else value if isinstance(value, list) else [value]
    return [str(name) for name in names]


@algorithm("Image.linkCollection")
def link_collection(
    input: Image,
    image_collection: Collection,
    linked_bands: Any,
    linked_properties: Any,
    match_property_name: str,
) -> Image:
    """Returns an image with bands and properties of one that has the same key.

    Without a match the bands are masked and the properties null.
    """
    key = input.properties.get(match_property_name)
    wanted = image_collection.filtered(_equals(match_property_name, key))
    match = None if key is None else next(iter(wanted.elements), None)

    def bands() -> list[Band]:
        names = _names(linked_bands)
        if match is not None:
            linked = [match.band(name) for name in names]
        else:
            linked = [_missing(name) for name in names]
        return list(add_bands(input, Image(linked), None, True).bands)

    properties = dict(input.properties)
    for name in _names(linked_properties):
        properties[name] = None if match is None else match.properties.get(name)
    return input.with_bands(bands).with_properties(properties)


def _missing(name: str) -> Band:
    return Band(name, DOUBLE, UNPROJECTED, MaskedNode(DOUBLE.dtype))


def _equals(name: str, value: Any) -> Filter:
    left, right = Operand(name, None), Operand(None, value)
    return Comparison(left, right, equal, index_hint(left, right))

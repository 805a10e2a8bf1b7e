"""Lists."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from typing import Any

from emulator.evaluator.elements import Feature
from emulator.evaluator.encode import encode
from emulator.evaluator.errors import EngineError
from emulator.evaluator.filters import Filter, plain
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.reducers import Reducer
from emulator.evaluator.registry import algorithm

MAX_LENGTH = 2_000_000
"""Elements that a list may be made of by a single call."""


def _at(list_: list[Any], index: int, who: str) -> int:
    place = index + len(list_) if index < 0 else index
    if not 0 <= place < len(list_):
        raise EngineError(
            f"List.{who}: List index must be between 0 and {len(list_) - 1}, "
            f"but found {index}."
        )
    return place


@algorithm("List.get")
def get(list: list[Any], index: int) -> Any:
    """Returns an element; negative indexes count from the end."""
    return list[_at(list, index, "get")]


def _typed(name: str, kinds: Any) -> None:
    @algorithm(f"List.get{name}", about=f"Returns an element that is a {name.lower()}.")
    def get_typed(list: list[Any], index: int) -> Any:
        value = list[_at(list, index, f"get{name}")]
        if not isinstance(value, kinds):
            raise EngineError(f"List.get{name}: Element {index} is not a {name}.")
        return value


_typed("Number", int | float)
_typed("String", str)
_typed("Geometry", Geometry)


@algorithm("List.set")
def set_(list: list[Any], index: int, element: Any) -> list[Any]:
    """Returns the list with an element replaced."""
    copy = [*list]
    copy[_at(list, index, "set")] = element
    return copy


@algorithm("List.map")
def map_(
    list: list[Any],
    base_algorithm: Callable[..., Any],
    drop_nulls: bool,
) -> list[Any]:
    """Returns a function's values of the elements."""
    values = [base_algorithm(element) for element in list]
    return [v for v in values if v is not None] if drop_nulls else values


@algorithm("List.iterate")
def iterate(list: list[Any], function: Callable[..., Any], first: Any) -> Any:
    """Returns the last value of a function of each element and the value before."""
    value = first
    for element in list:
        value = function(element, value)
    return value


@algorithm("List.filter")
def filter_(list: list[Any], filter: Filter) -> list[Any]:
    """Returns the elements that pass a filter on the field ``item``."""
    wrapped = [
        Feature(None, {"item": plain(element)})
        if not hasattr(element, "properties")
        else element
        for element in list
    ]
    return [e for e, ok in zip(list, filter.keep(wrapped), strict=True) if ok]


@algorithm("List.reduce")
def reduce(list: list[Any], reducer: Reducer) -> Any:
    """Returns a reducer's output, or a dictionary of several outputs."""
    columns = [list]
    if reducer.inputs > 1:
        if any(len(row) != reducer.inputs for row in list):
            raise EngineError(
                f"List.reduce: The reducer needs lists of {reducer.inputs} inputs."
            )
        columns = [[row[i] for row in list] for i in range(reducer.inputs)]
    found = reducer.reduce(columns)
    return next(iter(found.values())) if len(found) == 1 else found


@algorithm("List.length")
@algorithm("List.size")
def size(list: list[Any]) -> int:
    """Returns the number of elements."""
    return len(list)


@algorithm("List.add")
def add(list: list[Any], element: Any) -> list[Any]:
    """Returns the list with an element appended."""
    return [*list, element]


@algorithm("List.cat")
def cat(list: list[Any], other: list[Any]) -> list[Any]:
    """Returns both lists in one."""
    return [*list, *other]


@algorithm("List.flatten")
def flatten(list: list[Any]) -> list[Any]:
    """Returns the elements of all lists within the list."""
    return _flat(list)


def _flat(items: list[Any]) -> list[Any]:
    flat = []
    for item in items:
        flat += _flat(item) if isinstance(item, list) else [item]
    return flat


@algorithm("List.sequence")
def sequence(
    start: float, end: float | None, step: float, count: int | None
) -> list[float]:
    """Returns numbers in equal steps, the end included."""
    if count is not None:
        if end is not None:
            step = (end - start) / max(count - 1, 1)
        number = count
    elif end is None:
        raise EngineError("List.sequence: Either end or count is needed.")
    elif step == 0:
        raise EngineError("List.sequence: The step is zero.")
    else:
        number = math.floor((end - start) / step + 1e-9) + 1
    _limited(number)
    if isinstance(start, int) and float(step).is_integer():
        step = int(step)
    return [start + step * i for i in range(number)]


def _limited(number: int) -> None:
    if number > MAX_LENGTH:
        raise EngineError("User memory limit exceeded.")


@algorithm("List.contains")
def contains(list: list[Any], element: Any) -> bool:
    """Whether the list has an element."""
    return element in list


@algorithm("List.containsAll")
def contains_all(list: list[Any], other: list[Any]) -> bool:
    """Whether the list has all elements of another."""
    return all(element in list for element in other)


@algorithm("List.equals")
def equals(list: list[Any], other: list[Any]) -> bool:
    """Whether two lists are equal."""
    return list == other


@algorithm("List.distinct")
def distinct(list: list[Any]) -> list[Any]:
    """Returns each element once."""
    found: Any = []
    for element in list:
        if element not in found:
            found.append(element)
    return [*found]


@algorithm("List.frequency")
def frequency(list: list[Any], element: Any) -> int:
    """Returns how often an element is there."""
    return list.count(element)


@algorithm("List.indexOf")
def index_of(list: list[Any], element: Any) -> int:
    """Returns an element's first place; -1 if it is not there."""
    return list.index(element) if element in list else -1


@algorithm("List.insert")
def insert(list: list[Any], index: int, element: Any) -> list[Any]:
    """Returns the list with an element put in."""
    place = index + len(list) if index < 0 else index
    if not 0 <= place <= len(list):
        raise EngineError(
            f"List.insert: List index must be between 0 and {len(list)}, "
            f"but found {index}."
        )
    return [*list[:place], element, *list[place:]]


@algorithm("List.join")
def join(list: list[Any], separator: str) -> str:
    """Returns the elements as one text."""
    return separator.join(
        e if isinstance(e, str) else json.dumps(encode(e)) for e in list
    )


@algorithm("List.remove")
def remove(list: list[Any], element: Any) -> list[Any]:
    """Returns the list without the first such element."""
    place = index_of(list, element)
    return [*list] if place < 0 else [*list[:place], *list[place + 1 :]]


@algorithm("List.removeAll")
def remove_all(list: list[Any], other: list[Any]) -> list[Any]:
    """Returns the list without another's elements."""
    return [element for element in list if element not in other]


@algorithm("List.repeat")
def repeat(value: Any, count: int) -> list[Any]:
    """Returns a value so many times."""
    _limited(count)
    return [value] * count


@algorithm("List.replace")
def replace(list: list[Any], oldval: Any, newval: Any) -> list[Any]:
    """Returns the list with the first such element replaced."""
    place = index_of(list, oldval)
    return [*list] if place < 0 else [*list[:place], newval, *list[place + 1 :]]


@algorithm("List.replaceAll")
def replace_all(list: list[Any], oldval: Any, newval: Any) -> list[Any]:
    """Returns the list with all such elements replaced."""
    return [newval if element == oldval else element for element in list]


@algorithm("List.reverse")
def reverse(list: list[Any]) -> list[Any]:
    """Returns the list from the end."""
    return list[::-1]


@algorithm("List.rotate")
def rotate(list: list[Any], distance: int) -> list[Any]:
    """Returns the list turned; positive distances move elements to the end.

    The client's words for it are those of Java's ``Collections.rotate``.
    """
    turn = -distance % len(list) if list else 0
    return [*list[turn:], *list[:turn]]


@algorithm("List.shuffle")
def shuffle(list: list[Any], seed: Any) -> list[Any]:
    """Returns the list in a random order; not the order Earth Engine gives."""
    if seed is False:
        return [*list]
    copy = [*list]
    random.Random(f"{seed}").shuffle(copy)
    return copy


@algorithm("List.slice")
def slice_(
    list: list[Any],
    start: int,
    end: int | None,
    step: int | None,
) -> list[Any]:
    """Returns a part of the list; negative ends count from the end."""
    return list[start:end:step]


@algorithm("List.splice")
def splice(
    list: list[Any], start: int, count: int, other: list[Any] | None
) -> list[Any]:
    """Returns the list with some elements replaced by others."""
    first = max(start + len(list), 0) if start < 0 else min(start, len(list))
    return [*list[:first], *(other or ()), *list[first + max(count, 0) :]]


def _places(list: list[Any], target: list[Any]) -> list[int]:
    width = len(target)
    return [i for i in range(len(list) - width + 1) if list[i : i + width] == target]


@algorithm("List.indexOfSublist")
def index_of_sublist(list: list[Any], target: list[Any]) -> int:
    """Returns where another list first begins within the list; -1 if nowhere."""
    return next(iter(_places(list, target)), -1)


@algorithm("List.lastIndexOfSubList")
def last_index_of_sublist(list: list[Any], target: list[Any]) -> int:
    """Returns where another list last begins within the list; -1 if nowhere."""
    return next(reversed(_places(list, target)), -1)


def _key(value: Any) -> tuple[int, Any]:
    value = plain(value)
    if value is None:
        return 2, 0
    return (1, value) if isinstance(value, str) else (0, value)


@algorithm("List.sort")
def sort(list: list[Any], keys: list[Any] | None) -> list[Any]:
    """Returns the list in ascending order, of itself or of keys."""
    if keys is None:
        return sorted(list, key=_key)
    if len(keys) != len(list):
        raise EngineError("List.sort: As many keys as elements are needed.")
    order = sorted(range(len(list)), key=lambda i: _key(keys[i]))
    return [list[i] for i in order]


@algorithm("List.swap")
def swap(list: list[Any], pos1: int, pos2: int) -> list[Any]:
    """Returns the list with two elements exchanged."""
    a, b = _at(list, pos1, "swap"), _at(list, pos2, "swap")
    copy = [*list]
    copy[a], copy[b] = copy[b], copy[a]
    return copy


@algorithm("List.zip")
def zip_(list: list[Any], other: list[Any]) -> list[list[Any]]:
    """Returns pairs of elements, as many as the shorter list has."""
    return [[a, b] for a, b in zip(list, other, strict=False)]


@algorithm("List.unzip")
def unzip(list: list[Any]) -> list[list[Any]]:
    """Returns first elements, second elements and so on, as the shortest has."""
    return [[*column] for column in zip(*list, strict=False)]

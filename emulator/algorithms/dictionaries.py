"""Dictionaries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from emulator.evaluator.errors import EngineError
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.image import Image, constant
from emulator.evaluator.registry import algorithm

Dictionary = dict[str, Any]


@algorithm("Dictionary")
def dictionary(input: Any) -> Dictionary:
    """Returns a dictionary of a dictionary or of alternating keys and values."""
    if input is None:
        return {}
    if isinstance(input, Mapping):
        return dict(input)
    if (
        isinstance(input, list)
        and len(input) % 2 == 0
        and all(isinstance(key, str) for key in input[::2])
    ):
        return dict(zip(input[::2], input[1::2], strict=True))
    raise EngineError("Dictionary: The input is no dictionary and no list of pairs.")


def _get(dictionary: Dictionary, key: str, default: Any = None) -> Any:
    if key in dictionary:
        return dictionary[key]
    if default is not None:
        return default
    raise EngineError(
        f"Dictionary.get: Dictionary does not contain key: '{key}'. "
        f"Available keys: [{', '.join(sorted(map(str, dictionary)))}]."
    )


@algorithm("Dictionary.get")
def get(dictionary: Dictionary, key: str, default_value: Any) -> Any:
    """Returns a value, or the default unless it is null."""
    return _get(dictionary, key, default_value)


def _typed(name: str, kinds: Any) -> None:
    @algorithm(
        f"Dictionary.get{name}", about=f"Returns a value that is a {name.lower()}."
    )
    def get_typed(dictionary: Dictionary, key: str) -> Any:
        value = _get(dictionary, key)
        if value is not None and not isinstance(value, kinds):
            raise EngineError(f"Dictionary.get{name}: '{key}' is not a {name}.")
        return value


_typed("Number", int | float)
_typed("String", str)
_typed("Geometry", Geometry)


@algorithm("Dictionary.set")
def set_(dictionary: Dictionary, key: str, value: Any) -> Dictionary:
    """Returns the dictionary with a value set."""
    return {**dictionary, key: value}


@algorithm("Dictionary.combine")
def combine(first: Dictionary, second: Dictionary, overwrite: bool) -> Dictionary:
    """Returns both without nulls; of double keys the second's if it may overwrite."""
    one, two = (
        {key: value for key, value in each.items() if value is not None}
        for each in (first, second)
    )
    return {**one, **two} if overwrite else {**two, **one}


@algorithm("Dictionary.contains")
def contains(dictionary: Dictionary, key: str) -> bool:
    """Whether there is a key."""
    return key in dictionary


@algorithm("Dictionary.fromLists")
def from_lists(keys: list[str], values: list[Any]) -> Dictionary:
    """Returns a dictionary of keys and values in the same order."""
    if len(keys) != len(values):
        raise EngineError("Dictionary.fromLists: As many values as keys are needed.")
    return dict(zip(keys, values, strict=True))


@algorithm("Dictionary.keys")
def keys(dictionary: Dictionary) -> list[str]:
    """Returns the keys, sorted."""
    return sorted(dictionary)


@algorithm("Dictionary.values")
def values(dictionary: Dictionary, keys: list[str] | None) -> list[Any]:
    """Returns the values of some keys, or all in the order of their keys."""
    wanted = sorted(dictionary) if keys is None else keys
    return [_get(dictionary, key) for key in wanted]


@algorithm("Dictionary.map")
def map_(dictionary: Dictionary, base_algorithm: Callable[..., Any]) -> Dictionary:
    """Returns a function's values of each key and value, nulls left out."""
    made = {key: base_algorithm(key, dictionary[key]) for key in sorted(dictionary)}
    return {key: value for key, value in made.items() if value is not None}


def _matching(dictionary: Dictionary, selectors: list[str], lenient: bool) -> list[str]:
    found: list[str] = []
    for selector in selectors:
        if selector in dictionary:
            found.append(selector)
            continue
        matches = [key for key in dictionary if re.fullmatch(selector, key)]
        if not matches and not lenient:
            raise EngineError(f"Dictionary: No key matches '{selector}'.")
        found += matches
    return found


@algorithm("Dictionary.select")
def select(
    dictionary: Dictionary, selectors: list[str], ignore_missing: bool
) -> Dictionary:
    """Returns the entries with some keys."""
    wanted = _matching(dictionary, selectors, ignore_missing)
    return {key: dictionary[key] for key in wanted}


@algorithm("Dictionary.remove")
def remove(
    dictionary: Dictionary, selectors: list[str], ignore_missing: bool
) -> Dictionary:
    """Returns the entries without some keys."""
    dropped = set(_matching(dictionary, selectors, ignore_missing))
    return {key: value for key, value in dictionary.items() if key not in dropped}


@algorithm("Dictionary.rename")
def rename(
    dictionary: Dictionary, from_: list[str], to: list[str], overwrite: bool
) -> Dictionary:
    """Returns the dictionary with keys renamed."""
    if len(from_) != len(to):
        raise EngineError("Dictionary.rename: As many new names as old are needed.")
    names = dict(zip(from_, to, strict=True))
    kept = {k: v for k, v in dictionary.items() if k not in names}
    for old, new in names.items():
        if new in kept and not overwrite:
            raise EngineError(f"Dictionary.rename: Key '{new}' is taken.")
        kept[new] = _get(dictionary, old)
    return kept


@algorithm("Dictionary.size")
def size(dictionary: Dictionary) -> int:
    """Returns the number of entries."""
    return len(dictionary)


@algorithm("Dictionary.toImage")
def to_image(dictionary: Dictionary, names: list[str] | None) -> Image:
    """Returns a constant image with a band for each number."""
    wanted = sorted(dictionary) if names is None else names
    made = [constant(_get(dictionary, name), name).bands[0] for name in wanted]
    return Image(made)

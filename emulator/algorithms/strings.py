"""Strings."""

from __future__ import annotations

import json
import re
from typing import Any

from emulator.evaluator.encode import encode
from emulator.evaluator.errors import EngineError
from emulator.evaluator.registry import algorithm


@algorithm("String")
def string(input: Any) -> str:
    """Returns anything as text."""
    if isinstance(input, str):
        return input
    if input is None:
        raise EngineError("String: Parameter 'input' is required and may not be null.")
    return json.dumps(encode(input))


@algorithm("String.cat")
def cat(string1: str, string2: str) -> str:
    """Returns both texts in one."""
    return string1 + string2


@algorithm("String.compareTo")
def compare_to(string1: str, string2: str) -> int:
    """Returns -1, 0 or 1 as the first comes before, with or after the second."""
    return (string1 > string2) - (string1 < string2)


@algorithm("String.equals")
def equals(reference: str, target: Any) -> bool:
    """Whether the target is the same text."""
    return bool(reference == target)


@algorithm("String.index")
def index(target: str, pattern: str) -> int:
    """Returns where a text first occurs; -1 if nowhere."""
    return target.find(pattern)


@algorithm("String.rindex")
def rindex(target: str, pattern: str) -> int:
    """Returns where a text last occurs; -1 if nowhere."""
    return target.rfind(pattern)


@algorithm("String.length")
def length(string: str) -> int:
    """Returns the number of characters."""
    return len(string)


def _compiled(regex: str, flags: str) -> re.Pattern[str]:
    if set(flags) - {"g", "i"}:
        raise EngineError(f"String: Unknown flags '{flags}'.")
    try:
        return re.compile(regex, re.IGNORECASE if "i" in flags else 0)
    except re.error as error:
        raise EngineError(f"String: Invalid pattern '{regex}': {error}.") from error


@algorithm("String.match")
def match(input: str, regex: str, flags: str) -> list[str]:
    """Returns all matches, or the first one with its groups."""
    pattern = _compiled(regex, flags)
    if "g" in flags:
        return [found[0] for found in pattern.finditer(input)]
    found = pattern.search(input)
    return [] if found is None else [found[0], *(g or "" for g in found.groups())]


@algorithm("String.replace")
def replace(input: str, regex: str, replacement: str, flags: str) -> str:
    """Returns the text with the first match replaced, all with flag ``g``."""

    def filled(found: re.Match[str]) -> str:
        return re.sub(
            r"\$(\d)|\\(.)",
            lambda m: m[2] if m[1] is None else found[int(m[1])] or "",
            replacement,
        )

    return _compiled(regex, flags).sub(filled, input, count=int("g" not in flags))


@algorithm("String.slice")
def slice_(string: str, start: int, end: int | None) -> str:
    """Returns a part of the text; negative ends count from the end."""
    return string[start:end]


@algorithm("String.split")
def split(string: str, regex: str, flags: str) -> list[str]:
    """Returns the parts between matches; all characters for an empty pattern."""
    if not regex:
        return [*string]
    parts, at = [], 0
    for found in _compiled(regex, flags).finditer(string):
        parts.append(string[at : found.start()])
        at = found.end()
    return [*parts, string[at:]]


@algorithm("String.toLowerCase")
def to_lower_case(string: str) -> str:
    """Returns the text in small letters."""
    return string.lower()


@algorithm("String.toUpperCase")
def to_upper_case(string: str) -> str:
    """Returns the text in capitals."""
    return string.upper()


@algorithm("String.trim")
def trim(string: str) -> str:
    """Returns the text without spaces around it."""
    return string.strip()


@algorithm("String.decodeJSON")
def decode_json(string: str) -> Any:
    """Returns what a JSON text says."""
    try:
        return json.loads(string)
    except ValueError as error:
        raise EngineError(f"String.decodeJSON: {error}.") from error


@algorithm("String.encodeJSON")
def encode_json(object: Any) -> str:
    """Returns anything as JSON text."""
    return json.dumps(encode(object))

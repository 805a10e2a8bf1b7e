"""Conditions and types."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from emulator.evaluator.coerce import type_name
from emulator.evaluator.encode import encode
from emulator.evaluator.registry import algorithm


def is_true(value: Any) -> bool:
    """Whether a value counts as true, as the documents of ``If`` say."""
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, int | float):
        return value != 0 and not math.isnan(value)
    if isinstance(value, str | list | dict):
        return len(value) > 0
    return True


def _null() -> None:
    return None


@algorithm("If", lazy=True)
def if_(
    condition: Callable[[], Any] = _null,
    true_case: Callable[[], Any] = _null,
    false_case: Callable[[], Any] = _null,
) -> Any:
    """Returns one of two values; the other is not evaluated."""
    return true_case() if is_true(condition()) else false_case()


@algorithm("IsEqual")
def is_equal(left: Any, right: Any) -> bool:
    """Whether two values have the same JSON."""
    return bool(left is right or encode(left) == encode(right))


@algorithm("ObjectType")
def object_type(value: Any) -> str:
    """Returns the name of a value's type."""
    return type_name(value)

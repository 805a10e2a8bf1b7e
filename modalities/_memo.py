"""Results kept by the identity of their arguments, for those that can't be hashed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

R = TypeVar("R")


def remember_by_identity(count: int) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Makes a function remember its last ``count`` results.

    Arguments are compared by ``is`` and kept alive, so they must never be changed.
    """

    def decorate(function: Callable[..., R]) -> Callable[..., R]:
        kept: list[tuple[tuple[Any, ...], R]] = []

        @functools.wraps(function)
        def remembered(*arguments: Any) -> R:
            for before, result in kept:
                if all(a is b for a, b in zip(before, arguments, strict=True)):
                    return result
            result = function(*arguments)
            kept.append((arguments, result))
            del kept[:-count]
            return result

        return remembered

    return decorate

"""What was made lately and may be wanted again, within limits of number and bytes."""

from __future__ import annotations

import functools
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, ParamSpec, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = ParamSpec("P")


class Recent(Generic[K, V]):
    """The values used last.

    Safe for threads, which wait for nothing but look-ups: two that miss the same key
    at once both make its value, and one of the two stays. A forked child begins
    empty.

    Attributes:
        entries: Most values kept.
        size: Most bytes kept, as ``weigh`` counts them.
    """

    def __init__(self, entries: int, size: int, weigh: Callable[[V], int]) -> None:
        self.entries = entries
        self.size = size
        self._weigh = weigh
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        # Another thread of the parent may have held the lock.
        self._lock = threading.Lock()
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        with self._lock:
            return len(self._kept)

    @property
    def bytes(self) -> int:
        """Bytes kept now."""
        with self._lock:
            return self._bytes

    def find(self, key: K) -> V | None:
        """Returns a value if it is there."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def keep(self, key: K, value: V) -> None:
        """Keeps a value; those unused for longest make room."""
        weight = self._weigh(value)
        if weight > self.size:
            return
        with self._lock:
            before = self._kept.pop(key, None)
            if before is not None:
                self._bytes -= before[1]
            self._kept[key] = value, weight
            self._bytes += weight
            while len(self._kept) > self.entries or self._bytes > self.size:
                _, (_, freed) = self._kept.popitem(last=False)
                self._bytes -= freed

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Returns a value, made if it is not there."""
        found = self.find(key)
        if found is None:
            found = make()
            self.keep(key, found)
        return found


class Remembered(Generic[P, V]):
    """A function that keeps its values by its arguments.

    Attributes:
        recent: What it keeps.
    """

    def __init__(self, function: Callable[P, V], recent: Recent[Any, V]) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self.recent = recent

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> V:
        """Returns the function's value."""
        key = (*args, *kwargs.values())
        return self.recent.get(key, lambda: self._function(*args, **kwargs))


def remembered(
    entries: int, size: int, weigh: Callable[[Any], int]
) -> Callable[[Callable[P, V]], Remembered[P, V]]:
    """Keeps a function's values by its arguments, which are given in order.

    Args:
        entries: Most values kept.
        size: Most bytes kept.
        weigh: Returns a value's bytes.
    """

    def decorate(function: Callable[P, V]) -> Remembered[P, V]:
        return Remembered(function, Recent(entries, size, weigh))

    return decorate

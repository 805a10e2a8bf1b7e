"""Many calls in flight inside one bundle, finished ones handed on as they come.

Beam's ParDo is serial on the DirectRunner, so that concurrency must live in the
DoFn. A sliding window, unlike batches, never waits for its slowest member.
"""

from __future__ import annotations

import queue
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_all: weakref.WeakSet[InFlight[Any, Any]] = weakref.WeakSet()


def abandon_all() -> None:
    """Drops the calls of this process that have not begun.

    A runner that fails tears nothing down, and Python would finish all of them
    before it exits.
    """
    for calls in list(_all):
        calls.close()


class InFlight(Generic[T, R]):
    """A bounded thread pool whose results come unordered.

    Args:
        work: Called in a thread of the pool. What it raises is raised from
            :meth:`submit` or :meth:`drain`.
        threads: Calls at once.
        window: Calls begun and not handed on yet; at least ``threads``. It bounds
            the memory that results hold.
        eager: Hand on what has finished at each :meth:`submit`; else only when the
            window is full, so that the next call never waits for what is done with
            earlier results.
    """

    def __init__(
        self,
        work: Callable[[T], R],
        threads: int,
        window: int,
        *,
        eager: bool = True,
    ) -> None:
        self._work = work
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="inflight")
        self._window = max(window, threads)
        self._done: queue.SimpleQueue[Future[R]] = queue.SimpleQueue()
        self._open = 0
        self._eager = eager
        _all.add(self)

    def submit(self, item: T) -> Iterator[R]:
        """Begins a call, and yields what has finished.

        Waits while the window is full.
        """
        while self._open >= self._window:
            yield self._take()
        self._open += 1
        self._pool.submit(self._work, item).add_done_callback(self._done.put)
        while self._eager and self._open and not self._done.empty():
            yield self._take()

    def drain(self) -> Iterator[R]:
        """Waits for all calls, and yields them as they finish."""
        while self._open:
            yield self._take()

    def close(self) -> None:
        """Ends the threads; calls not begun yet are dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _take(self) -> R:
        self._open -= 1
        return self._done.get().result()

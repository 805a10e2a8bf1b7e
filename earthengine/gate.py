"""The gate that every request passes: so many at once, so many a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from earthengine.engine import Budget


class Gate:
    """Holds requests to a budget; one a process, shared by all its threads.

    Requests begin evenly spaced. A pause saves nothing up: a burst after it, on top
    of the rate, would break the quota of the second that it falls in.
    """

    def __init__(
        self,
        budget: Budget,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.budget = budget
        self._clock = clock
        self._sleep = sleep
        self._slots = threading.BoundedSemaphore(budget.concurrent)
        self._lock = threading.Lock()
        self._interval = 1.0 / budget.per_second
        self._next = clock()
        self._in_flight = 0
        self._since = clock()
        self._busy = 0.0
        self.peak = 0

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Waits for a free slot and a token, and holds the slot."""
        with self._slots:
            self._wait_for_token()
            self._count(+1)
            try:
                yield
            finally:
                self._count(-1)

    def busy_seconds(self) -> float:
        """Returns slot-seconds used so far: 40 slots busy for 1 s are 40."""
        with self._lock:
            self._settle()
            return self._busy

    def _wait_for_token(self) -> None:
        with self._lock:
            now = self._clock()
            start = max(self._next, now)
            self._next = start + self._interval
        if start > now:
            self._sleep(start - now)

    def _count(self, change: int) -> None:
        with self._lock:
            self._settle()
            self._in_flight += change
            self.peak = max(self.peak, self._in_flight)

    def _settle(self) -> None:
        now = self._clock()
        self._busy += self._in_flight * (now - self._since)
        self._since = now

"""A plan's clock."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Since:
    """Seconds since the start, or since the first time it was looked at."""

    def __init__(self, now: Callable[[], float], *, first_look: bool) -> None:
        """Starts a clock.

        Args:
            now: Seconds of any origin, never going back.
            first_look: Whether it starts at the first look.
        """
        self._now = now
        self._lock = threading.Lock()
        self._begun = None if first_look else now()

    def seconds(self) -> float:
        """Returns the seconds passed."""
        with self._lock:
            now = self._now()
            if self._begun is None:
                self._begun = now
            return now - self._begun

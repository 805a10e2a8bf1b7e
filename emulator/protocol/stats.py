"""Counts of what was asked and answered."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from emulator.protocol.routes import KINDS


class Stats:
    """Thread-safe counters."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: Counter[str] = Counter()
        self._statuses: Counter[int] = Counter()
        self._bytes = 0
        self._running = 0
        self._highest = 0

    def began(self, kind: str) -> None:
        """Counts a request that arrived."""
        with self._lock:
            self._kinds[kind] += 1
            self._running += 1
            self._highest = max(self._highest, self._running)

    def ended(self, status: int, size: int) -> None:
        """Counts its answer of so many bytes."""
        with self._lock:
            self._statuses[status] += 1
            self._bytes += size
            self._running -= 1

    def as_dict(self) -> dict[str, Any]:
        """Returns requests by kind and by status, bytes out, highest concurrency."""
        with self._lock:
            return {
                "requests": {kind: self._kinds[kind] for kind in KINDS},
                "status": {str(k): n for k, n in sorted(self._statuses.items())},
                "bytes_out": self._bytes,
                "highest_concurrency": self._highest,
            }

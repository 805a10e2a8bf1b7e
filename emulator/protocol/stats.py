"""Counts of what was asked and answered."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from emulator.protocol.routes import KINDS
from emulator.service import Response


class Stats:
    """Thread-safe counters."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self.reset()

    def reset(self) -> None:
        """Starts anew; requests that run now still count as running."""
        with self._lock:
            self._kinds: Counter[str] = Counter()
            self._answers: Counter[tuple[str, str]] = Counter()
            self._causes: Counter[str] = Counter()
            self._bytes_in = 0
            self._bytes_out = 0
            self._highest = self._running

    def began(self, kind: str, size: int) -> None:
        """Counts a request that arrived, with a body of so many bytes."""
        with self._lock:
            self._kinds[kind] += 1
            self._bytes_in += size
            self._running += 1
            self._highest = max(self._highest, self._running)

    def ended(self, kind: str, response: Response) -> None:
        """Counts its answer."""
        status = str(response.sent_status or "none")
        with self._lock:
            self._running -= 1
            self._answers[kind, status] += 1
            self._bytes_out += len(response.sent)
            if response.cause:
                self._causes[response.cause] += 1

    def as_dict(self) -> dict[str, Any]:
        """Returns the counts since the start or the last reset.

        They are ``requests`` by kind; ``status`` by code, ``none`` for those that
        got no answer; ``answers`` by kind and code; ``highest_concurrency``;
        ``bytes_in`` and ``bytes_out`` of bodies, before gzip; ``faults`` by name;
        ``refused`` by the quota's part.
        """
        with self._lock:
            statuses: Counter[str] = Counter()
            answers: dict[str, dict[str, int]] = {}
            for (kind, status), number in sorted(self._answers.items()):
                statuses[status] += number
                answers.setdefault(kind, {})[status] = number
            return {
                "requests": {kind: self._kinds[kind] for kind in KINDS},
                "status": dict(sorted(statuses.items())),
                "answers": answers,
                "highest_concurrency": self._highest,
                "bytes_in": self._bytes_in,
                "bytes_out": self._bytes_out,
                "faults": {
                    cause: number
                    for cause, number in sorted(self._causes.items())
                    if not cause.startswith(QUOTA)
                },
                "refused": {
                    cause.removeprefix(QUOTA): number
                    for cause, number in sorted(self._causes.items())
                    if cause.startswith(QUOTA)
                },
            }


QUOTA = "quota:"
"""What begins the cause of an answer that a quota refused."""

"""The layer that refuses what is over a quota, of all clients together."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace

from emulator import unconfirmed
from emulator.faults import kinds
from emulator.faults.plan import FAULTY, Quota
from emulator.faults.since import Since
from emulator.protocol import routes
from emulator.protocol.stats import QUOTA
from emulator.service import Layer, Response, Service

RESTRICTED = ("x-earth-engine-quota-status", "parallelism_restricted=true")
"""The header of restricted mode: the Python client warns when it sees it."""


class Quotas(Layer):
    """Refuses requests beyond a quota by a 429.

    A request counts as running until
    its answer is ready, latency included, the way to the client not.
    """

    def __init__(
        self,
        inner: Service,
        quota: Quota,
        since: Since,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Lies around a service.

        Args:
            inner: What is guarded.
            quota: The limits.
            since: The plan's clock.
            now: Seconds of any origin, for the rates.
        """
        super().__init__(inner)
        self._quota, self._since, self._now = quota, since, now
        self._lock = threading.Lock()
        self._running = 0
        self._windows = [
            (name, error, _Window(limit, span))
            for name, error, limit, span in (
                ("per_second", "429", quota.per_second, 1.0),
                ("per_minute", "429_rate", quota.per_minute, 60.0),
            )
            if limit is not None
        ]

    def handle(
        self,
        method: str,
        uri: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> Response:
        """Answers a request, or refuses it."""
        if routes.route(method, uri).kind not in FAULTY:
            return self.inner.handle(method, uri, headers, body)
        restricted = self._quota.restricted
        if restricted and self._since.seconds() < restricted.from_s:
            restricted = None
        refusal = self._enter(restricted.concurrent if restricted else None)
        if refusal is None:
            try:
                response = self.inner.handle(method, uri, headers, body)
            finally:
                with self._lock:
                    self._running -= 1
        else:
            name, error = refusal
            response = kinds.error(error, retry_after_s=self._quota.retry_after_s)
            response = replace(response, cause=f"{QUOTA}{name}")
        if restricted:
            told = {**response.headers, RESTRICTED[0]: RESTRICTED[1]}
            response = replace(response, headers=told)
        return response

    def _enter(self, restricted: int | None) -> tuple[str, str] | None:
        """Counts a request in, or returns which limit it is over and its error."""
        with self._lock:
            if restricted is not None and self._running >= restricted:
                return "restricted", "429"
            concurrent = self._quota.concurrent
            if concurrent is not None and self._running >= concurrent:
                return "concurrent", "429"
            now = self._now()
            refusal = next(
                ((name, e) for name, e, window in self._windows if window.full(now)),
                None,
            )
            if refusal is None or unconfirmed.QUOTA_COUNTS_REFUSED:
                for _, _, window in self._windows:
                    window.add(now)
            self._running += refusal is None
            return refusal


class _Window:
    """The times of the last requests, as many as are allowed in a span."""

    def __init__(self, limit: int, span_s: float) -> None:
        self._times: deque[float] = deque(maxlen=limit)
        self._span_s = span_s

    def full(self, now: float) -> bool:
        """Whether one more would be too many."""
        oldest = self._times[0] if len(self._times) == self._times.maxlen else None
        return oldest is not None and now - oldest < self._span_s

    def add(self, now: float) -> None:
        """Counts a request."""
        self._times.append(now)

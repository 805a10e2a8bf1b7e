"""What a gate is doing, told to Beam.

Beam drops counts that pool threads make, so this is called from the bundle's own
thread. Dataflow's autoscaler reads the throttled seconds: more workers would not help.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from apache_beam.io.components.adaptive_throttler import ThrottlingSignaler
from apache_beam.metrics import Metrics

from earthengine.gate import Gate

NAMESPACE = "earthengine"


class GateMetrics:
    """Reports a gate's state, at most once a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = 0.0
        self._told = 0
        self._signal = ThrottlingSignaler(namespace=NAMESPACE)
        self._limit = Metrics.distribution(NAMESPACE, "gate_limit")
        self._in_flight = Metrics.distribution(NAMESPACE, "requests_in_flight")
        self._restricted = Metrics.counter(NAMESPACE, "restricted_mode_seen")

    def report(self, gate: Gate, *, now: bool = False) -> None:
        """Reports, if it is time or must be.

        Args:
            gate: The process's gate.
            now: Report even if a second has not passed.
        """
        if not now and self._clock() < self._next:
            return
        self._next = self._clock() + 1.0
        state = gate.state()
        self._limit.update(state.limit)
        self._in_flight.update(state.in_flight)
        if state.restricted:
            self._restricted.inc()
        seconds = int(state.throttled_seconds) - self._told
        if seconds > 0:
            self._told += seconds
            self._signal.signal_throttled(seconds)

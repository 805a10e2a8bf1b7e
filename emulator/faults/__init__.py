"""Faults on demand, deterministic by seed.

A plan, from Python or from YAML (``docs/faults.md`` has every key), says what shall go
wrong. In a test::

    plan = Plan(seed=7, faults=(Rule("503", rate=0.1), Rule("429", first=1)))
    with faults.injected(emulator.default_engine(), plan) as service:
        transport = emulator.Transport(service)
    ...
    with faults.injected(engine, plan) as service, server.start(service) as door:
        ee.Initialize(..., url=door.url)

:mod:`emulator.faults.kinds` tells what the real client raises of each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from emulator.faults.layer import Faults
from emulator.faults.plan import (
    Latency,
    Plan,
    PlanError,
    Quota,
    Restricted,
    Rule,
    Tokens,
)
from emulator.faults.quota import Quotas
from emulator.faults.reading import load, read
from emulator.faults.since import Since
from emulator.faults.tokens import TokenGate
from emulator.layers.counting import Counting
from emulator.service import Layer, Service

__all__ = [
    "Latency",
    "Plan",
    "PlanError",
    "Quota",
    "Restricted",
    "Rule",
    "Tokens",
    "injected",
    "layers",
    "load",
    "read",
]


def layers(
    inner: Service, plan: Plan, now: Callable[[], float] = time.monotonic
) -> Service:
    """Returns a service with a plan's layers around it.

    Outermost come the tokens, then the quota, then the faults.

    Args:
        inner: What answers when nothing goes wrong.
        plan: What goes wrong.
        now: Seconds of any origin, never going back; a test's own.
    """
    since = Since(now, first_look=plan.clock == "first_request")
    if plan.faults or plan.latency:
        inner = Faults(inner, plan, since)
    if plan.quota:
        inner = Quotas(inner, plan.quota, since, now)
    return TokenGate(inner, plan.tokens, now)


@contextmanager
def injected(
    service: Service, plan: Plan, *, now: Callable[[], float] = time.monotonic
) -> Iterator[Service]:
    """Lets things go wrong with a service for a while.

    Args:
        service: Any, such as an engine; it is left as it is.
        plan: What goes wrong.
        now: See :func:`layers`.

    Yields:
        The service with faults; its own ``stats()`` count from here. What still waits
        in it when the context ends waits no longer.
    """
    made = Counting(layers(_Lent(service), plan, now))
    try:
        yield made
    finally:
        made.close()


class _Lent(Layer):
    """A service that is not ours to close."""

    def close(self) -> None:
        """Does nothing."""

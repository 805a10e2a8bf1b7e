"""The layer that lets answers wait, and makes them fail."""

from __future__ import annotations

import math
import re
import statistics
import threading
from collections.abc import Mapping

from emulator.faults import kinds
from emulator.faults.draws import Attempts, Draws, identity
from emulator.faults.plan import Latency, Plan, Rule
from emulator.faults.since import Since
from emulator.faults.spoil import spoilt
from emulator.protocol import routes
from emulator.service import Layer, Response, Service


class Faults(Layer):
    """Does what a plan says of faults and latency.

    Errors and silence come at once; what the engine itself answers, spoilt or not,
    waits for its latency first. Waits hold no slot of the engine, and end with it.
    """

    def __init__(self, inner: Service, plan: Plan, since: Since) -> None:
        """Lies around a service.

        Args:
            inner: Whose answers fail.
            plan: How.
            since: The plan's clock.
        """
        super().__init__(inner)
        self._plan, self._since = plan, since
        self._attempts = Attempts()
        self._closed = threading.Event()
        self._rules = {
            kind: [
                (f"rule {number}", rule, rule.matching and re.compile(rule.matching))
                for number, rule in enumerate(plan.faults)
                if kind in rule.only
            ]
            for kind in routes.KINDS
        }
        self._latencies = {
            kind: [
                (f"latency {number}", latency)
                for number, latency in enumerate(plan.latency)
                if kind in latency.only
            ]
            for kind in routes.KINDS
        }

    def handle(
        self,
        method: str,
        uri: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> Response:
        """Answers a request as the plan says."""
        kind = routes.route(method, uri).kind
        rules, latencies = self._rules.get(kind), self._latencies.get(kind)
        if not rules and not latencies:
            return self.inner.handle(method, uri, headers, body)
        request = identity(method, uri, body)
        draws = Draws(self._plan.seed, request, self._attempts.count(request))
        rule = self._chosen(kind, draws, uri, body)
        if rule is not None and rule.kind in kinds.ERRORS:
            return kinds.error(rule.kind, rule.message, rule.retry_after_s)
        if rule is not None and rule.kind in kinds.SILENT:
            return kinds.silence(rule.kind, rule.stall_s)
        wait = sum(seconds(one, draws, name) for name, one in latencies or ())
        if wait > 0:
            self._closed.wait(wait)
        response = self.inner.handle(method, uri, headers, body)
        if rule is None:
            return response
        return spoilt(response, rule, int(draws.fresh("garbage") * 2**53))

    def _chosen(
        self, kind: str, draws: Draws, uri: str, body: bytes | str | None
    ) -> Rule | None:
        """Returns the rule that befalls a request: one draw for all of them."""
        passed = self._since.seconds()
        text: str | None = None
        draw, below = draws.fresh("fault"), 0.0
        for name, rule, matching in self._rules[kind]:
            if not rule.from_s <= passed < rule.from_s + rule.for_s:
                continue
            if rule.first is not None and draws.attempt > rule.first:
                continue
            if draws.lasting(name) >= rule.share:
                continue
            if matching:
                if text is None:
                    text = f"{uri}\n{_decoded(body)}"
                if not matching.search(text):
                    continue
            below += rule.rate
            if draw < below:
                return rule
        return None

    def close(self) -> None:
        """Ends the waits."""
        self._closed.set()
        self.inner.close()


def seconds(latency: Latency, draws: Draws, name: str) -> float:
    """Returns how much longer a request lasts.

    Args:
        latency: The distribution.
        draws: The request's.
        name: Tells this latency's draws from another's.
    """
    wait = latency.median_s
    if latency.sigma > 0:
        # 0 has no quantile; the next number that a draw can be has.
        quantile = max(draws.fresh(name), 2.0**-53)
        wait *= math.exp(latency.sigma * _NORMAL.inv_cdf(quantile))
    if draws.fresh(f"{name}, slow") < latency.slow_share:
        wait *= latency.slow_factor
    return wait


_NORMAL = statistics.NormalDist()


def _decoded(body: bytes | str | None) -> str:
    return body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""

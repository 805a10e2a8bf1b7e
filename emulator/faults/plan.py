"""What shall go wrong, and when: a frozen plan. :mod:`docs/faults.md` has every key."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, get_args

from emulator.faults.kinds import ERRORS, NAMES, STALLS
from emulator.protocol import routes

FAULTY = frozenset(routes.KINDS) - {routes.DISCOVERY, routes.ALGORITHMS, routes.OTHER}
"""Requests that faults and quotas are for, if a plan does not say: those after the
client has started."""

Clock = Literal["first_request", "start"]


class PlanError(ValueError):
    """A plan that cannot be. Its message names the key and what is allowed."""


@dataclass(frozen=True)
class Rule:
    """One thing that goes wrong, where all its conditions hold.

    Attributes:
        kind: Of :data:`emulator.faults.kinds.NAMES`.
        rate: Share of the requests, each drawn anew whenever it is seen.
        share: Share of the different requests, chosen by their hash for good.
        only: Kinds of requests.
        matching: A regular expression to be found in the path or the body.
        first: Only the first so many times that a request is seen.
        from_s: Only from so many seconds on.
        for_s: Only for so many seconds, counted from there.
        message: In place of the error's own.
        retry_after_s: Retry-After of an error; none if None.
        stall_s: How long a stall lasts, before the connection closes.
    """

    kind: str
    rate: float = 1.0
    share: float = 1.0
    only: frozenset[str] = FAULTY
    matching: str | None = None
    first: int | None = None
    from_s: float = 0.0
    for_s: float = math.inf
    message: str | None = None
    retry_after_s: int | None = None
    stall_s: float = 300.0

    def __post_init__(self) -> None:
        _check_member("kind", self.kind, NAMES)
        _check_share("rate", self.rate)
        _check_share("share", self.share)
        _check_kinds(self.only)
        _check_least("first", self.first, 1)
        _check_least("from_s", self.from_s, 0)
        _check_least("for_s", self.for_s, 0)
        _check_least("stall_s", self.stall_s, 0)
        _check_least("retry_after_s", self.retry_after_s, 0)
        _check_expression(self.matching)
        says = self.kind in ERRORS
        if self.retry_after_s is not None and not says:
            raise PlanError(f"'retry_after_s' is for errors, not for {self.kind}")
        if self.message is not None and not (says or self.kind == "error_in_200"):
            raise PlanError(f"'message' is for errors, not for {self.kind}")
        if self.stall_s != Rule.stall_s and self.kind not in STALLS:
            raise PlanError(f"'stall_s' is for {', '.join(STALLS)}, not {self.kind}")

    @property
    def bare(self) -> bool:
        """Whether nothing but its rate and the request's kind decides."""
        unset = (self.matching, self.first, self.share, self.from_s, self.for_s)
        return unset == (None, None, 1.0, 0.0, math.inf)


@dataclass(frozen=True)
class Latency:
    """How much longer answers last: lognormal, with a slow tail.

    Attributes:
        median_s: Median, seconds.
        sigma: Standard deviation of its natural logarithm; 0 for always the same.
        slow_share: Share of the requests in the slow tail.
        slow_factor: How many times longer those last.
        only: Kinds of requests.
    """

    median_s: float
    sigma: float = 0.0
    slow_share: float = 0.0
    slow_factor: float = 10.0
    only: frozenset[str] = routes.COMPUTED

    def __post_init__(self) -> None:
        _check_least("median_s", self.median_s, 0)
        _check_least("sigma", self.sigma, 0)
        _check_share("slow_share", self.slow_share)
        _check_least("slow_factor", self.slow_factor, 0)
        _check_kinds(self.only)


@dataclass(frozen=True)
class Restricted:
    """The mode of projects beyond their compute quota.

    Attributes:
        concurrent: Requests at once. What Google allows is not published.
        from_s: It begins so many seconds in.
    """

    concurrent: int
    from_s: float = 0.0

    def __post_init__(self) -> None:
        _check_least("concurrent", self.concurrent, 1)
        _check_least("from_s", self.from_s, 0)


@dataclass(frozen=True)
class Quota:
    """Limits over all clients together; None for no limit.

    Attributes:
        concurrent: Requests at once.
        per_second: Requests in any second.
        per_minute: Requests in any minute.
        restricted: Restricted mode.
        retry_after_s: Retry-After of refusals; none if None.
    """

    concurrent: int | None = None
    per_second: int | None = None
    per_minute: int | None = None
    restricted: Restricted | None = None
    retry_after_s: int | None = None

    def __post_init__(self) -> None:
        _check_least("concurrent", self.concurrent, 1)
        _check_least("per_second", self.per_second, 1)
        _check_least("per_minute", self.per_minute, 1)
        _check_least("retry_after_s", self.retry_after_s, 0)


@dataclass(frozen=True)
class Tokens:
    """Requests need a token that ``POST /token`` gave.

    Attributes:
        lifetime_s: For how long a token is taken.
        expires_in_s: What the client is told; None for the truth. Told more, it
            learns of the end by a 401.
    """

    lifetime_s: float
    expires_in_s: int | None = None

    def __post_init__(self) -> None:
        _check_least("lifetime_s", self.lifetime_s, 0)
        _check_least("expires_in_s", self.expires_in_s, 0)


@dataclass(frozen=True)
class Plan:
    """All that shall go wrong.

    Attributes:
        seed: Of all draws.
        faults: Rules. Of those whose conditions a request meets, one draw chooses at
            most one: their rates add up, and beyond 1 later ones lose.
        latency: Each that a request meets is waited for.
        quota: Limits; None for none.
        tokens: Whether tokens are needed; None for no.
        clock: What ``from_s`` counts from: ``first_request`` that a fault could
            touch, or ``start`` of the door.
    """

    seed: int = 0
    faults: tuple[Rule, ...] = ()
    latency: tuple[Latency, ...] = ()
    quota: Quota | None = None
    tokens: Tokens | None = None
    clock: Clock = "first_request"

    def __post_init__(self) -> None:
        _check_member("clock", self.clock, get_args(Clock))
        for kind in routes.KINDS:
            bare = [r.rate for r in self.faults if kind in r.only and r.bare]
            if len(bare) > 1 and sum(bare) > 1 + 1e-9:
                raise PlanError(
                    f"the rates of 'faults' for {kind} requests add up to more than 1"
                )


def _check_share(key: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise PlanError(f"'{key}' must be from 0 to 1, not {value:g}")


def _check_least(key: str, value: float | None, least: float) -> None:
    # Not "<": that lets NaN pass.
    if value is not None and not value >= least:
        raise PlanError(f"'{key}' must be at least {least:g}, not {value:g}")


def _check_member(key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise PlanError(f"'{key}' is '{value}'; allowed: {', '.join(allowed)}")


def _check_kinds(only: frozenset[str]) -> None:
    for kind in sorted(only):
        _check_member("only", kind, routes.KINDS)


def _check_expression(matching: str | None) -> None:
    try:
        re.compile(matching or "")
    except re.error as error:
        raise PlanError(f"'matching' is no regular expression: {error}") from None

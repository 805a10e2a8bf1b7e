"""What the gate learns of an engine: how many requests at once it takes.

Additive increase, multiplicative decrease, as TCP does it, with two memories: the
number at which the engine refused last, near which growth is slow, so that few
requests are refused; and the number that went well before an outage, which is
regained by doubling. All functions are pure; times are seconds of one clock.

Source: D.-M. Chiu and R. Jain, "Analysis of the Increase and Decrease Algorithms for
Congestion Avoidance in Computer Networks", 1989; RFC 5681 for slow start.
"""

from __future__ import annotations

import math
from typing import NamedTuple

CUT = 0.98
"""What is left of the limit after a refusal, if refusals are rare."""
LEAST_CUT = 0.5
"""What is left of it at least."""
PROBE_ROUNDS = 4.0
PROBE_ANSWERS = 60.0
"""Rounds of answers, and answers at least, before as many requests as were refused
last are tried again: that keeps refusals below two in a hundred."""
STRANGE = 0.3
"""Share of refusals at fewer requests than were refused before, from which on
refusals are held to have other causes than the number of requests."""
OUTAGE = 8
"""Failures in a row, at least, that mean that nothing works at all."""
SLOW = 3.0
"""How many times the usual latency stops growth."""
_MEMORY = 0.005
"""Weight of an answer in the usual latency: it is that of the last two hundred."""
_PRESENCE = 0.2
"""Weight of an answer in the latency of now."""
_SHARE = 0.05
"""Weight of an answer in the share of refusals."""


class Learned(NamedTuple):
    """What is known. All numbers, so that processes can share it.

    Attributes:
        limit: Requests at once that the engine is believed to take; fractions are
            progress towards the next.
        threshold: Below it the limit grows by doubling.
        ceiling: How many there were when it refused last; infinite if it never did,
            or if that does not explain its refusals.
        refused: Share of refusals among the last few answers.
        strange: Share of the last few refusals that the ceiling does not explain.
        cut: When the limit was cut last: answers to requests begun before tell
            nothing of the limit since.
        failures: Answers in a row that were neither good nor refusals.
        usual: Latency in seconds over many answers; 0 if unknown.
        now: Latency in seconds over a few answers.
        restricted: 1 if the engine said that the project is in restricted mode.
    """

    limit: float
    threshold: float
    ceiling: float = math.inf
    refused: float = 0.0
    strange: float = 0.0
    cut: float = -math.inf
    failures: float = 0.0
    usual: float = 0.0
    now: float = 0.0
    restricted: float = 0.0


def nothing(quota: int) -> Learned:
    """Returns what is known before the first answer: that the quota may be true."""
    return Learned(float(quota), float(quota))


def after_success(
    known: Learned, quota: int, latency: float, begun: float, *, full: bool
) -> Learned:
    """Learns from a good answer.

    Args:
        known: What is known.
        quota: The most there may ever be.
        latency: Seconds from sending to the answer.
        begun: When it was sent.
        full: Whether all slots were taken meanwhile: only then does it tell that
            the engine takes so many.
    """
    usual = _blend(known.usual, latency, _MEMORY)
    now = _blend(known.now, latency, _PRESENCE)
    limit = known.limit
    if full and begun >= known.cut:
        limit = min(float(quota), limit + _step(known, now > SLOW * usual))
    refused = known.refused * (1.0 - _SHARE)
    return known._replace(
        limit=limit, refused=refused, failures=0.0, usual=usual, now=now
    )


def after_refusal(known: Learned, others: int, begun: float, time: float) -> Learned:
    """Learns from an answer that said: too many.

    Args:
        known: What is known.
        others: Requests in flight beside the refused one.
        begun: When it was sent.
        time: Now.
    """
    refused = known.refused + _SHARE * (1.0 - known.refused)
    if begun < known.cut:
        return known._replace(refused=refused, failures=0.0)
    odd = math.isfinite(known.ceiling) and others + 1 < known.ceiling
    strange = known.strange + _PRESENCE * (float(odd) - known.strange)
    limit, ceiling = known.limit * CUT, math.inf
    if not odd and strange < STRANGE:
        # The others are being worked on, or refused by now: more would be, too.
        limit = min(known.limit * (1.0 - refused / 2), limit, float(others))
        ceiling = float(others + 1)
    limit = max(1.0, known.limit * LEAST_CUT, limit)
    return known._replace(
        limit=limit,
        threshold=limit,
        ceiling=ceiling,
        refused=refused,
        strange=strange,
        cut=time,
        failures=0.0,
    )


def after_failure(known: Learned, begun: float, time: float) -> Learned:
    """Learns from no answer, or one that is the engine's own fault.

    One now and then says nothing of the load. Only failures mean an outage: then a
    single request at a time finds out when it is over.
    """
    failures = known.failures + 1.0
    if failures < max(OUTAGE, known.limit) or begun < known.cut:
        return known._replace(failures=failures)
    threshold = known.threshold if known.limit <= 1.0 else known.limit
    return known._replace(limit=1.0, threshold=threshold, cut=time, failures=failures)


def after_header(known: Learned, restricted: bool) -> Learned:
    """Learns from the header that tells of restricted mode.

    How many requests are allowed then is not documented: half as many are tried, and
    refusals tell the rest.
    """
    if restricted == bool(known.restricted):
        return known
    if not restricted:
        return known._replace(restricted=0.0)
    limit = max(1.0, known.limit / 2)
    return known._replace(limit=limit, threshold=limit, restricted=1.0)


def _step(known: Learned, slow: bool) -> float:
    """Returns by how much one good answer raises the limit."""
    if known.limit < known.threshold:
        return 1.0
    if slow:
        return 0.0
    if abs(known.limit - known.ceiling) < 1.0:
        return 1.0 / max(PROBE_ROUNDS * known.limit, PROBE_ANSWERS)
    return 1.0 / known.limit


def _blend(old: float, new: float, weight: float) -> float:
    return new if old == 0.0 else old + weight * (new - old)

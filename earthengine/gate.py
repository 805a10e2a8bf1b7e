"""The gate that every request passes: so many at once, so many a second.

How many at once is learned, between one and the quota (:mod:`earthengine.learning`).
One gate holds all threads of a process; with a :class:`~earthengine.shared.SharedBook`
all processes of a machine.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

from earthengine import learning
from earthengine.book import Book, LocalBook
from earthengine.engine import Budget
from earthengine.learning import Learned

QUOTA_STATUS = "x-earth-engine-quota-status"
"""Header by which Earth Engine tells of restricted mode; the client reads it, too."""
_LOOK_AGAIN = 0.05
"""Seconds after which a waiting thread looks whether another process gave way."""

Verdict = Literal["good", "refused", "failed", "neither"]
"""What a request's outcome tells of the engine's load."""


@dataclass
class Slot:
    """One request's turn.

    Attributes:
        begun: When it may be sent.
        verdict: What came of it: ``good``; ``refused``, for there were too many;
            ``failed``, by the engine's or the network's fault; ``neither`` tells
            nothing of the engine's load.
        headers: Of the answer, if one came; names in lower case.
    """

    begun: float
    verdict: Verdict = "neither"
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True)
class GateState:
    """A look at a gate.

    Attributes:
        limit: Requests that may be in flight now, in all processes of the machine.
        in_flight: Requests that are.
        peak: Most that ever were in this process.
        throttled_seconds: Thread-seconds that this process waited because the
            engine takes fewer requests than the quota allows.
        restricted: Whether the project is in restricted mode.
    """

    limit: int
    in_flight: int
    peak: int
    throttled_seconds: float
    restricted: bool

    def to_json(self) -> dict[str, Any]:
        """Returns JSON-ready values."""
        return asdict(self)


class Gate:
    """Holds requests to a budget, and to what the engine is found to take.

    Requests begin evenly spaced. A pause saves nothing up: a burst after it, on top
    of the rate, would break the quota of the second that it falls in.
    """

    def __init__(
        self,
        budget: Budget,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        book: Book | None = None,
    ) -> None:
        """Makes a gate.

        Args:
            budget: What it holds to.
            clock: Seconds; all processes that share a book must have the same.
            sleep: Waits.
            book: Where the state is kept; by default, in this process alone.
        """
        self.budget = budget
        self._clock = clock
        self._sleep = sleep
        self._book = book or LocalBook()
        with self._book.open() as page:
            if page.learned is None:
                page.learned = learning.nothing(budget.concurrent)
        self._turn = threading.Condition()
        self._in_flight = 0
        self._since = clock()
        self._busy = 0.0
        self._throttled = 0.0
        self.peak = 0

    @contextmanager
    def slot(self) -> Iterator[Slot]:
        """Waits for a turn, and holds it.

        The block tells by :attr:`Slot.verdict` what came of the request.
        """
        slot = Slot(self._take())
        try:
            yield slot
        finally:
            self._give_back(slot)

    def state(self) -> GateState:
        """Returns a look at it."""
        with self._book.open() as page:
            known, in_flight = _known(page.learned), page.in_flight
        with self._turn:
            throttled = self._throttled
        return GateState(
            int(known.limit), in_flight, self.peak, throttled, bool(known.restricted)
        )

    def throttled(self, seconds: float) -> None:
        """Counts time that a refused request waits before its next try."""
        with self._turn:
            self._throttled += seconds

    def busy_seconds(self) -> float:
        """Returns slot-seconds used so far: 40 slots busy for 1 s are 40."""
        with self._turn:
            self._settle()
            return self._busy

    def _take(self) -> float:
        """Waits for a slot and for the next beat of the rate; returns when that is."""
        came = self._clock()
        with self._turn:
            while (turn := self._try()) is None:
                self._turn.wait(_LOOK_AGAIN if self._book.shared else None)
            start, held_back = turn
            if held_back:
                self._throttled += self._clock() - came
        if (wait := start - self._clock()) > 0.0:
            self._sleep(wait)
        with self._turn:
            self._settle()
            self._in_flight += 1
            self.peak = max(self.peak, self._in_flight)
        return start

    def _try(self) -> tuple[float, bool] | None:
        """Takes a slot if one is free.

        Returns:
            When the request may begin, and whether the limit is below the quota.
        """
        with self._book.open() as page:
            limit = int(_known(page.learned).limit)
            if page.in_flight >= limit:
                return None
            page.enter()
            start = max(page.next, self._clock())
            page.next = start + 1.0 / self.budget.per_second
            return start, limit < self.budget.concurrent

    def _give_back(self, slot: Slot) -> None:
        now = self._clock()
        with self._turn:
            self._settle()
            self._in_flight -= 1
            with self._book.open() as page:
                others = page.in_flight - 1
                page.leave()
                known = self._learn(_known(page.learned), slot, others, now)
                page.learned = known
                free = int(known.limit) - page.in_flight
            # As many as may go, and not all: they would only look and wait again.
            self._turn.notify(max(0, free))

    def _learn(self, known: Learned, slot: Slot, others: int, now: float) -> Learned:
        if slot.headers is not None:
            restricted = "restricted=true" in slot.headers.get(QUOTA_STATUS, "")
            known = learning.after_header(known, restricted)
        match slot.verdict:
            case "good":
                return learning.after_success(
                    known,
                    self.budget.concurrent,
                    now - slot.begun,
                    slot.begun,
                    full=others + 1 >= int(known.limit),
                )
            case "refused":
                return learning.after_refusal(known, others, slot.begun, now)
            case "failed":
                return learning.after_failure(known, slot.begun, now)
            case _:
                return known

    def _settle(self) -> None:
        now = self._clock()
        self._busy += self._in_flight * (now - self._since)
        self._since = now


def _known(learned: Learned | None) -> Learned:
    assert learned is not None, "a gate writes its book when it is made"
    return learned

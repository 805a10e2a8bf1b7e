"""One request's life: through the gate, sent, judged, tried again or given up."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import ee
import googleapiclient.errors
from google.auth.exceptions import GoogleAuthError, TransportError

from earthengine.engine import Patience
from earthengine.errors import MAY_PASS, EngineError, Kind, from_response
from earthengine.gate import Gate, Verdict
from earthengine.transport import Recorder

T = TypeVar("T")

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0

_CLIENT_ERRORS = (
    ee.EEException,
    googleapiclient.errors.Error,
    ValueError,
    TypeError,
    KeyError,
    EOFError,
)
"""What the client raises on answers that are not what it expects; only the answer
itself tells which it was."""

_VERDICTS: Mapping[Kind, Verdict] = {
    "throttled": "refused",
    "transient": "failed",
    "deadline": "failed",
}
"""What kinds of failure tell of the engine's load; others tell nothing."""

_jitter = random.SystemRandom()


@dataclass
class Usage:
    """What a piece of work cost.

    Attributes:
        requests: Sent, the failed ones too.
        bytes: Of the answers' bodies.
        seconds: Spent on them, the waits before and between tries included.
        last_status: HTTP status of the last answer; None if none came.
    """

    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0
    last_status: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns JSON-ready values."""
        return {
            "requests": self.requests,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 4),
            "last_status": self.last_status,
        }


def send(
    call: Callable[[], Any],
    accept: Callable[[Any], T],
    *,
    gate: Gate,
    recorder: Recorder,
    patience: Patience,
    usage: Usage,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Sends a request until its answer is accepted.

    Pauses are exponential with full jitter, and never shorter than what the engine
    asked for by Retry-After.

    Args:
        call: Makes the client library send the request; called anew for each try.
        accept: Turns the answer into the result; raises EngineError("corrupt") if
            it is not what was asked for.
        gate: That every try passes.
        recorder: That sits in the client's transport.
        patience: When to give up.
        usage: Counted up.
        sleep: Waits; a test's own.

    Raises:
        EngineError: Of a kind that may not pass, or patience ran out.
    """
    begun = time.monotonic()
    earlier = usage.seconds
    attempts = tries = 0
    while True:
        tries += 1
        try:
            return _try_once(call, accept, gate, recorder, usage)
        except EngineError as error:
            throttled = error.kind == "throttled"
            attempts += not throttled
            waited = time.monotonic() - begun
            pause = _pause(tries, error.retry_after)
            over = attempts >= patience.attempts or waited + pause > patience.seconds
            if error.kind not in MAY_PASS or over:
                raise
            if throttled:
                gate.throttled(pause)
            sleep(pause)
        finally:
            usage.seconds = earlier + time.monotonic() - begun


def _try_once(
    call: Callable[[], Any],
    accept: Callable[[Any], T],
    gate: Gate,
    recorder: Recorder,
    usage: Usage,
) -> T:
    recorder.forget()
    try:
        with gate.slot() as slot:
            usage.requests += 1
            try:
                answer = _answer(call, recorder)
                slot.verdict = "good"
            except EngineError as error:
                slot.verdict = _VERDICTS.get(error.kind, "neither")
                raise
            finally:
                exchange = recorder.last()
                if exchange is not None:
                    slot.headers = exchange.headers
                    usage.bytes += len(exchange.body)
                    usage.last_status = exchange.status
        # Not in the slot: the engine need not wait for our own work.
        return _accepted(accept, answer, recorder)
    finally:
        recorder.forget()


def _answer(call: Callable[[], Any], recorder: Recorder) -> Any:
    """Sends one request.

    Raises:
        EngineError: Whatever went wrong, told apart.
    """
    try:
        return call()
    except GoogleAuthError as error:
        # A token server that can't be reached for now says nothing of our rights.
        passing = error.retryable or isinstance(error, TransportError)
        kind: Kind = "transient" if passing else "unauthenticated"
        raise EngineError(kind, str(error)) from error
    except TimeoutError as error:
        raise EngineError("deadline", str(error)) from error
    except ConnectionError as error:
        raise EngineError("transient", f"no answer: {error}") from error
    except _CLIENT_ERRORS as error:
        exchange = recorder.last()
        if exchange is None:
            raise EngineError("bad_request", str(error)) from error
        if exchange.status >= 300:
            raise from_response(
                exchange.status, exchange.headers, exchange.body
            ) from error
        raise EngineError(
            "corrupt", f"unreadable answer: {error}", exchange.status
        ) from error


def _accepted(accept: Callable[[Any], T], answer: Any, recorder: Recorder) -> T:
    try:
        return accept(answer)
    except _CLIENT_ERRORS as error:
        exchange = recorder.last()
        status = exchange.status if exchange else None
        raise EngineError("corrupt", f"unreadable answer: {error}", status) from error


def _pause(attempt: int, retry_after: float | None) -> float:
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (attempt - 1))
    return max(_jitter.uniform(0.0, longest), retry_after or 0.0)

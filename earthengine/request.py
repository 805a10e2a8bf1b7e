"""One request's life: through the gate, sent, judged, tried again or given up."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import ee
import googleapiclient.errors
from google.auth.exceptions import GoogleAuthError, TransportError

from earthengine.errors import MAY_PASS, EngineError, Kind, from_response
from earthengine.gate import Gate
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


@dataclass(frozen=True)
class Patience:
    """How long to try.

    Attributes:
        attempts: Requests at most.
        seconds: No new request after so many seconds.
    """

    attempts: int = 8
    seconds: float = 600.0


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
    attempt = 0
    while True:
        attempt += 1
        try:
            return _try_once(call, accept, gate, recorder, usage)
        except EngineError as error:
            waited = time.monotonic() - begun
            pause = _pause(attempt, error.retry_after)
            over = attempt >= patience.attempts or waited + pause > patience.seconds
            if error.kind not in MAY_PASS or over:
                raise
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
        with gate.slot():
            usage.requests += 1
            answer = call()
        return accept(answer)
    except EngineError:
        raise
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
    finally:
        exchange = recorder.last()
        if exchange is not None:
            usage.bytes += len(exchange.body)
            usage.last_status = exchange.status
        recorder.forget()


def _pause(attempt: int, retry_after: float | None) -> float:
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (attempt - 1))
    return max(_jitter.uniform(0.0, longest), retry_after or 0.0)

"""What can go wrong with a request, decided from its status and its body's shape."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

Kind = Literal[
    "throttled",
    "transient",
    "too_large",
    "no_data",
    "bad_request",
    "not_found",
    "forbidden",
    "unauthenticated",
    "corrupt",
    "deadline",
]

MAY_PASS: frozenset[Kind] = frozenset(("throttled", "transient", "corrupt", "deadline"))
"""Kinds that another try may get past."""

FATAL: frozenset[Kind] = frozenset(("forbidden", "unauthenticated"))
"""Kinds that no tile of the run will get past."""


_LIMITED = frozenset(
    ("rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED")
)
"""Reasons that make a 403 a matter of the moment, as Google's older and newer error
forms spell them."""


class EngineError(Exception):
    """A request that failed.

    Attributes:
        kind: What kind of failure it is.
        message: What the engine said, or what was wrong with its answer.
        status: HTTP status; None if no answer came.
        retry_after: Seconds that the engine asked to wait; None if it did not say.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(kind, message, status, retry_after)
        self.kind: Kind = kind
        self.message = message
        self.status = status
        self.retry_after = retry_after

    def __str__(self) -> str:
        status = f" (HTTP {self.status})" if self.status else ""
        return f"{self.kind}{status}: {self.message}"


class FatalEngineError(Exception):
    """The run can't go on: credentials or permissions are missing."""


def from_response(status: int, headers: Mapping[str, str], body: bytes) -> EngineError:
    """Classifies an answer whose status is not 2xx.

    A 400 is the request's own fault, but for three that Earth Engine documents as
    limits of the moment or of size; those three are told apart by their text,
    because nothing else in the answer does (usage guide, "Debugging").

    Args:
        status: HTTP status.
        headers: With lower-case names.
        body: Error body, in whatever form it came.
    """
    message, reasons = _read_error(body)
    retry_after = _retry_after(headers)
    return EngineError(
        _kind(status, message, reasons),
        message or f"HTTP {status} without a message",
        status,
        retry_after,
    )


def _kind(status: int, message: str, reasons: set[str]) -> Kind:
    if status == 429:
        return "throttled"
    if status == 403:
        return "throttled" if reasons & _LIMITED else "forbidden"
    if status == 401:
        return "unauthenticated"
    if status == 404:
        return "not_found"
    if status in (408, 504):
        return "deadline"
    if status >= 500 and status != 501:
        return "transient"
    if status == 413:
        return "too_large"
    if status == 400:
        if message.startswith("Too many concurrent aggregations"):
            return "throttled"
        if message.startswith("Computation timed out"):
            return "deadline"
        if message.startswith(("User memory limit exceeded", "Total request size")):
            return "too_large"
    return "bad_request"


def _read_error(body: bytes) -> tuple[str, set[str]]:
    """Returns the message and reasons of Google's JSON error form, or plain text."""
    text = body.decode("utf-8", "replace")
    try:
        error = json.loads(text)["error"]
        details = [*error.get("errors", []), *error.get("details", [])]
        reasons = {str(d["reason"]) for d in details if "reason" in d}
        return str(error.get("message", "")), reasons
    except (ValueError, KeyError, TypeError, AttributeError):
        plain = re.sub(r"<[^>]*>", " ", text)
        return " ".join(plain.split())[:300], set()


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Reads Retry-After, seconds or a date (RFC 9110, section 10.2.3).

    A date counts from the answer's own Date, so that clocks need not agree. What is
    neither is left to the backoff.
    """
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except ValueError:
        until = _date(value)
    if until is None:
        return None
    now = _date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _date(value: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    # "-0000" and no zone at all are read without one; both are UTC here.
    return read if read.tzinfo else read.replace(tzinfo=UTC)

"""What can go wrong, by name, and what Google's answer looks like then.

What the real client raises, with its own retries off (``ee.data.setMaxRetries(0)``),
through either door:

=============================  ====================================================
name                           raised
=============================  ====================================================
400, 403, 403_rate, 404        ``EEException`` with the message
429, 429_rate,                 the same
429_aggregations, 500, 503
502, 503_html                  ``EEException``, whose message is ``Ok``
401                            the client refreshes its token and tries again;
                               anonymous: ``google.auth`` ``InvalidOperation``, a bare
                               token: ``RefreshError``
reset                          ``ConnectionError``
stall_header                   ``TimeoutError`` after the deadline; without one
                               ``ConnectionError`` when the stall ends
stall_body                     ``ConnectionError``
cut                            ``ConnectionError``
truncated                      value: ``TypeError``; pixels: ``ValueError``
garbage                        value: ``UnicodeDecodeError``; pixels: ``ValueError``
empty                          value: ``TypeError``; pixels: ``EOFError``
error_in_200                   value: ``KeyError``; pixels: ``ValueError``
wrong_shape, missing_band      nothing: the array is not what was asked for
=============================  ====================================================
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from emulator.service import JSON, Delivery, Response


@dataclass(frozen=True)
class _Error:
    """An error in Google's form.

    Attributes:
        code: HTTP status.
        status: Google's canonical word; empty if the body is a page, not JSON.
        message: What the client shows.
        reason: The reason of the older form that some errors still have.
    """

    code: int
    status: str
    message: str
    reason: str = ""


TOO_MANY = (
    "Too Many Requests: Request was rejected because the request rate or concurrency "
    "limit was exceeded."
)
"""Observed, as 429 of value:compute on the high-volume endpoint."""
PER_MINUTE = (
    "Quota exceeded for quota metric 'Number of read requests' and limit 'Number of "
    "read requests per minute per user' of service 'earthengine.googleapis.com'"
)
"""Observed: the Earth Engine plugin for QGIS, issue 202."""
AGGREGATIONS = "Too many concurrent aggregations."
"""Documented (usage guide) and observed."""
BAD_TOKEN = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, "
    "login cookie or other valid authentication credential."
)

ERRORS = {
    "400": _Error(400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
    "401": _Error(401, "UNAUTHENTICATED", BAD_TOKEN),
    "403": _Error(403, "PERMISSION_DENIED", "The caller does not have permission"),
    "403_rate": _Error(
        403, "PERMISSION_DENIED", "Rate Limit Exceeded", "rateLimitExceeded"
    ),
    "404": _Error(404, "NOT_FOUND", "Requested entity was not found."),
    "429": _Error(429, "RESOURCE_EXHAUSTED", TOO_MANY),
    "429_rate": _Error(429, "RESOURCE_EXHAUSTED", PER_MINUTE),
    "429_aggregations": _Error(429, "RESOURCE_EXHAUSTED", AGGREGATIONS),
    "500": _Error(500, "INTERNAL", "Internal error encountered."),
    "502": _Error(502, "", "The server had a passing fault. Try again later."),
    "503": _Error(503, "UNAVAILABLE", "The service is currently unavailable."),
    "503_html": _Error(503, "", "The service is unavailable. Try again later."),
}
"""Answers in place of the engine's. Words without a source of their own are those of
Google's other APIs."""

STALLS = {
    "stall_header": Delivery.STALL_HEADER,
    "stall_body": Delivery.STALL_BODY,
}
SPOILT = frozenset(
    {
        "stall_body",
        "cut",
        "truncated",
        "garbage",
        "wrong_shape",
        "missing_band",
        "empty",
        "error_in_200",
    }
)
"""Those that need the engine's own answer, to spoil it."""
SILENT = frozenset({"reset", "stall_header"})
NAMES = (*ERRORS, *sorted(SILENT | SPOILT))


def error_json(name: str, message: str | None = None) -> bytes:
    """Returns the JSON body of a named error.

    Args:
        name: Of :data:`ERRORS`.
        message: In place of its own.
    """
    known = ERRORS[name]
    error = {
        "code": known.code,
        "message": message or known.message,
        "status": known.status,
    }
    if known.reason:
        error["errors"] = [
            {
                "message": error["message"],
                "domain": "usageLimits",
                "reason": known.reason,
            }
        ]
    return json.dumps({"error": error}).encode()


def error(
    name: str, message: str | None = None, retry_after_s: int | None = None
) -> Response:
    """Returns a named error as an answer.

    Args:
        name: Of :data:`ERRORS`.
        message: In place of its own.
        retry_after_s: Seconds that its Retry-After asks for; None for no such header.
    """
    known = ERRORS[name]
    headers = {"content-type": JSON if known.status else "text/html; charset=UTF-8"}
    if retry_after_s is not None:
        headers["retry-after"] = str(retry_after_s)
    if known.code == 401:
        headers["www-authenticate"] = (
            'Bearer realm="https://accounts.google.com/", error="invalid_token"'
        )
    body = error_json(name, message) if known.status else _page(known, message)
    return Response(known.code, headers, body, cause=name)


def silence(name: str, stall_s: float) -> Response:
    """Returns no answer at all: a reset, or nothing for a while."""
    delivery = STALLS.get(name, Delivery.RESET)
    return Response(200, {}, b"", delivery, stall_s, cause=name)


def _page(known: _Error, message: str | None) -> bytes:
    text = message or known.message
    return (
        f"<!DOCTYPE html>\n<html lang=en><title>Error {known.code}</title>\n"
        f"<h1>{known.code}</h1>\n<p>{text}</p></html>\n"
    ).encode()

"""What an error answer means, by its status and form."""

import json
import pickle
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from earthengine.errors import FATAL, MAY_PASS, EngineError, from_response


def google(status, message, reason=None):
    error = {"code": status, "message": message, "status": "SOME_STATUS"}
    if reason:
        error["errors"] = [{"message": message, "domain": "global", "reason": reason}]
    return json.dumps({"error": error}).encode()


HTML = b"<html><head><title>503</title></head><body><h1>Try later</h1></body></html>"

# Written by hand from the REST reference and the usage guide.
TABLE = [
    (400, google(400, "Image.select: no band 'B99'"), "bad_request"),
    (400, google(400, "Too many concurrent aggregations."), "throttled"),
    (400, google(400, "Computation timed out."), "deadline"),
    (400, google(400, "User memory limit exceeded."), "too_large"),
    (
        400,
        google(400, "Total request size (99 bytes) must be less than or equal to 9."),
        "too_large",
    ),
    (401, google(401, "Request had invalid credentials."), "unauthenticated"),
    (403, google(403, "Earth Engine API has not been used"), "forbidden"),
    (403, b"", "forbidden"),
    (403, google(403, "Slow down", "rateLimitExceeded"), "throttled"),
    (403, google(403, "Slow down", "RATE_LIMIT_EXCEEDED"), "throttled"),
    (403, google(403, "Slow down", "userRateLimitExceeded"), "throttled"),
    (404, google(404, "Asset not found."), "not_found"),
    (408, b"", "deadline"),
    (413, b"", "too_large"),
    (429, google(429, "Quota exceeded"), "throttled"),
    (429, b"", "throttled"),
    (500, google(500, "An internal error has occurred"), "transient"),
    (501, google(501, "Method not implemented"), "bad_request"),
    (502, b"\xff\xfe\x00", "transient"),
    (503, HTML, "transient"),
    (504, b"upstream request timeout", "deadline"),
]


@pytest.mark.parametrize(("status", "body", "kind"), TABLE)
def test_status_and_form_tell_the_kind(status, body, kind):
    error = from_response(status, {}, body)
    assert error.kind == kind
    assert error.status == status
    assert error.message


def test_which_kinds_may_pass_and_which_end_the_run():
    assert {"throttled", "transient", "corrupt", "deadline"} == MAY_PASS
    assert {"forbidden", "unauthenticated"} == FATAL


def test_a_page_for_people_is_read_as_text():
    assert "Try later" in str(from_response(503, {}, HTML))
    assert "<" not in str(from_response(503, {}, HTML))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        (None, None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Wed, 99 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_seconds(value, seconds):
    headers = {} if value is None else {"retry-after": value}
    assert from_response(429, headers, b"").retry_after == seconds


@pytest.mark.parametrize(
    ("until", "seconds"),
    [
        # The three forms of RFC 9110, section 5.6.7.
        ("Wed, 21 Oct 2015 07:28:30 GMT", 30.0),
        ("Wednesday, 21-Oct-15 07:28:30 GMT", 30.0),
        ("Wed Oct 21 07:28:30 2015", 30.0),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0.0),
    ],
)
def test_a_date_to_wait_for_counts_from_the_answers_own(until, seconds):
    headers = {"retry-after": until, "date": "Wed, 21 Oct 2015 07:28:00 GMT"}
    assert from_response(503, headers, b"").retry_after == seconds


def test_a_date_to_wait_for_counts_from_now_if_the_answer_has_none():
    until = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    waits = from_response(503, {"retry-after": until}, b"").retry_after
    assert waits == pytest.approx(3600.0, abs=60.0)


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "plain words"}',
        b'{"error": {"message": "m", "errors": ["odd"], "details": [7]}}',
        b'{"error": {"errors": {"reason": "x"}}}',
        b"[1, 2]",
        b"null",
        b'{"error": {',
    ],
)
def test_odd_bodies_still_classify(body):
    assert from_response(500, {}, body).kind == "transient"


def test_errors_travel_between_processes():
    error = EngineError("throttled", "slow down", 429, 3.0)
    again = pickle.loads(pickle.dumps(error))
    assert (again.kind, again.message, again.status, again.retry_after) == (
        "throttled",
        "slow down",
        429,
        3.0,
    )
    assert str(again) == "throttled (HTTP 429): slow down"

"""Requests through the real client library to an engine on a loopback socket."""

import logging
import threading

import ee
import google.auth.exceptions
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import earthengine.session
import earthengine.transport
from earthengine.engine import Budget, Patience
from earthengine.errors import EngineError
from earthengine.gate import Gate
from earthengine.request import Usage, send
from earthengine.session import read_npy
from earthengine.transport import Recorder, is_loopback
from tests.unit.earthengine.conftest import (
    DTYPE,
    Client,
    answer,
    cut_short,
    npy,
    pixels,
    reset,
    stall,
    trickle,
)

GOOD = answer({"result": 3})
ERROR = {"error": {"code": 400, "message": "no such band", "status": "INVALID"}}


def test_a_value_comes_through(client, server):
    assert client.compute(GOOD) == 3
    path, body = server.seen[0]
    assert path.split("?")[0].endswith("projects/test/value:compute")
    assert body["workloadTag"] == "earthloom"
    assert client.usage.requests == 1
    assert client.usage.bytes == len(b'{"result": 3}')
    assert client.usage.last_status == 200
    assert client.usage.seconds > 0
    assert client.pauses == []


def test_pixels_come_through(client, server):
    found = client.pixels(answer(npy(pixels())))
    assert found.dtype == DTYPE
    np.testing.assert_array_equal(found, pixels())
    path, body = server.seen[0]
    assert path.split("?")[0].endswith("projects/test/image:computePixels")
    assert body["fileFormat"] == "NPY"
    assert body["grid"]["dimensions"] == {"width": 3, "height": 2}
    assert client.usage.bytes == len(npy(pixels()))


PASSING = {
    "429": (answer(b"", 429), 429),
    "500": (answer(b"", 500), 500),
    "503 page": (answer(b"<html>Try later</html>", 503), 503),
    "504": (answer(b"", 504), 504),
    "403 rate": (
        answer({"error": {"errors": [{"reason": "rateLimitExceeded"}]}}, 403),
        403,
    ),
    "400 aggregations": (
        answer({"error": {"message": "Too many concurrent aggregations."}}, 400),
        400,
    ),
    "reset": (reset, None),
    "cut short": (cut_short(b'{"result": 3}'), None),
    "half a JSON": (answer(b'{"result": '), 200),
    "no JSON": (answer(b"\x80garbage"), 200),
    "empty": (answer(b""), 200),
    "an error in a 200": (answer(ERROR), 200),
}
THROTTLED = ("429", "403 rate", "400 aggregations")


@pytest.mark.parametrize("name", PASSING)
def test_what_may_pass_is_tried_again(client, server, name):
    bad, _ = PASSING[name]
    assert client.compute(bad, bad, GOOD) == 3
    assert client.usage.requests == 3
    assert len(server.seen) == 3
    assert len(client.pauses) == 2
    assert client.pauses[0] <= 1.0
    assert client.pauses[1] <= 2.0
    assert client.usage.last_status == 200


@pytest.mark.parametrize("name", [n for n in PASSING if n not in THROTTLED])
def test_what_does_not_pass_is_given_up(client, server, name):
    bad, status = PASSING[name]
    client.patient(attempts=3)
    with pytest.raises(EngineError) as caught:
        client.compute(*[bad] * 4)
    assert caught.value.status == status
    assert len(server.seen) == client.usage.requests == 3
    assert client.usage.last_status == status


@pytest.mark.parametrize("name", THROTTLED)
def test_a_refused_request_costs_no_attempt_but_time(client, server, name):
    bad, status = PASSING[name]
    client.patient(attempts=2)
    assert client.compute(*[bad] * 5, GOOD) == 3
    assert client.usage.requests == 6
    client.patient(attempts=2, seconds=0.0)
    with pytest.raises(EngineError) as caught:
        client.compute(bad)
    assert (caught.value.kind, caught.value.status) == ("throttled", status)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "bad_request"),
        (403, "forbidden"),
        (404, "not_found"),
        (413, "too_large"),
        (401, "unauthenticated"),
    ],
)
def test_what_can_not_pass_is_not_tried_again(client, server, status, kind):
    with pytest.raises(EngineError) as caught:
        client.compute(answer(ERROR, status), GOOD)
    assert caught.value.kind == kind
    assert len(server.seen) == client.usage.requests == 1
    assert client.pauses == []
    assert client.usage.last_status == status
    if status != 401:
        assert caught.value.status == status
        assert "no such band" in str(caught.value)


def test_retry_after_is_honoured(client):
    client.compute(answer(b"", 429, Retry_After="37"), GOOD)
    assert client.pauses == [37.0]


def test_pauses_grow_but_not_for_ever(client):
    client.patient(attempts=60, seconds=1e9)
    client.compute(*[answer(b"", 429)] * 59, GOOD)
    for number, pause in enumerate(client.pauses):
        assert 0.0 <= pause <= min(60.0, 2.0**number)
    assert max(client.pauses) > 30.0  # full jitter: 1 - 2**-53 sure
    assert len(set(client.pauses)) > 50


def test_patience_ends_before_a_pause_that_would_outlast_it(client, server):
    client.patient(attempts=8, seconds=30.0)
    with pytest.raises(EngineError) as caught:
        client.compute(answer(b"", 429, Retry_After="31"), GOOD)
    assert caught.value.kind == "throttled"
    assert client.pauses == []
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "body",
    [
        npy(pixels((3, 2))),
        npy(pixels((2, 3))["a_x"]),
        npy(pixels(dtype=np.dtype([("b_y", "<f4"), ("a_x", "<u2")]))),
        npy(pixels(dtype=np.dtype([("a_x", "<u2"), ("b_y", "<f8")]))),
        npy(pixels())[:-3],
        npy(pixels())[:40],
        b"",
        b"PK\x03\x04 no zip either",
        b'{"error": {"message": "disguised"}}',
    ],
)
def test_pixels_that_are_not_what_was_asked_for_are_corrupt(client, server, body):
    client.patient(attempts=3)
    found = client.pixels(answer(body), answer(npy(pixels())))
    np.testing.assert_array_equal(found, pixels())
    with pytest.raises(EngineError) as caught:
        client.pixels(*[answer(body)] * 3)
    assert caught.value.kind == "corrupt"


def test_a_band_of_nan_alone_is_corrupt():
    good = pixels()
    good["b_y"][0, 0] = np.nan
    assert np.isnan(read_npy(npy(good), DTYPE, (2, 3))["b_y"][0, 0])
    good["b_y"] = np.nan
    with pytest.raises(EngineError, match="b_y is NaN"):
        read_npy(npy(good), DTYPE, (2, 3))


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_damaged_npy_is_corrupt_or_of_the_right_form(data):
    body = bytearray(npy(pixels()))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place] = data.draw(st.integers(0, 255))
    try:
        found = read_npy(bytes(body), DTYPE, (2, 3))
    except EngineError as error:
        assert error.kind == "corrupt"
    else:
        assert (found.dtype, found.shape) == (DTYPE, (2, 3))


def test_an_answer_that_is_not_accepted_is_corrupt_and_tried_again(client):
    def accept(value):
        if value != 4:
            raise EngineError("corrupt", "not 4")
        return value

    assert client.compute(GOOD, answer({"result": 4}), accept=accept) == 4
    assert client.usage.requests == 2


def test_a_body_that_stalls_frees_its_slot(client, monkeypatch):
    monkeypatch.setattr(earthengine.transport, "READ_SECONDS", 0.2)
    client.patient(Budget(1, 1e6), attempts=2)
    assert client.compute(stall, GOOD) == 3
    with pytest.raises(EngineError) as caught:
        client.compute(stall, stall)
    assert caught.value.kind == "deadline"


def test_a_body_that_trickles_frees_its_slot(server, connect):
    session = connect(Budget(1, 1e6), attempts=2, request_seconds=0.3)
    client = Client(server, session, connect.pauses)
    assert client.compute(trickle, GOOD) == 3
    with pytest.raises(EngineError) as caught:
        client.compute(trickle, trickle)
    assert caught.value.kind == "deadline"


def test_usage_adds_up_over_requests(client):
    client.usage.seconds = 100.0
    client.compute(GOOD)
    client.compute(answer(b"12345", 500), GOOD)
    assert client.usage.requests == 3
    assert client.usage.bytes == 2 * len(b'{"result": 3}') + 5
    assert client.usage.seconds > 100.0


def test_usage_is_strict_json(client):
    client.compute(GOOD)
    assert client.usage.to_json() == {
        "requests": 1,
        "bytes": 13,
        "seconds": round(client.usage.seconds, 4),
        "last_status": 200,
    }


def test_threads_do_not_see_each_others_answers(client, server):
    client.patient(Budget(8, 1e6))
    found = {}
    server.script += [answer({"result": "x" * n}) for n in range(1, 33)]

    def work(number):
        usage = Usage()
        value = client.session.compute(ee.Number(number), usage, lambda v: v)
        found[number] = (value, usage)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(value) for value, _ in found.values()) == list(range(1, 33))
    for value, usage in found.values():
        assert usage.bytes == len(value) + len('{"result": ""}')
        assert usage.requests == 1


def test_many_threads_warn_of_no_full_pool(client, server, caplog):
    client.patient(Budget(30, 1e6))
    server.script += [GOOD] * 30
    together = threading.Barrier(30)

    def work():
        together.wait(5)
        client.session.compute(ee.Number(1), Usage(), lambda v: v)

    with caplog.at_level(logging.WARNING):
        threads = [threading.Thread(target=work) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert "pool is full" not in caplog.text


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (google.auth.exceptions.RefreshError("no"), "unauthenticated"),
        (google.auth.exceptions.RefreshError("later", retryable=True), "transient"),
        (google.auth.exceptions.TransportError("unreachable"), "transient"),
        (google.auth.exceptions.DefaultCredentialsError("no"), "unauthenticated"),
        (TypeError("a fault of ours: nothing was sent"), "bad_request"),
    ],
)
def test_failures_before_an_answer(error, kind):
    def call():
        raise error

    with pytest.raises(EngineError) as caught:
        send(
            call,
            lambda value: value,
            gate=Gate(Budget()),
            recorder=Recorder(None),
            patience=Patience(attempts=2),
            usage=Usage(),
            sleep=lambda seconds: None,
        )
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:8080", True),
        ("http://127.0.0.1:80/x", True),
        ("http://[::1]:80", True),
        ("https://earthengine.googleapis.com", False),
        ("http://localhost.example.com", False),
        ("", False),
    ],
)
def test_loopback_addresses(url, here):
    assert is_loopback(url) is here

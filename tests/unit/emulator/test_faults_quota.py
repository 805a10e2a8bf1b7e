"""Quotas, over all clients together."""

import json
import threading
from contextlib import contextmanager

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

import emulator
from emulator import faults, server
from emulator.faults import kinds
from emulator.service import Layer, Response

VALUE = "/v1/projects/p/value:compute"


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


class Gated(Layer):
    """Answers when its gate opens; says when so many wait at it."""

    def __init__(self, opened=False):
        self.gate = threading.Event()
        if opened:
            self.gate.set()
        self.inside = threading.Semaphore(0)

    def handle(self, method, uri, headers=None, body=None):
        if method == "POST":
            self.inside.release()
            self.gate.wait(10)
        return Response(200, {}, b'{"result": 1}')

    def stats(self):
        return {}

    def close(self):
        self.gate.set()


def service(inner, clock=None, **quota):
    return faults.layers(
        inner, faults.Plan(quota=faults.Quota(**quota)), clock or Clock()
    )


def ask(made, body=b"x"):
    return made.handle("POST", VALUE, {}, body)


@contextmanager
def running(made, inner, number):
    threads = [threading.Thread(target=ask, args=(made,)) for _ in range(number)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert inner.inside.acquire(timeout=10)
    yield
    inner.gate.set()
    for thread in threads:
        thread.join()


def test_one_more_at_once_is_refused():
    inner = Gated()
    made = service(inner, concurrent=3, retry_after_s=5)
    with running(made, inner, 3):
        refused = ask(made)
        assert (refused.status, refused.cause) == (429, "quota:concurrent")
        assert json.loads(refused.body)["error"]["message"] == kinds.TOO_MANY
        assert refused.headers["retry-after"] == "5"
        assert made.handle("GET", "/v1/projects/p/algorithms").status == 200
    assert ask(made).status == 200


def test_it_is_one_quota_for_the_clients_of_both_doors():
    inner = Gated()
    made = emulator.around(service(inner, concurrent=2))
    transport = emulator.Transport(made)
    with server.start(made) as door, running(made, inner, 2):
        assert transport.request(f"http://x{VALUE}", "POST", b"y")[0].status == 429
        assert _post(door.url, b"z") == 429
        assert made.stats()["refused"] == {"concurrent": 2}
        assert made.stats()["highest_concurrency"] == 3


def _post(url, body):
    with requests.Session() as session:
        session.trust_env = False
        return session.post(f"{url}{VALUE}", data=body, timeout=10).status_code


@given(
    st.integers(1, 5),
    st.sampled_from([("per_second", 1.0), ("per_minute", 60.0)]),
    st.lists(st.floats(0, 0.7), max_size=40),
)
def test_no_span_ever_holds_more_than_its_limit(limit, span, pauses):
    name, span_s = span
    clock, inner = Clock(), Gated(opened=True)
    made = service(inner, clock, **{name: limit})
    taken = []
    for pause in pauses:
        clock.seconds += pause * span_s
        recent = sum(clock.seconds - at < span_s for at in taken)
        answer = ask(made)
        # As many as are allowed are taken, and not one more.
        assert (answer.status == 200) == (recent < limit)
        if answer.status == 200:
            taken.append(clock.seconds)
        else:
            assert answer.cause == f"quota:{name}"


def test_messages_are_those_observed():
    inner = Gated(opened=True)
    for name, message in (
        ("per_second", kinds.TOO_MANY),
        ("per_minute", kinds.PER_MINUTE),
    ):
        made = service(inner, **{name: 1})
        ask(made)
        assert json.loads(ask(made).body)["error"]["message"] == message


@pytest.mark.parametrize("at", [0.0, 30.0])
def test_restricted_mode_allows_less_and_says_so(at):
    inner, clock = Gated(), Clock()
    made = service(
        inner, clock, concurrent=3, restricted=faults.Restricted(1, from_s=30.0)
    )
    header = {"x-earth-engine-quota-status": "parallelism_restricted=true"}
    asset = "/v1/projects/p/assets/x"
    assert not made.handle("GET", asset).headers.keys() & header.keys()
    clock.seconds = at
    with running(made, inner, 1):
        if at < 30.0:
            return
        refused = ask(made)
        assert (refused.status, refused.cause) == (429, "quota:restricted")
        assert header.items() <= refused.headers.items()
    assert header.items() <= ask(made).headers.items()

"""Calls in flight: bounded, unordered, nothing lost, nothing twice."""

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.inflight import InFlight, abandon_all


class Watch:
    """Counts calls that run, and calls begun but not handed on."""

    def __init__(self, delay=lambda item: 0.0):
        self.lock = threading.Lock()
        self.running = self.most = self.begun = 0
        self.delay = delay

    def __call__(self, item):
        with self.lock:
            self.begun += 1
            self.running += 1
            self.most = max(self.most, self.running)
        time.sleep(self.delay(item))
        with self.lock:
            self.running -= 1
        return item


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(0, 3), max_size=40),
    st.integers(1, 6),
    st.integers(1, 12),
)
def test_every_call_comes_back_once_and_bounds_hold(delays, threads, window):
    watch = Watch(lambda item: item[1] / 2000)
    calls = InFlight(watch, threads, window)
    items = list(enumerate(delays))
    came = []
    for item in items:
        came += calls.submit(item)
        assert watch.begun - len(came) <= max(threads, window)
        assert len(items) >= len(came)
    came += calls.drain()
    calls.close()
    assert sorted(came) == items
    assert watch.most <= threads
    assert list(calls.drain()) == []


def test_calls_do_run_at_once():
    three = threading.Barrier(3)
    calls = InFlight(lambda _: three.wait(5), 3, 3)
    came = [r for n in range(3) for r in calls.submit(n)]
    came += calls.drain()
    calls.close()
    assert sorted(came) == [0, 1, 2]


def test_a_slow_call_holds_up_no_other():
    release = threading.Event()

    def work(number):
        if number == 0:
            release.wait(5)
        return number

    calls = InFlight(work, 2, 4)
    came = []
    for number in range(10):
        came += calls.submit(number)
    assert 0 not in came
    assert len(came) >= 6  # all but the window have been handed on
    release.set()
    came += calls.drain()
    calls.close()
    assert sorted(came) == list(range(10))


def test_what_a_call_raises_is_raised():
    def work(number):
        if number == 3:
            raise KeyError(number)
        return number

    calls = InFlight(work, 2, 2)
    with pytest.raises(KeyError):
        for number in range(8):
            list(calls.submit(number))
        list(calls.drain())
    calls.close()


def test_what_the_last_call_raises_is_raised_on_drain():
    def work(_):
        time.sleep(0.02)
        raise KeyError

    calls = InFlight(work, 1, 4)
    assert list(calls.submit(0)) == []
    with pytest.raises(KeyError):
        list(calls.drain())
    calls.close()


def test_it_may_be_used_again_after_a_drain():
    calls = InFlight(lambda n: n, 2, 3)
    for round_ in range(3):
        came = [r for n in range(5) for r in calls.submit((round_, n))]
        came += calls.drain()
        assert sorted(came) == [(round_, n) for n in range(5)]
    calls.close()


def test_abandoned_calls_never_begin():
    begun = []
    first, go_on = threading.Event(), threading.Event()

    def work(item):
        begun.append(item)
        first.set()
        go_on.wait(5)

    calls = InFlight(work, threads=1, window=5)
    for item in range(5):
        assert list(calls.submit(item)) == []
    assert first.wait(5)
    abandon_all()
    go_on.set()
    calls._pool.shutdown(wait=True)
    assert begun == [0]

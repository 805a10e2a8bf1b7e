"""The gate: never more at once, never more a second, than the budget."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from earthengine.engine import Budget
from earthengine.gate import Gate


class Clock:
    """Time that passes only in sleep."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        assert seconds > 0
        self.now += seconds


def gate_of(concurrent=100, per_second=10.0):
    clock = Clock()
    return clock, Gate(Budget(concurrent, per_second), clock, clock.sleep)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.4, 3.0]), max_size=80),
    st.sampled_from([0.5, 1.0, 7.0, 10.0, 100.0]),
)
@example([0.0, 3.0] + [0.0] * 30, 10.0)  # a burst after a pause
def test_no_second_sees_more_than_the_rate(pauses, rate):
    clock, gate = gate_of(per_second=rate)
    begun = []
    for pause in pauses:
        clock.now += pause
        with gate.slot():
            begun.append(clock.now)
    for start in begun:
        # Half a millisecond for rounding: a clock's ticks are no finer.
        within = [t for t in begun if start <= t < start + 1.0 - 5e-4]
        assert len(within) <= max(1, rate)


def test_steady_demand_gets_the_whole_rate():
    clock, gate = gate_of(per_second=50.0)
    start = clock.now
    for _ in range(501):
        with gate.slot():
            pass
    assert clock.now - start == pytest.approx(10.0, rel=1e-3)


def test_slow_demand_never_waits():
    clock, gate = gate_of(per_second=10.0)
    for _ in range(20):
        clock.now += 0.2
        before = clock.now
        with gate.slot():
            assert clock.now == before


def test_never_more_at_once_than_the_budget():
    gate = Gate(Budget(3, 1e6))
    lock, inside, most = threading.Lock(), 0, 0
    three = threading.Barrier(3)

    def work(number):
        nonlocal inside, most
        with gate.slot():
            with lock:
                inside += 1
                most = max(most, inside)
            if number < 3:
                three.wait(5)  # the first three do get in together
            with lock:
                inside -= 1

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(60)))
    assert most == 3
    assert gate.peak == 3


def test_slots_come_back_after_an_error():
    gate = Gate(Budget(1, 1e6))
    for _ in range(3):
        with pytest.raises(KeyError), gate.slot():
            raise KeyError
    with gate.slot():
        pass


def test_busy_seconds_add_up_over_slots():
    clock, gate = gate_of(per_second=1e9)
    with gate.slot():
        clock.now += 1.0
        with gate.slot():
            clock.now += 2.0
        assert gate.busy_seconds() == pytest.approx(1 + 2 * 2, abs=1e-6)
        clock.now += 0.5
    clock.now += 100.0
    assert gate.busy_seconds() == pytest.approx(5.5, abs=1e-6)

"""What the gate learns: as many requests at once as the engine takes, and no more."""

import heapq
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthengine import learning

RATE = 100.0
THREADS = 64


class Engine:
    """A model of an engine and of threads that ask it, in simulated time.

    Attributes:
        capacity: Requests worked on at once; more are refused.
        outage: From when to when every request fails.
        noise: Share refused for no reason.
        faults: Share that fail.
    """

    def __init__(self, capacity, outage=(0.0, 0.0), noise=0.0, faults=0.0, seed=1):
        self.capacity, self.outage = capacity, outage
        self.noise, self.faults = noise, faults
        self.draw = random.Random(seed)
        self.working = 0

    def outcome(self, time):
        """Returns the verdict of a request, and its latency."""
        if self.outage[0] <= time < self.outage[1]:
            return "failed", 0.02
        if self.working >= self.capacity or self.draw.random() < self.noise:
            return "refused", 0.05
        if self.draw.random() < self.faults:
            return "failed", 0.1
        self.working += 1
        return "good", self.draw.lognormvariate(0.0, 0.3)


def run(engine, quota, wanted):
    """Asks until so many requests went well.

    Returns:
        Share of the engine's capacity used, share of requests refused, what was
        learned, and the limit over time.
    """
    known = learning.nothing(quota)
    time = beat = work = 0.0
    ready = [(0.0, i) for i in range(THREADS)]
    ending, number = [], itertools.count()
    good = sent = refused = in_flight = 0
    limits = []
    while good < wanted:
        if ready and in_flight < int(known.limit) and len(ending) < wanted - good:
            start = max(time, beat, ready[0][0])
            if not ending or start <= ending[0][0]:
                time, beat = start, start + 1.0 / RATE
                heapq.heappop(ready)
                verdict, latency = engine.outcome(time)
                in_flight += 1
                sent += 1
                refused += verdict == "refused"
                work += latency if verdict == "good" else 0.0
                item = (time + latency, next(number), verdict, time)
                heapq.heappush(ending, item)
                continue
        time, _, verdict, begun = heapq.heappop(ending)
        full = in_flight >= int(known.limit)
        in_flight -= 1
        again = time
        if verdict == "good":
            engine.working -= 1
            good += 1
            known = learning.after_success(known, quota, time - begun, begun, full=full)
        elif verdict == "refused":
            known = learning.after_refusal(known, in_flight, begun, time)
            again += engine.draw.uniform(0.0, 1.0)
        else:
            known = learning.after_failure(known, begun, time)
            again += engine.draw.uniform(0.0, 1.0)
        heapq.heappush(ready, (again, next(number)))
        limits.append((time, known.limit))
    return work / (time * engine.capacity), refused / sent, known, limits


@pytest.mark.parametrize("seed", range(5))
def test_an_engine_that_takes_17_of_40_is_used_well_and_refuses_little(seed):
    used, refused, _, _ = run(Engine(17, seed=seed), 40, 1000)
    assert used > 0.9
    assert refused < 0.05


def test_an_engine_that_takes_the_quota_gets_it_at_once():
    used, refused, known, _ = run(Engine(40), 40, 2000)
    assert used > 0.9
    assert refused == 0.0
    assert known.limit == 40.0


def test_capacity_that_comes_back_is_found_again():
    engine = Engine(5)
    _, _, known, _ = run(engine, 40, 300)
    assert known.limit < 7
    engine.capacity = 40
    limit = known
    for i in range(3000):
        limit = learning.after_success(limit, 40, 1.0, 1e6 + i, full=True)
    assert limit.limit == 40.0


def test_an_outage_closes_the_gate_and_opens_it_again():
    _, _, known, limits = run(Engine(40, outage=(20.0, 80.0)), 40, 3000)
    during = [limit for time, limit in limits if 25.0 < time < 80.0]
    assert max(during) == 1.0
    after = [limit for time, limit in limits if time > 90.0]
    assert min(after) > 30.0
    assert known.limit == 40.0


def test_faults_now_and_then_are_no_outage():
    _, _, known, limits = run(Engine(40, faults=0.3), 40, 2000)
    assert min(limit for _, limit in limits) == 40.0
    assert known.limit == 40.0


def test_refusals_without_reason_do_not_stop_the_work():
    _, _, _, limits = run(Engine(40, noise=0.05), 40, 2000)
    late = [limit for _, limit in limits[len(limits) // 2 :]]
    assert sum(late) / len(late) > 8.0


def test_answers_to_requests_before_a_cut_tell_nothing():
    known = learning.after_refusal(learning.nothing(40), 30, 10.0, 11.0)
    again = learning.after_refusal(known, 30, 10.5, 11.1)
    assert again.limit == known.limit
    grown = learning.after_success(known, 40, 1.0, 10.5, full=True)
    assert grown.limit == known.limit


def test_a_limit_that_is_not_used_does_not_grow():
    known = learning.nothing(40)._replace(limit=10.0, threshold=10.0)
    for i in range(100):
        known = learning.after_success(known, 40, 1.0, float(i), full=False)
    assert known.limit == 10.0


def test_slow_answers_stop_growth():
    known = learning.nothing(40)._replace(limit=10.0, threshold=10.0)
    for i in range(100):
        known = learning.after_success(known, 40, 1.0, float(i), full=False)
    slow = known
    for i in range(30):
        slow = learning.after_success(slow, 40, 30.0, 100.0 + i, full=i > 3)
    assert slow.limit == pytest.approx(10.0, abs=0.11)


def test_restricted_mode_halves_the_limit_once():
    known = learning.after_header(learning.nothing(40), restricted=True)
    assert known.limit == 20.0
    assert learning.after_header(known, restricted=True) == known
    assert learning.after_header(known, restricted=False).restricted == 0.0


VERDICTS = st.tuples(
    st.sampled_from(["good", "refused", "failed", "header"]),
    st.floats(0.001, 300.0),
    st.integers(0, 40),
    st.booleans(),
)


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 40), st.lists(VERDICTS, max_size=200))
def test_the_limit_is_always_between_one_and_the_quota(quota, events):
    known = learning.nothing(quota)
    time = 0.0
    for verdict, seconds, others, flag in events:
        begun, time = time, time + seconds
        if verdict == "good":
            known = learning.after_success(known, quota, seconds, begun, full=flag)
        elif verdict == "refused":
            known = learning.after_refusal(known, min(others, quota), begun, time)
        elif verdict == "failed":
            known = learning.after_failure(known, begun, time)
        else:
            known = learning.after_header(known, flag)
        assert 1.0 <= known.limit <= quota

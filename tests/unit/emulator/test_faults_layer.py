"""Which requests go wrong, and when."""

import json
import math
import statistics
import threading
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import faults
from emulator.faults.draws import Attempts, Draws, identity
from emulator.faults.layer import Faults, seconds
from emulator.faults.since import Since
from emulator.service import Layer, Response

VALUE = "/v1/projects/p/value:compute"
PIXELS = "/v1/projects/p/image:computePixels"


class Always(Layer):
    """Answers 200, and counts."""

    def __init__(self):
        self.asked = Counter()

    def handle(self, method, uri, headers=None, body=None):
        self.asked[uri] += 1
        return Response(200, {"content-type": "application/json"}, b'{"result": 1}')

    def stats(self):
        return {}

    def close(self):
        pass


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


def service(*rules, clock=None, inner=None, **plan):
    made = faults.Plan(faults=rules, **plan)
    return faults.layers(inner or Always(), made, clock or Clock())


def ask(made, body, path=VALUE):
    return made.handle("POST", path, {}, f"request {body}".encode())


def causes(made, bodies, path=VALUE):
    return [ask(made, body, path).cause for body in bodies]


def test_rates_are_met_and_add_up():
    made = service(faults.Rule("429", rate=0.2), faults.Rule("503", rate=0.1))
    number = 4000
    counted = Counter(causes(made, range(number)))
    for cause, rate in (("429", 0.2), ("503", 0.1), ("", 0.7)):
        # Five standard deviations of a binomial count.
        assert abs(counted[cause] - rate * number) < 5 * math.sqrt(
            number * rate * (1 - rate)
        )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_order_changes_nothing_and_retries_meet_fresh_draws(seed, shuffled):
    rules = (faults.Rule("500", rate=0.4), faults.Rule("cut", rate=0.3))
    bodies = [name for name in range(12) for _ in range(5)]

    def run(order):
        made = service(*rules, seed=seed)
        met = {}
        for body in order:
            met.setdefault(body, []).append(ask(made, body).cause)
        return met

    straight = run(bodies)
    mixed = list(bodies)
    shuffled.shuffle(mixed)
    assert run(mixed) == straight
    assert any(len(set(met)) > 1 for met in straight.values())


def test_threads_change_nothing():
    rule = faults.Rule("500", rate=0.5)

    def run(threads):
        made, met = service(rule, seed=5), {}

        def work(bodies):
            for body in bodies:
                met[body] = [ask(made, body).cause for _ in range(4)]

        workers = [
            threading.Thread(target=work, args=(range(i, 60, threads),))
            for i in range(threads)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return met

    assert run(1) == run(6)


def test_another_seed_chooses_others():
    rule = faults.Rule("500", rate=0.5)
    runs = {tuple(causes(service(rule, seed=seed), range(40))) for seed in range(5)}
    assert len(runs) == 5


def test_host_query_and_door_do_not_count():
    one = identity("post", f"http://h:80{VALUE}?alt=json", "é")
    assert one == identity("POST", VALUE, "é".encode())
    assert one != identity("POST", PIXELS, "é".encode())


def test_first_times_only():
    made = service(faults.Rule("429", first=2))
    assert causes(made, "aabaab") == ["429", "429", "429", "", "", "429"]


def test_a_share_is_for_good():
    made = service(faults.Rule("404", share=0.3))
    bodies = range(300)
    once = causes(made, bodies)
    assert causes(made, bodies) == once
    assert abs(once.count("404") - 90) < 5 * math.sqrt(300 * 0.3 * 0.7)


def test_matching_looks_into_path_and_body():
    made = service(faults.Rule("400", matching=r"request (1|22)\b|assets/x"))
    assert causes(made, [1, 2, 22, 11]) == ["400", "", "400", ""]
    assert made.handle("GET", "/v1/projects/p/assets/x").cause == "400"
    assert made.handle("GET", "/v1/projects/p/assets/y").cause == ""


def test_only_some_kinds_and_never_the_start_of_a_client():
    made = service(faults.Rule("500", only=frozenset({"pixels"})))
    assert causes(made, "a", PIXELS) == ["500"]
    assert causes(made, "a", VALUE) == [""]
    made = service(faults.Rule("500"))
    assert causes(made, "a", VALUE) == ["500"]
    assert made.handle("GET", "/$discovery/rest").cause == ""
    assert made.handle("GET", "/v1/projects/p/algorithms").cause == ""
    made = service(faults.Rule("500", only=frozenset({"discovery"})))
    assert made.handle("GET", "/$discovery/rest").cause == "500"


def test_an_outage_begins_and_ends():
    clock = Clock()
    made = service(faults.Rule("503", from_s=10, for_s=60), clock=clock)
    clock.seconds = 1000.0
    met = []
    for at in (0, 9.9, 10, 69.9, 70):
        clock.seconds = 1000.0 + at
        met.append(ask(made, at).cause)
    assert met == ["", "", "503", "503", ""]


def test_the_clock_may_count_from_the_start():
    clock = Clock()
    rule = faults.Rule("503", from_s=10)
    made = service(rule, clock=clock)
    plan = faults.Plan(faults=(rule,), clock="start")
    started = faults.layers(Always(), plan, clock)
    clock.seconds = 11.0
    assert [ask(one, 1).cause for one in (made, started)] == ["", "503"]


def test_errors_have_googles_form():
    rules = (
        faults.Rule("429", matching="a$", retry_after_s=7),
        faults.Rule("403_rate", matching="b$", message="Slower."),
        faults.Rule("503_html", matching="c$"),
    )
    made = service(*rules)
    a, b, c = (ask(made, body) for body in "abc")
    assert (a.status, a.headers["retry-after"]) == (429, "7")
    assert json.loads(a.body)["error"]["status"] == "RESOURCE_EXHAUSTED"
    error = json.loads(b.body)["error"]
    assert (error["code"], error["message"]) == (403, "Slower.")
    assert error["errors"][0]["reason"] == "rateLimitExceeded"
    assert "retry-after" not in b.headers
    assert (c.status, c.headers["content-type"][:9]) == (503, "text/html")
    assert c.body.startswith(b"<!DOCTYPE html>")


def test_errors_cost_the_engine_nothing():
    inner = Always()
    made = service(faults.Rule("500"), inner=inner)
    causes(made, "abc")
    assert not inner.asked


def test_what_is_an_error_already_is_not_spoilt():
    class Refusing(Always):
        def handle(self, *_):
            return Response(400, {}, b"{}")

    made = service(faults.Rule("garbage"), inner=Refusing())
    assert (ask(made, 1).status, ask(made, 1).cause) == (400, "")


def draws(number):
    return [Draws(3, identity("POST", VALUE, str(i)), 1) for i in range(number)]


def distance(numbers, cdf):
    """Returns Kolmogorov's distance, scaled: beyond 2.2 once in 8000 times."""
    found = sorted(map(cdf, numbers))
    n = len(found)
    gaps = (max((i + 1) / n - p, p - i / n) for i, p in enumerate(found))
    return max(gaps) * math.sqrt(n)


def test_latencies_are_lognormal():
    latency = faults.Latency(2.0, sigma=0.5)
    waits = [seconds(latency, one, "x") for one in draws(2000)]
    normal = statistics.NormalDist(math.log(2.0), 0.5)
    assert distance(map(math.log, waits), normal.cdf) < 2.2
    assert waits == [seconds(latency, one, "x") for one in draws(2000)]


def test_the_slow_tail():
    latency = faults.Latency(2.0, slow_share=0.1, slow_factor=10.0)
    counted = Counter(seconds(latency, one, "x") for one in draws(2000))
    assert set(counted) == {2.0, 20.0}
    assert abs(counted[20.0] - 200) < 5 * math.sqrt(2000 * 0.1 * 0.9)


class Waits:
    """Stands for the event on which latency is waited."""

    def __init__(self):
        self.noted = []

    def wait(self, seconds):
        self.noted.append(seconds)


def test_latencies_of_a_request_add_up_and_errors_come_at_once():
    plan = faults.Plan(
        faults=(faults.Rule("500", matching="bad"), faults.Rule("cut", matching="cut")),
        latency=(
            faults.Latency(1.0),
            faults.Latency(0.5, only=frozenset({"pixels"})),
        ),
    )
    made = Faults(Always(), plan, Since(Clock(), first_look=True))
    made._closed = waits = Waits()
    for body, path in (
        ("good", VALUE),
        ("good", PIXELS),
        ("bad", PIXELS),
        ("cut", VALUE),
    ):
        ask(made, body, path)
    made.handle("GET", "/v1/projects/p/assets/x")
    assert waits.noted == [1.0, 1.5, 1.0]


def test_waits_end_when_it_closes():
    made = service(latency=(faults.Latency(3600.0),))
    thread = threading.Thread(target=ask, args=(made, 1))
    thread.start()
    made.close()
    thread.join(10)
    assert not thread.is_alive()


def test_attempts_are_forgotten_rather_than_memory_filled():
    attempts = Attempts(capacity=3)
    assert [attempts.count(bytes([i])) for i in (1, 2, 1, 3, 4)] == [1, 1, 2, 1, 1]
    assert attempts.count(b"\2") == 1
    assert len(attempts._seen) == 3


def test_draws_are_uniform():
    numbers = [one.fresh("a") for one in draws(3000)]
    assert distance(numbers, lambda one: one) < 2.2
    lasting = [one.lasting("a") for one in draws(3000)]
    assert abs(statistics.correlation(numbers, lasting)) < 0.1


def test_garbage_is_the_same_each_time():
    rule = faults.Rule("garbage")
    first, again, other = (ask(service(rule, seed=seed), 1).body for seed in (1, 1, 2))
    assert first == again != other
    with pytest.raises(UnicodeDecodeError):
        json.loads(first)

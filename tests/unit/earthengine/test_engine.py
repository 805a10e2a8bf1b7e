"""Sharing one budget among processes, and what a user reads of an engine."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthengine.engine import Budget, Engine


@given(
    st.integers(1, 500),
    st.floats(0.1, 6000.0),
    st.integers(1, 64),
)
def test_shares_never_exceed_the_whole(concurrent, per_second, processes):
    budget = Budget(concurrent, per_second)
    if processes > concurrent:
        with pytest.raises(ValueError, match="--max_concurrent_requests"):
            budget.share(processes)
        return
    share = budget.share(processes)
    assert share.concurrent >= 1
    assert share.concurrent * processes <= concurrent
    assert share.per_second * processes <= per_second * (1 + 1e-12)


def test_one_process_has_it_all():
    assert Budget(40, 100.0).share(1) == Budget(40, 100.0)
    assert Budget(40, 100.0).share(3) == Budget(13, 100.0 / 3)


def test_the_emulators_imagery_is_called_synthetic():
    assert "SYNTHETIC" in Engine().describe()
    google = Engine("google", "my-project", "https://ee.example")
    assert "my-project" in google.describe()
    assert "SYNTHETIC" not in google.describe()


def test_engines_travel_between_processes():
    engine = Engine("google", "p", "https://ee.example", "/key.json")
    assert pickle.loads(pickle.dumps(engine)) == engine

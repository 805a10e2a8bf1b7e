"""The DirectRunner is Beam's FnApiRunner, and never multiplies the budget."""

from __future__ import annotations

import logging

import pytest

from earthengine.engine import Budget
from runners import direct


def test_direct_runner_is_resolved_and_said(caplog):
    with caplog.at_level(logging.INFO):
        flags, processes = direct.arguments("DirectRunner", [])
    assert "--runner=FnApiRunner" in flags
    assert "FnApiRunner" in caplog.text
    assert processes == 1


def test_workers_are_processes_of_their_own():
    flags, processes = direct.arguments("DirectRunner", ["--direct_num_workers=3"])
    assert "--direct_running_mode=multi_processing" in flags
    assert processes == 3


def test_threads_share_one_process():
    _, processes = direct.arguments(
        "FnApiRunner",
        ["--direct_num_workers", "3", "--direct_running_mode", "multi_threading"],
    )
    assert processes == 1


def test_other_flags_go_through():
    flags, _ = direct.arguments("DirectRunner", ["--direct_runner_bundle_repeat=1"])
    assert "--direct_runner_bundle_repeat=1" in flags


@pytest.mark.parametrize("processes", [1, 2, 3, 7, 40])
def test_processes_never_exceed_the_budget_together(processes):
    whole = Budget(40, 100.0)
    part = whole.share(processes)
    assert part.concurrent * processes <= whole.concurrent
    assert part.per_second * processes == pytest.approx(whole.per_second)


def test_more_processes_than_requests_are_refused():
    with pytest.raises(ValueError, match="max_concurrent_requests=3"):
        Budget(3).share(4)

"""One gate for all processes of a machine."""

import multiprocessing
import os
import signal
import threading
import time

import pytest

from earthengine.book import SharedBook
from earthengine.engine import Budget
from earthengine.gate import Gate

AT_ONCE = 5
_fork = multiprocessing.get_context("spawn")


def gate_of(path):
    return Gate(Budget(AT_ONCE, 1e6), book=SharedBook(path))


def ask(path, log, count):
    """Passes the gate with eight threads, and notes when each went in and out."""
    gate = gate_of(path)
    lock = threading.Lock()

    def work():
        for _ in range(count):
            with gate.slot() as slot:
                went_in = time.monotonic()
                time.sleep(0.01)
                slot.verdict = "good"
                with lock, log.open("a") as file:
                    file.write(f"{went_in} 1\n{time.monotonic()} -1\n")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def hold(path, slots, held):
    """Takes slots and never gives them back."""
    gate = gate_of(path)
    taken = [gate.slot() for _ in range(slots)]
    for slot in taken:
        slot.__enter__()
    held.set()
    time.sleep(60)


def test_processes_together_keep_the_budget_and_use_it(tmp_path):
    path = tmp_path / "run.gate"
    logs = [tmp_path / f"{i}.log" for i in range(2)]
    workers = [_fork.Process(target=ask, args=(path, log, 6)) for log in logs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    events = [line.split() for log in logs for line in log.read_text().splitlines()]
    assert len(events) == 2 * 2 * 8 * 6
    inside, most = 0, 0
    for _, step in sorted((float(t), int(s)) for t, s in events):
        inside += step
        most = max(most, inside)
    assert most == AT_ONCE


def test_what_a_killed_process_held_is_given_back(tmp_path):
    path = tmp_path / "run.gate"
    held = _fork.Event()
    worker = _fork.Process(target=hold, args=(path, AT_ONCE, held))
    worker.start()
    assert held.wait(30)
    gate = gate_of(path)
    assert gate.state().in_flight == AT_ONCE
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    with gate.slot():
        assert gate.state().in_flight == 1


def test_what_one_process_learns_all_know(tmp_path):
    one, other = gate_of(tmp_path / "run.gate"), gate_of(tmp_path / "run.gate")
    assert other.state().limit == AT_ONCE
    with one.slot(), one.slot(), one.slot() as refused:
        refused.verdict = "refused"
    assert other.state().limit < AT_ONCE


def test_a_file_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        SharedBook(tmp_path / "file" / "run.gate")

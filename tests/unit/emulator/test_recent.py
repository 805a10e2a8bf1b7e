"""What is remembered has limits."""

import os
import pickle
import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emulator.planet import land, places
from emulator.recent import Recent
from emulator.source import PixelGrid


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), max_size=80))
def test_neither_number_nor_bytes_pass_their_limits(asked):
    recent = Recent(5, 100, len)
    for key, size in asked:
        assert recent.get((key, size), lambda size=size: bytes(size)) == bytes(size)
        assert len(recent) <= 5
        assert recent.bytes <= 100
        assert recent.bytes == sum(len(v) for v, _ in recent._kept.values())


def test_the_longest_unused_goes_first_and_the_too_large_is_not_kept():
    recent = Recent(10, 100, len)
    for key in "abc":
        recent.keep(key, bytes(30))
    assert recent.find("a") is not None
    recent.keep("d", bytes(30))
    assert recent.find("b") is None
    assert recent.find("a") is not None
    recent.keep("e", bytes(101))
    assert recent.find("e") is None
    assert recent.bytes == 90


def test_many_threads_leave_it_within_its_limits():
    recent = Recent(7, 4_000, lambda a: a.nbytes)
    wrong = []

    def ask(seed):
        rng = np.random.default_rng(seed)
        for number in rng.integers(0, 20, 400).tolist():
            made = recent.get(number, lambda n=number: np.full(100, n, np.int64))
            if (made != number).any() or len(recent) > 7 or recent.bytes > 4_000:
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert recent.bytes == 800 * len(recent)


def test_a_forked_child_is_not_locked_out():
    recent = Recent(3, 100, len)
    recent.keep("a", b"abc")
    with recent._lock:  # as if another thread held it
        child = os.fork()
        if child == 0:
            os._exit(0 if recent.get("b", lambda: b"x") == b"x" else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_grid_s_hash_stays_in_its_process():
    grid = PixelGrid("EPSG:32632", (10.0, 0.0, 5.0, 0.0, -10.0, 7.0), 3, 4)
    same = PixelGrid("EPSG:32632", (10.0, 0.0, 5.0, 0.0, -10.0, 7.0), 3, 4)
    assert {grid: 1}[same] == 1
    assert b"_hash" not in pickle.dumps(grid)
    assert pickle.loads(pickle.dumps(grid)) == grid


def test_what_is_kept_of_windows_and_blocks_stays_within_its_limits():
    for column in range(20):
        places.metric_land(
            "EPSG:32632", 500_000.0 + 1e4 * column, 6.2e6, 10.0, 128, 128
        )
    assert 0 < land._BLOCKS.bytes <= land._BLOCKS.size
    assert 0 < len(land._BLOCKS) <= land._BLOCKS.entries
    recent = places.metric_land.recent
    assert len(recent) == recent.entries
    assert recent.bytes <= recent.size
    places.metric_land("EPSG:32632", 500_000.0, 6.2e6, 10.0, 1500, 1500)
    assert recent.find(("EPSG:32632", 500_000.0, 6.2e6, 10.0, 1500, 1500)) is None

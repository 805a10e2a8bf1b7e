"""A killed writer's journal gives back every tile that it had noted whole."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset.journal import SUFFIX, Journal, read_journal
from dataset.shard import Shard, read_rows
from dataset.shard_writer import ShardWriter, recover
from dataset.stack import EncodedStack
from tests.unit.dataset.plans import make_failed, make_stack
from tests.unit.transforms.jobs import make_job

JOB = make_job(("aster", "lat"))
SIZE = 16


def stacks(count):
    """Makes tiles; every fifth failed."""
    return [
        EncodedStack(make_failed(n), {}, {}) if n % 5 == 4 else make_stack(n, JOB.specs)
        for n in range(count)
    ]


def same(left, right):
    assert left.row == right.row
    assert left.chunks == right.chunks
    assert left.values.keys() == right.values.keys()
    for name, values in left.values.items():
        np.testing.assert_array_equal(values, right.values[name], strict=True)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("journal") / f"shard-0{SUFFIX}"
    journal, ends = Journal(path), [0]
    for stack in stacks(7):
        journal.add(stack)
        ends.append(path.stat().st_size)
    return path.read_bytes(), ends


def test_what_was_noted_comes_back(tmp_path, written):
    path = tmp_path / "whole"
    path.write_bytes(written[0])
    for found, wanted in zip(read_journal(path), stacks(7), strict=True):
        same(found, wanted)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_a_journal_cut_anywhere_gives_all_whole_records(
    tmp_path_factory, written, data
):
    body, ends = written
    cut = data.draw(st.integers(0, len(body)))
    path = tmp_path_factory.getbasetemp() / "cut.journal"
    path.write_bytes(body[:cut])
    found = [stack.row["tile"]["position"] for stack in read_journal(path)]
    assert found == list(range(sum(end <= cut for end in ends[1:])))


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_a_flipped_byte_is_found_out(tmp_path_factory, written, data):
    body, ends = written
    place = data.draw(st.integers(0, len(body) - 1))
    damaged = bytearray(body)
    damaged[place] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.getbasetemp() / "flipped.journal"
    path.write_bytes(damaged)
    found = [stack.row["tile"]["position"] for stack in read_journal(path)]
    hit = sum(end <= place for end in ends[1:])
    others = [n for n in range(7) if n != hit]
    if place - ends[hit] < 12:
        # Its mark or its length: where the next record begins is not known.
        assert found == others[:hit]
    else:
        assert found == others


def test_a_shard_out_of_a_journal_is_the_shard_that_was_to_be(tmp_path):
    whole = ShardWriter(tmp_path / "whole", JOB.specs, SIZE, {"a": 1})
    broken = ShardWriter(tmp_path / "broken", JOB.specs, SIZE, {"a": 1})
    for stack in stacks(6):
        for writer in (whole, broken):
            if stack.row["status"] == "made":
                writer.add(stack)
            else:
                writer.add_failure(stack.row)
    broken.abort()
    (again,) = recover(tmp_path / "broken", JOB.specs, SIZE, {"a": 1})
    assert again.read_bytes() == whole.close().read_bytes()
    assert recover(tmp_path / "broken", JOB.specs, SIZE, {"a": 1}) == []


def test_a_journal_beside_its_shard_is_only_swept_away(tmp_path):
    writer = ShardWriter(tmp_path, JOB.specs, SIZE, {})
    writer.add(stacks(1)[0])
    (journal,) = tmp_path.glob(f"*{SUFFIX}")
    noted = journal.read_bytes()
    path = writer.close()
    journal.write_bytes(noted)  # as a kill just before its removal leaves it
    assert recover(tmp_path, JOB.specs, SIZE, {}) == []
    assert list(tmp_path.iterdir()) == [path]


def test_a_kill_loses_no_tile_that_was_added(tmp_path):
    code = textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        from dataset.shard_writer import ShardWriter
        from tests.unit.dataset.test_journal import JOB, SIZE, stacks
        writer = ShardWriter(Path({str(tmp_path)!r}), JOB.specs, SIZE, {{}})
        for stack in stacks(4):
            writer.add(stack)
        print("added", flush=True)
        time.sleep(60)
    """)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "added\n"
        time.sleep(0.05)
        os.kill(child.pid, signal.SIGKILL)
    (path,) = recover(tmp_path, JOB.specs, SIZE, {})
    assert [row["tile"]["position"] for row in read_rows(path)] == [0, 1, 2, 3]
    with Shard(path) as shard:
        same(
            EncodedStack(
                stacks(3)[2].row,
                {"aster": shard.chunk("aster", 2)},
                {"lat": shard.values("lat", 2)},
            ),
            stacks(3)[2],
        )

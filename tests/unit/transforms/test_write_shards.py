"""Stacks to shards: closed when full, whole when named, only names go on."""

from pathlib import Path

import apache_beam as beam
import pytest

from dataset import files
from dataset.shard import Shard, read_rows
from dataset.shard_writer import recover
from dataset.stack import EncodedStack
from tests.unit.dataset.plans import make_failed, make_stack
from tests.unit.transforms.jobs import make_job
from transforms.write_shards import WriteShards, _WriteShards

JOB = make_job(("aster", "lat"))


def stack(number):
    """Makes a tile's stack; every fifth tile failed."""
    if number % 5 == 4:
        return EncodedStack(make_failed(number), {}, {})
    return make_stack(number, JOB.specs)


def positions(path):
    return [row["tile"]["position"] for row in read_rows(Path(path))]


def test_every_tile_is_in_one_shard(collect, tmp_path):
    found = collect(
        lambda pipeline: (
            pipeline
            | beam.Create(range(23))
            | beam.Map(stack)
            | WriteShards(JOB, str(tmp_path), tiles=6)
        )
    )
    assert sorted(p for path in found for p in positions(path)) == list(range(23))
    assert sorted(found) == [str(path) for path in sorted(tmp_path.iterdir())]
    for path in found:
        assert len(positions(path)) <= 6
        with Shard(Path(path)) as shard:
            assert shard.attributes == {"recipe_hash": "0123abcd"}
            assert shard.size == 16


@pytest.fixture
def writer(tmp_path):
    def make(tiles=256, seconds=600.0):
        writer = _WriteShards(JOB, str(tmp_path / "shards"), tiles, seconds)
        writer.start_bundle()
        return writer

    return make


def test_a_full_shard_closes_within_the_bundle(writer):
    dofn = writer(tiles=3)
    came = [list(dofn.process(stack(n))) for n in range(7)]
    assert [len(paths) for paths in came] == [0, 0, 1, 0, 0, 1, 0]
    assert positions(came[2][0]) == [0, 1, 2]
    assert positions(came[5][0]) == [3, 4, 5]
    last = [value.value for value in dofn.finish_bundle()]
    assert positions(last[0]) == [6]
    assert list(dofn.finish_bundle()) == []


def test_an_old_shard_closes_with_the_next_stack(writer, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("transforms.write_shards.time.monotonic", lambda: now[0])
    dofn = writer(seconds=60.0)
    assert list(dofn.process(stack(0))) == []
    now[0] += 59.0
    assert list(dofn.process(stack(1))) == []
    now[0] += 2.0
    (path,) = dofn.process(stack(2))
    assert positions(path) == [0, 1, 2]
    now[0] += 1.0
    assert list(dofn.process(stack(3))) == []  # a new shard is young again


def test_what_a_broken_bundle_left_is_kept_for_the_next_run(writer, tmp_path):
    dofn = writer()
    list(dofn.process(stack(0)))
    dofn.start_bundle()
    list(dofn.process(stack(1)))
    (last,) = [value.value for value in dofn.finish_bundle()]
    assert positions(last) == [1]
    shards = tmp_path / "shards"
    kept = {path for path in shards.iterdir() if str(path) != last}
    assert [positions(path) for path in kept] == [[0]]
    assert files.list_temporaries(shards) == []


def test_teardown_keeps_what_was_finished(writer, tmp_path):
    dofn = writer()
    list(dofn.process(stack(0)))
    dofn.teardown()
    (path,) = (tmp_path / "shards").iterdir()
    assert positions(path) == [0]


def test_a_full_disk_leaves_what_the_next_run_needs(writer, tmp_path, monkeypatch):
    dofn = writer()
    list(dofn.process(stack(0)))

    def full(self):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dataset.shard_writer.ShardWriter.close", full)
    dofn.teardown()
    monkeypatch.undo()
    shards = tmp_path / "shards"
    assert files.list_temporaries(shards) == []
    (path,) = recover(shards, JOB.specs, 16, {})
    assert positions(path) == [0]


def test_an_empty_bundle_writes_nothing(writer, tmp_path):
    dofn = writer()
    assert list(dofn.finish_bundle()) == []
    assert not (tmp_path / "shards").exists()

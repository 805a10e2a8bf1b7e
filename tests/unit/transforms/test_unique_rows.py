"""One row a tile, whatever was replayed, resumed or repeated."""

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from dataset.shard_writer import ShardWriter
from modalities import registry
from tests.unit.dataset.plans import make_failed, make_stack
from transforms.unique_rows import UniqueRows, list_rows

SPECS = (registry.get("lat").spec("standard"),)


@pytest.fixture
def shard(tmp_path):
    """Writes a shard; positive numbers are made tiles, negative ones failed."""

    def write(*numbers):
        writer = ShardWriter(tmp_path, SPECS, 16, {})
        for number in numbers:
            if number < 0:
                writer.add_failure(make_failed(-number))
            else:
                writer.add(make_stack(number, SPECS))
        return str(writer.close())

    return write


def test_rows_are_listed_with_rank_and_place(shard):
    path = shard(7, -3, 2)
    assert list(list_rows(path)) == [
        ("tile-7", (0, path, 0, 7)),
        ("tile-3", (1, path, 1, 3)),
        ("tile-2", (0, path, 2, 2)),
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_replays_repeats_and_failures_leave_one_row_a_tile(pipeline, shard, order):
    failed, made = shard(-5, -6), shard(5)
    replayed = sorted([shard(1, 2), shard(1, 2)])
    repeated = shard(4, -4, 4)
    expected = [
        (0, made, 0, 5),  # made beats failed
        (1, failed, 1, 6),
        (0, replayed[0], 0, 1),
        (0, replayed[0], 1, 2),
        (0, repeated, 0, 4),
    ]
    shards = [failed, made, *replayed, repeated, made]
    with pipeline:
        rows = pipeline | beam.Create(shards[::order]) | UniqueRows()
        assert_that(rows, equal_to(expected))


def test_no_shards_no_rows(pipeline):
    with pipeline:
        assert_that(pipeline | beam.Create([]) | UniqueRows(), equal_to([]))

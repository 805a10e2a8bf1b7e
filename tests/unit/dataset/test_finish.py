"""From a few shards to the files that users get."""

import json
from pathlib import Path

import geopandas
import h5py
import numpy as np
import pytest

from dataset.finish import SplitRule, finish_dataset
from dataset.paths import DatasetPaths
from dataset.shard import ShardError
from dataset.shard_writer import ShardWriter
from modalities import registry
from tests.unit.dataset.plans import make_arrays, make_failed, make_stack

NAMES = ("sentinel2", "sentinel1", "aster", "era5", "lat", "biome")
SPECS = tuple(registry.get(name).spec("standard") for name in NAMES)
SIZE = 16
STATISTICS = {"aster": {"mean": [1.0, 2.0]}}


def places(number):
    """Spreads tiles over the Earth."""
    return {"lon": -170.0 + 28.0 * number, "lat": -60.0 + 11.0 * number}


@pytest.fixture
def shards(tmp_path):
    """Tiles 0 to 8 in mixed order over three shards; 3 and 6 failed."""
    refs = []
    for numbers in ((7, 0, 3), (8, 2, 6, 1), (5, 4)):
        writer = ShardWriter(tmp_path / "shards", SPECS, SIZE, {})
        for number in numbers:
            if number in (3, 6):
                kind = {3: "no_data", 6: "throttled"}[number]
                writer.add_failure(make_failed(number, kind, **places(number)))
            else:
                level = "l1c" if number % 2 else "l2a"
                full = number not in (4, 5)
                plan = {"level": level, "complete": full, **places(number)}
                writer.add(make_stack(number, SPECS, SIZE, **plan))
        path = str(writer.close())
        refs += [(int(n in (3, 6)), path, place, n) for place, n in enumerate(numbers)]
    return refs


@pytest.fixture
def finish(tmp_path):
    paths = DatasetPaths(tmp_path, "data_x")

    def call(refs):
        return paths, finish_dataset(
            paths,
            refs,
            STATISTICS,
            SPECS,
            SIZE,
            SplitRule((0.5, 0.25, 0.25), 50.0, 1),
            {"title": "A title"},
        )

    return call


MADE = [0, 1, 2, 4, 5, 7, 8]


def strict(path):
    """Reads JSON, and refuses NaN and infinities."""

    def refuse(word):
        raise AssertionError(f"{path}: {word} is no JSON")

    return json.loads(path.read_text("utf-8"), parse_constant=refuse)


def test_all_files_are_there_and_no_other(finish, shards):
    paths, _ = finish(shards)
    assert {path.name for path in paths.directory.iterdir()} == {
        "data_x.h5",
        "data_x_band_stats.json",
        "data_x_splits.json",
        "data_x_tile_info.json",
        "index.parquet",
        "requests.parquet",
        "failures.jsonl",
    }


def test_pixels_and_values_lie_in_tile_order(finish, shards):
    paths, _ = finish(reversed(shards))
    with h5py.File(paths.h5) as file:
        ids = [tile_id.decode() for tile_id in file["metadata"]["tile_id"]]
        levels = [level.decode() for level in file["metadata"]["S2_type"]]
        assert ids == [f"tile-{n}" for n in MADE]
        assert levels == ["l1c" if n % 2 else "l2a" for n in MADE]
        for row, number in enumerate(MADE):
            for name, array in make_arrays(number, SPECS, SIZE).items():
                np.testing.assert_array_equal(file[name][row], array)
        assert file.attrs["title"] == "A title"


def test_tile_info_follows_the_rows(finish, shards):
    paths, _ = finish(shards)
    info = strict(paths.tile_info)
    assert list(info) == [f"tile-{n}" for n in MADE]
    assert info["tile-7"]["lon"] == 26.0
    assert info["tile-7"]["S2_type"] == "l1c"
    assert info["tile-4"]["era5"]["year"] == [None] * 4


def test_the_index_has_every_tile_asked_for(finish, shards):
    paths, _ = finish(shards)
    frame = geopandas.read_parquet(paths.index)
    assert list(frame["tile_id"]) == [f"tile-{n}" for n in range(9)]
    rows = [None if np.isnan(r) else int(r) for r in frame["row"]]
    assert rows == [0, 1, 2, None, 3, 4, None, 5, 6]
    for number, outline in enumerate(frame.geometry):
        place = places(number)
        assert outline.centroid.x == pytest.approx(place["lon"], abs=1e-3)
        assert outline.centroid.y == pytest.approx(place["lat"], abs=1e-3)


def test_failures_have_a_line_each(finish, shards):
    paths, _ = finish(shards)
    lines = [json.loads(x) for x in paths.failures.read_text("utf-8").splitlines()]
    assert [line["tile_id"] for line in lines] == ["tile-3", "tile-6"]
    assert lines[1] == {
        "tile_id": "tile-6",
        "kind": "throttled",
        "message": "sentinel2: no scene é",
        "stage": "plan",
        "assets": [],
        "attempts": 3,
        "seconds": 12.5,
        "last_status": 429,
        **places(6),
    }


def test_splits_cover_every_row_once(finish, shards):
    paths, counts = finish(shards)
    splits = strict(paths.splits)
    assert set(splits) == {"train", "val", "test"}
    rows = sorted(row for rows in splits.values() for row in rows)
    assert rows == list(range(len(MADE)))
    assert {name: len(rows) for name, rows in splits.items()} == counts["splits"]


def test_statistics_are_written_as_given(finish, shards):
    paths, _ = finish(shards)
    assert strict(paths.band_stats) == STATISTICS


def test_counts_are_true(finish, shards):
    paths, counts = finish(shards)
    assert json.dumps(counts, allow_nan=False)
    assert counts["asked"] == 9
    assert counts["made"] == 7
    assert counts["failed"] == 2
    assert counts["failed_by_reason"] == {"no_data": 1, "throttled": 1}
    assert counts["missing_modalities"] == {"era5": 2}
    assert counts["levels"] == {"l1c": 3, "l2a": 4}
    assert counts["requests"] == {"fetch": 7 * 1 + 2 * 3, "plan": 7 * 2}
    assert counts["response_bytes"] == 7 * 1500
    assert counts["dataset_bytes"] == paths.h5.stat().st_size


def test_the_order_of_references_leaves_no_trace(tmp_path, finish, shards):
    def contents(paths):
        names = ("h5", "splits", "tile_info", "index", "failures", "band_stats")
        return [getattr(paths, name).read_bytes() for name in names]

    first = contents(finish(shards)[0])
    assert contents(finish(sorted(shards, key=str, reverse=True))[0]) == first


def test_without_a_tile_the_dataset_is_empty_but_whole(finish, shards):
    paths, counts = finish([ref for ref in shards if ref[0]])
    assert counts["made"] == 0
    assert strict(paths.tile_info) == {}
    assert strict(paths.splits) == {"train": [], "val": [], "test": []}
    with h5py.File(paths.h5) as file:
        assert file["sentinel2"].shape == (0, 13, SIZE, SIZE)
    assert len(geopandas.read_parquet(paths.index)) == 2


def test_a_damaged_shard_leaves_no_dataset(finish, shards):
    path = Path(shards[0][1])
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ShardError, match="shard-"):
        finish(shards)

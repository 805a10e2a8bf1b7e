"""Names and places of the dataset's files."""

from pathlib import Path

import pytest

from dataset.paths import DatasetPaths

# As MMEarth's and torchgeo's loaders look for them, beside one another.
FILES = {
    "h5": "data_x/data_x.h5",
    "band_stats": "data_x/data_x_band_stats.json",
    "splits": "data_x/data_x_splits.json",
    "tile_info": "data_x/data_x_tile_info.json",
    "index": "data_x/index.parquet",
    "failures": "data_x/failures.jsonl",
    "run": "data_x/run.json",
}


@pytest.mark.parametrize(("what", "where"), FILES.items())
def test_loaders_find_their_files(what, where):
    assert getattr(DatasetPaths(Path("out"), "data_x"), what) == Path("out", where)


def test_what_a_run_needs_lies_apart():
    paths = DatasetPaths(Path("out"), "data_x")
    state = Path("out/data_x/state")
    inside = (paths.shards, paths.tiles, paths.pending, paths.result, paths.recipe)
    assert len(set(inside)) == 5
    assert all(path.parent == state for path in inside)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "-x", "_x", "a b", "é", "x\n", "x" * 101]
)
def test_names_that_would_lead_elsewhere_are_refused(name):
    with pytest.raises(ValueError, match="--name"):
        DatasetPaths(Path("out"), name)


@pytest.mark.parametrize("name", ["a", "data_sample_v001", "1.2-x", "x" * 100])
def test_plain_names_are_fine(name):
    assert DatasetPaths(Path("out"), name).directory == Path("out", name)

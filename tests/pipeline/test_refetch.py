"""``refetch``: a tile fetched again from the index alone gives the same bytes."""

from __future__ import annotations

import json
import shutil

import h5py
import numpy as np
import pytest

from tests.pipeline.conftest import NAME


@pytest.fixture(scope="module")
def made(tmp_path_factory, run, features, write_tiles):
    folder = tmp_path_factory.mktemp("refetch")
    sea = json.loads(json.dumps(features[0]))
    sea["geometry"] = {"type": "Point", "coordinates": [-30.0, 0.0]}
    sea["properties"]["tile_id"] = "mid_atlantic"
    tiles = write_tiles(folder / "t.geojson", [*features[:3], sea])
    done = run("--tiles", tiles, "--output", folder, "--image_size", 16)
    assert done.returncode == 3, done.stderr
    return folder / NAME


def test_a_tile_fetched_again_is_the_same(made, run, features, tmp_path):
    copy = tmp_path / NAME
    shutil.copytree(made, copy)
    shutil.rmtree(copy / "state")
    with h5py.File(made / f"{NAME}.h5") as file:
        tile = file["metadata"]["tile_id"][1].decode()
        stored = {name: file[name][1] for name in file if name != "metadata"}
    for dataset in (made, copy):
        told = run("refetch", dataset, tile, "--out", tmp_path / "tile.npz")
        assert told.returncode == 0, told.stdout + told.stderr
        assert told.stdout.count(" equal\n") == len(stored)
        assert "note:" not in told.stdout
        with np.load(tmp_path / "tile.npz") as fetched:
            assert set(fetched) == set(stored)
            for name, array in stored.items():
                assert fetched[name].tobytes() == array.tobytes()


def test_what_differs_is_told_by_band(made, run, tmp_path):
    copy = tmp_path / NAME
    shutil.copytree(made, copy)
    with h5py.File(copy / f"{NAME}.h5", "r+") as file:
        tile = file["metadata"]["tile_id"][2].decode()
        row = file["aster"][2]
        row[1, 3:5, 7] += 1
        file["aster"][2] = row
        band = file["aster"].attrs["band_names"][1]
    told = run("refetch", copy, tile)
    assert told.returncode == 1, told.stdout + told.stderr
    assert f"values that differ: {band} 2\n" in told.stdout


def test_unknown_and_failed_tiles_are_bad_input(made, run):
    for tile in ("nowhere", "mid_atlantic"):
        told = run("refetch", made, tile)
        assert told.returncode == 2
        assert tile in told.stderr
        assert "Traceback" not in told.stderr

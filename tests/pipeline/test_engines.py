"""The same bytes from the emulator in the process and behind its HTTP door."""

from __future__ import annotations

import json

import pytest

import emulator
from emulator import server
from tests.pipeline.conftest import digests

NAME = "data_sample_v001"
SMALL = ("--image_size", 16, "--modalities", "sentinel2,sentinel1,era5,aster")


@pytest.fixture(scope="module")
def tiles(tmp_path_factory, features, write_tiles):
    return write_tiles(tmp_path_factory.mktemp("tiles") / "t.geojson", features[:6])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, run, tiles):
    folder = tmp_path_factory.mktemp("undisturbed")
    done = run("--tiles", tiles, "--output", folder, *SMALL)
    assert done.returncode == 0, done.stderr
    return digests(folder, NAME)


def test_behind_http_the_bytes_are_the_same(run, tiles, undisturbed, tmp_path):
    door = server.start(emulator.default_engine(), port=0)
    try:
        done = run(
            "--tiles", tiles, "--output", tmp_path, *SMALL,
            "--engine_url", door.url, "--direct_num_workers=2",
        )  # fmt: skip
    finally:
        door.close()
    assert done.returncode == 0, done.stderr
    assert "SYNTHETIC" not in done.stdout
    assert digests(tmp_path, NAME) == undisturbed
    counted = json.loads((tmp_path / NAME / "run.json").read_text())["engine_counted"]
    assert counted["requests"]["pixels"] == 6
    assert counted["highest_concurrency"] <= 40


def test_bundles_that_the_runner_replays_change_nothing(
    run, tiles, undisturbed, tmp_path
):
    done = run(
        "--tiles",
        tiles,
        "--output",
        tmp_path,
        *SMALL,
        "--direct_runner_bundle_repeat=1",
    )
    assert done.returncode == 0, done.stderr
    assert digests(tmp_path, NAME) == undisturbed


def test_an_engine_that_is_not_there_stops_the_run(run, tiles, tmp_path):
    done = run(
        "--tiles", tiles, "--output", tmp_path / "o", "--engine_url", "http://127.0.0.1:9",
        "--tile_attempts", 2,
    )  # fmt: skip
    assert done.returncode == 1
    assert "http://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o").exists()


def test_check_tells_what_each_modality_gave(run):
    done = run("check", "--modalities", "sentinel2,aster,era5", "--image_size", 16)
    assert done.returncode == 0, done.stderr
    for words in ("sentinel2", "COPERNICUS/S2_", "aster", "era5", "masked pixels"):
        assert words in done.stdout


def test_check_names_a_place_that_has_nothing(run):
    done = run("check", "--lon", -30, "--lat", 0, "--modalities", "sentinel2")
    assert done.returncode == 3
    assert "no scene" in done.stdout

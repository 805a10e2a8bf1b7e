"""What is wrong is said in one message, before anything is touched."""

from __future__ import annotations

import json

import pytest

CASES = {
    "no such file": (["--tiles", "nowhere.geojson"], "nowhere.geojson"),
    "no tiles": ([], "--tiles"),
    "unknown option": (["--tiles", "tiles.geojson", "--modalitys", "x"], "--modalitys"),
    "unknown modality": (
        ["--tiles", "tiles.geojson", "--modalities", "sentinel3"],
        "unknown modality 'sentinel3'",
    ),
    "unknown module": (
        ["--tiles", "tiles.geojson", "--modality_module", "no_such_module"],
        "no_such_module",
    ),
    "two engines": (
        ["--tiles", "tiles.geojson", "--project", "p", "--engine_url", "http://x"],
        "two engines",
    ),
    "endpoint without project": (
        ["--tiles", "tiles.geojson", "--endpoint", "standard"],
        "--project",
    ),
    "bad years": (["--tiles", "tiles.geojson", "--years", "1999"], "2015"),
    "bad splits": (["--tiles", "tiles.geojson", "--splits", "1,1,1"], "sum to 1"),
    "bad name": (["--tiles", "tiles.geojson", "--name", "../up"], "--name"),
    "more workers than requests": (
        [
            "--tiles",
            "tiles.geojson",
            "--direct_num_workers=9",
            "--max_concurrent_requests=4",
        ],
        "--max_concurrent_requests=4",
    ),
    "no workers": (
        ["--tiles", "tiles.geojson", "--direct_num_workers=0"],
        "--direct_num_workers=0",
    ),
    "workers that are no number": (
        ["--tiles", "tiles.geojson", "--direct_num_workers=many"],
        "--direct_num_workers",
    ),
    "unknown command": (["frobnicate"], "frobnicate"),
    "unknown runner": (["--tiles", "tiles.geojson", "--runner", "Spark"], "Spark"),
}


@pytest.mark.parametrize("case", CASES)
def test_wrong_options_are_refused(case, run, tmp_path):
    arguments, words = CASES[case]
    output = tmp_path / "out"
    given = (
        [*arguments, "--output", output]
        if arguments[:1] != ["frobnicate"]
        else arguments
    )
    done = run(*given)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not output.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f["properties"].update(biome="Jungle"), "Jungle"),
        (lambda f: f["properties"].pop("biome"), "biome"),
        (lambda f: f["properties"].update(eco_region="Atlantis"), "Atlantis"),
        (lambda f: f["geometry"].update(type="Point", coordinates=[5, 86]), "84"),
        (lambda f: f.update(geometry=None), "geometry"),
    ],
)
def test_a_wrong_feature_is_named(change, words, run, features, write_tiles, tmp_path):
    wrong = json.loads(json.dumps(features[:3]))
    change(wrong[1])
    done = run(
        "--tiles",
        write_tiles(tmp_path / "t.geojson", wrong),
        "--output",
        tmp_path / "o",
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert "feature 2" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o").exists()


def test_missing_credentials_stop_the_run_at_once(run, tmp_path, monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    done = run(
        "--tiles",
        "tiles.geojson",
        "--project",
        "some-project",
        "--output",
        tmp_path / "o",
    )
    assert done.returncode == 1
    assert "credentials" in done.stderr
    assert "Traceback" not in done.stderr

"""Wrong options are told in one message, before anything is touched."""

from __future__ import annotations

import json

import pytest

INTEGERS = (
    "plan_batch",
    "tile_attempts",
    "shard_tiles",
    "image_size",
    "max_concurrent_requests",
)
NUMBERS = (
    "tile_seconds",
    "request_seconds",
    "shard_minutes",
    "split_block_km",
    "max_cloud",
    "sentinel1_max_days",
    "max_requests_per_second",
    "max_failure_rate",
    "emulator_latency",
)

CASES = {
    "unknown option": (["--modalitys", "x"], "unknown option --modalitys"),
    "shortened option": (["--seconds", "3"], "unknown option --seconds"),
    "stray word": (["stray"], "unknown option stray"),
    "option without value": (["--retry"], "--retry: expected one argument"),
    "switch with value": (["--verbose=1"], "--verbose"),
    "unknown modality": (
        ["--modalities", "sentinel3"],
        "unknown modality 'sentinel3'; there are: sentinel2, ",
    ),
    "modality in capitals": (["--modalities", "Sentinel2"], "'Sentinel2'; there are"),
    "no modality": (["--modalities", ","], "--modalities: no name given"),
    "unknown module": (["--modality_module", "no_such"], "--modality_module no_such"),
    "relative module": (["--modality_module", "..x"], "--modality_module ..x"),
    "empty module": (["--modality_module", ""], "--modality_module: it is empty"),
    "two engines": (["--project", "p", "--engine_url", "http://x"], "two engines"),
    "endpoint without project": (["--endpoint", "standard"], "name a --project too"),
    "key file without project": (
        ["--service_account_file", "key.json"],
        "--service_account_file is for Google's engine: name a --project too",
    ),
    "unknown endpoint": (["--endpoint", "fast"], "--endpoint: invalid choice"),
    # An unset variable in a shell script must not mean the synthetic Earth.
    "empty project": (["--project", ""], "--project: it is empty"),
    "empty address": (["--engine_url", ""], "--engine_url: it is empty"),
    "empty output": (["--output", ""], "--output: it is empty"),
    "address without host": (["--engine_url", "http://"], "give an address such as"),
    "address of files": (["--engine_url", "file:///x"], "give an address such as"),
    "address without port": (["--engine_url", "http://x:y"], "give an address such as"),
    "address with spaces": (["--engine_url", "http://a b"], "give an address such as"),
    "catalogue and project": (
        ["--project", "p", "--catalog", "."],
        "--catalog is for the built-in emulator",
    ),
    "latency of Google's": (
        ["--project", "p", "--emulator_latency", "1"],
        "--emulator_latency is for the built-in emulator",
    ),
    "catalog_only alone": (["--catalog_only"], "--catalog_only needs --catalog DIR"),
    "no catalogue there": (["--catalog", "nowhere"], "nowhere: no such folder"),
    "year before Sentinel-2": (["--years", "1999"], "begins in 2015"),
    "years backwards": (["--years", "2030-2020"], "2030 is after 2020"),
    "years without end": (["--years", "2020-"], "'2020-' is no year"),
    "a milliard of years": (["--years", "2016-1000000000"], "to 2100"),
    "year in words": (["--years", "last"], "'last' is no year"),
    "splits beyond 1": (["--splits", "1,1,1"], "must sum to 1"),
    "two splits": (["--splits", "0.5,0.5"], "is not three numbers"),
    "no train": (["--splits", "0,0.5,0.5"], "with some train"),
    "negative split": (["--splits=-0.1,1,0.1"], "must sum to 1"),
    "splits of NaN": (["--splits", "nan,0,1"], "must sum to 1"),
    "infinite splits": (["--splits", "inf,-inf,1"], "must sum to 1"),
    "name that goes up": (["--name", "../up"], "--name '../up': use letters"),
    "name with a slash": (["--name", "a/b"], "--name 'a/b': use letters"),
    "name of dots": (["--name", ".."], "--name '..': use letters"),
    "name that is empty": (["--name", ""], "--name '': use letters"),
    "name of 101 characters": (["--name", "x" * 101], "at most 100"),
    "name with a line's end": (["--name", "data_x\n"], r"--name 'data_x\n'"),
    "name with NUL": (["--name", "data\0"], "a NUL character"),
    "unknown layout": (["--layout", "mine"], "--layout: invalid choice: 'mine'"),
    "unknown retry": (["--retry", "some"], "--retry: invalid choice: 'some'"),
    "seed that is no whole number": (["--seed", "1.5"], "--seed: invalid int"),
    "no workers": (["--direct_num_workers=0"], "--direct_num_workers=0"),
    "workers that are no number": (["--direct_num_workers=x"], "--direct_num_workers"),
    "more workers than requests": (
        ["--direct_num_workers=9", "--max_concurrent_requests=4"],
        "--max_concurrent_requests=4: use fewer workers",
    ),
    "wrong choice of Beam's": (["--direct_running_mode=x"], "--direct_running_mode"),
    "unknown runner": (["--runner", "Spark"], "--runner Spark: "),
    "labels that are not there": (["--eco_region_labels", "x.json"], "x.json: can't"),
    "labels that are a directory": (["--eco_region_labels", "."], "--eco_region_label"),
}


@pytest.mark.parametrize("case", CASES)
def test_wrong_options_are_refused(case, refused, earlier, features, write_tiles):
    given, words = CASES[case]
    if "label" not in case:
        refused(
            "--tiles", earlier / "t.geojson", "--output", earlier, *given,
            words=(words,), kept=earlier,
        )  # fmt: skip
    else:  # Read late, and only for a new dataset.
        refused(
            "--tiles", earlier / "t.geojson", "--output", "out", *given, words=(words,)
        )


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-1", "9" * 20, "x", ""])
@pytest.mark.parametrize("flag", [*INTEGERS, *NUMBERS])
def test_no_number_that_makes_no_sense_is_taken(flag, value, refused, earlier):
    refused(
        "--tiles", earlier / "t.geojson", "--output", earlier, f"--{flag}={value}",
        words=(f"argument --{flag}: ",), kept=earlier,
    )  # fmt: skip


@pytest.mark.parametrize("flag", [*INTEGERS, "tile_seconds", "max_cloud"])
def test_nought_is_no_number_of_these(flag, refused, earlier):
    refused(
        "--tiles", earlier / "t.geojson", "--output", earlier, f"--{flag}=0",
        words=(f"argument --{flag}: 0 is ",), kept=earlier,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", "not a JSON object of name to label"),
        ('{"a": 846}', "0 to 845"),
        ('{"a": -1}', "0 to 845"),
        ('{"a": true}', "0 to 845"),
        ('{"a": 1.0}', "0 to 845"),
    ],
)
def test_wrong_labels_are_refused(labels, words, refused, earlier, tmp_path):
    (tmp_path / "labels.json").write_text(labels)
    refused(
        "--tiles", earlier / "t.geojson", "--output", "out",
        "--eco_region_labels", "labels.json",
        words=("--eco_region_labels labels.json: ", words),
    )  # fmt: skip


@pytest.mark.parametrize(
    "source", ["raise RuntimeError('mine')", "1 / 0", "import no_such_thing", "def"]
)
def test_a_module_that_fails_is_named(source, refused, earlier, tmp_path, monkeypatch):
    (tmp_path / "failing_module.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    refused(
        "--tiles", earlier / "t.geojson", "--output", "out",
        "--modality_module", "failing_module",
        words=("--modality_module failing_module: can't be imported: ",),
    )  # fmt: skip


@pytest.mark.parametrize("command", ["frobnicate", "Status", "tiles.geojson"])
def test_an_unknown_command_is_told_with_all(command, refused):
    refused(
        command,
        words=(f"unknown command {command!r}; there are: check, refetch, retry",),
    )


def test_no_tiles_are_told(refused):
    refused("--output", "out", words=("required: --tiles",))


@pytest.mark.parametrize("place", [("--lat", "85"), ("--lon", "nan"), ("--lat", "x")])
def test_check_refuses_a_place_off_the_map(place, refused):
    refused("check", *place, words=(place[0],))


# As users see it: whole processes.


def test_a_process_ends_with_the_message_alone(run, tmp_path):
    done = run(
        "--tiles", "tiles.geojson", "--output", tmp_path / "o", "--years", "1999"
    )
    assert done.returncode == 2
    assert done.stderr.startswith("earthloom: argument --years: '1999'")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f["properties"].update(eco_region="Atlantis"), "Atlantis"),
        (lambda f: f["geometry"].update(type="Point", coordinates=[5, 86]), "84"),
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


@pytest.mark.parametrize(
    "key", [None, "missing", "not JSON", "not a key", "of another kind"]
)
def test_missing_credentials_stop_the_run_at_once(key, run, tmp_path, monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    file = tmp_path / "key.json"
    texts = {
        "not JSON": "{",
        "not a key": '{"type": "service_account", "client_email": "a@b"}',
        "of another kind": '{"type": "authorized_user"}',
    }
    if key in texts:
        file.write_text(texts[key])
    given = [] if key is None else ["--service_account_file", file]
    done = run(
        *("--tiles", "tiles.geojson", "--project", "some-project"),
        *("--output", tmp_path / "o", *given),
    )
    assert done.returncode == 1, done.stderr
    assert "credentials" in done.stderr or str(file) in done.stderr
    assert "python -m pipeline check" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o").exists()

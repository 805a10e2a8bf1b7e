"""An output that can't be written, or belongs to something else, is left alone."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.exits import STOPPED
from tests.pipeline.conftest import snapshot

NAME = "data_sample_v001"
SAME = ("--image_size", 8, "--modalities", "aster")


@pytest.fixture
def dataset(earlier, tmp_path):
    """A copy of an earlier dataset: its output directory."""
    shutil.copytree(earlier / NAME, tmp_path / "out" / NAME)
    return tmp_path / "out" / NAME


def _file(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("mine")


PLACES = {
    "a file": ("out", "out", "Not a directory"),
    "under a file": ("f", "f/out", "Not a directory"),
    "a file of the dataset's name": (f"out/{NAME}", "out", "Not a directory"),
    "a file in place of the state": (f"out/{NAME}/state", "out", "exists"),
    "a name too long": ("f", "x" * 300, "File name too long"),
    "a path too long": ("f", "/".join(["x" * 200] * 30), "File name too long"),
    "no file system for it": ("f", "/proc/nowhere", "/proc/nowhere"),
    "a directory in place of the lock": (
        f"out/{NAME}/state/run.lock/x",
        "out",
        "Is a directory",
    ),
}


@pytest.mark.parametrize("case", PLACES)
def test_an_output_that_cannot_be_is_refused(case, refused, earlier, tmp_path):
    made, output, words = PLACES[case]
    _file(tmp_path / made)
    refused(
        "--tiles", earlier / "t.geojson", "--output", output,
        words=("can't write to ", words, "choose another --output"),
    )  # fmt: skip


def test_a_link_to_nowhere_is_refused(refused, earlier, tmp_path):
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    refused(
        "--tiles", earlier / "t.geojson", "--output", "out", words=("can't write to ",)
    )


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT, errno.EIO]
)
def test_a_disk_that_refuses_is_told(number, refused, earlier, monkeypatch):
    """The file system is asked in vain; tests may run as root, who may write."""

    def fail(*_, **__):
        raise OSError(number, "the disk refuses")

    monkeypatch.setattr(Path, "mkdir", fail)
    refused(
        "--tiles", earlier / "t.geojson", "--output", "out",
        words=(f"can't write to out/{NAME}/state: the disk refuses",),
    )  # fmt: skip


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_disk_that_fills_while_tiles_are_taken_in(
    number, refused, earlier, monkeypatch
):
    def fail(*_, **__):
        raise OSError(number, "the disk refuses")

    monkeypatch.setattr("transforms.tile_parts.write_parts", fail)
    refused(
        "--tiles", earlier / "t.geojson", "--output", "out",
        words=("can't write to ", "the disk refuses", "choose another --output"),
    )  # fmt: skip


def test_a_disk_that_fills_later_stops_the_run(
    dataset, earlier, tmp_path, monkeypatch, capsys
):
    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pipeline.prepare.keep_plans", fail)
    given = ("--tiles", earlier / "t.geojson", "--output", dataset.parent, *SAME)
    before = snapshot(dataset)
    assert main(list(map(str, given))) == STOPPED
    told = capsys.readouterr().err
    assert "No space left on device" in told
    assert "the same command goes on from there" in told
    assert "Traceback" not in told
    after = snapshot(dataset)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed <= {
        "state/recipe.json", "state/tiles", "state/tiles/tiles-00000.jsonl"
    }  # fmt: skip


OTHERS = {
    "image size": (("--image_size", 16), "image_size: 8 before, 16 now"),
    "modalities": (
        ("--modalities", "lat"),
        "modalities: ['aster'] before, ['lat'] now",
    ),
    "seed": (("--seed", 7), "seed: 42 before, 7 now"),
    "layout": (("--layout", "mmearth-v001"), "layout: standard before, mmearth"),
    "years": (("--years", 2019), "years: [2017, 2018, 2019, 2020] before, [2019] now"),
    "engine": (("--project", "p"), "engine: emulator before, google now"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_another_recipe_is_refused_with_the_difference(case, refused, earlier):
    given, words = OTHERS[case]
    refused(
        "--tiles", earlier / "t.geojson", "--output", earlier, *SAME, *given,
        words=("made by another recipe", words, "--overwrite to begin anew"),
        kept=earlier,
    )  # fmt: skip


def test_other_tiles_are_refused(refused, earlier, features, write_tiles, tmp_path):
    tiles = write_tiles(tmp_path / "other.geojson", features[:3])
    refused(
        "--tiles", tiles, "--output", earlier, *SAME,
        words=("made from other tiles", "give another --name, or --overwrite"),
        kept=earlier,
    )  # fmt: skip


def test_overwrite_with_bad_input_overwrites_nothing(refused, earlier, tmp_path):
    (tmp_path / "t.geojson").write_text("{")
    refused(
        "--tiles", "t.geojson", "--output", earlier, *SAME, "--overwrite",
        words=("t.geojson: is not valid JSON",), kept=earlier,
    )  # fmt: skip


@pytest.mark.parametrize(
    "ours", [f"{NAME}.h5", f"{NAME}_splits.json", f"{NAME}_band_stats.json"]
)
def test_a_dataset_of_unknown_making_is_not_replaced(ours, refused, earlier, tmp_path):
    """MMEarth's own release, say, unpacked under the name of ours."""
    _file(tmp_path / "out" / NAME / ours)
    refused(
        "--tiles", earlier / "t.geojson", "--output", "out",
        words=(ours, "not known what made it", "give another --name"),
    )  # fmt: skip


STATES = {
    "empty": b"",
    "cut": b'{"recipe": {"seed"',
    "binary": b"\xff\xfe\x00",
    "a list": b"[]",
    "null": b"null",
    "without members": b"{}",
    "of wrong types": b'{"recipe": 3, "engine": "emulator", "tables": {}}',
    "without tables": b'{"recipe": {}, "engine": "emulator"}',
}


@pytest.mark.parametrize("case", STATES)
def test_a_recipe_file_that_is_none_is_refused(case, refused, dataset, earlier):
    (dataset / "state" / "recipe.json").write_bytes(STATES[case])
    refused(
        "--tiles", earlier / "t.geojson", "--output", "out", *SAME,
        words=("recipe.json can't be read", "--overwrite"),
    )  # fmt: skip


# The commands that look at a run.

COMMANDS = ("status", "retry", "verify")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "place", ["nowhere", "file", "dir", ".", "/", "x" * 300, "file/below", "dir/../.."]
)
def test_what_is_no_run_is_told(command, place, refused, tmp_path):
    _file(tmp_path / "file")
    _file(tmp_path / "dir" / "notes.txt")
    refused(command, place, words=("no run of earthloom's; name the directory",))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((), "are required"),
        (("a\0b",), "a NUL character"),
        (("dir", "--bogus"), ""),
    ],
)
def test_commands_refuse_wrong_arguments(command, given, words, refused):
    refused(command, *given, words=(words,))


RUNS = {
    "cut": ("command.json", '{"begun'),
    "a list": ("command.json", "[]"),
    "a number": ("command.json", "3"),
    "without members": ("command.json", "{}"),
    "of wrong types": ("command.json", '{"begun": "x", "arguments": 3}'),
    "of nulls": ("command.json", '{"begun": null, "arguments": null}'),
}


@pytest.mark.parametrize("case", RUNS)
def test_retry_needs_the_command(case, refused, dataset):
    name, text = RUNS[case]
    (dataset / "state" / name).write_text(text)
    refused("retry", dataset, words=("command.json", "give the whole command again"))


@pytest.mark.parametrize("case", ["of wrong types", "of nulls"])
def test_status_says_what_it_cannot_read(case, refused, dataset):
    name, text = RUNS[case]
    (dataset / "state" / name).write_text(text)
    refused("status", dataset, words=("command.json", "is not as it was written"))


@pytest.mark.parametrize("case", ["cut", "a list", "a number", "without members"])
def test_status_does_without_the_command(case, dataset, capsys):
    name, text = RUNS[case]
    (dataset / "state" / name).write_text(text)
    assert main(["status", str(dataset)]) == 0
    assert "interrupted" in capsys.readouterr().out


def test_retry_after_the_tile_file_is_gone(refused, dataset, earlier, tmp_path):
    command = dataset / "state" / "command.json"
    last = json.loads(command.read_text())
    text = json.dumps(last).replace(str(earlier / "t.geojson"), "gone.geojson")
    text = text.replace(str(earlier), str(dataset.parent))
    command.write_text(json.dumps({**json.loads(text), "directory": str(tmp_path)}))
    refused(
        "retry", dataset, words=("gone.geojson: cannot be read: No such file", "give a")
    )


@pytest.mark.parametrize("what", ["gone", "a file"])
def test_retry_from_a_directory_that_is_gone(what, refused, dataset, tmp_path):
    if what == "a file":
        _file(tmp_path / "where")
    command = dataset / "state" / "command.json"
    last = json.loads(command.read_text())
    command.write_text(json.dumps({**last, "directory": str(tmp_path / "where")}))
    refused("retry", dataset, words=("where the run was started, is gone",))

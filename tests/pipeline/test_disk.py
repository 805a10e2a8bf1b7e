"""Disks that fill up, vanish, forbid or alter: one clear message, then the same bytes.

Whatever happens to the files of a run, what was finished is kept, and the same command
ends in the bytes of a run that nothing happened to.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import h5py
import pytest

from emulator import server, stack
from emulator.faults.plan import Latency, Plan
from tests.pipeline.conftest import NAME, ROOT, data_digests

TILES = 16


@pytest.fixture(scope="module")
def engine():
    plan = Plan(seed=1, latency=(Latency(median_s=0.1),))
    running = server.start(stack.service(stack.Setup(faults=plan)))
    yield running.url
    running.close()


@pytest.fixture(scope="module")
def job(tmp_path_factory, features, write_tiles, engine):
    path = tmp_path_factory.mktemp("disk") / "tiles.geojson"
    return [
        *("--tiles", str(write_tiles(path, features[:TILES]))),
        *("--engine_url", engine, "--image_size", "16"),
        *("--modalities", "sentinel2,aster,lat"),
        *("--max_concurrent_requests", "2", "--shard_tiles", "4", "--plan_batch", "4"),
    ]


def start(job, output, largest=None):
    """Starts a run; no file of it may grow beyond ``largest`` bytes."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", *job, "--output", str(output)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=limit if largest else None,
    )


def finish(child):
    text, _ = child.communicate(timeout=120)
    return child.returncode, text


@pytest.fixture(scope="module")
def whole(job, tmp_path_factory):
    """The output of a run that nothing happens to."""
    output = tmp_path_factory.mktemp("whole")
    code, text = finish(start(job, output))
    assert code == 0, text
    return output


@pytest.fixture
def output(whole, tmp_path):
    """A copy of it, for harm."""
    shutil.copytree(whole, tmp_path / "copy")
    return tmp_path / "copy"


def shards(output):
    return sorted((output / NAME / "state" / "shards").glob("shard-*.h5"))


def forget_the_dataset(output):
    """Leaves what a run has before its assembly: nothing but state."""
    for path in (output / NAME).iterdir():
        if path.is_file():
            path.unlink()


def flip(path, offset):
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 0x10]))


def pixel_offset(shard):
    with h5py.File(shard) as file:
        place = file["sentinel2"].id.get_chunk_info_by_coord((1, 0, 0, 0))
    return place.byte_offset + place.size // 2


def rows_offset(shard):
    with h5py.File(shard) as file:
        place = file["earthloom/rows"].id.get_chunk_info(0)
    return place.byte_offset + place.size // 2


def ends_the_same(job, output, whole):
    code, text = finish(start(job, output))
    assert code == 0, text
    assert "Traceback" not in text
    assert data_digests(output) == data_digests(whole)
    return text


@pytest.mark.parametrize("largest", [2_000, 20_000, 60_000])
def test_a_full_disk(largest, job, whole, tmp_path):
    code, text = finish(start(job, tmp_path, largest))
    # Too full even for the state: that is told before anything is begun.
    assert code == (2 if largest < 5_000 else 1), text
    assert "Traceback" not in text
    assert "the same command goes on" in text or "can't write" in text
    ends_the_same(job, tmp_path, whole)


def test_damaged_shards_are_made_again(job, whole, output):
    # A pixel, a row, an end, and one that is gone; found one after the other.
    pixel, row, end, gone = shards(output)[:4]
    flip(pixel, pixel_offset(pixel))
    flip(row, rows_offset(row))
    os.truncate(end, end.stat().st_size // 2)
    gone.unlink()
    forget_the_dataset(output)
    text = ends_the_same(job, output, whole)
    bad = {path.name for path in pixel.parent.glob("*.bad")}
    assert bad == {f"{path.name}.bad" for path in (pixel, row, end)}
    assert all(name in text for name in bad)
    ends_the_same([*job, "--overwrite"], output, whole)
    assert not list(pixel.parent.glob("*.bad"))


@pytest.mark.parametrize("moved", [True, False])
def test_the_output_vanishes(moved, job, whole, tmp_path):
    output = tmp_path / "out"
    child = start(job, output)
    deadline = time.monotonic() + 60
    while not shards(output) and time.monotonic() < deadline:
        time.sleep(0.02)
    if moved:
        output.rename(tmp_path / "elsewhere")
    else:
        shutil.rmtree(output)
    code, text = finish(child)
    assert code in (1, 2), text
    assert "Traceback" not in text
    assert "the same command goes on" in text
    if moved:
        shutil.rmtree(output, ignore_errors=True)
        (tmp_path / "elsewhere").rename(output)
    ends_the_same(job, output, whole)


def test_damaged_state(job, whole, output):
    recipe = output / NAME / "state" / "recipe.json"
    good, before = recipe.read_bytes(), data_digests(output)
    for bad in (b"", b"[]", b"{}", good[: len(good) // 2], b"\xff" + good):
        recipe.write_bytes(bad)
        code, text = finish(start(job, output))
        assert (code, "Traceback" in text) == (2, False), text
        assert str(recipe) in text
        assert "--overwrite" in text
    recipe.unlink()
    code, text = finish(start(job, output))
    assert code == 2, text
    assert data_digests(output) == before
    recipe.write_bytes(good)
    (output / NAME / "state" / "command.json").write_bytes(b"\xff[1")
    forget_the_dataset(output)
    # What a run killed while it took its input in leaves.
    scratch = output / NAME / "state" / "tiles.tmp-0123456789abcdef"
    scratch.mkdir()
    (scratch / "part-00000.jsonl").write_text("{")
    ends_the_same(job, output, whole)
    assert not scratch.exists()


def interrupted(job, output):
    """Kills a run when it has made some tiles, so that journals and plans are left."""
    child = start(job, output)
    state = output / NAME / "state"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        journals = [p for p in state.glob("shards/*.journal") if p.stat().st_size]
        if shards(output) and journals:
            break
        time.sleep(0.01)
    child.kill()
    child.communicate()
    return sorted(state.glob("shards/*.journal")), sorted(state.glob("plans/*"))


@pytest.mark.parametrize("harm", ["flip", "cut"])
def test_damaged_journals_and_plans(harm, job, whole, tmp_path):
    journals, plans = interrupted(job, tmp_path)
    assert journals
    assert plans
    for path in [*journals, *plans]:
        half = path.stat().st_size // 2
        if harm == "flip":
            flip(path, half)
        else:
            os.truncate(path, half)
    ends_the_same(job, tmp_path, whole)


def test_a_read_only_place_for_the_dataset(job, tmp_path):
    # A file where a directory should be refuses root as well.
    (tmp_path / NAME).write_text("mine")
    code, text = finish(start(job, tmp_path))
    assert (code, "Traceback" in text) == (2, False), text
    assert (tmp_path / NAME).read_text() == "mine"
    assert list(Path(tmp_path).iterdir()) == [tmp_path / NAME]

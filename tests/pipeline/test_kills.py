"""Killed anywhere: nothing is lost, nothing is twice, and the bytes are the same."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from emulator import server, stack
from emulator.faults.plan import Latency, Plan
from tests.pipeline.conftest import NAME, ROOT, data_digests

KILLS = int(os.environ.get("EARTHLOOM_KILLS", "10"))
TILES = 40
AT_ONCE = 4
THREADS = AT_ONCE * 3 // 2 + 4


@pytest.fixture(scope="module")
def engine():
    plan = Plan(seed=1, latency=(Latency(median_s=0.1, sigma=0.5),))
    running = server.start(stack.service(stack.Setup(faults=plan)))
    yield running.url
    running.close()


@pytest.fixture(scope="module")
def job(tmp_path_factory, features, write_tiles, engine):
    """The arguments of a small job, but for where it goes."""
    path = tmp_path_factory.mktemp("kills") / "tiles.geojson"
    return [
        *("--tiles", str(write_tiles(path, features[:TILES]))),
        *("--engine_url", engine, "--image_size", "8"),
        *("--modalities", "sentinel2,sentinel1,aster,lat"),
        *("--max_concurrent_requests", str(AT_ONCE), "--shard_tiles", "6"),
        *("--plan_batch", "8"),
    ]


def start(job, output):
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", *job, "--output", str(output)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kill_all(child):
    """Kills the driver and every process that it started, without a warning."""
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def fetched(engine):
    with urllib.request.urlopen(f"{engine}/stats", timeout=10) as answer:
        return json.load(answer)["requests"]["pixels"]


@pytest.fixture(scope="module")
def undisturbed(job, tmp_path_factory):
    """The digests of a run that nobody kills, and how long it took."""
    output = tmp_path_factory.mktemp("whole")
    begun = time.monotonic()
    child = start(job, output)
    text, _ = child.communicate(timeout=300)
    assert child.returncode == 0, text
    return data_digests(output), time.monotonic() - begun


def left_over(output):
    return [
        path
        for path in (output / NAME).rglob("*")
        if ".tmp-" in path.name or path.suffix in (".journal", ".lock", ".bad")
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_random_moments(workers, job, engine, undisturbed, tmp_path):
    wanted, seconds = undisturbed
    draw = random.Random(workers)
    job = [*job, f"--direct_num_workers={workers}"]
    kills = KILLS if workers == 1 else max(3, KILLS // 8)
    # Two workers take some seconds longer to start.
    seconds += 4.0 * (workers - 1)
    done = number = 0
    while done < kills:
        output, here = tmp_path / f"run-{number}", 0
        number += 1
        before = fetched(engine)
        while True:
            child = start(job, output)
            try:
                # Beyond the usual end now and then: the last renames are there.
                wait = draw.uniform(0.3, seconds * 1.1) if done < kills else 300
                text, _ = child.communicate(timeout=wait)
            except subprocess.TimeoutExpired:
                kill_all(child)
                done, here = done + 1, here + 1
                continue
            assert child.returncode == 0, text
            break
        assert data_digests(output) == wanted
        assert left_over(output) == []
        most = TILES + here * THREADS * workers
        assert TILES <= fetched(engine) - before <= most


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_within_seconds(number, job, undisturbed, engine, tmp_path):
    child = start(job, tmp_path)
    for line in child.stdout:
        if "to make" in line:
            break
    time.sleep(2.0)
    begun = time.monotonic()
    os.kill(child.pid, number)
    text, _ = child.communicate(timeout=30)
    assert time.monotonic() - begun < 10.0
    assert child.returncode == 1, text
    assert "python -m pipeline --tiles" in text
    assert "Traceback" not in text
    again = start(job, tmp_path)
    text, _ = again.communicate(timeout=300)
    assert again.returncode == 0, text
    assert data_digests(tmp_path) == undisturbed[0]


def test_two_runs_never_write_the_same_dataset(job, tmp_path):
    first = start(job, tmp_path)
    for line in first.stdout:
        if "to make" in line:
            break
    second = start(job, tmp_path)
    text, _ = second.communicate(timeout=60)
    assert second.returncode == 2
    assert f"process {first.pid}" in text
    text, _ = first.communicate(timeout=300)
    assert first.returncode == 0, text


def test_status_tells_of_a_run_while_it_goes_on_and_after(job, tmp_path, run):
    child = start(job, tmp_path)
    seen, words = [], set()
    while child.poll() is None:
        told = run("status", tmp_path / NAME, "--json")
        if told.returncode == 0:
            state = json.loads(told.stdout)
            seen.append(state)
            words.add(state["state"])
            assert (
                state["made"] + state["left"] + sum(state["failed"].values())
                <= state["asked"]
                or state["asked"] == 0
            )
    made = [state["made"] for state in seen]
    assert made == sorted(made)
    assert "running" in words
    after = json.loads(run("status", tmp_path / NAME, "--json").stdout)
    assert (after["state"], after["made"], after["left"]) == ("finished", TILES, 0)


def test_status_of_a_killed_run(job, tmp_path, run):
    child = start(job, tmp_path)
    for line in child.stdout:
        if "to make" in line:
            break
    time.sleep(3.0)
    kill_all(child)
    told = run("status", tmp_path / NAME)
    assert told.returncode == 0
    assert "interrupted" in told.stdout
    assert "the same command goes on" in told.stdout


def test_status_of_nothing_is_a_clear_error(tmp_path, run):
    told = run("status", tmp_path)
    assert told.returncode == 2
    assert "no run of earthloom's" in told.stderr
    assert not list(Path(tmp_path).iterdir())

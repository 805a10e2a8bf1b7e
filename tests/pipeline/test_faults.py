"""What an engine does on a bad day changes no byte of a dataset."""

from __future__ import annotations

import hashlib
import json

import pytest

from emulator import server, stack
from emulator.faults.plan import Plan, Rule

NAME = "data_sample_v001"
TILES = 8
ACCOUNTS = ("run.json", "requests.parquet")
"""What tells of the run, not of the data, and so may differ."""

PASSING = (
    *("429", "429_rate", "429_aggregations", "403_rate"),
    *("500", "502", "503", "503_html", "reset", "stall_header", "stall_body"),
    *("cut", "truncated", "garbage", "wrong_shape", "missing_band", "empty"),
    "error_in_200",
)


@pytest.fixture(scope="module")
def make(features, write_tiles, tmp_path_factory, run):
    """Makes a dataset while a plan's faults happen."""
    tiles = write_tiles(tmp_path_factory.mktemp("in") / "t.geojson", features[:TILES])

    def call(plan, output):
        running = server.start(stack.service(stack.Setup(faults=plan)))
        try:
            return run(
                *("--tiles", tiles, "--output", output, "--engine_url", running.url),
                *("--image_size", 8, "--modalities", "sentinel2,aster,lat"),
                *("--request_seconds", 2, "--tile_attempts", 40),
            )
        finally:
            running.close()

    return call


def digests(output):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((output / NAME).iterdir())
        if path.is_file() and path.name not in ACCOUNTS
    }


def sent(output):
    record = json.loads((output / NAME / "run.json").read_text("utf-8"))
    return sum(record["requests"].values())


@pytest.fixture(scope="module")
def whole(make, tmp_path_factory):
    output = tmp_path_factory.mktemp("whole")
    told = make(Plan(), output)
    assert told.returncode == 0, told.stdout + told.stderr
    return output


def test_faults_that_may_pass_change_no_byte(make, whole, tmp_path):
    # Three in ten of all requests, of all kinds that another try gets past.
    rules = tuple(Rule(kind, rate=0.3 / len(PASSING)) for kind in PASSING)
    told = make(Plan(seed=6, faults=rules), tmp_path)
    assert told.returncode == 0, told.stdout + told.stderr
    assert digests(tmp_path) == digests(whole)
    assert sent(tmp_path) > sent(whole)

"""Failures are data: a row each, told apart, tried again only if that makes sense."""

from __future__ import annotations

import json
import urllib.request

import pytest

from emulator import server, stack
from emulator.faults.plan import Plan, Rule
from emulator.protocol import routes
from tests.pipeline.conftest import NAME, data_digests

TILES = 14
PIXELS = frozenset((routes.PIXELS,))


@pytest.fixture(scope="module")
def serve():
    """Starts an engine with faults; all are closed at the end."""
    running = []

    def start(*faults):
        running.append(
            server.start(stack.service(stack.Setup(faults=Plan(2, tuple(faults)))))
        )
        return running[-1].url

    yield start
    for one in running:
        one.close()


def requests(engine):
    with urllib.request.urlopen(f"{engine}/stats", timeout=10) as answer:
        return json.load(answer)["requests"]


@pytest.fixture(scope="module")
def job(tmp_path_factory, features, write_tiles):
    path = tmp_path_factory.mktemp("failures") / "tiles.geojson"
    return [
        *("--tiles", write_tiles(path, features[:TILES]), "--image_size", 8),
        *("--modalities", "sentinel2,aster,lat", "--plan_batch", 7),
    ]


def lines(output):
    text = (output / NAME / "failures.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_failures_are_rows_and_are_tried_again_if_asked(job, run, serve, tmp_path):
    well = serve()
    whole = run(*job, "--engine_url", well, "--output", tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    ill = serve(
        Rule("400", only=PIXELS, share=0.5), Rule("503", only=PIXELS, share=0.6)
    )
    out = ("--output", tmp_path / "out")
    few = ("--tile_attempts", 1)
    first = run(*job, "--engine_url", ill, *out, *few, "--max_failure_rate", 1)
    assert first.returncode == 3, first.stdout + first.stderr
    failed = lines(tmp_path / "out")
    kinds = [line["kind"] for line in failed]
    assert set(kinds) == {"bad_request", "transient"}
    for line in failed:
        assert (
            line["last_status"] == {"bad_request": 400, "transient": 503}[line["kind"]]
        )
        assert line["attempts"] == 1
        assert line["seconds"] > 0
        assert line["assets"][0].startswith("COPERNICUS/S2")
        assert line["assets"][0] in line["message"]
    for kind in set(kinds):
        assert f"{kinds.count(kind)} {kind}" in first.stdout

    before = requests(well)
    none = run(*job, "--engine_url", well, *out, "--retry", "none")
    assert none.returncode == 3
    assert [line["kind"] for line in lines(tmp_path / "out")] == kinds
    again = run(*job, "--engine_url", well, *out)
    assert again.returncode == 3, again.stdout + again.stderr
    assert {line["kind"] for line in lines(tmp_path / "out")} == {"bad_request"}
    last = run("retry", tmp_path / "out" / NAME)
    assert last.returncode == 0, last.stdout + last.stderr
    assert data_digests(tmp_path / "out") == data_digests(tmp_path / "whole")
    after = requests(well)
    # Each failed tile was fetched once, and none was planned again.
    assert after["pixels"] - before["pixels"] == len(failed)
    assert after["value"] == before["value"]


@pytest.mark.parametrize("fault", ["401", "403"])
def test_a_refusal_stops_at_once_and_loses_nothing(fault, job, run, serve, tmp_path):
    closed = serve(Rule(fault, only=PIXELS, share=0.4))
    stopped = run(*job, "--engine_url", closed, "--output", tmp_path)
    assert stopped.returncode == 1, stopped.stdout + stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert {"401": "unauthenticated", "403": "forbidden"}[fault] in stopped.stderr
    resumed = run(*job, "--engine_url", serve(), "--output", tmp_path)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert lines(tmp_path) == []


def test_a_run_that_goes_wrong_wholesale_stops(
    run, features, write_tiles, serve, tmp_path
):
    tiles = write_tiles(tmp_path / "t.geojson", features[:80])
    ill = serve(Rule("404", only=PIXELS, share=0.8))
    job = ("--tiles", tiles, "--image_size", 8, "--modalities", "aster")
    stopped = run(*job, "--engine_url", ill, "--output", tmp_path)
    assert stopped.returncode == 1, stopped.stdout + stopped.stderr
    assert "--max_failure_rate 0.5" in stopped.stderr
    assert "not_found" in stopped.stderr
    assert "Traceback" not in stopped.stderr

"""Keeps the engine, and the installed distribution, out of transforms' tests."""

import json

import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing import test_pipeline
from apache_beam.testing.util import assert_that

import transforms.fetch_stacks
import transforms.job
import transforms.plan_tiles
from modalities.tile import Tile
from tests.unit.transforms.jobs import VERSIONS


@pytest.fixture
def no_engine(monkeypatch):
    """Lets a fake session see sites where a real one sees expressions."""

    def question(members, sites, chosen, context):
        asking = {"sentinel2", "sentinel1"} & {m.name for m in members}
        return list(sites) if asking else None

    monkeypatch.setattr(transforms.plan_tiles, "question", question)
    monkeypatch.setattr(transforms.fetch_stacks, "stack_image", lambda *_: None)
    monkeypatch.setattr(transforms.job, "version", VERSIONS.__getitem__)


@pytest.fixture
def make_tiles():
    def make(count):
        return [Tile(f"tile-{n}", 8.0 + n / 10, 47.4, n) for n in range(count)]

    return make


@pytest.fixture
def pipeline():
    """Returns a pipeline on Beam's Python runner, which loads no other binary."""
    return test_pipeline.TestPipeline(runner=FnApiRunner())


@pytest.fixture
def collect(pipeline, tmp_path_factory):
    """Runs a pipeline and returns what the built PCollection holds, as JSON has it.

    Through a file, since Beam runs copies of functions and of what they hold.
    """
    path = tmp_path_factory.mktemp("collected") / "values.json"

    def run(build):
        def keep(values):
            path.write_text(json.dumps(values))

        with pipeline:
            assert_that(build(pipeline), keep)
        return json.loads(path.read_text())

    return run

"""Fetching: one request a tile; every tile comes out, made or failed."""

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.testing.util import assert_that

from dataset.codec import decode_chunk
from dataset.row import Failure
from earthengine.errors import EngineError, FatalEngineError
from modalities.plan import Site
from tests.unit.transforms.jobs import FakeSession, facts, make_job, too_large
from transforms.fetch_stacks import FetchStacks, make_stack
from transforms.plan_tiles import Planned, plan_batch

pytestmark = pytest.mark.usefixtures("no_engine")


@pytest.fixture
def planned(make_tiles):
    return plan_batch(make_tiles(1), make_job(), FakeSession())[0]


def test_a_tile_is_fetched_in_one_request(planned):
    session = FakeSession()
    stack = make_stack(planned, make_job(), session)
    row = stack.row
    assert row["status"] == "made"
    assert session.asked_pixels == 1
    assert row["usage"]["fetch"]["requests"] == 1
    assert row["usage"]["fetch"]["bytes"] == 5000
    assert row["usage"]["plan"]["requests"] == 2
    assert row["versions"]["recipe"] == "0123abcd"
    assert row["missing"] == {}
    assert set(stack.chunks) == {"sentinel2", "sentinel2_scl", "sentinel1", "aster"}
    assert set(stack.values) == {"lat", "month"}
    optical = decode_chunk(stack.chunks["sentinel2"], "uint16", (13, 16, 16))
    # Fields are numbered from 1 in order; B10 is absent.
    assert optical[:, 0, 0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 11, 12]


def test_partial_statistics_travel_with_the_row(planned):
    row = make_stack(planned, make_job(), FakeSession()).row
    assert set(row["statistics"]) == {"sentinel2", "sentinel1", "aster", "lat", "month"}
    optical = row["statistics"]["sentinel2"]
    assert optical["count"] == [256] * 10 + [0] + [256] * 2
    assert optical["mean"][12] == 12.0


def test_what_is_missing_is_no_data_and_said_so(make_tiles):
    session = FakeSession(by_lon={8.0: facts("l1c", radar=False)})
    planned = plan_batch(make_tiles(1), make_job(), session)[0]
    stack = make_stack(planned, make_job(), FakeSession())
    assert stack.row["status"] == "made"
    assert set(stack.row["missing"]) == {"sentinel1", "sentinel2_scl"}
    radar = decode_chunk(stack.chunks["sentinel1"], "float32", (8, 16, 16))
    assert np.isneginf(radar).all()
    classes = decode_chunk(stack.chunks["sentinel2_scl"], "uint8", (1, 16, 16))
    assert (classes == 255).all()


def test_a_failed_plan_stays_a_failure_and_costs_nothing(make_tiles, planned):
    session = FakeSession()
    failed = Planned(planned.site, {}, Failure("no_data", "no scene", "plan"))
    stack = make_stack(failed, make_job(), session)
    assert stack.row["status"] == "failed"
    assert stack.row["failure"]["message"] == "no scene"
    assert stack.chunks == stack.values == {}
    assert session.asked_pixels == 0


def test_a_failed_fetch_is_a_failure_that_names_the_scene(planned):
    west = planned.site.grid.west
    session = FakeSession(pixel_errors={west: too_large()})
    row = make_stack(planned, make_job(), session).row
    assert row["status"] == "failed"
    assert row["failure"]["kind"] == "too_large"
    assert row["failure"]["stage"] == "fetch"
    assert "COPERNICUS/S2_SR_HARMONIZED/X_T32TMT" in row["failure"]["message"]
    assert row["usage"]["fetch"]["requests"] == 1
    assert row["usage"]["plan"]["requests"] == 2


def test_a_scene_that_holds_nothing_is_a_failure(planned):
    row = make_stack(planned, make_job(), FakeSession(fill=0)).row
    assert row["status"] == "failed"
    assert row["failure"]["kind"] == "no_data"
    assert "X_T32TMT" in row["failure"]["message"]


def test_a_refusal_ends_the_run(planned):
    refusal = EngineError("forbidden", "no rights", 403)
    session = FakeSession(pixel_errors={planned.site.grid.west: refusal})
    with pytest.raises(FatalEngineError, match="no rights"):
        make_stack(planned, make_job(), session)


def test_without_pixels_nothing_is_fetched(make_tiles):
    job, session = make_job(("lat", "month")), FakeSession()
    planned = plan_batch(make_tiles(1), job, FakeSession())[0]
    stack = make_stack(planned, job, session)
    assert stack.row["status"] == "made"
    assert session.asked_pixels == 0
    assert set(stack.values) == {"lat", "month"}


def test_a_pipeline_hands_on_every_tile_once(make_tiles, monkeypatch, pipeline):
    tiles, job = make_tiles(30), make_job()
    planned = plan_batch(tiles, job, FakeSession())
    bad: Site = planned[11].site
    session = FakeSession(pixel_errors={bad.grid.west: too_large()})
    monkeypatch.setattr("transforms.job.Job.session", lambda self: session)

    def every_tile(stacks):
        ids = sorted(stack.row["tile"]["position"] for stack in stacks)
        assert ids == list(range(30))
        failed = [s.row["tile"]["position"] for s in stacks if not s.chunks]
        assert failed == [11]

    with pipeline:
        stacks = pipeline | beam.Create(planned) | FetchStacks(job)
        assert_that(stacks, every_tile)
    assert session.asked_pixels == 30

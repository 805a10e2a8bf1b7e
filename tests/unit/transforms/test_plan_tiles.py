"""Planning in batches: few requests, and one bad tile spoils no other."""

import pickle

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that

from earthengine.errors import EngineError, FatalEngineError
from tests.unit.transforms.jobs import FakeSession, make_job, too_large
from transforms.plan_tiles import PlanTiles, plan_batch

pytestmark = pytest.mark.usefixtures("no_engine")


def test_a_batch_costs_a_request_a_round(make_tiles):
    session = FakeSession()
    planned = plan_batch(make_tiles(25), make_job(), session)
    assert session.sizes == [25, 25]
    assert [p.site.tile.tile_id for p in planned] == [f"tile-{n}" for n in range(25)]
    assert all(p.failure is None for p in planned)
    choices = planned[3].plan.choices
    assert choices["sentinel2"].scenes[0].asset.endswith("/X_T32TMT")
    assert choices["sentinel1"].bands == ("asc_VV", "asc_VH")
    assert choices["month"].values == {"month": 6}
    # All of the batch's requests are counted, and once.
    assert sum(p.usage.requests for p in planned) == 2
    assert sum(p.usage.bytes for p in planned) == 200


def test_what_only_others_need_is_planned_too(make_tiles):
    planned = plan_batch(make_tiles(1), make_job(("month",)), FakeSession())
    assert set(planned[0].plan.choices) == {"sentinel2", "month"}


def test_nothing_to_ask_costs_no_request(make_tiles):
    session = FakeSession()
    planned = plan_batch(make_tiles(3), make_job(("lat", "aster")), session)
    assert session.sizes == []
    assert all(set(p.choices) == {"lat", "aster"} for p in planned)


def test_a_tile_without_a_scene_fails_alone(make_tiles):
    tiles = make_tiles(5)
    nothing = {"sentinel2": {"l1c": [], "l2a": []}}
    session = FakeSession(by_lon={tiles[2].lon: nothing})
    planned = plan_batch(tiles, make_job(), session)
    assert [p.failure is None for p in planned] == [True, True, False, True, True]
    failure = planned[2].failure
    assert (failure.kind, failure.stage) == ("no_data", "plan")
    assert "sentinel2" in failure.message
    assert session.sizes == [5, 4]  # it is not asked about again


@pytest.mark.parametrize("culprit", [0, 3, 6])
def test_a_poisonous_tile_is_found_by_halving(make_tiles, culprit):
    tiles = make_tiles(7)
    session = FakeSession(poison={tiles[culprit].lon: too_large()})
    planned = plan_batch(tiles, make_job(), session)
    assert [p.site.tile for p in planned] == tiles
    for number, tile in enumerate(planned):
        if number != culprit:
            assert tile.failure is None
            assert "sentinel1" in tile.choices
    failure = planned[culprit].failure
    assert (failure.kind, failure.stage) == ("too_large", "plan")
    assert "sentinel2" in failure.message
    assert "User memory limit exceeded" in failure.message
    assert len(session.sizes) <= 2 * 3 + 2
    assert sum(p.usage.requests for p in planned) == len(session.sizes)


@pytest.mark.parametrize("kind", ["forbidden", "unauthenticated"])
def test_a_refusal_ends_the_run(make_tiles, kind):
    tiles = make_tiles(4)
    session = FakeSession(poison={tiles[1].lon: EngineError(kind, "no rights", 403)})
    with pytest.raises(FatalEngineError, match="no rights"):
        plan_batch(tiles, make_job(), session)


@pytest.mark.parametrize("answer", [None, {}, [{}], [{}, {}, 3], "text", [None] * 3])
def test_an_answer_of_another_shape_is_corrupt(make_tiles, answer):
    class Odd(FakeSession):
        def compute(self, sites, usage, accept):
            return accept(answer if len(sites) == 3 else [None])

    planned = plan_batch(make_tiles(3), make_job(), Odd())
    assert {p.failure.kind for p in planned} == {"corrupt"}


def test_jobs_travel_light():
    job = make_job()
    assert job.rounds and job.specs and job.stored  # fills caches
    data = pickle.dumps(job)
    assert len(data) < 2000
    again = pickle.loads(data)
    assert again == job
    assert [spec.name for spec in again.specs] == [spec.name for spec in job.specs]


def test_a_pipeline_plans_every_tile_once(make_tiles, monkeypatch, pipeline):
    session = FakeSession(by_lon={8.0: {"sentinel2": {"l1c": [], "l2a": []}}})
    monkeypatch.setattr("transforms.job.Job.session", lambda self: session)

    def every_tile(planned):
        ids = sorted(int(p.site.tile.tile_id[5:]) for p in planned)
        assert ids == list(range(30))
        failed = [p.site.tile.tile_id for p in planned if p.failure]
        assert failed == ["tile-0"]

    with pipeline:
        planned = pipeline | beam.Create(make_tiles(30)) | PlanTiles(make_job())
        assert_that(planned, every_tile)
    assert max(session.sizes) <= 4

"""Facts about many tiles in one question that hardly grows with them."""

import pytest

from modalities import planning, registry

EVERYTHING = registry.resolve(registry.names())


def ask(members, count, make_site, make_context, scene):
    sites = [make_site(f"{i}", lon=8.0 + i / 50) for i in range(count)]
    return planning.question(members, sites, [scene()] * count, make_context())


@pytest.mark.parametrize("number", [0, 1])
def test_a_question_hardly_grows_with_its_tiles(
    offline_client, make_site, make_context, scene, number
):
    members = planning.planning_rounds(EVERYTHING)[number]
    one, fifty = (
        len(ask(members, count, make_site, make_context, scene).serialize())
        for count in (1, 50)
    )
    # A tile costs its inputs (two outlines, a point, some dates), not its questions.
    assert (fifty - one) / 49 < min(1300, one / 5)


def test_a_question_is_one_map_over_the_tiles(calls, make_site, make_context, scene):
    members = planning.planning_rounds(EVERYTHING)[1]
    question = ask(members, 7, make_site, make_context, scene)
    names = [name for name, _ in calls(question)]
    assert names.count("List.map") == 1
    assert names.count("ImageCollection.getRegion") <= 1
    text = question.serialize()
    for name in ("sentinel1", "era5", "dynamic_world", "sentinel2_cloudprod"):
        assert f'"{name}"' in text
    assert text.count("COPERNICUS/S1_GRD") == 1


def test_nobody_asks_nothing(offline_client, make_site, make_context, scene):
    quiet = registry.resolve(["lat", "lon", "aster", "month", "sentinel2_scl"])
    assert ask(quiet, 3, make_site, make_context, scene) is None


def test_choices_are_made_for_every_member(make_site, make_context, scene):
    members = registry.resolve(["month", "dynamic_world"])
    choices = planning.choose(
        members, make_site(), {"dynamic_world": 0}, scene(), make_context()
    )
    assert set(choices) == {"month", "dynamic_world"}
    assert choices["month"].values["month"] == 6
    assert choices["dynamic_world"].missing

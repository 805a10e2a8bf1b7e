"""Sentinel-2: which scene a tile gets, and how its bands come on the grid."""

import random

import ee
import pytest

from modalities import registry
from modalities.plan import NoDataError

S2 = registry.get("sentinel2")
L1C, L2A = "COPERNICUS/S2_HARMONIZED", "COPERNICUS/S2_SR_HARMONIZED"


def scenes(ms, year, count=5, zone=32):
    """Makes candidate rows of one year."""
    return [
        [
            f"{year}06{day:02d}T103031_x_T{zone:02d}TMT",
            ms(f"{year}-06-{day:02d}T10:30:00"),
            float(day),
        ]
        for day in range(1, count + 1)
    ]


@pytest.fixture
def facts(ms):
    """Both levels, all years."""
    rows = [row for year in range(2017, 2021) for row in scenes(ms, year)]
    return {"l1c": rows, "l2a": list(rows)}


@pytest.fixture
def choose(make_site, make_context):
    def call(facts, tile_id="a", **recipe):
        return S2.choose(make_site(tile_id), facts, {}, make_context(**recipe))

    return call


def test_choice_depends_on_seed_tile_and_facts_alone(choose, facts):
    shuffler = random.Random(1)
    for number in range(50):
        tile_id = f"tile {number}"
        first = choose(facts, tile_id)
        random.seed(number)  # the global generator must not matter
        mixed = {
            level: shuffler.sample(rows, len(rows))
            for level, rows in reversed(facts.items())
        }
        assert choose(mixed, tile_id) == first


def test_another_seed_or_tile_draws_otherwise(choose, facts):
    picks = [
        [choose(facts, f"{i}", seed=seed).scenes[0].asset for i in range(100)]
        for seed in (1, 2)
    ]
    assert sum(a != b for a, b in zip(*picks, strict=True)) > 80
    assert len(set(picks[0])) > 25  # of 40


def test_levels_and_years_come_about_equally_often(choose, facts):
    choices = [choose(facts, f"{i}") for i in range(800)]
    l2a = sum(c.values["level"] == "l2a" for c in choices)
    assert abs(l2a - 400) < 85  # six standard deviations
    for year in range(2017, 2021):
        share = sum(c.values["index"].startswith(str(year)) for c in choices)
        assert abs(share - 200) < 75


@pytest.mark.parametrize(("empty", "other"), [("l1c", "l2a"), ("l2a", "l1c")])
def test_the_other_level_of_the_year_comes_before_other_years(
    choose, facts, empty, other
):
    for number in range(40):
        tile_id = f"{number}"
        drawn = choose(facts, tile_id)
        year = drawn.values["index"][:4]
        lacking = [row for row in facts[empty] if row[0][:4] != year]
        now = choose({empty: lacking, other: facts[other]}, tile_id)
        assert now.values["level"] == other
        assert now.values["index"][:4] == year


@pytest.mark.parametrize("level", ["l1c", "l2a"])
def test_another_year_is_better_than_none(choose, ms, level):
    facts = {"l1c": [], "l2a": []} | {level: scenes(ms, 2018, 1)}
    for number in range(20):
        choice = choose(facts, f"{number}")
        assert choice.values["level"] == level
        assert choice.scenes[0].time == ms("2018-06-01T10:30:00")


def test_scenes_of_the_tiles_own_zone_come_first(choose, ms):
    rows = scenes(ms, 2019, 8, zone=31) + scenes(ms, 2019, 2, zone=32)
    for number in range(30):
        choice = choose({"l1c": rows, "l2a": rows}, f"{number}", years=(2019,))
        assert choice.values["index"].endswith("_T32TMT")
    only = choose({"l1c": rows[:8], "l2a": []}, years=(2019,))
    assert only.values["index"].endswith("_T31TMT")


def test_only_years_asked_for_are_used(choose, facts):
    years = {
        choose(facts, f"{i}", years=(2017, 2020)).values["index"][:4] for i in range(60)
    }
    assert years == {"2017", "2020"}


def test_the_last_millisecond_of_a_year_belongs_to_it(choose, ms):
    new_year = ms("2020-01-01T00:00:00")
    rows = [["a_T32TMT", new_year - 1, 1.0], ["b_T32TMT", new_year, 1.0]]
    for year, index in ((2019, "a_T32TMT"), (2020, "b_T32TMT")):
        choice = choose({"l1c": rows, "l2a": rows}, years=(year,))
        assert choice.values["index"] == index


def test_without_a_scene_the_message_tells_what_to_do(choose):
    with pytest.raises(NoDataError) as caught:
        choose({"l1c": [], "l2a": []}, max_cloud=7.5)
    message = str(caught.value)
    assert message.startswith("sentinel2:")
    for part in (L1C, L2A, "2017", "2020", "7.5 %", "--max_cloud", "--years"):
        assert part in message


def test_what_was_chosen_is_recorded(choose, ms):
    rows = [["20190615T1_x_T32TMT", ms("2019-06-15T10:30:00"), 3.25]]
    choice = choose({"l1c": [], "l2a": rows})
    assert choice.scenes[0].asset == f"{L2A}/20190615T1_x_T32TMT"
    assert choice.scenes[0].time == ms("2019-06-15T10:30:00")
    assert choice.values["cloud"] == 3.25
    choice = choose({"l1c": rows, "l2a": []})
    assert choice.scenes[0].asset == f"{L1C}/20190615T1_x_T32TMT"


def test_only_l1c_has_b10(choose, facts):
    bands = {"l1c": None, "l2a": None}
    for number in range(20):
        choice = choose(facts, f"{number}")
        bands[choice.values["level"]] = choice.bands
    assert len(bands["l1c"]) == 13
    assert "B10" in bands["l1c"]
    assert bands["l2a"] == tuple(b for b in bands["l1c"] if b != "B10")


def _resampled_and_plain(expression):
    """Returns the bands that lie under a resample, and those that do not.

    Reads the serialised graph, as the engine would.
    """
    values = expression["values"]
    resampled, plain = set(), set()

    def visit(node, under):
        if isinstance(node, list):
            for item in node:
                visit(item, under)
        if not isinstance(node, dict):
            return
        if "valueReference" in node:
            return visit(values[node["valueReference"]], under)
        if "arrayValue" in node:
            return visit(node["arrayValue"]["values"], under)
        call = node.get("functionInvocationValue")
        if call is None:
            return None
        name, arguments = call["functionName"], call["arguments"]
        if name == "Image.select" and _is_load(values, arguments["input"]):
            found = _constants(values, arguments["bandSelectors"])
            (resampled if under else plain).update(found)
        if name == "Image.resample":
            assert _constants(values, arguments["mode"]) == ["bilinear"]
        for argument in arguments.values():
            visit(argument, under or name == "Image.resample")
        return None

    visit({"valueReference": expression["result"]}, False)
    return resampled, plain


def _deref(values, node):
    while "valueReference" in node:
        node = values[node["valueReference"]]
    return node


def _is_load(values, node):
    call = _deref(values, node).get("functionInvocationValue", {})
    return call.get("functionName") == "Image.load"


def _constants(values, node):
    node = _deref(values, node)
    if "constantValue" in node:
        value = node["constantValue"]
        return list(value) if isinstance(value, list) else [value]
    items = node["arrayValue"]["values"]
    return [c for item in items for c in _constants(values, item)]


@pytest.mark.parametrize("level", ["l1c", "l2a"])
def test_ten_metre_bands_are_untouched_in_their_own_zone(
    offline_client, make_site, make_context, scene, level
):
    native = {"B2", "B3", "B4", "B8"}
    for zone, untouched in ((32, native), (31, set())):
        choice = scene(level=level, zone=zone)["sentinel2"]
        image = S2.image(choice, make_site(), make_context())
        graph = ee.serializer.encode(image, for_cloud_api=True)
        resampled, plain = _resampled_and_plain(graph)
        assert plain == untouched
        assert resampled == set(choice.bands) - untouched
        assert choice.scenes[0].asset in str(graph)


def test_the_question_holds_to_the_rules(offline_client, make_site, make_context):
    context = make_context(years=(2018, 2019), max_cloud=12.5)
    tile = ee.Dictionary(S2.inputs(make_site(), {}, context))
    text = S2.ask(tile, context).serialize()
    for part in (
        L1C,
        L2A,
        "2018-01-01",
        "2020-01-01",
        "CLOUDY_PIXEL_PERCENTAGE",
        "12.5",
        "Filter.contains",
        ".geo",
    ):
        assert part in text

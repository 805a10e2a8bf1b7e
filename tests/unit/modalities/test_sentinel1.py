"""Sentinel-1: the nearest scene of each orbit, its polarisations by name."""

import ee
import pytest

from modalities import registry

S1 = registry.get("sentinel1")
DAY = 86_400_000


@pytest.fixture
def choose(make_site, make_context, scene):
    """Chooses among rows given as (index, days from Sentinel-2, orbit, pols)."""
    chosen = scene()
    date = chosen["sentinel2"].scenes[0].time

    def call(*rows, **recipe):
        facts = [[i, date + round(d * DAY), o, list(p)] for i, d, o, p in rows]
        return S1.choose(make_site(), facts, chosen, make_context(**recipe))

    return call


def test_each_orbit_gets_its_nearest_scene(choose):
    choice = choose(
        ("far", -9, "ASCENDING", ("VV", "VH")),
        ("near", 2.5, "ASCENDING", ("VV", "VH")),
        ("down", -6, "DESCENDING", ("VV", "VH")),
        ("later", 7, "DESCENDING", ("VV", "VH")),
    )
    assert [(s.asset, s.role) for s in choice.scenes] == [
        ("COPERNICUS/S1_GRD/near", "asc"),
        ("COPERNICUS/S1_GRD/down", "desc"),
    ]
    assert choice.values["days"] == {"asc": 2.5, "desc": -6.0}
    assert choice.bands == ("asc_VV", "asc_VH", "desc_VV", "desc_VH")


@pytest.mark.parametrize("order", [1, -1])
def test_a_tie_goes_to_the_first_name(choose, order):
    rows = [("b", 3, "ASCENDING", ("VV",)), ("a", -3, "ASCENDING", ("VV",))]
    choice = choose(*rows[::order])
    assert choice.scenes[0].asset == "COPERNICUS/S1_GRD/a"


@pytest.mark.parametrize(
    ("pols", "bands"),
    [
        (("VV",), ("asc_VV",)),
        (("HH",), ("asc_HH",)),
        (("VH", "VV"), ("asc_VV", "asc_VH")),
        (("HH", "HV"), ("asc_HH", "asc_HV")),
    ],
)
def test_polarisations_name_the_channels(choose, pols, bands):
    assert choose(("x", 1, "ASCENDING", pols)).bands == bands


def test_one_orbit_is_enough(choose):
    choice = choose(("x", 1, "DESCENDING", ("HH", "HV")))
    assert choice.bands == ("desc_HH", "desc_HV")
    assert [s.role for s in choice.scenes] == ["desc"]
    assert not choice.missing


def test_without_a_scene_it_is_missing_and_says_so(choose):
    choice = choose(sentinel1_max_days=12.0)
    assert choice.bands == ()
    assert choice.scenes == ()
    assert "12 days" in choice.missing


def test_the_window_is_the_recipes(make_site, make_context, scene):
    chosen = scene()
    date = chosen["sentinel2"].scenes[0].time
    inputs = S1.inputs(make_site(), chosen, make_context(sentinel1_max_days=1.5))
    assert inputs["start"] == date - 1.5 * DAY
    # The end is exclusive: a scene exactly at the limit still counts.
    assert inputs["end"] == date + 1.5 * DAY + 1


def test_bands_get_the_names_of_their_channels(
    offline_client, choose, make_site, make_context
):
    choice = choose(
        ("up", 1, "ASCENDING", ("HV", "HH")), ("down", 1, "DESCENDING", ("VV",))
    )
    text = S1.image(choice, make_site(), make_context()).serialize()
    assert "COPERNICUS/S1_GRD/up" in text
    assert "COPERNICUS/S1_GRD/down" in text
    assert '["HH", "HV"]' in text
    assert '["asc_HH", "asc_HV"]' in text
    assert '["desc_VV"]' in text
    assert "Image.resample" in text


def test_the_question_is_for_iw_scenes(offline_client, make_site, make_context, scene):
    inputs = S1.inputs(make_site(), scene(), make_context())
    text = S1.ask(ee.Dictionary(inputs), make_context()).serialize()
    for part in ("COPERNICUS/S1_GRD", "instrumentMode", "IW", "Filter.contains"):
        assert part in text

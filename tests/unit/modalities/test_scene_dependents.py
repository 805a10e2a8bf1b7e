"""What hangs on the Sentinel-2 scene: ERA5, Dynamic World, masks, the month."""

import ee
import numpy as np
import pytest

from modalities import registry

ERA5 = registry.get("era5")
HEADER = [
    "id",
    "longitude",
    "latitude",
    "time",
    "temperature_2m",
    "temperature_2m_min",
    "temperature_2m_max",
    "total_precipitation_sum",
]


def era5_rows(*months, gap=None):
    """Makes getRegion's answer; values tell their month and variable."""
    rows = [
        [f"{y}{m:02d}", 8.6, 47.4, 0, m + 0.1, m + 0.2, m + 0.3, m + 0.4]
        for y, m in months
    ]
    if gap is not None:
        rows[gap][5] = None
    return [HEADER, *rows]


def year_to(year, month):
    months = [(year, month - back) for back in range(12)]
    return [(y, m) if m > 0 else (y - 1, m + 12) for y, m in reversed(months)]


@pytest.fixture
def era5(make_site, make_context, scene):
    def call(rows, time):
        site, context = make_site(), make_context()
        choice = ERA5.choose(site, rows, scene(time), context)
        return choice, ERA5.stored_values(choice, site, context)

    return call


@pytest.mark.parametrize(
    ("time", "previous", "current", "names"),
    [
        ("2019-06-15", (2019, 5), (2019, 6), ["201905", "201906"]),
        ("2018-01-31T23:59:59", (2017, 12), (2018, 1), ["201712", "201801"]),
        ("2018-12-01", (2018, 11), (2018, 12), ["201811", "201812"]),
    ],
)
def test_era5_is_previous_month_month_and_year(era5, time, previous, current, names):
    months = year_to(*current)
    assert months[-2:] == [previous, current]
    choice, values = era5(era5_rows(*reversed(months)), time)
    (_, p), (_, c) = previous, current
    table = np.array([[m + 0.1, m + 0.2, m + 0.3, m + 0.4] for _, m in months])
    expected = [
        *(p + 0.1, p + 0.2, p + 0.3, p + 0.4),
        *(c + 0.1, c + 0.2, c + 0.3, c + 0.4),
        # All twelve calendar months are in, each once.
        *(6.5 + 0.1, 1 + 0.2, 12 + 0.3, 78 + 12 * 0.4),
    ]
    assert table.shape == (12, 4)
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    assert values.dtype == np.float32
    assert choice.values["months"] == names
    assert len(choice.bands) == 12


def test_era5_reads_columns_by_name(era5):
    rows = [row[::-1] for row in era5_rows(*year_to(2019, 6))]
    _, values = era5(rows, "2019-06-15")
    np.testing.assert_allclose(values[:4], [5.1, 5.2, 5.3, 5.4], rtol=1e-6)


@pytest.mark.parametrize(
    "rows",
    [
        era5_rows(*year_to(2019, 6)[1:]),
        era5_rows(*year_to(2019, 6), gap=3),
        [HEADER],
    ],
)
def test_era5_without_every_month_is_missing(era5, rows):
    choice, values = era5(rows, "2019-06-15")
    assert choice.missing
    assert choice.bands == ()
    assert np.isnan(values).all()
    assert values.shape == (12,)


def test_era5_asks_for_twelve_months(make_site, make_context, scene):
    inputs = ERA5.inputs(make_site(), scene("2018-01-15"), make_context())
    assert (inputs["start"], inputs["end"]) == ("2017-02-01", "2018-02-01")
    inputs = ERA5.inputs(make_site(), scene("2018-12-31T23:00"), make_context())
    assert (inputs["start"], inputs["end"]) == ("2018-01-01", "2019-01-01")


def test_dynamic_world_is_of_the_scenes_year(
    offline_client, make_site, make_context, scene
):
    modality = registry.get("dynamic_world")
    site, context, chosen = make_site(), make_context(), scene("2019-12-31T23:00")
    inputs = modality.inputs(site, chosen, context)
    assert (inputs["start"], inputs["end"]) == ("2019-01-01", "2020-01-01")
    choice = modality.choose(site, 7, chosen, context)
    assert choice.bands == ("label",)
    text = modality.image(choice, site, context).serialize()
    for part in ("2019-01-01", "2020-01-01", "reduce.mode", "Image.add"):
        assert part in text
    assert "Image.resample" not in text
    gone = modality.choose(site, 0, chosen, context)
    assert gone.bands == ()
    assert "2019" in gone.missing


@pytest.mark.parametrize(
    ("name", "band", "facts"),
    [
        ("sentinel2_cloudmask", "QA60", None),
        ("sentinel2_cloudprod", "MSK_CLDPRB", [True]),
        ("sentinel2_scl", "SCL", None),
    ],
)
def test_masks_are_of_the_scene(
    offline_client, make_site, make_context, scene, name, band, facts
):
    modality, site, context = registry.get(name), make_site(), make_context()
    chosen = scene(level="l2a")
    choice = modality.choose(site, facts, chosen, context)
    assert choice.bands == (band,)
    assert choice.scenes == chosen["sentinel2"].scenes
    text = modality.image(choice, site, context).serialize()
    assert choice.scenes[0].asset in text
    assert ("Image.resample" in text) == (name == "sentinel2_cloudprod")


def test_l1c_has_a_cloud_mask_but_no_probability_nor_classes(
    make_site, make_context, scene
):
    site, context, chosen = make_site(), make_context(), scene(level="l1c")
    mask = registry.get("sentinel2_cloudmask").choose(site, None, chosen, context)
    assert mask.bands == ("QA60",)
    for name, facts in (("sentinel2_cloudprod", []), ("sentinel2_scl", None)):
        choice = registry.get(name).choose(site, facts, chosen, context)
        assert choice.bands == ()
        assert "L1C" in choice.missing


@pytest.mark.parametrize("facts", [[], [False]])
def test_an_l2a_scene_may_lack_the_probability(make_site, make_context, scene, facts):
    modality = registry.get("sentinel2_cloudprod")
    choice = modality.choose(make_site(), facts, scene(), make_context())
    assert choice.bands == ()
    assert "MSK_CLDPRB" in choice.missing


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2019-06-15", (0.0, -1.0)),
        ("2019-12-31T23:59:59", (0.0, 1.0)),
        ("2019-03-01", (1.0, 0.0)),
        ("2019-01-01", (0.5, 0.75**0.5)),
    ],
)
def test_month_is_a_part_of_a_turn(make_site, make_context, scene, time, expected):
    modality, site, context = registry.get("month"), make_site(), make_context()
    choice = modality.choose(site, None, scene(time), context)
    values = modality.stored_values(choice, site, context)
    np.testing.assert_allclose(values, expected, atol=1e-7)
    assert values.dtype == np.float32


def test_questions_build(offline_client, make_site, make_context, scene):
    for name, asset in (
        ("era5", "ECMWF/ERA5_LAND/MONTHLY_AGGR"),
        ("dynamic_world", "GOOGLE/DYNAMICWORLD/V1"),
        ("sentinel2_cloudprod", "COPERNICUS/S2_SR_HARMONIZED"),
    ):
        modality, context = registry.get(name), make_context()
        inputs = ee.Dictionary(modality.inputs(make_site(), scene(), context))
        assert asset in modality.ask(inputs, context).serialize()

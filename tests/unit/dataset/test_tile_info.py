"""tile_info.json has MMEarth's keys, spelt and typed as its readers expect."""

import json

import pytest

from dataset.tile_info import date_text, tile_info, time_text
from tests.unit.dataset.plans import (
    L1C_BANDS,
    S2_BANDS,
    make_made,
    make_site,
    milliseconds,
)

V = ["temperature_2m", "temperature_2m_min", "temperature_2m_max"]
V.append("total_precipitation_sum")
YEAR = [
    "0_temperature_2m_mean",
    "1_temperature_2m_min_min",
    "2_temperature_2m_max_max",
    "3_total_precipitation_sum_sum",
]


def info_of(**plan):
    return json.loads(json.dumps(tile_info(make_made(**plan)), allow_nan=False))


def test_keys_are_mmearths():
    info = info_of()
    grid = make_site().grid
    ours = {"transform", "scenes"}
    assert {k: v for k, v in info.items() if k not in ours} == {
        "S2_DATE": "2019-06-15",
        "S2_type": "l2a",
        "CRS": "EPSG:32632",
        "lat": 47.4,
        "lon": 8.6,
        "biome": 0,
        "eco_region": 3,
        "NO_DATA": False,
        "BANDS": {
            # In the order of MMEarth's own files.
            "sentinel2": [*S2_BANDS, "MSK_CLDPRB", "SCL", "QA60"],
            "sentinel1_asc": ["VV", "VH"],
            "sentinel1_desc": ["HH"],
            "aster": ["b1", "slope"],
            "era5": [f"{m}_{v}" for m in ("201905", "201906") for v in V] + YEAR,
            "dynamic_world": ["label"],
            "canopy_height_eth": ["height", "std"],
            "esa_worldcover": ["Map"],
        },
        "era5": {
            "month1": [280.5, 270, 290, 0.01],
            "month2": [281, 271, 291, 0.02],
            "year": [1, 2, 3, 4],
        },
    }
    assert info["transform"] == [10, 0, grid.west, 0, -10, grid.north]
    assert info["scenes"]["sentinel2"] == [
        ["COPERNICUS/S2_SR_HARMONIZED/X_T32TMT", "2019-06-15T10:30:31.024Z", ""]
    ]
    assert [s[2] for s in info["scenes"]["sentinel1"]] == ["asc", "desc"]


def test_an_l1c_tile_has_no_l2a_masks():
    info = info_of(level="l1c")
    assert info["S2_type"] == "l1c"
    assert info["BANDS"]["sentinel2"] == [*L1C_BANDS, "QA60"]


def test_what_a_tile_lacks_is_null_or_absent_as_in_mmearth():
    info = info_of(complete=False)
    bands = info["BANDS"]
    assert bands["sentinel2"] == [*S2_BANDS, "SCL", "QA60"]
    assert bands["sentinel1_asc"] is None
    assert bands["sentinel1_desc"] == ["HH"]
    assert "dynamic_world" not in bands
    assert info["era5"] == {k: [None] * 4 for k in ("month1", "month2", "year")}


def test_a_dataset_of_few_modalities_leaves_keys_out():
    row = make_made()
    row["choices"] = {"lat": row["choices"]["lat"]}
    info = tile_info(row)
    assert not info.keys() & {"S2_DATE", "S2_type", "biome", "eco_region", "era5"}
    assert info["BANDS"] == {}
    assert info["CRS"] == "EPSG:32632"


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2018-12-31T23:59:59.999", "2018-12-31"),
        ("2020-02-29T00:00:00.000", "2020-02-29"),
        ("2017-01-01T00:00:00.007", "2017-01-01"),
    ],
)
def test_times_are_utc_to_the_millisecond(text, date):
    assert date_text(milliseconds(text)) == date
    assert time_text(milliseconds(text)) == f"{text}Z"

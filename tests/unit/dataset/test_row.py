"""Rows: all that is known of a tile, as plain JSON values."""

import json

from dataset.row import level_of
from modalities.plan import Plan
from tests.unit.dataset.plans import VERSIONS, make_failed, make_made, make_plan


def test_a_row_is_strict_json_and_holds_its_plan():
    row = make_made(3)
    again = json.loads(json.dumps(row, allow_nan=False))
    assert again["status"] == "made"
    assert Plan.from_json(again) == make_plan(3)
    assert again["versions"] == VERSIONS
    assert again["usage"]["plan"]["requests"] == 2


def test_missing_modalities_are_named_with_their_reason():
    row = make_made(complete=False)
    assert set(row["missing"]) == {"sentinel2_cloudprod", "era5", "dynamic_world"}
    assert row["missing"]["era5"] == "there is none"
    # What the dataset does not hold can't be missing from it.
    assert make_made(complete=False, stored=("era5", "lat"))["missing"].keys() == {
        "era5"
    }


def test_a_failure_keeps_its_place_and_reason():
    row = json.loads(json.dumps(make_failed(5), allow_nan=False))
    assert row["status"] == "failed"
    assert row["tile"]["tile_id"] == "tile-5"
    assert row["tile"]["position"] == 5
    assert row["grid"]["size"] == 16
    assert row["failure"] == {
        "kind": "no_data",
        "message": "sentinel2: no scene é",
        "stage": "plan",
        "assets": [],
    }


def test_the_level_is_sentinel2s():
    assert level_of(make_made(level="l1c")) == "l1c"
    assert level_of(make_made(level="l2a")) == "l2a"
    without = make_made()
    del without["choices"]["sentinel2"]
    assert level_of(without) == ""

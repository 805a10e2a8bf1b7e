"""Tiles as JSON, and the id of a place without one."""

import json

from hypothesis import given
from hypothesis import strategies as st

from modalities.tile import Tile, tile_id_of


def test_tiles_survive_json():
    tile = Tile("é", -1.5, 2.25, 7, "Tundra", None)
    assert Tile.from_json(json.loads(json.dumps(tile.to_json()))) == tile


def test_the_id_of_a_place_is_its_place():
    assert tile_id_of(-121.772602500, 38.794403576) == "+38.79440-121.77260"
    assert tile_id_of(0.0, -0.0) == "+00.00000+000.00000"
    assert tile_id_of(180.0, 5.0) == tile_id_of(-180.0, 5.0)
    assert tile_id_of(179.999999, 5.0) == "+05.00000-180.00000"


@given(st.floats(-180, 180, exclude_max=True), st.floats(-84, 84))
def test_ids_have_one_length_and_no_negative_zero(lon, lat):
    text = tile_id_of(lon, lat)
    assert len(text) == 19
    assert "-00.00000" not in text
    assert "-000.00000" not in text

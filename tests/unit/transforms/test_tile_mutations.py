"""Tile files gone wrong in any way: tiles, or one message; never another error."""

from __future__ import annotations

import copy
import json
import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transforms.tile_error import TileInputError
from transforms.tile_parts import ingest, read_part

BOX = [[9.4, 56.0], [9.5, 56.0], [9.5, 56.1], [9.4, 56.1], [9.4, 56.0]]
GEOMETRIES = (
    {"type": "Point", "coordinates": [9.5, 56.0, 12.0]},
    {"type": "Polygon", "coordinates": [BOX]},
    {"type": "MultiPolygon", "coordinates": [[[[x + 9, y] for x, y in BOX]]]},
)
VALID = {
    "type": "FeatureCollection",
    "name": "tiles",
    "crs": {"type": "name", "properties": {"name": "EPSG:4326"}},
    "features": [
        {
            "type": "Feature",
            "geometry": geometry,
            "properties": {
                "tile_id": f"tile_{i}",
                "biome": "Tundra",
                "eco_region": "Ahklun and Kilbuck Upland Tundra",
            },
        }
        for i, geometry in enumerate(GEOMETRIES)
    ],
}

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8)
    | st.sampled_from(["Point", "Polygon", "Feature", "tile_0", "coordinates", 1e308])
    | st.sampled_from([180, -180, 180.0000001, 84, -84.1, 90, 360, 5e-324, 10**400])
    | st.sampled_from(["\ud800", "\0", "a/../b", "x" * 101, "\u202e", ""])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
MUTATIONS = ("replace", "remove", "repeat", "swap", "nest")


def places(value, path=()):
    """Lists the paths of all values within a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


@st.composite
def mutants(draw):
    """Draws a collection, and the features that were changed; None for others."""
    whole = copy.deepcopy(VALID)
    changed = set()
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(whole))))
        inner = whole
        for key in path[:-1]:
            inner = inner[key]
        key, kind = path[-1], draw(st.sampled_from(MUTATIONS))
        if kind == "replace":
            inner[key] = draw(values)
        elif kind == "remove":
            del inner[key]
        elif kind == "repeat" and isinstance(inner, list):
            inner.insert(key, copy.deepcopy(inner[key]))
        elif kind == "swap" and isinstance(inner, list):
            inner.reverse()
        else:
            inner[key] = [inner[key]]
        in_feature = len(path) > 2 and path[0] == "features"
        changed.add(path[1] if in_feature else None)
    return whole, changed


def take_in(content: bytes, name: str, needs: bool):
    """Returns the tiles of a file, or the message that it was refused with."""
    with tempfile.TemporaryDirectory() as folder:
        path, parts = Path(folder) / name, Path(folder) / "parts"
        path.write_bytes(content)
        try:
            taken = ingest(
                path, parts, part_tiles=2, need_biome=needs, need_eco_region=needs
            )
        except TileInputError as error:
            message = str(error)
            assert message.startswith(f"{path}: ")
            assert not parts.exists()
            message.encode()
            return [], message.removeprefix(f"{path}: ")
        return [tile for part in taken.parts for tile in read_part(part)], ""


def check_tiles(tiles):
    assert tiles
    assert len({tile.tile_id for tile in tiles}) == len(tiles)
    for tile in tiles:
        assert -180 <= tile.lon < 180
        assert -84 <= tile.lat <= 84
        assert 1 <= len(tile.tile_id.encode()) <= 100
        assert tile.tile_id.isprintable()


@pytest.mark.parametrize("needs", [True, False])
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutant=mutants())
def test_a_changed_collection_gives_tiles_or_names_the_feature(needs, mutant):
    whole, changed = mutant
    tiles, message = take_in(json.dumps(whole).encode(), "t.geojson", needs)
    if not message:
        check_tiles(tiles)
        return
    if None not in changed:  # only features were changed, each in its place
        assert any(
            f"feature {i + 1}" in message or f"features {i + 1} and" in message
            or f"and {i + 1} have" in message
            for i in changed
        )  # fmt: skip
    assert len(message) < 2000


@settings(max_examples=200, deadline=None)
@given(
    at=st.integers(0, len(json.dumps(VALID))),
    gone=st.integers(0, 40),
    instead=st.binary(max_size=12) | st.text('{}[]",:0123eE+-.\\u', max_size=12),
    name=st.sampled_from(["t.geojson", "t.ndjson", "t"]),
)
def test_changed_bytes_give_tiles_or_a_message(at, gone, instead, name):
    text = json.dumps(VALID).encode()
    if name == "t.ndjson":
        text = b"\n".join(json.dumps(f).encode() for f in VALID["features"])
    new = instead if isinstance(instead, bytes) else instead.encode()
    tiles, message = take_in(text[:at] + new + text[at + gone :], name, False)
    if not message:
        check_tiles(tiles)


@pytest.mark.parametrize("where", ["tile_id", "biome", "eco_region", "other"])
@pytest.mark.parametrize("depth", [100, 900, 5000])
def test_values_nested_to_any_depth_are_told_or_passed_over(where, depth):
    deep = "[" * depth + "]" * depth
    whole = copy.deepcopy(VALID)
    whole["features"][1]["properties"][where] = "@"
    text = json.dumps(whole)
    tiles, message = take_in(text.replace('"@"', deep).encode(), "t.geojson", True)
    assert "feature 2" in message or (where == "other" and len(tiles) == 3)


def test_the_unchanged_collection_is_fit():
    tiles, message = take_in(json.dumps(VALID).encode(), "t.geojson", True)
    assert message == ""
    assert [t.tile_id for t in tiles] == ["tile_0", "tile_1", "tile_2"]
    assert math.isclose(tiles[2].lon, 18.45)

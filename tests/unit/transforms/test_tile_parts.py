"""Taking in tiles: all or nothing, in order, in small parts."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transforms.tile_error import TileInputError
from transforms.tile_parts import ingest, read_part
from transforms.tile_source import read_tiles


def features(count):
    return [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [i / 8, -i / 16]},
            "properties": {"tile_id": f"tåile {i}", "biome": "Tundra"},
        }
        for i in range(count)
    ]


def write(path, values):
    path.write_text(json.dumps({"type": "FeatureCollection", "features": values}))
    return path


def take_in(path, directory, part_tiles=3):
    return ingest(
        path,
        directory,
        part_tiles=part_tiles,
        need_biome=True,
        need_eco_region=False,
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(1, 30), part_tiles=st.integers(1, 40))
def test_the_parts_one_after_another_are_the_input(tmp_path, count, part_tiles):
    path = write(tmp_path / "a.geojson", features(count))
    taken = take_in(path, tmp_path / "parts", part_tiles)
    tiles = [list(read_part(part)) for part in taken.parts]
    wanted = list(read_tiles(path, need_biome=True, need_eco_region=False))
    assert [tile for part in tiles for tile in part] == wanted
    assert taken.count == count
    assert {len(part) for part in tiles[:-1]} <= {part_tiles}
    assert 1 <= len(tiles[-1]) <= part_tiles
    # Parts of earlier examples, and the staging directory, are gone.
    there = sorted(str(p) for p in (tmp_path / "parts").iterdir())
    assert there == taken.parts


def test_parts_are_numbered_json_lines(tmp_path):
    path = write(tmp_path / "a.geojson", features(4))
    parts = take_in(path, tmp_path / "x" / "y").parts
    names = ["tiles-00000.jsonl", "tiles-00001.jsonl"]
    assert parts == [str(tmp_path / "x" / "y" / name) for name in names]
    lines = (tmp_path / "x" / "y" / names[1]).read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "tile_id": "tåile 3",
            "lon": 0.375,
            "lat": -0.1875,
            "position": 3,
            "biome": "Tundra",
            "eco_region": None,
        }
    ]


def test_the_digest_is_of_the_tiles_not_of_the_file(tmp_path):
    values = features(7)
    one = take_in(write(tmp_path / "a.geojson", values), tmp_path / "a", 2)
    lines = tmp_path / "a.ndjson"
    lines.write_text("".join(json.dumps(v, indent=1) + "\n" for v in values))
    assert take_in(lines, tmp_path / "b", 5).sha256 == one.sha256
    values[6]["geometry"]["coordinates"][0] += 1e-9
    other = take_in(write(tmp_path / "a.geojson", values), tmp_path / "c", 2)
    assert other.sha256 != one.sha256


def bad_last(values):
    values[-1]["properties"]["biome"] = "Jungle"


def bad_first(values):
    values[0]["properties"]["biome"] = "Jungle"


def repeated(values):
    values[-1]["properties"]["tile_id"] = values[0]["properties"]["tile_id"]


@pytest.mark.parametrize("spoil", [bad_first, bad_last, repeated])
def test_a_bad_input_leaves_nothing_behind(tmp_path, spoil):
    values = features(10)
    spoil(values)
    path = write(tmp_path / "a.geojson", values)
    with pytest.raises(TileInputError):
        take_in(path, tmp_path / "new" / "parts")
    assert list(tmp_path.iterdir()) == [path]


def test_a_bad_input_leaves_earlier_parts_alone(tmp_path):
    path = write(tmp_path / "a.geojson", features(10))
    directory = tmp_path / "parts"
    before = [(p, list(read_part(p))) for p in take_in(path, directory).parts]
    values = features(10)
    bad_last(values)
    with pytest.raises(TileInputError):
        take_in(write(path, values), directory)
    assert [(p, list(read_part(p))) for p, _ in before] == before
    assert sorted(str(p) for p in directory.iterdir()) == [p for p, _ in before]


def test_other_files_in_the_directory_stay(tmp_path):
    path = write(tmp_path / "a.geojson", features(2))
    take_in(path, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "a.geojson",
        "tiles-00000.jsonl",
    ]


def test_a_part_has_at_least_one_tile(tmp_path):
    path = write(tmp_path / "a.geojson", features(2))
    with pytest.raises(ValueError, match="at least 1, not 0"):
        take_in(path, tmp_path, 0)

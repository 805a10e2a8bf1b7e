"""Tile files of any size are read in little memory."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from transforms.tile_source import read_tiles

SIZE = 100_000_000
ALLOWED = 40_000_000

SCRIPT = """
import resource, sys
from transforms.tile_error import TileInputError
from transforms.tile_source import read_tiles

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

def read(path):
    count = 0
    try:
        for _ in read_tiles(path, need_biome=False, need_eco_region=False):
            count += 1
    except TileInputError as error:
        return count, str(error)
    return count, ""

read(sys.argv[1])
before = peak()
count, message = read(sys.argv[2])
print(count, peak() - before, message)
"""


def write(path, size, *, suffix):
    """Writes one line of GeoJSON, with long names and many features."""
    padding = "x" * 4000
    count = 0
    with path.open("w") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        while file.tell() < size:
            file.write("," if count else "")
            lon = count % 3_000 / 10 - 150
            file.write(
                f'{{"type": "Feature", "geometry": {{"type": "Point", "coordinates": '
                f'[{lon}, 5]}}, "properties": {{"tile_id": "{count}", '
                f'"note": "{padding}"}}}}'
            )
            count += 1
        file.write(suffix)
    return count


def told(*paths):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
    )
    count, grown, message = done.stdout.rstrip("\n").split(" ", 2)
    return int(count), int(grown), message


@pytest.mark.parametrize(
    ("suffix", "words"), [("]}", ""), ("", "is not valid JSON"), ("]}]", "extra data")]
)
def test_a_line_of_100_mb_is_streamed(suffix, words, tmp_path):
    """Most of the resident memory that the program itself takes is seen before."""
    write(tmp_path / "small.geojson", 2_000_000, suffix="]}")
    count = write(tmp_path / "huge.geojson", SIZE, suffix=suffix)
    size = (tmp_path / "huge.geojson").stat().st_size
    read, grown, message = told(tmp_path / "small.geojson", tmp_path / "huge.geojson")
    (tmp_path / "huge.geojson").unlink()
    assert size >= SIZE
    assert read == count
    assert grown < ALLOWED
    assert words in message
    assert not message or (words and "huge.geojson: " in message)


def test_a_polygon_of_a_million_vertices_has_its_centre(tmp_path):
    angles = np.linspace(0, 2 * np.pi, 1_000_001)
    ring = np.stack([9.5 + np.cos(angles) / 100, 56 + np.sin(angles) / 100], axis=1)
    ring[-1] = ring[0]
    geometry = {"type": "Polygon", "coordinates": [ring.tolist()]}
    feature = {"type": "Feature", "geometry": geometry, "properties": {}}
    path = tmp_path / "one.ndjson"
    path.write_text(json.dumps(feature))
    (tile,) = read_tiles(path, need_biome=False, need_eco_region=False)
    assert (tile.lon, tile.lat) == pytest.approx((9.5, 56), abs=1e-9)


def test_a_value_beyond_64_mi_characters_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("transforms.json_stream._MAX_VALUE_CHARS", 1 << 20)
    path = tmp_path / "one.geojson"
    path.write_text('{"type": "FeatureCollection", "x": "' + "x" * (1 << 22))
    with pytest.raises(ValueError, match="more than 1048576 characters in the value"):
        list(read_tiles(path, need_biome=False, need_eco_region=False))

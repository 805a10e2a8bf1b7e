"""The bundled tiles cover the land's variety, as the README says."""

import json
from collections import Counter
from pathlib import Path

import pytest
from pyproj import Geod
from shapely.geometry import shape

from modalities.biome import BIOMES
from transforms.tile_source import read_tiles

PATH = Path(__file__).parents[3] / "tiles.geojson"
MAX_EDGE_DEGREES = 0.005


@pytest.fixture(scope="module")
def features():
    return json.loads(PATH.read_text(encoding="utf-8"))["features"]


@pytest.fixture(scope="module")
def centres(features):
    """Longitude and latitude by tile_id, longitude in [-180, 180)."""
    centroids = {
        f["properties"]["tile_id"]: shape(f["geometry"]).centroid for f in features
    }
    return {k: ((c.x + 180) % 360 - 180, c.y) for k, c in centroids.items()}


def count_within(centres, west, south, east, north):
    return sum(
        west <= lon <= east and south <= lat <= north for lon, lat in centres.values()
    )


def test_there_are_72_to_90_tiles_of_unique_id(features, centres):
    assert 72 <= len(features) <= 90
    assert len(centres) == len(features)


def test_every_biome_has_at_least_four(features):
    counts = Counter(f["properties"]["biome"] for f in features)
    assert set(counts) == set(BIOMES)
    assert min(counts.values()) >= 4


def test_each_is_a_box_of_1300_m_as_mmearth_makes_them(features):
    geod = Geod(ellps="WGS84")
    for feature in features:
        assert set(feature["properties"]) == {"tile_id", "biome", "eco_region"}
        (ring,) = feature["geometry"]["coordinates"]
        (west, south), (east, _), (_, north), _, last = ring
        assert ring == [
            [west, south],
            [east, south],
            [east, north],
            [west, north],
            last,
        ]
        assert last == ring[0]
        middle = (south + north) / 2
        width = geod.inv(west, middle, east, middle)[2]
        height = geod.inv(west, south, west, north)[2]
        assert width == pytest.approx(1300, abs=2)
        assert height == pytest.approx(1300, abs=2)


def test_both_hemispheres_are_covered(centres):
    latitudes = [lat for _, lat in centres.values()]
    assert sum(lat > 0 for lat in latitudes) >= 20
    assert sum(lat < 0 for lat in latitudes) >= 20
    assert max(abs(lat) for lat in latitudes) <= 83


@pytest.mark.parametrize(
    ("continent", "box"),
    [
        ("North America", (-165, 25, -60, 83)),
        ("South America", (-80, -55, -35, 5)),
        ("Europe", (-10, 36, 30, 71)),
        ("Africa", (-15, -34, 50, 20)),
        ("Asia", (66, 5, 145, 74)),
        ("Australia", (113, -39, 154, -11)),
        ("New Zealand", (166, -47, 179, -34)),
        ("Pacific islands", (-180, -20, -155, 20)),
    ],
)
def test_every_continent_is_there(centres, continent, box):
    assert count_within(centres, *box) >= 1, continent


@pytest.mark.parametrize(
    ("place", "box"),
    [
        ("Svalbard, where zones are 33X, 35X", (10, 76, 34, 81)),
        ("Greenland's coast", (-73, 60, -20, 80)),
        ("Canada's high north", (-130, 69, -62, 83)),
        ("Siberia beyond 70° N", (70, 70, 179, 78)),
        ("Norway's west, where 31V gives way to 32V", (3, 56, 6, 64)),
        ("Chukotka, west of the antimeridian", (179, 64, 180, 70)),
        ("Chukotka, east of the antimeridian", (-180, 64, -170, 70)),
        ("Fiji, west of the antimeridian", (177, -19, 180, -16)),
        ("Fiji, east of the antimeridian", (-180, -19, -179, -16)),
        ("Galápagos", (-92, -1, -89, 1)),
        ("South Georgia", (-39, -55, -35, -53)),
    ],
)
def test_hard_places_are_there(centres, place, box):
    assert count_within(centres, *box) >= 1, place


def test_a_tile_lies_across_the_antimeridian(features):
    easts = [max(lon for lon, _ in f["geometry"]["coordinates"][0]) for f in features]
    assert any(east > 180 for east in easts)


def test_many_lie_on_the_edge_of_a_utm_zone(centres):
    edges = [
        lon for lon, _ in centres.values() if abs(lon - 6 * round(lon / 6)) <= 0.005
    ]
    assert len(edges) >= 20
    assert any(lon > 6 * round(lon / 6) for lon in edges)
    assert any(lon < 6 * round(lon / 6) for lon in edges)


def test_some_straddle_the_equator(centres):
    assert sum(abs(lat) < MAX_EDGE_DEGREES for _, lat in centres.values()) >= 3


def test_every_centre_is_on_land(centres):
    from global_land_mask import globe

    sea = [name for name, (lon, lat) in centres.items() if not globe.is_land(lat, lon)]
    assert sea == []


def test_one_feature_a_line(features):
    lines = PATH.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line.removesuffix(",")) for line in lines[1:-1]] == features


def test_they_are_valid_input(centres):
    tiles = list(read_tiles(PATH, need_biome=True, need_eco_region=True))
    assert [t.tile_id for t in tiles] == list(centres)
    for tile in tiles:
        assert (tile.lon, tile.lat) == pytest.approx(centres[tile.tile_id], abs=1e-9)

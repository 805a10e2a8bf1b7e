"""The emulator's RESOLVE table has the shape of the real one."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from shapely import STRtree, union_all
from shapely.geometry import Point, shape

from emulator.catalogue import earth, ecoregions
from emulator.planet import biomes
from emulator.planet.atlas import atlas

ROOT = Path(__file__).parents[3]

# MMEarth's biome labels and how many ecoregions each has, from its published
# eco_labels.json.
ECOREGIONS_OF_BIOME = {
    "Tundra": 51,
    "Tropical & Subtropical Moist Broadleaf Forests": 230,
    "Mediterranean Forests, Woodlands & Scrub": 40,
    "Deserts & Xeric Shrublands": 102,
    "Temperate Grasslands, Savannas & Shrublands": 48,
    "Boreal Forests/Taiga": 26,
    "Temperate Conifer Forests": 47,
    "Temperate Broadleaf & Mixed Forests": 83,
    "Montane Grasslands & Shrublands": 46,
    "Mangroves": 19,
    "Flooded Grasslands & Savannas": 25,
    "Tropical & Subtropical Grasslands, Savannas & Shrublands": 58,
    "Tropical & Subtropical Dry Broadleaf Forests": 56,
    "Tropical & Subtropical Coniferous Forests": 15,
}


@pytest.fixture(scope="module")
def table() -> list[list[str]]:
    path = ROOT / "emulator" / "planet" / "data" / "ecoregions.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [[name, biome] for name, biome, _ in rows]


def test_every_biome_has_its_real_number_of_ecoregions(table):
    counts = Counter(biome for _, biome in table)
    assert counts.pop("N/A") == 1
    assert counts == ECOREGIONS_OF_BIOME
    assert sum(counts.values()) == 846


def test_rock_and_ice_is_of_no_biome(table):
    assert ["Rock and Ice", "N/A"] in table


def test_rows_are_in_alphabetical_order_and_names_unique(table):
    names = [name for name, _ in table]
    assert names == sorted(names)
    assert len(set(names)) == len(names)


def test_no_name_has_stray_space(table):
    assert all(name and name == " ".join(name.split()) for name, _ in table)


def test_every_ecoregion_of_the_bundled_tiles_is_there_with_its_biome(table):
    biome_of = dict(table)
    tiles = json.loads((ROOT / "tiles.geojson").read_text(encoding="utf-8"))
    for feature in tiles["features"]:
        properties = feature["properties"]
        assert biome_of[properties["eco_region"]] == properties["biome"]
        assert not properties["eco_region"].startswith("Emulated")


@pytest.fixture(scope="module")
def rows():
    return list(earth().table("RESOLVE/ECOREGIONS/2017").features())


def test_rows_have_the_real_tables_columns(rows):
    want = {
        *("BIOME_NAME", "BIOME_NUM", "COLOR", "COLOR_BIO", "COLOR_NNH", "ECO_BIOME_"),
        *("ECO_ID", "ECO_NAME", "LICENSE", "NNH", "NNH_NAME", "OBJECTID", "REALM"),
        *("SHAPE_AREA", "SHAPE_LENG"),
    }
    assert len(rows) == 847
    for row in rows:
        assert set(row.properties) == want
        assert row.geometry.is_valid and not row.geometry.is_empty
        assert row.properties["SHAPE_AREA"] == row.geometry.area


def test_ecoregions_share_no_ground_and_cover_the_land(rows):
    shapes = [row.geometry for row in rows]
    whole = sum(shape.area for shape in shapes)
    assert union_all(shapes).area == pytest.approx(whole, rel=1e-9)
    land = atlas().land.cells / 36.0
    assert whole == pytest.approx(land.sum() / 400.0, rel=0.01)


def test_a_place_well_inland_is_in_one_ecoregion_and_its_biome_is_the_planets(rows):
    shapes = [row.geometry for row in rows]
    tree = STRtree(shapes)
    tried = 0
    for row, column in np.argwhere(atlas().land.cells[20:3000:61, ::67] == 36):
        longitude = column * 67 / 20.0 - 180.0 + 0.013
        latitude = 90.0 - (20 + row * 61) / 20.0 - 0.013
        found = tree.query(Point(longitude, latitude), predicate="within")
        if not found.size:  # A cell beside the sea.
            continue
        (number,) = found.tolist()
        region = biomes.region_at(longitude, latitude)
        assert region is not None
        assert rows[number].properties["ECO_NAME"] == region.name
        assert rows[number].properties["BIOME_NAME"] == region.biome
        tried += 1
    assert tried > 800


def test_most_bundled_tiles_lie_in_the_ecoregion_they_name(rows):
    shapes = {row.properties["ECO_NAME"]: row.geometry for row in rows}
    tiles = json.loads((ROOT / "tiles.geojson").read_text(encoding="utf-8"))
    inside = []
    for feature in tiles["features"]:
        centre = shape(feature["geometry"]).centroid
        x = (centre.x + 180.0) % 360.0 - 180.0
        name = feature["properties"]["eco_region"]
        inside.append(shapes[name].distance(Point(x, centre.y)) < 0.06)
    assert np.mean(inside) > 0.88


def test_points_drawn_in_an_ecoregion_fall_on_land(rows):
    named = {row.properties["ECO_NAME"]: row.geometry for row in rows}
    drawn = np.random.default_rng(3)
    for name in ("Cerrado", "Sundarbans mangroves", "Fiji tropical moist forests",
                 "European Atlantic mixed forests", "East Siberian taiga"):  # fmt: skip
        area = named[name]
        west, south, east, north = area.bounds
        land = []
        while len(land) < 60:
            x, y = drawn.uniform(west, east), drawn.uniform(south, north)
            if area.contains(Point(x, y)):
                share = atlas().land.smooth(np.array([x]), np.array([y]))[0, 0]
                land.append(share > 9.0)
        assert np.mean(land) > 0.97, name


@pytest.mark.parametrize(
    ("longitude", "latitude", "realm"),
    [(21, -1, "Afrotropic"), (100, 15, "Indomalayan"), (-100, 45, "Nearctic"),
     (-60, -3, "Neotropic"), (134, -24, "Australasia"), (10, 50, "Palearctic"),
     (-155, 19.6, "Oceania"), (-40, 72, "Nearctic"), (145, -5, "Australasia")],
)  # fmt: skip
def test_realms_are_the_earths(longitude, latitude, realm):
    assert ecoregions.realm_of(longitude, latitude) == realm

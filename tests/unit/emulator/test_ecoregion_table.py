"""The emulator's RESOLVE table has the shape of the real one."""

import json
from collections import Counter
from pathlib import Path

import pytest

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
    path = ROOT / "emulator" / "catalogue" / "ecoregions.json"
    return json.loads(path.read_text(encoding="utf-8"))


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

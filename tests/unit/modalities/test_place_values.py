"""What is known of a place without a scene: angles, biome, ecoregion."""

import numpy as np
import pytest

from modalities import registry

# As in MMEarth's files, label by label.
BIOMES = {
    "Tundra": 0,
    "Tropical & Subtropical Moist Broadleaf Forests": 1,
    "Mediterranean Forests, Woodlands & Scrub": 2,
    "Deserts & Xeric Shrublands": 3,
    "Temperate Grasslands, Savannas & Shrublands": 4,
    "Boreal Forests/Taiga": 5,
    "Temperate Conifer Forests": 6,
    "Temperate Broadleaf & Mixed Forests": 7,
    "Montane Grasslands & Shrublands": 8,
    "Mangroves": 9,
    "Flooded Grasslands & Savannas": 10,
    "Tropical & Subtropical Grasslands, Savannas & Shrublands": 11,
    "Tropical & Subtropical Dry Broadleaf Forests": 12,
    "Tropical & Subtropical Coniferous Forests": 13,
}
TABLE = [
    ["Late tundra", "Tundra"],
    ["Dry place", "Deserts & Xeric Shrublands"],
    ["Early tundra", "Tundra"],
    ["Late tundra", "Tundra"],  # in several pieces
    ["Rock and Ice", "N/A"],
    ["Wet place", "Tropical & Subtropical Moist Broadleaf Forests"],
]
LABELS = {"Late tundra": 0, "Early tundra": 1, "Wet place": 2, "Dry place": 3}


@pytest.mark.parametrize(
    ("name", "lon", "lat", "expected"),
    [
        ("lat", 8.0, 30.0, (0.5, 0.75**0.5)),
        ("lat", 8.0, -30.0, (-0.5, 0.75**0.5)),
        ("lon", 150.0, 1.0, (0.5, -(0.75**0.5))),
        ("lon", -90.0, 1.0, (-1.0, 0.0)),
    ],
)
def test_angles_are_sine_and_cosine(make_site, make_context, name, lon, lat, expected):
    modality, site = registry.get(name), make_site(lon=lon, lat=lat)
    context = make_context()
    choice = modality.choose(site, None, {}, context)
    values = modality.stored_values(choice, site, context)
    np.testing.assert_allclose(values, expected, atol=1e-7)
    assert values.dtype == np.float32


@pytest.mark.parametrize(("biome", "label"), BIOMES.items())
def test_biome_is_one_hot(make_site, make_context, biome, label):
    modality, site = registry.get("biome"), make_site(biome=biome)
    context = make_context()
    choice = modality.choose(site, None, {}, context)
    values = modality.stored_values(choice, site, context)
    assert choice.values["label"] == label
    assert values.tolist() == [int(i == label) for i in range(14)]
    assert values.dtype == np.uint8


@pytest.mark.parametrize("table", [TABLE, LABELS])
def test_ecoregions_are_numbered_biome_by_biome(make_site, make_context, table):
    modality, context = registry.get("eco_region"), make_context({"eco_region": table})
    for name, label in LABELS.items():
        site = make_site(eco_region=name)
        assert modality.check(site.tile, context) == ""
        choice = modality.choose(site, None, {}, context)
        values = modality.stored_values(choice, site, context)
        assert choice.values["label"] == label
        assert values.tolist() == [int(i == label) for i in range(846)]
        assert values.dtype == np.uint16


def test_one_table_does_not_answer_for_another(make_site, make_context):
    modality, site = registry.get("eco_region"), make_site(eco_region="Late tundra")
    other = [["New tundra", "Tundra"], *TABLE]
    labels = [
        modality.choose(site, None, {}, make_context({"eco_region": table}))
        for table in (TABLE, other, TABLE)
    ]
    assert [choice.values["label"] for choice in labels] == [0, 1, 0]


@pytest.mark.parametrize("name", ["Rock and Ice", "late tundra", None])
def test_unknown_ecoregions_are_named_with_a_cure(make_site, make_context, name):
    context = make_context({"eco_region": TABLE})
    message = registry.get("eco_region").check(make_site(eco_region=name).tile, context)
    assert repr(name) in message
    assert "RESOLVE/ECOREGIONS/2017" in message
    assert "--eco_region_labels" in message


def test_the_table_is_asked_for_once(offline_client):
    text = registry.get("eco_region").table().serialize()
    for part in ("RESOLVE/ECOREGIONS/2017", "ECO_NAME", "BIOME_NAME"):
        assert part in text
    assert all(
        registry.get(name).table() is None
        for name in registry.names()
        if name != "eco_region"
    )

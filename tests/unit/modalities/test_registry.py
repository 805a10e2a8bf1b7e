"""The registry: MMEarth's layout, modalities from outside, needs."""

import sys
import textwrap

import pytest

from modalities import registry
from modalities.lat import Latitude
from modalities.planning import planning_rounds
from modalities.recipe import Context, Recipe, recipe_hash

S2 = ["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8A", "B8", "B9", "B10", "B11", "B12"]
S1 = [f"{o}_{p}" for o in ("asc", "desc") for p in ("VV", "VH", "HH", "HV")]
T = ("temperature_2m", "temperature_2m_min", "temperature_2m_max")
ERA5 = [f"{b}_{v}" for b in ("prev", "curr") for v in (*T, "total_precipitation_sum")]
ERA5 += [
    "0_temperature_2m_mean",
    "1_temperature_2m_min_min",
    "2_temperature_2m_max_max",
    "3_total_precipitation_sum_sum",
]

# Name: row shape for S = 128, dtype of the release, dtype of ours, channels.
# Written out from MMEarth-data's HDF5 layout and from what was mended in it.
LAYOUT = {
    "sentinel2": ((13, 128, 128), "uint16", "uint16", S2),
    "sentinel2_cloudmask": ((1, 128, 128), "uint16", "uint16", ["QA60"]),
    "sentinel2_cloudprod": ((1, 128, 128), "uint16", "uint16", ["MSK_CLDPRB"]),
    "sentinel2_scl": ((1, 128, 128), "uint8", "uint8", ["SCL"]),
    "sentinel1": ((8, 128, 128), "float32", "float32", S1),
    "aster": ((2, 128, 128), "int16", "float32", ["b1", "slope"]),
    "era5": ((12,), "float32", "float32", ERA5),
    "dynamic_world": ((1, 128, 128), "uint8", "uint8", ["label"]),
    "canopy_height_eth": ((2, 128, 128), "int8", "uint8", ["height", "std"]),
    "esa_worldcover": ((1, 128, 128), "uint8", "uint8", ["Map"]),
    "lat": ((2,), "float32", "float32", ["sin", "cos"]),
    "lon": ((2,), "float32", "float32", ["sin", "cos"]),
    "month": ((2,), "float32", "float32", ["sin", "cos"]),
    "biome": ((14,), "uint8", "uint8", None),
    "eco_region": ((846,), "uint16", "uint16", None),
}
NO_DATA = {
    "sentinel2": (0, 0),
    "sentinel2_cloudmask": (65535, 65535),
    "sentinel2_cloudprod": (65535, 65535),
    "sentinel2_scl": (255, 255),
    "sentinel1": (float("-inf"), float("-inf")),
    "aster": (-32768, float("-inf")),
    "dynamic_world": (0, 0),
    "canopy_height_eth": (-128, 255),
    "esa_worldcover": (0, 255),
}
STATISTICS = {
    "sentinel2": "by_level",
    "sentinel2_cloudmask": "by_level",
    "sentinel2_cloudprod": "by_level",
    **dict.fromkeys(
        ("aster", "canopy_height_eth", "era5", "lat", "lon", "month", "sentinel1"),
        "all",
    ),
    **dict.fromkeys(
        ("sentinel2_scl", "dynamic_world", "esa_worldcover", "biome", "eco_region"),
        "none",
    ),
}


@pytest.fixture(autouse=True)
def kept_registry(monkeypatch):
    monkeypatch.setattr(registry, "_registry", dict(registry._registry))


def test_the_modalities_are_mmearths():
    assert set(registry.names()) == set(LAYOUT)


@pytest.mark.parametrize("name", LAYOUT)
def test_layout_is_mmearths(name):
    shape, released, mended, channels = LAYOUT[name]
    modality = registry.get(name)
    for layout, dtype, which in (
        ("mmearth-v001", released, 0),
        ("standard", mended, 1),
    ):
        spec = modality.spec(layout)
        assert spec.name == name
        assert spec.row_shape(128) == shape
        assert spec.storage.dtype == dtype
        if channels is not None:
            assert [band.name for band in spec.bands] == channels
        if name in NO_DATA:
            assert spec.storage.no_data == NO_DATA[name][which]
    assert modality.statistics == STATISTICS[name]
    assert modality.sources
    assert all(band.units and band.description for band in modality.bands)


OUTSIDE = """
    import ee
    from modalities.modality import PixelModality
    from modalities.plan import Choice
    from modalities.registry import register
    from modalities.spec import Band, Storage

    @register
    class {kind}(PixelModality):
        name = "{name}"
        title = "night lights"
        bands = (Band("avg_rad", "nW/cm²/sr", "radiance"),)
        storage = Storage("float32", float("-inf"))
        sources = ("NOAA/VIIRS",)
        needs = {needs}
        wire = "float32"
        fill = -9999.0

        def choose(self, site, facts, chosen, context):
            return Choice(bands=("avg_rad",))

        def image(self, choice, site, context):
            return ee.Image("NOAA/VIIRS").select(["avg_rad"])
"""


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """Writes a module that registers a modality of its own."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(module, name, needs=(), kind="Outside"):
        text = OUTSIDE.format(name=name, needs=tuple(needs), kind=kind)
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(text))
        monkeypatch.delitem(sys.modules, module, raising=False)
        return module

    return write


def test_a_module_from_outside_adds_a_modality(outside):
    registry.load_modules([outside("my_lights", "night_lights")])
    modality = registry.get("night_lights")
    assert modality.spec("standard").row_shape(64) == (1, 64, 64)
    assert registry.names()[-1] == "night_lights"
    assert registry.resolve(["night_lights", "sentinel2"])[-1] is modality


def test_a_module_may_be_loaded_again(outside, monkeypatch):
    module = outside("my_lights", "night_lights")
    registry.load_modules([module])
    monkeypatch.delitem(sys.modules, module)
    registry.load_modules([module])
    assert "night_lights" in registry.names()


@pytest.mark.parametrize("kind", ["Outside", "Aster"])
def test_a_name_that_is_taken_is_refused(outside, kind):
    module = outside("my_aster", "aster", kind=kind)
    with pytest.raises(ValueError, match=r"'aster' of my_aster .* modalities\.aster"):
        registry.load_modules([module])
    assert type(registry.get("aster")).__module__ == "modalities.aster"


def test_a_module_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="no_such_module_of_mine"):
        registry.load_modules(["no_such_module_of_mine"])


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'sentinel3'.*esa_worldcover"):
        registry.resolve(["aster", "sentinel3"])


def test_resolving_keeps_the_registrys_order_and_drops_repeats():
    found = registry.resolve(["month", "aster", "sentinel2", "aster"])
    assert [m.name for m in found] == ["sentinel2", "aster", "month"]


def test_needs_are_added():
    found = registry.with_needs(registry.resolve(["month", "lat"]))
    assert [m.name for m in found] == ["sentinel2", "lat", "month"]


def test_there_are_two_rounds_sentinel2_first():
    rounds = planning_rounds(registry.with_needs(registry.resolve(registry.names())))
    assert len(rounds) == 2
    first, second = ({m.name for m in members} for members in rounds)
    assert "sentinel2" in first
    assert second == {
        "sentinel2_cloudmask",
        "sentinel2_cloudprod",
        "sentinel2_scl",
        "sentinel1",
        "era5",
        "dynamic_world",
        "month",
    }
    assert first | second == set(registry.names())


def test_a_chain_of_needs_makes_a_round_each(outside):
    registry.load_modules([outside("third", "third", needs=["sentinel1"])])
    rounds = planning_rounds(registry.with_needs(registry.resolve(["third"])))
    assert [[m.name for m in r] for r in rounds] == [
        ["sentinel2"],
        ["sentinel1"],
        ["third"],
    ]


def test_circular_needs_are_refused(outside):
    registry.load_modules(
        [outside("egg", "egg", needs=["hen"]), outside("hen", "hen", needs=["egg"])]
    )
    with pytest.raises(ValueError, match="egg, hen"):
        planning_rounds(registry.with_needs(registry.resolve(["egg", "lat"])))


def test_unmet_needs_are_refused():
    with pytest.raises(ValueError, match="month"):
        planning_rounds(registry.resolve(["month"]))


def test_the_recipe_hash_changes_with_whatever_changes_pixels():
    class Raised(Latitude):
        version = 2

    plain = Recipe(("lat",))
    prints = {"lat": Latitude().fingerprint()}
    hashes = [
        recipe_hash(Context(plain), prints),
        recipe_hash(Context(Recipe(("lat",), seed=43)), prints),
        recipe_hash(Context(Recipe(("lat",), image_size=64)), prints),
        recipe_hash(Context(plain, {"lat": [1]}), prints),
        recipe_hash(Context(plain), {"lat": Raised().fingerprint()}),
    ]
    assert len(set(hashes)) == len(hashes)
    assert hashes[0] == recipe_hash(Context(Recipe(("lat",))), prints)


def test_recipes_survive_json():
    recipe = Recipe(("lat", "lon"), years=(2019,), modality_modules=("a.b",))
    assert Recipe.from_json(recipe.to_json()) == recipe
    values = {
        k: list(v) if isinstance(v, tuple) else v for k, v in recipe.to_json().items()
    }
    assert Recipe.from_json(values) == recipe

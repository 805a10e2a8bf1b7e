"""The recipe hash covers all that can change a pixel, and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from modalities import registry
from modalities.recipe import Context, Recipe, recipe_hash
from pipeline.options import parse
from pipeline.prepare import _job

OTHER = {
    "modalities": ("sentinel2",),
    "image_size": 64,
    "seed": 43,
    "years": (2019,),
    "max_cloud": 20.0,
    "sentinel1_max_days": 30.0,
    "layout": "mmearth-v001",
    "modality_modules": ("mine",),
    "catalog": "0123abcd",
}
RECIPE = Recipe(modalities=tuple(registry.names()))


def prints():
    return {m.name: m.fingerprint() for m in registry.resolve(RECIPE.modalities)}


def test_the_list_of_changes_is_whole():
    assert set(OTHER) == {field.name for field in fields(Recipe)}


@pytest.mark.parametrize("name", OTHER)
def test_every_field_of_the_recipe_counts(name):
    changed = replace(RECIPE, **{name: OTHER[name]})
    assert recipe_hash(Context(changed), prints()) != recipe_hash(
        Context(RECIPE), prints()
    )


def test_tables_count():
    one = recipe_hash(Context(RECIPE, {"eco_region": [["a", "b"]]}), prints())
    other = recipe_hash(Context(RECIPE, {"eco_region": [["b", "a"]]}), prints())
    assert len({one, other, recipe_hash(Context(RECIPE), prints())}) == 3


@pytest.mark.parametrize("name", registry.names())
def test_every_modality_s_definition_counts(name, monkeypatch):
    before = recipe_hash(Context(RECIPE), prints())
    modality = registry.get(name)
    seen = {before}
    changes = {
        "version": modality.version + 1,
        "bands": modality.bands[::-1] if len(modality.bands) > 1 else (),
        "sources": (*modality.sources, "another/asset"),
        "storage": replace(modality.storage, dtype="float64"),
        "released": replace(modality.storage, dtype="float16"),
    }
    if modality.pixels:
        changes |= {
            "wire": "float64",
            "fill": 12345.0,
            "required": not modality.required,
            "resampling": {"nearest": "bilinear", "bilinear": "nearest"}[
                modality.resampling
            ],
        }
    for attribute, value in changes.items():
        with monkeypatch.context() as patch:
            patch.setattr(type(modality), attribute, value)
            seen.add(recipe_hash(Context(RECIPE), prints()))
    assert len(seen) == len(changes) + 1


@pytest.mark.parametrize(
    "execution",
    [
        ("--max_concurrent_requests", "3"),
        ("--max_requests_per_second", "7"),
        ("--plan_batch", "3"),
        ("--shard_tiles", "3"),
        ("--shard_minutes", "3"),
        ("--tile_attempts", "3"),
        ("--retry", "all"),
        ("--splits", "0.5,0.25,0.25"),
        ("--output", "elsewhere"),
        ("--direct_num_workers=3",),
    ],
)
def test_how_a_run_is_executed_does_not_count(execution):
    def digest(processes, *more):
        options = parse(["--tiles", "t.geojson", *more])
        stored = registry.resolve(options.recipe.modalities)
        return _job(options, processes, stored, Context(options.recipe)).recipe_hash

    assert digest(1) == digest(1, *execution) == digest(2)
    assert not Path("elsewhere").exists()

"""What the main job's options change."""

from __future__ import annotations

import json
import textwrap

import h5py
import numpy as np

OUTSIDE = """
    import ee
    from modalities.modality import PixelModality
    from modalities.plan import Choice
    from modalities.registry import register
    from modalities.spec import Band, Storage

    @register
    class Brightness(PixelModality):
        '''The mean of red, green and blue.'''

        name = "brightness"
        title = "Mean of the visible bands"
        bands = (Band("mean", "reflectance * 10000", "mean of B2, B3, B4"),)
        storage = Storage("uint16", 65535)
        sources = ("COPERNICUS/S2_HARMONIZED",)
        needs = ("sentinel2",)
        wire, fill = "uint16", 65535

        def choose(self, site, facts, chosen, context):
            return Choice(bands=("mean",), scenes=chosen["sentinel2"].scenes)

        def image(self, choice, site, context):
            scene = ee.Image(choice.scenes[0].asset)
            red, green, blue = (scene.select([b]) for b in ("B4", "B3", "B2"))
            return red.add(green).add(blue).divide(3).round().rename("mean")
"""


def test_a_modality_from_outside_joins_the_others(
    tmp_path, run, features, write_tiles, monkeypatch
):
    (tmp_path / "outside_modality.py").write_text(textwrap.dedent(OUTSIDE))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = run(
        "--tiles", write_tiles(tmp_path / "t.geojson", features[:3]),
        "--output", tmp_path, "--image_size", 16,
        "--modality_module", "outside_modality",
        "--modalities", "sentinel2,brightness",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with h5py.File(tmp_path / "data_sample_v001" / "data_sample_v001.h5") as file:
        scenes = file["sentinel2"][:].astype(np.float64)
        visible = scenes[:, 1:4].mean(axis=1, keepdims=True)
        valid = (scenes[:, 1:4] > 0).all(axis=1, keepdims=True)
        found = file["brightness"][:]
        assert np.abs(found - visible)[valid].max() <= 1
    stats = json.loads(
        (tmp_path / "data_sample_v001" / "data_sample_v001_band_stats.json").read_text()
    )
    assert stats["brightness"]["count"][0] > 0


def test_without_sentinel2_its_date_still_serves_the_others(
    tmp_path, run, features, write_tiles
):
    done = run(
        "--tiles", write_tiles(tmp_path / "t.geojson", features[:3]),
        "--output", tmp_path, "--image_size", 16, "--modalities", "sentinel1,month",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with h5py.File(tmp_path / "data_sample_v001" / "data_sample_v001.h5") as file:
        assert "sentinel2" not in file
        assert file["sentinel1"].shape == (3, 8, 16, 16)


def test_the_release_layout_stores_the_release_dtypes(
    tmp_path, run, features, write_tiles
):
    done = run(
        "--tiles", write_tiles(tmp_path / "t.geojson", features[:4]),
        "--output", tmp_path, "--image_size", 16, "--layout", "mmearth-v001",
        "--modalities", "aster,canopy_height_eth,esa_worldcover",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with h5py.File(tmp_path / "data_sample_v001" / "data_sample_v001.h5") as file:
        assert file["aster"].dtype == np.int16
        assert file["canopy_height_eth"].dtype == np.int8
        assert file["esa_worldcover"].attrs["no_data"] == 0


def test_five_hundred_tiles_cost_at_most_1_1_requests_each(
    tmp_path, run, features, write_tiles
):
    """Counted by the engine itself, session and tables included."""
    many = []
    for number in range(500):
        feature = json.loads(json.dumps(features[number % len(features)]))
        feature["properties"]["tile_id"] = f"tile_{number}"
        many.append(feature)
    done = run(
        "--tiles", write_tiles(tmp_path / "t.geojson", many),
        "--output", tmp_path, "--image_size", 8,
        "--modalities", "sentinel2,sentinel1,era5,month",
    )  # fmt: skip
    assert done.returncode in (0, 3), done.stderr
    record = json.loads((tmp_path / "data_sample_v001" / "run.json").read_text())
    assert record["counts"]["asked"] == 500
    assert record["engine_counted"]["total"] <= 550


def test_overwrite_begins_anew(tmp_path, run, features, write_tiles):
    tiles = write_tiles(tmp_path / "t.geojson", features[:2])
    given = ("--tiles", tiles, "--output", tmp_path, "--modalities", "aster")
    assert run(*given, "--image_size", 16).returncode == 0
    (tmp_path / "data_sample_v001" / "notes.txt").write_text("mine")
    done = run(*given, "--image_size", 8, "--overwrite")
    assert done.returncode == 0, done.stderr
    with h5py.File(tmp_path / "data_sample_v001" / "data_sample_v001.h5") as file:
        assert file["aster"].shape == (2, 2, 8, 8)
    assert (tmp_path / "data_sample_v001" / "notes.txt").read_text() == "mine"

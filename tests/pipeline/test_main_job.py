"""The main job, from a tile file to a dataset."""

from __future__ import annotations

import json

import geopandas
import h5py
import numpy as np
import pytest

from tests.pipeline.conftest import digests

SIZE = 32
# mmearth.md is the release's format; aster, canopy and worldcover are mended.
FORMAT = {
    "sentinel2": (13, "uint16", 0),
    "sentinel2_cloudmask": (1, "uint16", 65535),
    "sentinel2_cloudprod": (1, "uint16", 65535),
    "sentinel2_scl": (1, "uint8", 255),
    "sentinel1": (8, "float32", -np.inf),
    "aster": (2, "float32", -np.inf),
    "dynamic_world": (1, "uint8", 0),
    "canopy_height_eth": (2, "uint8", 255),
    "esa_worldcover": (1, "uint8", 255),
}
VALUES = {
    "era5": (12, "float32"),
    "lat": (2, "float32"),
    "lon": (2, "float32"),
    "month": (2, "float32"),
    "biome": (14, "uint8"),
    "eco_region": (846, "uint16"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory, run, features, write_tiles):
    """A dataset of sixteen tiles, one of them in the open ocean."""
    folder = tmp_path_factory.mktemp("main")
    sea = json.loads(json.dumps(features[0]))
    sea["geometry"] = {"type": "Point", "coordinates": [-30.0, 0.0]}
    sea["properties"]["tile_id"] = "mid_atlantic"
    tiles = write_tiles(folder / "tiles.geojson", [*features[:15], sea])
    done = run("--tiles", tiles, "--output", folder, "--image_size", SIZE)
    return folder, tiles, done


@pytest.fixture(scope="module")
def dataset(made):
    return made[0] / "data_sample_v001"


@pytest.fixture(scope="module")
def h5(dataset):
    with h5py.File(dataset / "data_sample_v001.h5") as file:
        yield file


@pytest.fixture(scope="module")
def index(dataset):
    return geopandas.read_parquet(dataset / "index.parquet")


def read(dataset, what):
    def refuse(token):
        raise AssertionError(f"{what} is not strict JSON: {token}")

    text = (dataset / f"data_sample_v001_{what}.json").read_text("utf-8")
    return json.loads(text, parse_constant=refuse)


def test_says_first_that_imagery_is_synthetic(made):
    assert "SYNTHETIC" in made[2].stdout.splitlines()[0]


def test_exit_code_tells_that_a_tile_failed(made):
    assert made[2].returncode == 3, made[2].stderr


def test_summary_says_where_how_many_and_why(made, dataset):
    text = made[2].stdout
    assert str(dataset / "data_sample_v001.h5") in text
    assert "16 asked, 15 made, 1 failed" in text
    assert "no_data" in text
    assert "the engine itself counted" in text


@pytest.mark.parametrize("name", FORMAT)
def test_pixels_have_the_shape_and_dtype_of_the_format(h5, name):
    bands, dtype, no_data = FORMAT[name]
    data = h5[name]
    assert data.shape == (15, bands, SIZE, SIZE)
    assert data.dtype == dtype
    assert data.chunks == (1, bands, SIZE, SIZE)
    assert data.compression == "gzip"
    assert data.attrs["no_data"] == no_data
    assert len(data.attrs["band_names"]) == bands


@pytest.mark.parametrize("name", VALUES)
def test_values_have_the_shape_and_dtype_of_the_format(h5, name):
    bands, dtype = VALUES[name]
    assert h5[name].shape == (15, bands)
    assert h5[name].dtype == dtype


def test_every_modality_has_data(h5):
    for name, (_, _, no_data) in FORMAT.items():
        assert (h5[name][:] != no_data).any(), name
    assert np.isfinite(h5["era5"][:]).any()
    assert (h5["biome"][:].sum(axis=1) == 1).all()
    assert (h5["eco_region"][:].sum(axis=1) == 1).all()


def test_no_poison_comes_through(h5):
    """The emulator puts wild values under masks: whoever forgets to fill shows."""
    assert h5["sentinel2"][:].max() <= 20000
    radar = h5["sentinel1"][:]
    assert np.abs(radar[np.isfinite(radar)]).max() < 100
    land = h5["aster"][:]
    heights = land[np.isfinite(land)]
    assert heights.min() >= -500
    assert heights.max() < 9000
    assert set(np.unique(h5["dynamic_world"][:])) <= set(range(10))
    assert set(np.unique(h5["sentinel2_scl"][:])) <= {*range(1, 12), 255}
    codes = {10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100, 255}
    assert set(np.unique(h5["esa_worldcover"][:])) <= codes
    canopy = h5["canopy_height_eth"][:]
    assert canopy[canopy != 255].max() <= 100


def test_rows_follow_the_input(h5, features):
    ids = [row[0].decode() for row in h5["metadata"][:]]
    assert ids == [f["properties"]["tile_id"] for f in features[:15]]
    assert h5["metadata"].dtype == np.dtype([("tile_id", "S100"), ("S2_type", "S10")])


def test_index_has_a_row_for_every_tile_asked(index):
    assert len(index) == 16
    assert (index.status == "made").sum() == 15
    failed = index[index.tile_id == "mid_atlantic"].iloc[0]
    assert failed.status == "failed"
    assert failed.reason == "no_data"
    assert "sentinel2" in failed.message
    assert index.crs is not None


def test_index_names_every_scene(index):
    made = index[index.status == "made"]
    assert made.sentinel2_id.str.startswith("COPERNICUS/S2_").all()
    assert (made.sentinel2_cloud < 10).all()
    assert made.sentinel2_time.dt.year.between(2017, 2020).all()
    gaps = made[["sentinel1_asc_days", "sentinel1_desc_days"]].abs().max().max()
    assert 0 <= gaps <= 60


def test_index_says_what_is_missing(index, h5):
    made = index[index.status == "made"].set_index("row")
    for row, tile in made.iterrows():
        for name in ("sentinel2_scl", "sentinel2_cloudprod", "sentinel1"):
            no_data = FORMAT[name][2]
            absent = (h5[name][int(row)] == no_data).all()
            assert (name in tile.missing) <= absent
        assert ("sentinel2_scl" in tile.missing) == (tile.sentinel2_level == "l1c")


def test_outlines_hold_their_tiles(index):
    for tile in index.itertuples():
        place = geopandas.points_from_xy([tile.lon], [tile.lat])[0]
        assert tile.geometry.buffer(1e-9).covers(place), tile.tile_id


def test_failures_have_a_line_each(dataset):
    lines = (dataset / "failures.jsonl").read_text("utf-8").splitlines()
    (failure,) = map(json.loads, lines)
    assert failure["tile_id"] == "mid_atlantic"
    assert failure["kind"] == "no_data"


def test_splits_hold_every_row_once(dataset):
    splits = read(dataset, "splits")
    assert sorted(row for rows in splits.values() for row in rows) == list(range(15))
    assert splits["train"]


def test_statistics_agree_with_two_passes_over_the_pixels(dataset, h5):
    stats = read(dataset, "band_stats")
    levels = np.array([row[1].decode() for row in h5["metadata"][:]])
    cases = [
        ("aster", h5["aster"][:], -np.inf),
        ("sentinel1", h5["sentinel1"][:], -np.inf),
    ]
    cases += [
        (f"sentinel2_{level}", h5["sentinel2"][:][levels == level], 0)
        for level in ("l1c", "l2a")
    ]
    for key, pixels, no_data in cases:
        for band in range(pixels.shape[1]):
            valid = pixels[:, band][pixels[:, band] != no_data].astype(np.float64)
            assert stats[key]["count"][band] == valid.size
            if valid.size:
                assert stats[key]["mean"][band] == pytest.approx(
                    valid.mean(), rel=1e-12
                )
                assert stats[key]["std"][band] == pytest.approx(valid.std(), rel=1e-9)
                assert stats[key]["min"][band] == valid.min()
                assert stats[key]["max"][band] == valid.max()


def test_tile_info_has_the_keys_of_mmearth(dataset, h5):
    info = read(dataset, "tile_info")
    assert list(info) == [row[0].decode() for row in h5["metadata"][:]]
    for tile in info.values():
        assert {
            "S2_DATE", "S2_type", "CRS", "lat", "lon", "biome", "eco_region",
            "NO_DATA", "BANDS", "era5",
        } <= tile.keys()  # fmt: skip


def test_run_record_counts_at_most_1_1_requests_a_tile(dataset):
    record = json.loads((dataset / "run.json").read_text("utf-8"))
    assert record["counts"]["made"] == 15
    counted = record["engine_counted"]["requests"]
    assert counted["pixels"] == 15
    assert counted["value"] == 3  # the ecoregions' table, and two rounds of planning


def test_the_same_command_again_makes_nothing_twice(made, run):
    folder, tiles, _ = made
    before = digests(folder, "data_sample_v001")
    again = run("--tiles", tiles, "--output", folder, "--image_size", SIZE)
    assert "15 already made, 0 to make, 1 failed before" in again.stdout
    assert digests(folder, "data_sample_v001") == before
    record = json.loads((folder / "data_sample_v001" / "run.json").read_text("utf-8"))
    assert "pixels" not in record["engine_counted"]["requests"] or (
        record["engine_counted"]["requests"]["pixels"] == 0
    )


def test_workers_threads_and_batches_leave_no_trace(made, run, tmp_path):
    folder, tiles, _ = made
    other = run(
        "--tiles", tiles, "--output", tmp_path, "--image_size", SIZE,
        "--direct_num_workers=2", "--plan_batch=4", "--max_concurrent_requests=6",
        "--shard_tiles=3",
    )  # fmt: skip
    assert other.returncode == 3, other.stderr
    name = "data_sample_v001"
    assert digests(tmp_path, name) == digests(folder, name)


def test_a_changed_recipe_is_refused_with_the_difference(made, run):
    folder, tiles, _ = made
    before = digests(folder, "data_sample_v001")
    other = run("--tiles", tiles, "--output", folder, "--image_size", 64)
    assert other.returncode == 2
    assert "image_size: 32 before, 64 now" in other.stderr
    assert digests(folder, "data_sample_v001") == before

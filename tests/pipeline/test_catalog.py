"""The main job over GeoTIFFs: what lies in the dataset is what lies in the files."""

from __future__ import annotations

import json

import geopandas
import h5py
import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine
from rasterio.vrt import WarpedVRT
from rasterio.warp import Resampling
from rasterio.windows import Window

NAME = "data_sample_v001"
SIZE = 32
MODALITIES = "sentinel2,sentinel2_scl,aster,esa_worldcover,canopy_height_eth,era5,month"
WEST, NORTH, SIDE = 568980, 5606460, 2400  # on the lattice of 60 m, EPSG:32632
ORDER = (
    *("B1", "B2", "B3", "B4", "B5", "B6", "B7"),
    *("B8A", "B8", "B9", "B10", "B11", "B12"),
)
STEP = {
    **dict.fromkeys(("B2", "B3", "B4", "B8"), 10),
    **dict.fromkeys(("B1", "B9", "B10"), 60),
}
SCENES = {
    "l1c": ("COPERNICUS/S2_HARMONIZED", "20190615T103031_20190615T103029_T32UNB"),
    "l2a": ("COPERNICUS/S2_SR_HARMONIZED", "20190615T103031_20190615T103032_T32UNB"),
}
OTHERS = {
    "aster": ("projects/sat-io/open-datasets/ASTER/GDEM", "int16"),
    "esa_worldcover": ("ESA/WorldCover/v100/2020", "uint8"),
    "canopy_height_eth": ("users/nlang/ETH_GlobalCanopyHeight_2020_10m_v1", "uint8"),
}


def write(path, values, step, **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = values.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=1,
        dtype=values.dtype.name, crs="EPSG:32632",
        transform=Affine(step, 0, WEST, 0, -step, NORTH), **more,
    ) as file:  # fmt: skip
        file.write(values, 1)
    return path


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    """A scene of both levels, elevation, land cover and canopy height."""
    root = tmp_path_factory.mktemp("catalog")
    rng = np.random.default_rng(7)
    for level, (collection, index) in SCENES.items():
        bands = [b for b in ORDER if level == "l1c" or b != "B10"]
        for band in [*bands, *(["SCL"] if level == "l2a" else [])]:
            step = STEP.get(band, 20)
            side = SIDE // step
            top = 12 if band == "SCL" else 9000
            values = rng.integers(1, top, (side, side)).astype(
                "uint8" if band == "SCL" else "uint16"
            )
            write(root / collection / index / f"{band}.tif", values, step, nodata=0)
        (root / collection / f"{index}.json").write_text(
            json.dumps(
                {
                    "time_start": "2019-06-15T10:30:31Z",
                    "properties": {"CLOUDY_PIXEL_PERCENTAGE": 1.5},
                }
            )
        )
    side = SIDE // 10
    for name, (asset, dtype) in OTHERS.items():
        values = rng.integers(10, 100, (side, side)).astype(dtype)
        values[100:110, 100:140] = 0
        write(root / f"{asset}.tif", values, 10, nodata=0)
        with rasterio.open(root / f"{asset}.tif", "r+") as file:
            file.set_band_description(1, "Map" if name == "esa_worldcover" else "b1")
    return root


@pytest.fixture(scope="module")
def tiles(tmp_path_factory, write_tiles):
    """Three tiles of the scene, and one elsewhere."""
    back = pyproj.Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True)
    middles = [(900, 900), (1200, 1100), (1500, 1600), (90_000, 900)]
    places = [back.transform(WEST + x, NORTH - y) for x, y in middles]
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": place},
            "properties": {"tile_id": f"tile_{number}"},
        }
        for number, place in enumerate(places)
    ]
    return write_tiles(tmp_path_factory.mktemp("tiles") / "t.geojson", features)


@pytest.fixture(scope="module")
def made(tmp_path_factory, run, catalog, tiles):
    folder = tmp_path_factory.mktemp("out")
    given = (
        "--tiles", tiles, "--output", folder, "--image_size", SIZE,
        "--modalities", MODALITIES, "--catalog", catalog,
    )  # fmt: skip
    return folder / NAME, given, run(*given)


@pytest.fixture(scope="module")
def rows(made):
    index = geopandas.read_parquet(made[0] / "index.parquet")
    kept = index[index.status == "made"].astype({"row": int})
    return kept.set_index("row").sort_index()


@pytest.fixture(scope="module")
def grids(made):
    info = json.loads((made[0] / f"{NAME}_tile_info.json").read_text())
    corners = []
    to = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32632", always_xy=True)
    for tile in info.values():
        x, y = to.transform(tile["lon"], tile["lat"])
        corners.append((round(x / 10) * 10 - SIZE * 5, round(y / 10) * 10 + SIZE * 5))
    return corners


def window(path, corner):
    """Returns the file's own pixels on the tile's grid, and where they are valid."""
    west, north = corner
    at = Window((west - WEST) // 10, (NORTH - north) // 10, SIZE, SIZE)
    with rasterio.open(path) as file:
        return file.read(1, window=at), file.read_masks(1, window=at) > 0


def test_the_run_says_whose_pixels_they_are(made, catalog):
    first = made[2].stdout.splitlines()[0]
    assert str(catalog) in first
    assert "SYNTHETIC" in first


def test_tiles_of_the_files_are_made_and_no_others(made, rows):
    assert made[2].returncode == 3, made[2].stderr
    assert list(rows.tile_id) == ["tile_0", "tile_1", "tile_2"]
    (failure,) = (made[0] / "failures.jsonl").read_text().splitlines()
    assert json.loads(failure)["kind"] == "no_data"


def test_ten_metre_pixels_are_those_of_the_files(made, rows, grids, catalog):
    with h5py.File(made[0] / f"{NAME}.h5") as h5:
        for row, level in rows.sentinel2_level.items():
            collection, index = SCENES[level]
            for band in ("B2", "B3", "B4", "B8"):
                path = catalog / collection / index / f"{band}.tif"
                found = h5["sentinel2"][row, ORDER.index(band)]
                np.testing.assert_array_equal(found, window(path, grids[row])[0])
        for name, (asset, _) in OTHERS.items():
            no_data = {"aster": -np.inf}.get(name, 255)
            for row in rows.index:
                truth, valid = window(catalog / f"{asset}.tif", grids[row])
                found = h5[name][row, 0]
                np.testing.assert_array_equal(found[valid], truth[valid])
                assert (found[~valid] == no_data).all()
        gaps = (h5["esa_worldcover"][:] == 255).sum()
    assert gaps > 0


def test_coarser_pixels_are_interpolated_as_gdal_does(made, rows, grids, catalog):
    with h5py.File(made[0] / f"{NAME}.h5") as h5:
        for row, level in rows.sentinel2_level.items():
            collection, index = SCENES[level]
            west, north = grids[row]
            for band in ("B1", "B5", "B8A", "B11", "B12"):
                path = catalog / collection / index / f"{band}.tif"
                with rasterio.open(path) as file, WarpedVRT(
                    file, crs="EPSG:32632", width=SIZE, height=SIZE,
                    transform=Affine(10, 0, west, 0, -10, north),
                    resampling=Resampling.bilinear, working_dtype="float64",
                    dtype="float64",
                ) as vrt:  # fmt: skip
                    truth = vrt.read(1)
                found = h5["sentinel2"][row, ORDER.index(band)]
                # Rounded to whole numbers; nothing else.
                assert np.abs(found - truth).max() <= 0.5 + 1e-6
            if level == "l2a":
                path = catalog / collection / index / "SCL.tif"
                with rasterio.open(path) as file:
                    whole = file.read(1).repeat(2, 0).repeat(2, 1)
                left, top = (west - WEST) // 10, (NORTH - north) // 10
                truth = whole[top : top + SIZE, left : left + SIZE]
                np.testing.assert_array_equal(h5["sentinel2_scl"][row, 0], truth)


def test_what_the_files_lack_the_planet_has(made, rows):
    with h5py.File(made[0] / f"{NAME}.h5") as h5:
        assert np.isfinite(h5["era5"][:]).all()
        assert (h5["month"][0] == h5["month"][1]).all()


def test_the_catalogue_is_noted_and_another_is_refused(made, run, catalog):
    folder, given, _ = made
    record = json.loads((folder / "run.json").read_text())
    assert len(record["options"]["catalog"]) == 16
    again = run(*given)
    assert "3 already made" in again.stdout
    alone = run(*given, "--catalog_only")
    assert alone.returncode == 2
    assert "catalog: " in alone.stderr
    extra = catalog / "more.json"
    extra.write_text("{}")
    try:
        other = run(*given)
    finally:
        extra.unlink()
    assert other.returncode == 2
    without = run(*given[:-2])
    assert without.returncode == 2
    assert f"catalog: {record['options']['catalog']} before, None now" in without.stderr


def test_the_files_alone_serve_two_workers(made, run, catalog, tiles, tmp_path):
    done = run(
        "--tiles", tiles, "--output", tmp_path, "--image_size", SIZE,
        "--modalities", "sentinel2,aster,esa_worldcover", "--catalog", catalog,
        "--catalog_only", "--direct_num_workers=2",
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "alone" in done.stdout.splitlines()[0]
    with (
        h5py.File(tmp_path / NAME / f"{NAME}.h5") as mine,
        h5py.File(made[0] / f"{NAME}.h5") as other,
    ):
        for name in ("sentinel2", "aster", "esa_worldcover"):
            np.testing.assert_array_equal(mine[name][:], other[name][:])


WRONG = {
    "with a project": (["--project", "p"], "--catalog is for the built-in emulator"),
    "with a url": (["--engine_url", "http://x"], "--catalog is for the built-in"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_catalogue_is_for_the_emulator_alone(case, run, catalog, tmp_path):
    more, words = WRONG[case]
    done = run(
        "--tiles", "tiles.geojson", "--output", tmp_path / "o", "--catalog", catalog,
        *more,
    )  # fmt: skip
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "o").exists()


def test_a_catalogue_that_is_not_in_order_is_told_before_anything(run, tmp_path):
    (tmp_path / "c" / "a").mkdir(parents=True)
    (tmp_path / "c" / "a" / "image.json").write_text('{"bands": {"B4": {"fil": 1}}}')
    for folder, words in (
        ("c", "a/image.json: bands.B4.fil: unknown key"),
        ("nowhere", "no such folder"),
    ):
        done = run(
            "--tiles", "tiles.geojson", "--output", tmp_path / "o",
            "--catalog", tmp_path / folder,
        )  # fmt: skip
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    alone = run("--tiles", "tiles.geojson", "--catalog_only")
    assert alone.returncode == 2
    assert "--catalog_only needs --catalog" in alone.stderr

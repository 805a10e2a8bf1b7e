"""``verify`` finds whatever is wrong with a dataset, and says just that."""

from __future__ import annotations

import json
import shutil

import h5py
import numpy as np
import pyarrow.parquet as pq
import pytest

NAME = "data_sample_v001"


@pytest.fixture(scope="module")
def whole(tmp_path_factory, run, features, write_tiles):
    folder = tmp_path_factory.mktemp("verify")
    sea = json.loads(json.dumps(features[0]))
    sea["geometry"] = {"type": "Point", "coordinates": [-30.0, 0.0]}
    sea["properties"]["tile_id"] = "mid_atlantic"
    twin = json.loads(json.dumps(features[1]))
    twin["properties"]["tile_id"] = "twin"
    tiles = write_tiles(folder / "t.geojson", [*features[:6], sea, twin])
    done = run("--tiles", tiles, "--output", folder, "--image_size", 16)
    assert done.returncode == 3, done.stderr
    return folder / NAME


@pytest.fixture
def dataset(whole, tmp_path):
    copy = tmp_path / NAME
    shutil.copytree(whole, copy)
    return copy


def test_a_whole_dataset_is_well(run, whole):
    told = run("verify", whole)
    assert told.returncode == 0, told.stdout
    assert "all is well" in told.stdout


def flip_a_byte(dataset, key="sentinel2", row=2):
    """Flips a byte in the middle of one tile's chunk, as a bad disk would."""
    path = dataset / f"{NAME}.h5"
    with h5py.File(path) as file:
        place = file[key].id.get_chunk_info_by_coord((row, 0, 0, 0))
    with path.open("r+b") as file:
        file.seek(place.byte_offset + place.size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 0x10]))


def edit_json(dataset, what, change):
    path = dataset / f"{NAME}_{what}.json"
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def edit_pixels(dataset):
    with h5py.File(dataset / f"{NAME}.h5", "r+") as file:
        file["aster"][3, 0, 4, 4] += 1.0


def edit_index(dataset):
    path = dataset / "index.parquet"
    table = pq.read_table(path)
    ids = table["tile_id"].to_pylist()
    ids[0], ids[1] = ids[1], ids[0]
    at = table.schema.get_field_index("tile_id")
    pq.write_table(table.set_column(at, "tile_id", [ids]), path)


def cut(dataset):
    path = dataset / f"{NAME}.h5"
    path.write_bytes(path.read_bytes()[:-1000])


def move_a_row(splits):
    parts = [splits[name] for name in ("train", "val", "test")]
    full = next(part for part in parts if 1 in part or 6 in part)
    other = next(part for part in parts if part is not full)
    full.remove(1 if 1 in full else 6)
    other.append(1 if 1 not in {r for p in parts for r in p} else 6)


CASES = {
    "a flipped byte": (flip_a_byte, ".h5: tile '", "sentinel2"),
    "an altered pixel": (edit_pixels, "checksum", ".h5: tile '"),
    "a file cut short": (cut, ".h5: can't be opened", ""),
    "swapped rows": (edit_index, "metadata: its tiles are not those", ""),
    "no splits": (
        lambda d: (d / f"{NAME}_splits.json").unlink(),
        "splits.json: is not there",
        "",
    ),
    "a row in two splits": (
        lambda d: edit_json(d, "splits", lambda s: s["val"].append(s["train"][0])),
        "does not hold every row once",
        "",
    ),
    "overlapping tiles in two splits": (
        lambda d: edit_json(d, "splits", move_a_row),
        "overlap",
        "twin",
    ),
    "a wrong mean": (
        lambda d: edit_json(
            d, "band_stats", lambda s: s["aster"]["mean"].__setitem__(0, 1.0)
        ),
        "band_stats.json: aster: mean",
        "",
    ),
    "a tile lost from tile_info": (
        lambda d: edit_json(d, "tile_info", lambda i: i.pop(next(iter(i)))),
        "tile_info.json: its tiles",
        "",
    ),
    "a failure lost": (
        lambda d: (d / "failures.jsonl").write_text(""),
        "failures.jsonl: tile 'mid_atlantic'",
        "",
    ),
    "NaN in JSON": (
        lambda d: (d / f"{NAME}_band_stats.json").write_text('{"aster": NaN}'),
        "NaN is no JSON",
        "",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_said(run, dataset, case):
    damage, words, more = CASES[case]
    damage(dataset)
    told = run("verify", dataset)
    assert told.returncode == 1, told.stdout
    assert words in told.stdout
    assert more in told.stdout
    assert "Traceback" not in told.stderr


def test_values_where_the_index_says_there_are_none(run, dataset):
    table = pq.read_table(dataset / "index.parquet").to_pylist()
    tile = next(t for t in table if "sentinel2_scl" in (t["missing"] or []))
    with h5py.File(dataset / f"{NAME}.h5", "r+") as file:
        file["sentinel2_scl"][tile["row"]] = np.uint8(4)
    told = run("verify", dataset)
    assert told.returncode == 1
    assert f"tile {tile['tile_id']!r}, sentinel2_scl: the index says" in told.stdout

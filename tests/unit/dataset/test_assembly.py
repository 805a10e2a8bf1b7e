"""The dataset's file holds the tiles in order, and the same bytes every time."""

import hashlib
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from dataset import assembly
from dataset.assembly import assemble
from dataset.shard import ShardError
from dataset.shard_writer import ShardWriter
from dataset.stack import encode_stack
from tests.unit.dataset.conftest import SIZE


@pytest.fixture
def write_shards(tmp_path, specs, make_arrays, make_row):
    """Writes tiles, ``length`` a shard, in the order given."""

    def write(numbers, length, directory="shards"):
        refs = {}
        for start in range(0, len(numbers), length):
            writer = ShardWriter(tmp_path / directory, specs, SIZE, {})
            part = numbers[start : start + length]
            for number in part:
                writer.add(
                    encode_stack(make_arrays(number), make_row(number), specs, SIZE)
                )
            path = writer.close()
            refs |= {number: (path, slot) for slot, number in enumerate(part)}
        return [refs[number] for number in sorted(refs)]

    return write


def run(refs, specs, destination, **changes):
    count = len(refs)
    names = ((f"tile-{i}", "l1c" if i % 3 else "l2a") for i in range(count))
    options = {"metadata": names, "attributes": {"title": "é", "n": 3, "more": [1]}}
    return assemble(refs, count, specs, SIZE, destination, **(options | changes))


def test_rows_are_the_tiles_in_order(tmp_path, specs, make_arrays, write_shards):
    count = 150
    numbers = np.random.default_rng(0).permutation(count).tolist()
    report = run(write_shards(numbers, 7), specs, tmp_path / "d.h5")
    assert report.tiles == count
    assert report.bytes == (tmp_path / "d.h5").stat().st_size
    assert report.seconds > 0
    with h5py.File(tmp_path / "d.h5") as file:
        assert set(file) == {spec.name for spec in specs} | {"metadata"}
        for spec in specs:
            data = file[spec.name]
            assert data.shape == (count, *spec.row_shape(SIZE))
            assert data.dtype == spec.storage.dtype
            assert (data.compression, data.shuffle) == ("gzip", True)
            if spec.pixels:
                assert data.chunks == (1, *spec.row_shape(SIZE))
            expected = np.stack([make_arrays(i)[spec.name] for i in range(count)])
            np.testing.assert_array_equal(data[...], expected)
        names = file["metadata"]
        assert names.dtype == np.dtype([("tile_id", "S100"), ("S2_type", "S10")])
        assert names["tile_id"].tolist() == [f"tile-{i}".encode() for i in range(count)]
        assert names["S2_type"][:4].tolist() == [b"l2a", b"l1c", b"l1c", b"l2a"]


def test_datasets_say_what_they_hold(tmp_path, specs, write_shards):
    run(write_shards([0, 1], 2), specs, tmp_path / "d.h5")
    with h5py.File(tmp_path / "d.h5") as file:
        assert file.attrs["title"] == "é"
        assert file.attrs["n"] == 3
        assert file.attrs["more"] == "[1]"
        attrs = file["region"].attrs
        assert list(attrs["band_names"]) == ["é0", "1", "2"]
        assert list(attrs["units"]) == ["m", "m", "m"]
        assert attrs["description"][1] == "what 1 is"
        assert "no_data" not in attrs
        assert file["radar"].attrs["no_data"] == -np.inf
        assert file["classes"].attrs["no_data"] == 255
        assert file["radar"].attrs["sources"].tolist() == ["r"]


def test_small_rows_lie_in_chunks_of_about_64_kb(
    tmp_path, specs, write_shards, monkeypatch
):
    refs = write_shards(list(range(10)), 5)
    monkeypatch.setattr(assembly, "_BLOCK", 24)  # 3 rows of lat, 4 of region
    run(refs, specs, tmp_path / "d.h5")
    with h5py.File(tmp_path / "d.h5") as small:
        assert small["lat"].chunks == (3, 2)
        assert small["region"].chunks == (4, 3)
        assert small["metadata"].chunks == (1,)
        lat, region, names = (small[k][...] for k in ("lat", "region", "metadata"))
    monkeypatch.undo()
    run(refs * 1000, specs, tmp_path / "e.h5")
    with h5py.File(tmp_path / "e.h5") as large:
        assert large["lat"].chunks == (8192, 2)
        np.testing.assert_array_equal(large["lat"][:10], lat)
        np.testing.assert_array_equal(large["region"][9990:], region)
        assert large["metadata"][:10].tolist() == names.tolist()


def test_the_same_tiles_give_the_same_bytes(tmp_path, specs, write_shards):
    numbers = list(range(40))
    first, second = write_shards(numbers, 40, "a"), write_shards(numbers[::-1], 3, "b")
    run(first, specs, tmp_path / "a.h5")
    time.sleep(1.1)  # HDF5 stores times in whole seconds, where it does
    # Another process, shards and name.
    code = textwrap.dedent(f"""
        from pathlib import Path
        from dataset.assembly import assemble
        from dataset.shard import Shard
        refs = {[(str(path), slot) for path, slot in second]!r}
        specs = Shard(Path(refs[0][0])).specs
        names = ((f"tile-{{i}}", "l1c" if i % 3 else "l2a") for i in range(40))
        assemble(refs, 40, specs, {SIZE}, Path({str(tmp_path / "b.h5")!r}),
                 metadata=names, attributes={{"title": "é", "n": 3, "more": [1]}})
    """)
    subprocess.run([sys.executable, "-c", code], check=True)
    digests = {
        hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        for name in ("a.h5", "b.h5")
    }
    assert len(digests) == 1


def test_chunks_lie_tile_after_tile(tmp_path, specs, write_shards):
    run(write_shards(list(range(6)), 6), specs, tmp_path / "d.h5")
    with h5py.File(tmp_path / "d.h5") as file:
        places = [
            file[name].id.get_chunk_info_by_coord((row, 0, 0, 0)).byte_offset
            for row in range(6)
            for name in ("optical", "radar", "classes")
        ]
    assert places == sorted(places)


def test_no_tiles_make_a_valid_file(tmp_path, specs):
    assert run([], specs, tmp_path / "d.h5").tiles == 0
    with h5py.File(tmp_path / "d.h5") as file:
        assert file["optical"].shape == (0, 2, SIZE, SIZE)
        assert file["optical"][...].dtype == np.uint16
        assert file["lat"].shape == (0, 2)
        assert file["metadata"].shape == (0,)


def test_more_shards_than_may_be_open(tmp_path, specs, make_arrays, write_shards):
    refs = write_shards(list(range(70)), 1)
    limit = assembly._OPEN_SHARDS
    open_shards = assembly._OpenShards(specs, SIZE)
    for path, _ in refs:
        open_shards(Path(path))
        assert len(open_shards._shards) <= limit
    open_shards.close()
    run(refs, specs, tmp_path / "d.h5")
    with h5py.File(tmp_path / "d.h5") as file:
        np.testing.assert_array_equal(file["radar"][69], make_arrays(69)["radar"])


def test_errors_leave_the_old_file_and_no_other(tmp_path, specs, write_shards):
    refs = write_shards([0, 1, 2], 3)
    destination = tmp_path / "out" / "d.h5"
    run(refs, specs, destination)
    before = destination.read_bytes()
    names = [("a", "l2a")] * 3

    def refused(error, match, **changes):
        arguments = {
            "refs": refs,
            "count": 3,
            "metadata": names,
            "specs": specs,
        } | changes
        with pytest.raises(error, match=match):
            assemble(size=SIZE, destination=destination, attributes={}, **arguments)
        assert destination.read_bytes() == before
        assert list(destination.parent.iterdir()) == [destination]

    refused(ValueError, "rows", count=2)
    refused(ValueError, "rows", count=4)
    refused(ValueError, "zip", metadata=names[:2])
    refused(ValueError, "tile_id", metadata=[("a" * 101, "l2a")] * 3)
    refused(ValueError, "tile_id", metadata=[("a\0", "l2a")] * 3)
    refused(ShardError, "modalities", specs=specs[:-1])
    refused(ShardError, "slot 3", refs=[*refs[:2], (refs[0][0], 3)])
    refused(FileNotFoundError, None, refs=[*refs[:2], (tmp_path / "gone.h5", 0)])
    path = refs[0][0]
    path.write_bytes(path.read_bytes()[:-100])
    refused(ShardError, path.name)

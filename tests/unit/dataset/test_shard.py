"""A shard gives back what was put in, or says what is wrong with it."""

import math
import subprocess
import sys
import textwrap

import h5py
import numpy as np
import pytest

from dataset import files
from dataset.codec import decode_chunk
from dataset.shard import (
    PATTERN,
    Shard,
    ShardError,
    read_rows,
    specs_from_json,
    specs_to_json,
)
from dataset.shard_writer import ShardWriter, recover
from dataset.stack import EncodedStack, encode_stack
from modalities.spec import Band, Spec, Storage
from tests.unit.dataset.conftest import SIZE


@pytest.fixture
def shard(tmp_path, specs, make_arrays, make_row):
    """A shard of 70 tiles made, one failed between them."""
    writer = ShardWriter(tmp_path, specs, SIZE, {"recipe": "r1"})
    for number in range(70):
        if number == 40:
            writer.add_failure(make_row(900, "failed", reason="no scene"))
        row = make_row(number, plan={"scene": f"s{number}"})
        writer.add(encode_stack(make_arrays(number), row, specs, SIZE))
    assert writer.count == 71
    return writer.close()


def test_gives_back_every_stack_and_row(shard, specs, make_arrays, make_row):
    rows = list(read_rows(shard))
    assert [row["tile"]["tile_id"] for row in rows[39:42]] == [
        "tile-39",
        "tile-900",
        "tile-40",
    ]
    assert rows[40] == make_row(900, "failed", reason="no scene")
    made = [row for row in rows if row["status"] == "made"]
    assert [row["slot"] for row in made] == list(range(70))
    assert made[69]["plan"] == {"scene": "s69"}
    with Shard(shard) as opened:
        assert opened.specs == specs
        assert (opened.size, opened.made, opened.attributes) == (
            SIZE,
            70,
            {"recipe": "r1"},
        )
        for row in made:
            arrays = make_arrays(row["tile"]["position"])
            for spec in specs:
                if spec.pixels:
                    chunk = opened.chunk(spec.name, row["slot"])
                    shape = spec.row_shape(SIZE)
                    got = decode_chunk(chunk, spec.storage.dtype, shape)
                else:
                    got = opened.values(spec.name, row["slot"])
                np.testing.assert_array_equal(got, arrays[spec.name])


def test_any_hdf5_library_reads_the_pixels(shard, make_arrays):
    with h5py.File(shard) as file:
        assert file["optical"].shape == (70, 2, SIZE, SIZE)
        assert file["optical"].chunks == (1, 2, SIZE, SIZE)
        for number in (0, 63, 64, 69):
            arrays = make_arrays(number)
            for name, array in arrays.items():
                np.testing.assert_array_equal(file[name][number], array)


def test_has_its_name_only_when_whole(tmp_path, specs, make_arrays, make_row):
    writer = ShardWriter(tmp_path / "new", specs, SIZE, {})
    writer.add(encode_stack(make_arrays(0), make_row(0), specs, SIZE))
    assert files.list_files(tmp_path / "new", PATTERN) == []
    assert len(files.list_temporaries(tmp_path / "new")) == 1
    path = writer.close()
    assert list((tmp_path / "new").iterdir()) == [path]
    assert files.list_files(tmp_path / "new", PATTERN) == [path]
    writer.abort()
    assert path.exists()


def test_empty_leaves_no_file(tmp_path, specs):
    assert ShardWriter(tmp_path, specs, SIZE, {}).close() is None
    assert list(tmp_path.iterdir()) == []


def test_aborted_leaves_what_was_added(tmp_path, specs, make_arrays, make_row):
    writer = ShardWriter(tmp_path, specs, SIZE, {})
    writer.add(encode_stack(make_arrays(0), make_row(0), specs, SIZE))
    writer.abort()
    writer.abort()
    assert files.list_temporaries(tmp_path) == []
    (path,) = recover(tmp_path, specs, SIZE, {})
    assert list(tmp_path.iterdir()) == [path]
    assert [row["tile"]["position"] for row in read_rows(path)] == [0]


def test_failures_alone_make_a_shard(tmp_path, specs, make_row):
    writer = ShardWriter(tmp_path, specs, SIZE, {})
    writer.add_failure(make_row(0, "failed"))
    path = writer.close()
    assert list(read_rows(path)) == [make_row(0, "failed")]
    with Shard(path) as opened:
        assert opened.made == 0
        with pytest.raises(ShardError):
            opened.chunk("optical", 0)


def test_pixels_are_not_held_in_memory(tmp_path, make_row, specs):
    code = textwrap.dedent(f"""
        import resource, sys
        from pathlib import Path
        import numpy as np
        from dataset.shard_writer import ShardWriter
        from dataset.stack import EncodedStack
        from modalities.spec import Band, Spec, Storage
        spec = Spec("s", (Band("b", "1", ""),), Storage("uint8", None), True, "all", ())
        writer = ShardWriter(Path({str(tmp_path)!r}), [spec], 1024, {{}})
        chunk = np.random.default_rng(0).bytes(1 << 20)
        peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for i in range(120):
            row = {{"tile": {{"tile_id": str(i), "position": i}}, "status": "made"}}
            writer.add(EncodedStack(row, {{"s": chunk + bytes([i])}}, {{}}))
            start = peak() if i == 10 else start if i > 10 else 0
        writer.close()
        print((peak() - start) / 1024)
    """)
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert float(run.stdout) < 30  # MiB, of 110 written since


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_cut_short_is_refused(shard, share):
    whole = shard.read_bytes()
    shard.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ShardError, match=shard.name):
        list(read_rows(shard))


def test_foreign_files_are_refused(tmp_path):
    path = tmp_path / "shard-1.h5"
    path.write_text("not HDF5")
    with pytest.raises(ShardError, match=r"shard-1\.h5"):
        Shard(path)
    with h5py.File(path, "w") as file:
        file["x"] = 1
    with pytest.raises(ShardError, match="no shard"):
        Shard(path)
    with pytest.raises(FileNotFoundError):
        Shard(tmp_path / "none.h5")


def test_a_flipped_byte_in_a_chunk_is_named(shard):
    with Shard(shard) as opened:
        chunk = opened.chunk("radar", 7)
        others = opened.chunk("radar", 8)
    whole = bytearray(shard.read_bytes())
    whole[whole.index(chunk) + len(chunk) // 2] ^= 1
    shard.write_bytes(whole)
    with Shard(shard) as opened:
        with pytest.raises(ShardError, match=rf"{shard.name}: radar, slot 7"):
            opened.chunk("radar", 7)
        assert opened.chunk("radar", 8) == others


def read_all(path, specs):
    """Returns all that a shard holds, or None if it is refused."""
    try:
        rows = list(read_rows(path))
        with Shard(path) as opened:
            held = [
                opened.chunk(spec.name, slot)
                if spec.pixels
                else opened.values(spec.name, slot).tobytes()
                for slot in range(opened.made)
                for spec in specs
            ]
            return rows, held, opened.specs, opened.attributes
    except ShardError:
        return None


def test_no_flipped_byte_anywhere_goes_unseen(shard, specs):
    whole = shard.read_bytes()
    expected = read_all(shard, specs)
    assert expected is not None
    seen = 0
    places = np.random.default_rng(0).integers(0, len(whole), 150)
    for place in places.tolist():
        altered = bytearray(whole)
        altered[place] ^= 0x10
        shard.write_bytes(altered)
        got = read_all(shard, specs)
        # Bytes that HDF5 left unused change nothing; all others are found.
        assert got is None or got == expected
        seen += got is None
    assert seen > 75


def test_wrong_arrays_are_refused(specs, make_arrays, make_row):
    def encode(**changes):
        arrays = {k: v for k, v in (make_arrays(0) | changes).items() if v is not None}
        return encode_stack(arrays, make_row(0), specs, SIZE)

    good = make_arrays(0)
    encode()
    with pytest.raises(ValueError, match="radar is float64"):
        encode(radar=good["radar"].astype(np.float64))
    with pytest.raises(ValueError, match="optical"):
        encode(optical=good["optical"][:1])
    with pytest.raises(ValueError, match="lat"):
        encode(lat=good["lat"][None])
    with pytest.raises(ValueError, match="classes"):
        encode(classes=None)
    with pytest.raises(ValueError, match="stranger"):
        encode(stranger=good["lat"])


def test_wrong_rows_are_refused(tmp_path, specs, make_arrays, make_row):
    with pytest.raises(ValueError, match="status"):
        encode_stack(make_arrays(0), make_row(0, "failed"), specs, SIZE)
    with pytest.raises(ValueError, match="tile_id"):
        encode_stack(make_arrays(0), {"status": "made"}, specs, SIZE)
    writer = ShardWriter(tmp_path, specs, SIZE, {})
    with pytest.raises(ValueError, match="status"):
        writer.add_failure(make_row(0))
    with pytest.raises(ValueError, match="optical"):
        writer.add(EncodedStack(make_row(0), {}, {}))


def test_a_full_disk_is_an_error_and_loses_nothing(tmp_path):
    code = textwrap.dedent(f"""
        import resource, sys
        from pathlib import Path
        import numpy as np
        from dataset.shard_writer import ShardWriter
        from dataset.stack import EncodedStack
        from modalities.spec import Band, Spec, Storage
        resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, 3 << 20))
        spec = Spec("s", (Band("b", "1", ""),), Storage("uint8", None), True, "all", ())
        writer = ShardWriter(Path({str(tmp_path)!r}), [spec], 1024, {{}})
        chunk = np.random.default_rng(0).bytes(1 << 20)
        try:
            for i in range(5):
                row = {{"tile": {{"tile_id": str(i), "position": i}}, "status": "made"}}
                writer.add(EncodedStack(row, {{"s": chunk}}, {{}}))
            writer.close()
        except OSError:
            writer.abort()
            print("refused")
    """)
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.returncode) == ("refused\n", 0), run.stderr
    assert files.list_temporaries(tmp_path) == []
    spec = Spec("s", (Band("b", "1", ""),), Storage("uint8", None), True, "all", ())
    (path,) = recover(tmp_path, [spec], 1024, {})
    assert list(tmp_path.iterdir()) == [path]
    assert [row["tile"]["position"] for row in read_rows(path)] == [0, 1]


def test_specs_survive_json(specs):
    again = specs_from_json(specs_to_json(specs))
    assert again == specs
    assert again[1].storage.no_data == -math.inf

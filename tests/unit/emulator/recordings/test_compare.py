"""A comparison finds what differs, where it differs, and nothing else."""

import json

import ee
import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from emulator import stack
from emulator.recordings import Recorder, Store, Upstream, compare
from emulator.recordings.comparison import Comparison, fidelity
from emulator.recordings.decoded import Band, Pixels
from emulator.recordings.differences import json_part, pixel_parts
from tests.unit.emulator.conftest import World
from tests.unit.emulator.recordings.conftest import Canned

SIZE = 128


@pytest.fixture
def bands(noise):
    """Three bands of several dtypes, a part of them masked."""
    holes = noise((SIZE, SIZE), 4, "uint8") > 0
    return {
        "B2": (noise((SIZE, SIZE)), holes),
        "B3": (noise((SIZE, SIZE), seed=1), holes),
        "T": (noise((SIZE, SIZE), seed=2).astype("float32") / 7 - 100, holes),
    }


def catalogue_of(bands, utm, **more):
    made = World()
    made.add("a/b", {n: (utm, v, m) for n, (v, m) in bands.items()}, **more)
    return made


@pytest.fixture
def recorded(bands, utm, recorder, serve, connect, engine_of, tmp_path):
    """A recording of pixels in three formats, a value, an asset and an error."""
    truth = catalogue_of(bands, utm, CLOUDS=3)
    connect(serve(stack.around(recorder(engine_of(truth)))).url)
    image = ee.Image("a/b")
    truth.pixels(image, utm)
    ee.data.computePixels({"expression": image, "fileFormat": "GEO_TIFF"})
    truth.pixels(image.select("B3").add(1), utm)
    picture = image.select("B2").visualize(min=0, max=10000)
    ee.data.computePixels({"expression": picture, "fileFormat": "PNG"})
    image.toDictionary().getInfo()
    ee.data.getAsset("a/b")
    with pytest.raises(ee.EEException):
        ee.data.getAsset("a/c")
    return Store(tmp_path / "recording")


def rows_of(store, catalogue):
    comparison = Comparison(catalogue)
    return [comparison.row(entry) for entry in store.entries()]


def test_an_engine_agrees_with_itself(recorded, bands, utm):
    rows = rows_of(recorded, catalogue_of(bands, utm, CLOUDS=3))
    assert fidelity(rows) == 1.0
    for row in rows:
        assert row.identical or row.kind in ("pixels",), row
        assert all(part.equal == part.count for part in row.parts)
        assert row.message == "" or row.theirs == 404
    masked = int((~bands["B2"][1]).sum())
    notes = [note for row in rows for part in row.parts for note in part.notes]
    # What the recorded engine holds under a mask is worth knowing.
    expected = f"{masked} pixels masked here, of which 100% are 57005 there"
    assert notes.count(expected) == 2


def test_exactly_the_altered_pixels_are_found(recorded, bands, utm):
    values, valid = bands["B3"]
    altered = values.copy()
    chosen = np.argwhere(valid)[:10]
    for i, (row, col) in enumerate(chosen, 1):
        altered[row, col] ^= 1 << (i % 3)
    changed = {**bands, "B3": (altered, valid)}
    apart = np.abs(altered.astype(float) - values)
    rows = rows_of(recorded, catalogue_of(changed, utm, CLOUDS=3))
    hit = 0
    for row in rows:
        for part in row.parts:
            wrong = part.count - part.equal
            assert wrong == (10 if part.name == "B3" else 0), (row, part)
            if part.name == "B3":
                hit += 1
                assert part.share == 1 - 10 / SIZE**2
                assert part.max_abs == apart.max()
                assert part.mean_abs == pytest.approx(apart[valid].mean())
    assert hit == 3
    assert fidelity(rows) < 1.0
    (total,) = [t for t in compare.band_totals(rows) if t.name == "B3"]
    assert (total.requests, total.part.count - total.part.equal) == (3, 30)
    assert total.part.mean_abs == pytest.approx(apart[valid].mean())


def test_a_mask_moved_is_found(recorded, bands, utm):
    values, valid = bands["B2"]
    moved = valid.copy()
    places = np.argwhere(valid & (values > 0))[:7]
    moved[tuple(places.T)] = False
    changed = {**bands, "B2": (values, moved)}
    rows = rows_of(recorded, catalogue_of(changed, utm, CLOUDS=3))
    wrong = [
        part.count - part.equal
        for row in rows
        for part in row.parts
        if part.name == "B2"
    ]
    assert wrong == [7, 7]
    notes = " ".join(n for row in rows for part in row.parts for n in part.notes)
    assert "7 pixels masked in one only" in notes


def test_other_bands_dtypes_properties_and_errors_are_told(recorded, bands, utm):
    values, valid = bands["T"]
    changed = {
        "B2": bands["B2"],
        "T": (values.astype("float64"), valid),
        "N": bands["B2"],
    }
    other = catalogue_of(changed, utm, CLOUDS=4)
    other.add("a/c", {"B": (utm, np.zeros((SIZE, SIZE)))})
    rows = rows_of(recorded, other)
    notes = "\n".join(n for row in rows for part in row.parts for n in part.notes)
    for said in (
        "dtype float32, here float64",
        "missing here",
        "only here",
        "bands B2, B3, T, here B2, T, N",
        "CLOUDS: 3, here 4",
        "refused here: ",
        "refused there: Asset 'a/c' not found",
    ):
        assert said in notes, said
    (refused,) = [row for row in rows if row.theirs == 200 and row.message]
    assert refused.fidelity == 0.0
    assert refused.label == "a/b"
    assert not any(row.identical for row in rows if row.kind == "asset")


def run(capsys, *arguments):
    status = compare.main([str(one) for one in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_command_prints_a_table_and_judges(
    recorded, bands, utm, monkeypatch, capsys, tmp_path
):
    made = catalogue_of({**bands, "B3": bands["B2"]}, utm, CLOUDS=3)
    monkeypatch.setattr(stack, "catalogue", lambda setup: made)
    out = tmp_path / "out.json"
    status, text, _ = run(capsys, recorded.folder, "--json", out)
    assert status == 0
    figures = json.loads(out.read_text())
    assert f"Fidelity {figures['fidelity']:.4%} over 7 requests" in text
    table = [line.split() for line in text.splitlines()]
    (total,) = [line for line in table if line[:2] == ["B3", "3"]]
    (b3,) = [one for one in figures["bands"] if one["name"] == "B3"]
    assert total[2:4] == [str(3 * SIZE**2), f"{b3['share']:.3%}"]
    assert b3["count"] == 3 * SIZE**2
    assert 0.2 < b3["share"] < 0.3
    low, high = figures["fidelity"] - 1e-6, figures["fidelity"] + 1e-6
    assert run(capsys, recorded.folder, "--fail-under", low)[0] == 0
    status, _, error = run(capsys, recorded.folder, "--fail-under", high)
    assert status == 1
    assert "Less than" in error


def test_the_command_wants_a_recording_with_answers(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(stack, "catalogue", lambda setup: World())
    status, _, error = run(capsys, tmp_path)
    assert (status, "no recording" in error) == (2, True)
    Store(tmp_path, create=True)
    status, _, error = run(capsys, tmp_path)
    assert (status, "no answers" in error) == (2, True)


def test_documents_are_compared_but_do_not_count(tmp_path, serve):
    documents = {
        "/$discovery/rest": {
            "methods": {},
            "resources": {"x": {"methods": {"m": {
                "id": "earthengine.x.m", "httpMethod": "GET", "path": "v1/x",
                "parameters": {"b": {}, "a": {}}}}}},
        },
        "/v1/projects/p/algorithms": {
            "algorithms": [
                {"name": "algorithms/Image.add", "returnType": "Image",
                 "description": "other words", "arguments": []},
                {"name": "algorithms/Image.fly", "returnType": "Image"},
            ]
        },
    }  # fmt: skip
    store = Store(tmp_path / "r", create=True)
    for path, document in documents.items():
        canned = Canned(body=json.dumps(document).encode())
        Recorder(store, Upstream(serve(canned).url)).handle("GET", path)
    rows = rows_of(store, World())
    assert [row.kind for row in rows] == ["algorithms", "discovery"]
    assert fidelity(rows) == 1.0
    signatures, methods = (row.parts[0] for row in rows)
    assert ".Image.fly.returns: missing here" in signatures.notes
    assert methods.count > 20
    assert ".earthengine.x.m.verb: missing here" in methods.notes
    assert not any("description" in note for note in signatures.notes)


SHAPES = st.just((3, 4))
VALUES = arrays.arrays(
    st.sampled_from(["uint8", "int16", "float32", "float64", "int64"]), SHAPES
)
MASKS = arrays.arrays(np.bool_, SHAPES)


@given(VALUES, MASKS)
def test_what_is_the_same_is_wholly_equal(values, valid):
    for mask in (None, valid):
        pixels = Pixels({"b": Band(values, mask)}, {})
        (part,) = pixel_parts(pixels, pixels, {})
        assert part.share == 1.0
        assert not part.max_abs


@given(VALUES, st.data())
def test_shares_are_what_counting_says(values, data):
    other = data.draw(arrays.arrays(values.dtype, (3, 4)))
    theirs, ours = (Pixels({"b": Band(v, None)}, {}) for v in (values, other))
    (part,) = pixel_parts(theirs, ours, {}, rtol=0.0)
    same = sum(
        x == y or (x != x and y != y)
        for x, y in zip(values.ravel().tolist(), other.ravel().tolist(), strict=True)
    )
    assert part.equal == same
    (back,) = pixel_parts(ours, theirs, {}, rtol=0.0)
    assert (back.equal, back.max_abs) == (part.equal, part.max_abs)


def test_floating_point_has_a_tolerance_and_integers_have_none():
    def share(x, y, dtype):
        made = [Pixels({"b": Band(np.array([[v]], dtype), None)}, {}) for v in (x, y)]
        return pixel_parts(*made, {})[0].share

    assert share(1.0, 1.0 + 1e-7, "float64") == 1.0
    assert share(1.0, 1.0 + 1e-5, "float64") == 0.0
    assert share(2**62, 2**62 + 1, "int64") == 0.0


def test_a_masked_band_is_not_equal_to_any_constant():
    theirs = Pixels({"b": Band(np.full((2, 2), 5, "uint16"), None)}, {})
    ours = Pixels({"b": Band(np.zeros((2, 2), "uint16"), None)}, {})
    (part,) = pixel_parts(theirs, ours, {"b": np.ones((2, 2), np.bool_)})
    assert part.share == 0.0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_a_tree_is_equal_to_itself(tree):
    part = json_part(tree, json.loads(json.dumps(tree)))
    assert part.equal == part.count >= 1
    assert part.notes == ()


def test_trees_are_compared_leaf_by_leaf():
    theirs = {"bands": [{"id": "A", "min": 1}, {"id": "B", "min": 2}], "n": [1, 2, 3]}
    ours = {"bands": [{"id": "B", "min": 2}, {"id": "A", "min": 5.5}], "n": [1, 2]}
    part = json_part({"r": theirs}, {"r": ours})
    # Order, two ids and two minima; three numbers.
    assert (part.count, part.equal) == (1 + 2 + 2 + 3, 2 + 1 + 2)


def test_local_files_may_answer(
    bands, utm, recorder, serve, connect, engine_of, tmp_path, capsys
):
    values, _ = bands["B2"]
    truth = World()
    truth.add("users/me/b", {"b1": (utm, values)})
    connect(serve(stack.around(recorder(engine_of(truth)))).url)
    truth.pixels(ee.Image("users/me/b"), utm)
    file = tmp_path / "files" / "users" / "me" / "b.tif"
    file.parent.mkdir(parents=True)
    profile = {"driver": "GTiff", "count": 1, "dtype": "uint16", "crs": utm.crs}
    profile |= {"width": SIZE, "height": SIZE, "transform": Affine(*utm.transform)}
    with rasterio.open(file, "w", **profile) as target:
        target.write(values, 1)
    folder, files = tmp_path / "recording", tmp_path / "files"
    assert run(capsys, folder, "--fail-under", 1, "--catalog", files)[0] == 0
    status, text, _ = run(capsys, folder, "--fail-under", 1)
    assert (status, "'users/me/b' not found" in text) == (1, True)
    (files / "users" / "me" / "b.json").write_text('{"time_start": "soon"}')
    status, _, error = run(capsys, folder, "--catalog", files)
    assert (status, "b.json" in error) == (2, True)

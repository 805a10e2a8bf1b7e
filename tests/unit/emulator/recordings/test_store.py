"""A recording is whole at any moment, the same for all who write it, and readable."""

import gzip
import json
import threading

import pytest

from emulator.recordings import Recording, RecordingError, Store
from emulator.recordings import store as stores
from emulator.recordings.asked import asked
from emulator.service import Response


def value(number):
    graph = {"result": "0", "values": {"0": {"constantValue": number}}}
    body = json.dumps({"expression": graph})
    return asked("POST", "/v1/projects/p/value:compute", body)


def entry(number, body=b'{"result": 1}', kind="application/json; charset=UTF-8"):
    headers = {"content-type": kind, "date": "today"}
    return stores.entry_of(
        value(number), Response(200, headers, body), "https://engine"
    )


def test_what_was_added_is_found_by_another(tmp_path):
    assert Store(tmp_path / "r", create=True).add(entry(1), 0.25)
    store = Store(tmp_path / "r")
    found = store.find(value(1))
    assert found == stores.Entry(
        value(1),
        Response(200, {"content-type": "application/json; charset=UTF-8"},
                 b'{"result": 1}'),
        found.recorded,
        "https://engine",
    )  # fmt: skip
    assert store.find(value(2)) is None
    assert list(store.entries()) == [found]
    assert store.holds("value", found.asked.key)
    assert not store.holds("value", value(2).key)


def test_people_can_read_it(tmp_path):
    store = Store(tmp_path, create=True)
    store.add(entry(1), 0.25)
    key = value(1).key
    about = json.loads((tmp_path / "value" / f"{key}.json").read_text())
    assert about["seconds"] == 0.25
    assert about["sent"]["uri"] == "/v1/projects/-/value:compute"
    assert about["asked"]["body"]["expression"]["values"]["0"] == {"constantValue": 1}
    body = tmp_path / "value" / about["body"]
    assert body.name.startswith(f"{key}.")
    assert body.name.endswith(".json.gz")
    assert gzip.decompress(body.read_bytes()) == b'{"result": 1}'


def test_the_first_of_many_writers_wins_and_all_is_whole(tmp_path):
    store = Store(tmp_path, create=True)
    bodies = [b"x" * 1000 * i for i in range(1, 9)]
    barrier = threading.Barrier(8)
    added = []

    def write(body):
        barrier.wait()
        for number in range(5):
            added.append(Store(tmp_path).add(entry(number, body), 0.0))

    threads = [threading.Thread(target=write, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(added) == 5
    found = list(store.entries())
    assert len(found) == 5
    assert {one.response.body for one in found} <= set(bodies)
    assert not list(tmp_path.rglob("*.part-*"))


def test_nothing_has_a_name_before_it_is_whole(tmp_path, monkeypatch):
    store = Store(tmp_path, create=True)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stores.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.add(entry(1), 0.0)
    assert list((tmp_path / "value").iterdir()) == []


def test_other_folders_are_no_recordings(tmp_path):
    with pytest.raises(RecordingError, match="no recording"):
        Store(tmp_path)
    with pytest.raises(RecordingError, match="no recording"):
        Store(tmp_path / "nowhere")
    (tmp_path / "thesis.txt").write_text("important")
    with pytest.raises(RecordingError, match="neither empty"):
        Store(tmp_path, create=True)
    about = tmp_path / "recording.json"
    about.write_text('{"format": 99}')
    with pytest.raises(RecordingError, match="format 99"):
        Store(tmp_path)
    about.write_text("[")
    with pytest.raises(RecordingError, match="cannot be read"):
        Store(tmp_path)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda about, body: body.unlink(), "missing"),
        (lambda about, body: body.write_bytes(gzip.compress(b"x")), "not what"),
        (lambda about, body: body.write_bytes(b"x"), "cannot be read"),
        (lambda about, body: body.write_bytes(body.read_bytes()[:-4]), "cannot be"),
        (lambda about, body: about.write_text("{"), "cannot be read"),
        (lambda about, body: about.write_text("{}"), "cannot be read"),
    ],
)
def test_damage_is_told(tmp_path, spoil, said):
    store = Store(tmp_path, create=True)
    store.add(entry(1), 0.0)
    (about,) = tmp_path.glob("value/*.json")
    (body,) = tmp_path.glob("value/*.gz")
    spoil(about, body)
    with pytest.raises(RecordingError, match=said):
        store.find(value(1))
    with pytest.raises(RecordingError, match=said):
        list(store.entries())


@pytest.mark.parametrize(
    ("kind", "end"),
    [("image/tiff", ".tif.gz"), ("application/octet-stream", ".npy.gz"),
     ("text/html", ".bin.gz")],
)  # fmt: skip
def test_a_bodys_name_tells_its_format(tmp_path, kind, end):
    Store(tmp_path, create=True).add(entry(1, b"x", kind), 0.0)
    (body,) = tmp_path.glob("value/*.gz")
    assert body.name.endswith(end)


@pytest.mark.parametrize(
    "options",
    [
        {"record": "a", "replay": "b"},
        {"upstream": "https://engine"},
        {"upstream": "https://engine", "replay": "b"},
        {"strict": True},
        {"computed": "c", "record": "a"},
    ],
)
def test_options_that_contradict_one_another(options):
    with pytest.raises(ValueError, match=r"nothing|not both|only"):
        Recording(**options)

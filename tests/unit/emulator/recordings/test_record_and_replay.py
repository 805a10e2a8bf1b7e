"""What a real engine answered is answered again without it, byte for byte."""

import gzip
import json
import urllib.error
import urllib.request

import ee
import numpy as np
import pytest
from shapely.geometry import box

import emulator
from emulator.recordings import Replayer, Store
from tests.unit.emulator.recordings.conftest import PROJECT, TOKEN, Canned


@pytest.fixture
def real(world, utm, noise):
    """A small world: an image of two bands, masked in part; a table of two rows."""
    mask = noise((128, 128), 2).astype(np.bool_)
    bands = {"B": (utm, noise((128, 128)), mask), "C": (utm, noise((128, 128), seed=1))}
    world.add("a/b", bands, footprint=box(9.5, 50.0, 10.5, 51.0), CLOUDS=3)
    world.gather("a", [world.images["a/b"]])
    rows = [(box(0, 0, 1, 1), {"n": 1}), (box(1, 1, 2, 2), {"n": 2})]
    world.tabulate("t", rows)
    return world


def fetched(url):
    with urllib.request.urlopen(url) as answer:
        return answer.headers["content-type"], answer.read()


def session(world, utm):
    """Asks all that is recorded, through the real client; returns what it got."""
    image = ee.Image("a/b")
    region = ee.Geometry.Rectangle([9.99, 50.598, 10.0, 50.603])
    listed = ee.List([1, 2]).map(lambda x: ee.Number(x).add(image.bandNames().size()))
    got = {
        "pixels": world.pixels(image.add(1), utm).tobytes(),
        "stored": ee.data.getPixels({
            "assetId": "a/b", "fileFormat": "NPY", "bandIds": ["C"],
            "grid": {"dimensions": {"width": 3, "height": 2}}}),
        "tiff": ee.data.computePixels({"expression": image, "fileFormat": "GEO_TIFF"}),
        "value": listed.getInfo(),
        "image": image.getInfo(),
        "features": ee.data.computeFeatures(
            {"expression": ee.FeatureCollection("t")}),
        "asset": ee.data.getAsset("a/b"),
        "list": ee.data.listImages({"parent": "a"}),
        "download": fetched(image.getDownloadURL(
            {"scale": 30, "region": region, "format": "ZIPPED_GEO_TIFF"})),
        "picture": fetched(image.select("C").getThumbURL(
            {"min": 0, "max": 9000, "dimensions": 16, "format": "png"})),
    }  # fmt: skip
    for name, ask in {
        "date": ee.Date("soon").millis().getInfo,
        "lost": lambda: ee.data.getAsset("a/nothing"),
    }.items():
        with pytest.raises(ee.EEException) as error:
            ask()
        got[name] = str(error.value)
    return got


def test_a_session_is_replayed_without_the_engine(
    real, utm, recorder, serve, connect, engine_of, tmp_path
):
    made = recorder(engine_of(real))
    connect(serve(emulator.around(made)).url)
    truth = session(real, utm)
    counts = made.stats()["recorded"]
    assert (counts["stored"], counts["known"], counts["lost"]) == (14, 1, 0)
    assert session(real, utm) == truth
    assert made.stats()["recorded"]["stored"] == 14

    replayer = Replayer(Store(tmp_path / "recording"), None)
    connect(serve(emulator.around(replayer)).url, "another", "another-project")
    real.images.clear()
    assert session(real, utm) == truth
    stats = replayer.stats()
    assert stats["not_recorded"] == {}
    assert stats["replayed"]["thumbnail_pixels"] == 2
    assert stats["replayed"]["algorithms"] == 1
    with pytest.raises(ee.EEException, match=r"Not in the recording: value \w{32}"):
        ee.Number(7).getInfo()
    with pytest.raises(ee.EEException, match="Not in the recording: thumbnail"):
        ee.Image(1).getThumbURL({"dimensions": 5, "region": ee.Geometry.Point(0, 0)})


def plain_texts(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            yield raw
            yield str(path).encode()
            if path.suffix == ".gz":
                yield gzip.decompress(raw)


class Listening:
    """Passes requests on, and keeps their headers."""

    def __init__(self, inner):
        self.inner, self.headers = inner, []

    def handle(self, method, uri, headers=None, body=None):
        self.headers.append({k.lower(): v for k, v in headers.items()})
        return self.inner.handle(method, uri, headers, body)

    def stats(self):
        return {}


def test_credentials_go_on_and_nowhere_else(
    real, utm, recorder, serve, connect, engine_of, tmp_path, caplog
):
    caplog.set_level("DEBUG")
    heard = Listening(engine_of(real))
    connect(serve(emulator.around(recorder(heard))).url)
    with ee.data.workloadTagContext("tag-of-somebody"):
        session(real, utm)
    asked = [one for one in heard.headers if one.get("authorization")]
    assert {one["authorization"] for one in asked} == {f"Bearer {TOKEN}"}
    assert PROJECT in {one.get("x-goog-user-project") for one in asked}
    texts = list(plain_texts(tmp_path / "recording"))
    assert len(texts) > 60
    for word in (TOKEN, PROJECT, "tag-of-somebody", "authorization", "Bearer"):
        assert not any(word.encode() in text for text in texts), word
    assert TOKEN not in caplog.text


VALUE = "/v1/projects/p/value:compute"


def value(number):
    graph = {"result": "0", "values": {"0": {"constantValue": number}}}
    return json.dumps({"expression": graph})


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503])
def test_what_is_no_verdict_passes_and_is_not_stored(recorder, status):
    canned = Canned(status, b'{"error": {"message": "no"}}', retry_after="7")
    made = recorder(canned)
    answer = made.handle("POST", VALUE, {}, value(1))
    assert (answer.status, answer.body) == (status, canned.response.body)
    assert answer.headers["retry-after"] == "7"
    assert made.stats()["recorded"]["passed"] == 1
    assert list(made._store.entries()) == []


@pytest.mark.parametrize(
    ("message", "stored"),
    [
        ("Image.select: Band pattern 'B99' did not match any bands.", 1),
        ("Reprojection output too large.", 1),
        ("User memory limit exceeded.", 0),
        ("Computation timed out.", 0),
        ("Too many concurrent aggregations.", 0),
        ("API key not valid.", 0),
        ("Project 'x' not found or deleted.", 0),
    ],
)
def test_only_a_graphs_own_errors_are_stored(recorder, message, stored):
    body = json.dumps({"error": {"code": 400, "message": message}}).encode()
    made = recorder(Canned(400, body))
    assert made.handle("POST", VALUE, {}, value(1)).body == body
    assert made.stats()["recorded"]["stored"] == stored


def test_an_answer_that_repeats_credentials_is_not_stored(recorder, caplog):
    made = recorder(Canned(body=b'{"result": "you sent ya29.0123456789"}'))
    headers = {"Authorization": "Bearer ya29.0123456789"}
    assert made.handle("POST", VALUE, headers, value(1)).status == 200
    keyed = f"{VALUE}?key=0123456789&access_token=9876543210"
    made.handle("POST", keyed, {}, json.dumps({"expression": 1, "x": "9876543210"}))
    assert made.stats()["recorded"]["lost"] == 2
    assert "holds credentials" in caplog.text
    assert "0123456789" not in caplog.text
    assert list(made._store.entries()) == []


def test_credentials_in_the_query_go_on_but_are_not_stored(recorder):
    canned = Canned()
    made = recorder(canned)
    made.handle("POST", f"{VALUE}?key=0123456789&alt=json", {}, value(1))
    assert canned.asked[0][1] == f"{VALUE}?key=0123456789&alt=json"
    (entry,) = made._store.entries()
    assert entry.asked.uri == "/v1/projects/-/value:compute"


def test_the_first_answer_stays(recorder, caplog):
    canned = Canned(body=b'{"result": 1}')
    made = recorder(canned)
    made.handle("POST", VALUE, {}, value(1))
    canned.response = Canned(body=b'{"result": 2}').response
    assert made.handle("POST", VALUE, {}, value(1)).body == b'{"result": 2}'
    counts = made.stats()["recorded"]
    assert (counts["stored"], counts["changed"]) == (1, 1)
    assert "answered otherwise before" in caplog.text
    (entry,) = made._store.entries()
    assert entry.response.body == b'{"result": 1}'


def test_what_was_not_recorded_is_computed_and_listed(
    recorder, engine_of, world, tmp_path
):
    recorder(engine_of(world)).handle("POST", VALUE, {}, value(1))
    listed = tmp_path / "computed.jsonl"
    listed.write_text("of a run before\n")
    engine = engine_of(world)
    replayer = Replayer(Store(tmp_path / "recording"), engine, computed=listed)
    assert listed.read_bytes() == b""
    for number in (1, 2, 1, 2):
        answer = replayer.handle("POST", VALUE, {}, value(number))
        assert json.loads(answer.body) == {"result": number}
    lines = [json.loads(line) for line in listed.read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["value", "value"]
    graph = lines[0]["asked"]["body"]["expression"]
    assert graph == json.loads(value(2))["expression"]
    stats = replayer.stats()
    assert (stats["replayed"], stats["computed"]) == ({"value": 2}, {"value": 2})
    # The engine's own counts are there as well.
    assert stats["requests"]["value"] == 2


def test_a_thumbnail_that_was_not_recorded_is_computed(world, engine_of, tmp_path):
    replayer = Replayer(Store(tmp_path, create=True), emulator.Engine(world))
    service = emulator.around(replayer)
    body = json.dumps({"expression": json.loads(value(1))["expression"],
                       "fileFormat": "PNG"})  # fmt: skip
    made = service.handle("POST", "/v1/projects/p/thumbnails", {}, body)
    name = json.loads(made.body)["name"]
    # A constant has no bounds: the engine says so, hence it was asked with the graph.
    answer = service.handle("GET", f"/v1/{name}:getPixels")
    assert "unbounded" in json.loads(answer.body)["error"]["message"]
    assert service.stats()["computed"] == {"thumbnail_pixels": 1}


def test_a_damaged_recording_is_told(recorder, engine_of, world, tmp_path, caplog):
    made = recorder(engine_of(world))
    made.handle("POST", VALUE, {}, value(1))
    (body,) = (tmp_path / "recording").glob("value/*.gz")
    body.write_bytes(gzip.compress(b"else"))
    replayer = Replayer(Store(tmp_path / "recording"), None)
    answer = replayer.handle("POST", VALUE, {}, value(1))
    assert answer.status == 500
    assert "not what was recorded" in json.loads(answer.body)["error"]["message"]
    assert "cannot be replayed" in caplog.text


def test_stats_are_told_over_http(serve, world, tmp_path):
    service = emulator.around(Replayer(Store(tmp_path, create=True), None))
    door = serve(service)
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{door.url}/v1/projects/p/algorithms")
    with urllib.request.urlopen(f"{door.url}/stats") as answer:
        assert json.load(answer)["not_recorded"] == {"algorithms": 1}


def test_a_recording_is_a_fixture(real, utm, recorder, engine_of, _client, tmp_path):
    _client.engine = emulator.around(recorder(engine_of(real)))
    truth = real.pixels(ee.Image("a/b"), utm)
    # As docs/recordings.md shows it: no network, no planet, no account.
    recording = Store(tmp_path / "recording")
    _client.engine = emulator.around(Replayer(recording, None))
    assert real.pixels(ee.Image("a/b"), utm).tobytes() == truth.tobytes()
    with pytest.raises(ee.EEException, match="Not in the recording"):
        real.pixels(ee.Image("a/b").add(1), utm)

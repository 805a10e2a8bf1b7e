"""The wire: discovery, answers, errors, limits, poison, both doors."""

import json
import subprocess
import sys
import urllib.error
import urllib.request

import ee
import ee.deprecation
import numpy as np
import pytest
from google.auth.credentials import AnonymousCredentials

import emulator
from emulator import server
from emulator.evaluator import pixeltype
from emulator.protocol.discovery import discovery_json
from emulator.protocol.limits import MAX_REQUEST_BYTES, check_pixel_request
from emulator.unconfirmed import POISON


def ask(engine, expression, path="value:compute", **more):
    body = {"expression": {"result": "0", "values": {"0": expression}}, **more}
    answer = engine.handle("POST", f"/v1/projects/p/{path}", {}, json.dumps(body))
    return answer.status, json.loads(answer.body)


def test_value_and_error_in_googles_form(world):
    assert ask(world.engine, {"constantValue": [1, "a", None]}) == (
        200,
        {"result": [1, "a", None]},
    )
    call = {"functionName": "Image.hersFeature", "arguments": {}}
    status, body = ask(world.engine, {"functionInvocationValue": call})
    assert status == body["error"]["code"] == 400
    assert body["error"]["status"] == "UNIMPLEMENTED"
    assert "'Image.hersFeature'" in body["error"]["message"]
    for raw in (b"", b"{", b"[]", b"{}"):
        answer = world.engine.handle("POST", "/v1/projects/p/value:compute", {}, raw)
        assert answer.status == 400
        assert json.loads(answer.body)["error"]["status"] == "INVALID_ARGUMENT"
    lost = world.engine.handle("GET", "/v1/projects/p/assets/x", {}, None)
    assert lost.status == 404


def test_a_fault_of_the_catalogue_is_a_logged_500(world, utm, caplog):
    def broken(*_):
        raise OSError("the disk is gone")

    world.add("a", {"B": (utm, np.zeros((128, 128)))}).read = broken
    call = {"functionName": "Image.load", "arguments": {"id": {"constantValue": "a"}}}
    status, body = ask(
        world.engine,
        {"functionInvocationValue": call},
        "image:computePixels",
        fileFormat="NPY",
    )
    assert (status, body["error"]["status"]) == (500, "INTERNAL")
    assert "the disk is gone" in caplog.text


def test_answers_are_strict_json(world):
    status, body = ask(world.engine, {"constantValue": [float("nan"), float("inf")]})
    assert (status, body) == (200, {"result": [None, None]})


def test_discovery_has_what_the_client_calls():
    projects = json.loads(discovery_json())["resources"]["projects"]
    methods = {
        f"{name}.{method}"
        for name, resource in projects["resources"].items()
        for method in resource["methods"]
    }
    assert {
        "value.compute",
        "image.computePixels",
        "algorithms.list",
        "assets.get",
        "assets.listAssets",
        "assets.getPixels",
        "thumbnails.create",
        "table.computeFeatures",
        "operations.list",
    } <= methods
    thumbnails = projects["resources"]["thumbnails"]["methods"]["create"]
    assert "workloadTag" in thumbnails["parameters"]


def test_the_client_lists_every_page(world, utm):
    # It goes on only if the discovery document says that pages have a next one.
    pixels = {"B": (utm, np.zeros((1, 1)))}
    world.gather("c", [world.add(f"c/{i}", pixels, time=i) for i in range(1001)])
    listed = ee.data.listImages("c")["images"]
    assert [one["id"] for one in listed] == [f"c/{i}" for i in range(1001)]
    assert len(ee.data.listImages({"parent": "c", "pageSize": 7})["images"]) == 7
    assert ee.data.listOperations() == []


def test_workload_tags_and_band_ids_are_taken(world, utm):
    image = ee.Image([1, 2, 3]).rename(["a", "b", "c"])
    with ee.data.workloadTagContext("run-1"):
        assert ee.Number(1).getInfo() == 1
        got = world.pixels(image, utm, bandIds=["c", "a"])
    assert got.dtype.names == ("c", "a")
    assert got["c"][0, 0] == 3


def test_each_band_has_its_own_dtype(world, utm):
    bands = {
        name: (utm, np.full((128, 128), 5, name))
        for name in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "int64",
                     "float32", "float64")
    }  # fmt: skip
    world.add("a", bands)
    got = world.pixels(ee.Image("a"), utm)
    assert got.shape == (128, 128)
    assert {name: got.dtype[name].name for name in got.dtype.names} == {
        name: name for name in bands
    }


@pytest.mark.parametrize("dtype", sorted(POISON))
def test_masked_pixels_are_poisoned(world, utm, dtype):
    mask = np.zeros((128, 128), np.bool_)
    mask[0, 0] = True
    world.add("a", {"B": (utm, np.full((128, 128), 5, dtype), mask)})
    got = world.pixels(ee.Image("a"), utm)["B"]
    assert got[0, 0] == 5
    assert (got.ravel()[1:] == np.asarray(POISON[dtype], dtype)).all()
    assert abs(float(got[1, 1])) > 30


def test_poison_can_be_left_out_and_covers_every_dtype(world, utm, _client):
    _client.engine = emulator.Engine(world, poison=False)
    got = world.pixels(ee.Image(5).updateMask(0), utm)["constant"]
    assert not got.any()
    assert {pixeltype.of_dtype(name).dtype.name for name in POISON} == set(POISON)


def test_size_limits_have_the_observed_messages():
    float64 = np.dtype("float64")
    with pytest.raises(Exception, match=r"\(56623104 bytes\).* 50331648 bytes"):
        check_pixel_request(512, 256, [float64] * 48)
    fits = np.dtype("uint8")
    check_pixel_request(MAX_REQUEST_BYTES // 2 // 1024, 1024, [fits])
    with pytest.raises(Exception, match="32769x1"):
        check_pixel_request(32769, 1, [fits])
    with pytest.raises(Exception, match="1025"):
        check_pixel_request(1, 1, [fits] * 1025)
    with pytest.raises(Exception, match="no bands"):
        check_pixel_request(1, 1, [])


def test_too_large_a_request_is_refused_before_a_pixel_is_made(world, utm):
    world.add("a", {"B": (utm, np.zeros((128, 128)))})
    huge = world.grid(utm.crs, 0.0, 0.0, 10.0, 10000, 10000)
    with pytest.raises(ee.EEException, match="Total request size"):
        world.pixels(ee.Image("a"), huge)
    assert world.images["a"].reads == []


@pytest.mark.parametrize(
    "file_format", ["ZIPPED_GEO_TIFF", "TF_RECORD_IMAGE", "SHAPES"]
)
def test_other_formats_say_so(world, file_format):
    grid = {"dimensions": {"width": 1, "height": 1}}
    status, body = ask(
        world.engine,
        {"constantValue": 1},
        "image:computePixels",
        fileFormat=file_format,
        grid=grid,
    )
    assert status == 400
    assert file_format in body["error"]["message"]


@pytest.fixture
def served(world):
    running = server.start(world.engine)
    yield running
    running.close()


def test_the_http_door_gives_what_the_other_gives(world, served, utm, noise):
    world.add("a", {"B": (utm, noise((128, 128)))})
    direct = world.pixels(ee.Image("a"), utm)
    state = ee.data._get_state()
    transport = state.http_transport
    try:
        ee.Initialize(AnonymousCredentials(), project="emulator", url=served.url)
        over_http = world.pixels(ee.Image("a"), utm)
        with pytest.raises(ee.EEException, match="Invalid date"):
            ee.Date("soon").millis().getInfo()
    finally:
        ee.Initialize(
            AnonymousCredentials(), project="emulator", http_transport=transport
        )
    assert np.array_equal(direct, over_http)
    with urllib.request.urlopen(f"{served.url}/stats") as answer:
        assert json.load(answer)["requests"]["pixels"] == 2


def test_each_process_has_one_default_engine():
    code = (
        "import os, emulator\n"
        "engine = emulator.default_engine()\n"
        "assert engine is emulator.default_engine()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(int(emulator.default_engine() is engine))\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

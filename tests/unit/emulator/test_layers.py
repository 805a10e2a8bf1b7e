"""Counts, the log and kept thumbnails."""

import json
import random
from datetime import UTC, datetime

import pytest

import emulator
from emulator import faults
from emulator.layers.log import algorithms
from emulator.layers.thumbnails import Thumbnails
from emulator.service import Delivery, Layer, Response
from tests.unit.emulator.conftest import World

VALUE = "/v1/projects/p/value:compute"
ONE = b'{"expression":{"result":"0","values":{"0":{"constantValue":1}}}}'


def test_stats_tell_what_came_and_went_and_begin_anew():
    rules = (faults.Rule("503", matching="bad"), faults.Rule("reset", matching="gone"))
    setup = emulator.Setup(faults=faults.Plan(faults=rules))
    made = emulator.around(emulator.Engine(World()), setup)
    out = len(made.handle("POST", VALUE, {}, ONE).body)
    for body in (b"bad", b"gone", b"{"):
        out += len(made.handle("POST", VALUE, {}, body).body)
    told = json.loads(made.handle("GET", "/stats").body)
    assert told == made.stats()
    assert told["requests"]["value"] == 4
    assert sum(told["requests"].values()) == 4
    assert told["status"] == {"200": 1, "400": 1, "503": 1, "none": 1}
    assert told["answers"] == {"value": told["status"]}
    assert told["bytes_in"] == len(ONE) + 3 + 4 + 1
    assert told["bytes_out"] == out
    assert told["faults"] == {"503": 1, "reset": 1}
    assert told["refused"] == {}
    assert told["highest_concurrency"] == 1
    for method, path in (("DELETE", "/stats"), ("POST", "/stats:reset")):
        made.handle("POST", VALUE, {}, ONE)
        fresh = json.loads(made.handle(method, path, {}, b"").body)
        assert fresh["requests"]["value"] == fresh["highest_concurrency"] == 0
        assert (fresh["status"], fresh["bytes_in"], fresh["faults"]) == ({}, 0, {})


def test_a_line_of_the_log_tells_all_but_secrets(tmp_path):
    log = tmp_path / "requests.jsonl"
    rule = faults.Rule("stall_header", matching="gone", stall_s=0.0)
    setup = emulator.Setup(log=log, faults=faults.Plan(faults=(rule,)))
    made = emulator.around(emulator.Engine(World()), setup)
    call = {
        "functionName": "Number.add",
        "arguments": {
            "left": {"constantValue": 1},
            "right": {"constantValue": 2},
        },
    }
    expression = {"result": "0", "values": {"0": {"functionInvocationValue": call}}}
    body = json.dumps({"expression": expression}).encode()
    begun = datetime.now(UTC)
    made.handle("POST", f"{VALUE}?key=SECRET", {"Authorization": "Bearer SECRET"}, body)
    made.handle("POST", VALUE, {}, b"gone")
    made.handle("GET", "/stats")
    text = log.read_text()
    assert "SECRET" not in text
    first, second = map(json.loads, text.splitlines())
    when = datetime.fromisoformat(first.pop("time"))
    assert when.utcoffset().total_seconds() == 0
    assert abs((when - begun).total_seconds()) < 60
    assert first.pop("ms") >= 0
    assert first == {
        "method": "POST",
        "path": VALUE,
        "status": 200,
        "bytes_in": len(body),
        "bytes_out": len(b'{"result": 3}'),
        "algorithms": ["Number.add"],
    }
    assert (second["status"], second["fault"]) == (None, "stall_header")
    assert second["bytes_out"] == 0
    made.close()
    again = emulator.around(emulator.Engine(World()), emulator.Setup(log=log))
    again.handle("POST", VALUE, {}, ONE)
    again.close()
    assert len(log.read_text().splitlines()) == 3


def test_names_in_constants_are_not_calls():
    words = 'say "functionName": "Image.load"'
    inner = {"functionName": "String.cat", "arguments": {"x": {"constantValue": words}}}
    twice = json.dumps([inner, {"functionName": "Image.load"}, inner], indent=2)
    assert algorithms(json.dumps(inner)) == ["String.cat"]
    assert algorithms(twice.encode()) == ["Image.load", "String.cat"]
    assert algorithms(None) == []


@pytest.mark.parametrize(
    ("delivery", "status", "sent"),
    [
        (Delivery.WHOLE, 200, b"abcd"),
        (Delivery.CUT, 200, b"ab"),
        (Delivery.STALL_BODY, 200, b"ab"),
        (Delivery.STALL_HEADER, None, b""),
        (Delivery.RESET, None, b""),
    ],
)
def test_what_reaches_the_client(delivery, status, sent):
    response = Response(200, {}, b"abcd", delivery)
    assert (response.sent_status, response.sent) == (status, sent)


class Naming(Layer):
    """Names thumbnails after their body, and gives back what it is asked with."""

    def __init__(self):
        pass

    def handle(self, method, uri, headers=None, body=None):
        if method == "GET":
            return Response(200 if body else 404, {}, body or b"")
        name = f"projects/p/thumbnails/{body[:4].decode()}"
        return Response(200, {}, json.dumps({"name": name}).encode())


def test_thumbnails_are_kept_but_not_for_ever():
    made = Thumbnails(Naming(), capacity=3, size=10_000)

    def make(body):
        made.handle("POST", "/v1/projects/p/thumbnails", {}, body)

    def found(name):
        path = f"/v1/projects/p/thumbnails/{name}:getPixels"
        return made.handle("GET", path).body

    for number in range(4):
        make(b"%04d and more" % number)
    assert found("0000") == b""
    assert found("0003") == b"0003 and more"
    make(b"0001 again")
    assert found("0001") == b"0001 again"
    assert found("0002") == b"0002 and more"
    large = random.Random(0).randbytes(9_990)
    make(b"huge" + large)
    assert found("huge") == b""
    assert made._bytes == 0
    make(b"tiny")
    assert found("tiny") == b"tiny"

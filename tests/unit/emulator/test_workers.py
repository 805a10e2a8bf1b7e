"""Worker processes behind a door."""

import json
import os
import signal
import threading

import psutil
import pytest

import emulator
from emulator import stack
from emulator.service import Response
from emulator.workers import Workers

VALUE = "/v1/projects/p/value:compute"


class Parrot:
    """Tells its process, or does what the body says."""

    def handle(self, method, uri, headers=None, body=None):
        if body == b"exit":
            os._exit(3)
        if body == b"hang":
            signal.pause()
        told = [os.getpid(), len(body or b"")]
        return Response(200, {}, json.dumps(told).encode())

    def stats(self):
        return {}

    def close(self):
        pass


def broken():
    raise ValueError("no such catalogue")


class Watched(Workers):
    """Keeps every process that it starts."""

    def _start(self):
        worker = super()._start()
        if worker is not None:
            found = psutil.Process(worker._process.pid)
            self.processes = [*getattr(self, "processes", []), found]
        return worker


@pytest.fixture(scope="module")
def workers():
    made = Watched(Parrot, 2)
    yield made
    made.close()
    assert not [one for one in made.processes if one.is_running()]


def ask(made, body=b""):
    return made.handle("POST", VALUE, {}, body)


def told(made, body=b""):
    return json.loads(ask(made, body).body)


def test_workers_evaluate_and_the_door_tells_what_is_known(workers):
    assert told(workers)[0] in {one.pid for one in workers.processes}
    known = workers.handle("GET", "/$discovery/rest")
    assert json.loads(known.body)[0] == os.getpid()
    assert told(workers, os.urandom(3_000_000))[1] == 3_000_000


def test_a_request_that_kills_its_worker_is_a_500_and_the_next_is_not(workers, caplog):
    answer = ask(workers, b"exit")
    assert answer.status == 500
    assert "exit status 3" in json.loads(answer.body)["error"]["message"]
    assert "a worker ended" in caplog.text
    assert len(workers.processes) == 3
    assert told(workers)[0] != workers.processes[0].pid


def test_a_worker_that_died_idle_is_replaced_unnoticed(workers):
    idle = told(workers)[0]
    dead = next(one for one in workers.processes if one.pid == idle)
    dead.kill()
    # All of its threads have ended; reaping it is left to the door.
    os.waitid(os.P_PID, idle, os.WEXITED | os.WNOWAIT)
    assert told(workers)[0] != idle


def test_both_work_at_once_and_the_end_waits_for_neither(workers):
    hung = []
    thread = threading.Thread(target=lambda: hung.append(ask(workers, b"hang")))
    thread.start()
    alive = {one.pid for one in workers.processes if one.is_running()}
    assert len(alive) == 2
    assert told(workers)[0] in alive
    workers.close()
    thread.join(10)
    assert not thread.is_alive()
    assert hung[0].status == ask(workers).status == ask(workers).status == 503


def test_what_cannot_be_made_is_found_at_once():
    with pytest.raises(ValueError, match="no such catalogue"):
        Workers(broken, 2)


def test_the_answers_are_the_engines_own():
    grid = {"dimensions": {"width": 16, "height": 16}, "crsCode": "EPSG:32632"}
    grid["affineTransform"] = {"scaleX": 10, "scaleY": -10, "translateX": 5e5}
    grid["affineTransform"]["translateY"] = 6.2e6
    gdem = {
        "functionName": "Image.load",
        "arguments": {
            "id": {"constantValue": "projects/sat-io/open-datasets/ASTER/GDEM"}
        },
    }
    expression = {"result": "0", "values": {"0": {"functionInvocationValue": gdem}}}
    body = json.dumps({"expression": expression, "grid": grid, "fileFormat": "NPY"})
    thumbnail = json.dumps({"expression": expression, "fileFormat": "PNG"})

    def answers(made):
        yield made.handle("POST", "/v1/projects/p/image:computePixels", {}, body)
        yield made.handle("GET", "/v1/projects/p/assets/nothing")
        named = made.handle("POST", "/v1/projects/p/thumbnails", {}, thumbnail)
        yield named
        name = json.loads(named.body)["name"]
        yield made.handle("GET", f"/v1/{name}:getPixels")

    alone = emulator.service()
    shared = emulator.service(stack.Setup(workers=1))
    try:
        both = list(answers(alone)), list(answers(shared))
    finally:
        shared.close()
    assert both[0] == both[1]
    assert both[0][0].status == 200

"""An engine on a loopback socket that answers by script."""

import functools
import io
import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import ee
import numpy as np
import pytest

import earthengine.session
from earthengine.engine import Budget, Engine, Patience
from earthengine.gate import Gate
from earthengine.request import Usage, send
from earthengine.session import Session
from tests.unit.conftest import client_document, discovery_document

DTYPE = np.dtype([("a_x", "<u2"), ("b_y", "<f4")])
GRID = {
    "dimensions": {"width": 3, "height": 2},
    "affineTransform": {"scaleX": 10, "scaleY": -10, "translateX": 0, "translateY": 0},
    "crsCode": "EPSG:32632",
}


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def pixels(shape=(2, 3), dtype=DTYPE):
    array = np.zeros(shape, dtype)
    for number, name in enumerate(dtype.names or ()):
        array[name] = number + np.arange(array.size).reshape(shape)
    return array


def answer(body, status=200, **headers):
    """Answers whole."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()

    def act(handler):
        handler.reply(status, body, len(body), headers)

    return act


def cut_short(body):
    """Promises more than it sends, and hangs up."""

    def act(handler):
        handler.reply(200, body, len(body) + 100, {})
        handler.close_connection = True

    return act


def reset(handler):
    """Breaks the connection before any answer."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()
    handler.close_connection = True


def stall(handler):
    """Sends half of a body and falls silent."""
    handler.reply(200, b'{"resu', 15, {})
    handler.server.over.wait(10)
    handler.close_connection = True


def trickle(handler):
    """Sends a body byte by byte, each well in time."""
    handler.reply(200, b"", 1000, {})
    while not handler.server.over.wait(0.02):
        try:
            handler.connection.sendall(b" ")
        except OSError:
            break
    handler.close_connection = True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body, length, headers):
        lines = [f"HTTP/1.1 {status} Words", f"Content-Length: {length}"]
        lines += [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()]
        # In one write: header and body apart would wait for delayed ACKs.
        self.connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def do_GET(self):  # the standard library's name
        script = self.server.opening
        if script:
            script.pop(0)(self)
        elif "discovery" in self.path:
            body = discovery_document(self.server.url)
            self.reply(200, body, len(body), {})
        else:
            body = client_document("algorithms.json")
            self.reply(200, body, len(body), {})

    def do_POST(self):  # the standard library's name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, json.loads(body)))
        self.server.script.pop(0)(self)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@pytest.fixture(scope="module")
def server():
    """A loopback engine; ``script`` answers POSTs, ``opening`` the first GETs."""
    httpd = _Server(("127.0.0.1", 0), _Handler)
    httpd.url = f"http://127.0.0.1:{httpd.server_port}"
    httpd.script, httpd.opening, httpd.seen = [], [], []
    httpd.over = threading.Event()
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
    thread.start()
    yield httpd
    httpd.over.set()
    httpd.shutdown()
    httpd.server_close()
    thread.join()
    ee.Reset()
    earthengine.session._session = None


@pytest.fixture
def connect(server, monkeypatch):
    """Opens sessions with the loopback engine; their pauses are only noted."""
    pauses = []
    server.script[:], server.opening[:], server.seen[:] = [], [], []
    patient = functools.partial(send, sleep=pauses.append)
    monkeypatch.setattr(earthengine.session, "send", patient)
    # A proxy of the environment must not catch loopback requests.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    def call(budget=None, **patience):
        engine = Engine("url", "test", server.url)
        return earthengine.session.connect(
            engine, budget or Budget(), Patience(**patience)
        )

    call.pauses = pauses
    return call


class Client:
    """The real client, connected to the loopback engine."""

    def __init__(self, server, session, pauses):
        self.server = server
        self.pauses = pauses
        self.usage = Usage()
        self.session = session
        self._recorder = session._recorder

    def patient(self, budget=None, **patience):
        """Sets budget and patience; opening anew would cost a tenth of a second."""
        gate = Gate(budget or Budget(40, 1e6))
        self.session = Session(gate, self._recorder, Patience(**patience))
        return self

    def compute(self, *script, accept=lambda value: value):
        self.server.script[:] = script
        return self.session.compute(ee.Number(1).add(2), self.usage, accept)

    def pixels(self, *script):
        self.server.script[:] = script
        return self.session.pixels(ee.Image(1), GRID, DTYPE, self.usage)


@pytest.fixture
def client(server, connect):
    return Client(server, connect(), connect.pauses).patient()

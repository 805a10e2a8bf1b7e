"""Real engines to record: other emulators behind HTTP doors of their own."""

import ee
import ee.deprecation
import google.oauth2.credentials
import pytest
from google.auth.credentials import AnonymousCredentials

import emulator
from emulator import server
from emulator.recordings import Recorder, Store, Upstream
from emulator.service import Response

TOKEN = "ya29.a-token-that-nobody-may-see"
PROJECT = "project-of-somebody"


class Canned:
    """A service that gives the same answer to all, and keeps what it was asked."""

    def __init__(self, status=200, body=b'{"result": 1}', **headers):
        self.asked = []
        headers = {"content-type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        self.response = Response(status, headers, body)

    def handle(self, method, uri, headers=None, body=None):
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        self.asked.append((method, uri, lower, body))
        return self.response

    def stats(self):
        return {}

    def close(self):
        """Has nothing to end."""


@pytest.fixture
def serve():
    """Returns a function that opens an HTTP door to a service; all close at the end."""
    running = []

    def opened(service):
        running.append(server.start(service))
        return running[-1]

    yield opened
    for door in running:
        door.close()


@pytest.fixture
def connect(_client):
    """Returns a function that connects the client to an address, with a token."""

    def initialise(*arguments, **more):
        # Without it, the client would not ask for the algorithms again.
        ee.Reset()
        ee.deprecation.deprecated_assets = {"_": None}
        ee.Initialize(*arguments, **more)
        ee.data.setMaxRetries(0)

    def connected(url, token=TOKEN, project=PROJECT):
        credentials = google.oauth2.credentials.Credentials(token)
        initialise(credentials, project=project, url=url)

    yield connected
    initialise(AnonymousCredentials(), project="emulator", http_transport=_client)


@pytest.fixture
def recorder(tmp_path, serve):
    """Returns a maker of a recorder of a service that lies behind a door."""

    def made(service, folder=tmp_path / "recording"):
        upstream = Upstream(serve(service).url, answer_s=10.0)
        return Recorder(Store(folder, create=True), upstream)

    return made


@pytest.fixture
def engine_of():
    """Returns a maker of a whole emulator over a catalogue."""
    return lambda catalogue: emulator.around(emulator.Engine(catalogue))

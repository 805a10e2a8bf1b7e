"""Each fault through the real client, over HTTP and in-process."""

import ee
import ee.deprecation
import google.auth.exceptions
import google.oauth2.credentials
import numpy as np
import pytest
from google.auth.credentials import AnonymousCredentials

import earthengine.session
import emulator
from emulator import faults, server
from emulator.faults import kinds
from tests.unit.emulator.conftest import World

GRID = World.grid("EPSG:32632", 500000.0, 5000000.0, 10.0, 6, 5)
SAID = {name: known.message for name, known in kinds.ERRORS.items() if known.status}
PAGES = ("502", "503_html")

RAISED = {
    **dict.fromkeys(kinds.ERRORS, (ee.EEException, ee.EEException)),
    "401": (google.auth.exceptions.InvalidOperation,) * 2,
    "reset": (ConnectionError, ConnectionError),
    "stall_header": (TimeoutError, TimeoutError),
    "stall_body": (ConnectionError, ConnectionError),
    "cut": (ConnectionError, ConnectionError),
    "truncated": (TypeError, ValueError),
    "garbage": (UnicodeDecodeError, ValueError),
    "empty": (TypeError, EOFError),
    "error_in_200": (KeyError, ValueError),
    "wrong_shape": (None, None),
    "missing_band": (None, None),
}
"""By fault: what value and pixel requests raise (the table of earth-engine.md)."""


def rule(kind):
    long = {"stall_s": 30.0} if kind in kinds.STALLS else {}
    return faults.Rule(kind, matching=f"fault {kind}!", **long)


class Client:
    """The real client at one door; an expression's "fault NAME!" meets that fault."""

    def __init__(self, service, **door):
        self.service, self.door = service, door

    def connect(self, credentials):
        ee.Initialize(credentials, project="emulator", **self.door)
        if "url" in self.door:
            ee.data.setDeadline(200)
        ee.data.setMaxRetries(0)

    def counted(self, kind):
        return self.service.stats()["faults"].get(kind, 0)


@pytest.fixture(scope="module", params=["http", "in process"])
def client(request):
    plan = faults.Plan(faults=tuple(map(rule, kinds.NAMES)))
    with (
        faults.injected(emulator.Engine(World()), plan) as service,
        server.start(service) as http,
    ):
        transport = emulator.Transport(service, timeout_s=0.2)
        door = (
            {"url": http.url}
            if request.param == "http"
            else {"http_transport": transport}
        )
        ee.Reset()
        ee.deprecation.deprecated_assets = {"_": None}
        made = Client(service, **door)
        made.connect(AnonymousCredentials())
        yield made
        ee.Reset()
        transport.close()
    earthengine.session._session = None


def value(kind):
    # Long enough that half of the answer is no JSON.
    return ee.String(f"fault {kind}!").cat("x").getInfo()


def pixels(kind):
    image = ee.Image([1, 2.5]).rename(["a", "b"]).set("name", f"fault {kind}!")
    return World.pixels(image, GRID)


def test_every_fault_is_in_the_table():
    assert RAISED.keys() == set(kinds.NAMES)
    told = kinds.__doc__.replace(",", " ").split()
    assert set(kinds.NAMES) <= set(told)


@pytest.mark.parametrize("kind", kinds.NAMES)
@pytest.mark.parametrize("ask", [value, pixels])
def test_the_client_raises(client, kind, ask):
    expected = RAISED[kind][ask is pixels]
    before = client.counted(kind)
    if expected is None:
        ask(kind)
        assert client.counted(kind) == before + (ask is pixels)
        return
    with pytest.raises(expected) as caught:
        ask(kind)
    assert client.counted(kind) > before
    if expected is ee.EEException:
        known = kinds.ERRORS[kind]
        assert caught.value.__context__.resp.status == known.code
        assert str(caught.value) == SAID.get(kind, "Ok")


def test_the_arrays_that_come_are_wrong_as_said(client):
    good = pixels("none")
    assert good.shape == (5, 6)
    assert good.dtype.names == ("a", "b")
    assert pixels("wrong_shape").shape == (4, 6)
    spoilt = pixels("missing_band")
    assert spoilt.dtype.names == ("a",)
    np.testing.assert_array_equal(spoilt["a"], good["a"])


def test_a_bare_token_cannot_be_refreshed(client):
    client.connect(google.oauth2.credentials.Credentials("any"))
    try:
        with pytest.raises(google.auth.exceptions.RefreshError):
            value("401")
    finally:
        client.connect(AnonymousCredentials())

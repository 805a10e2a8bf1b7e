"""Tokens: grants, expiry and refresh, with the real google-auth and client."""

import json
import time
from urllib.parse import urlencode

import ee
import ee.deprecation
import google.auth.exceptions
import google.oauth2.credentials
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth.crypt import RSASigner
from google.oauth2 import service_account

import earthengine.session
import emulator
from emulator import faults, server
from emulator.faults.tokens import JWT_BEARER
from emulator.layers.counting import Counting
from emulator.layers.log import Log
from tests.unit.emulator.conftest import World

SCOPES = ["https://www.googleapis.com/auth/earthengine"]


@pytest.fixture(scope="module")
def key():
    """A private key of our own making, in PEM."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def guarded(tmp_path):
    """A door that needs tokens, its clock, and the log of its requests."""
    clock, log = Clock(), tmp_path / "requests.jsonl"
    plan = faults.Plan(tokens=faults.Tokens(60.0, expires_in_s=3600))
    service = Log(Counting(faults.layers(emulator.Engine(World()), plan, clock)), log)
    ee.Reset()
    ee.deprecation.deprecated_assets = {"_": None}
    with server.start(service) as door:
        yield door, clock, log, service
    service.close()
    ee.Reset()
    earthengine.session._session = None


def connect(credentials, door):
    ee.Initialize(credentials, project="emulator", url=door.url)
    ee.data.setMaxRetries(0)


def account(key, door):
    return service_account.Credentials(
        RSASigner.from_string(key), "me@project.example", f"{door.url}/token", SCOPES
    )


def user(key, door):
    return google.oauth2.credentials.Credentials(
        None,
        refresh_token="1//refresh",
        token_uri=f"{door.url}/token",
        client_id="client",
        client_secret="secret",
    )


@pytest.mark.parametrize("made", [account, user])
def test_the_client_gets_a_token_and_another_when_it_ends(guarded, key, made):
    door, clock, log, service = guarded
    credentials = made(key, door)
    connect(credentials, door)
    assert ee.Number(1).getInfo() == 1
    first = credentials.token
    assert service.stats()["faults"] == {}
    clock.seconds = 59.9
    assert ee.Number(2).getInfo() == 2
    assert credentials.token == first
    clock.seconds = 60.0
    assert ee.Number(3).getInfo() == 3
    assert credentials.token != first
    assert service.stats()["faults"] == {"token": 1}
    assert service.stats()["answers"]["value"] == {"200": 3, "401": 1}
    written = log.read_text()
    secrets = (first, credentials.token, "1//refresh", "secret", "Bearer", "assertion")
    assert not [one for one in secrets if one in written]
    assert (
        sum(json.loads(line)["path"] == "/token" for line in written.split("\n")[:-1])
        == 2
    )


def test_without_a_token_google_s_401(guarded):
    door, _, _, service = guarded
    with pytest.raises(google.auth.exceptions.RefreshError):
        connect(google.oauth2.credentials.Credentials("stolen"), door)
    for headers in ({}, {"Authorization": "Bearer x"}, {"authorization": "Basic eA=="}):
        answer = service.handle("GET", "/v1/projects/p/algorithms", headers)
        assert answer.status == 401
        assert json.loads(answer.body)["error"]["status"] == "UNAUTHENTICATED"
        assert "invalid_token" in answer.headers["www-authenticate"]
    assert service.handle("GET", "/$discovery/rest").status == 200


def grant(service, **form):
    answer = service.handle("POST", "/token", {}, urlencode(form).encode())
    return answer.status, json.loads(answer.body)


def test_grants_without_a_plan_and_refusals(guarded, key):
    service = emulator.around(emulator.Engine(World()))
    status, told = grant(service, grant_type="refresh_token", refresh_token="r")
    assert (status, told["expires_in"], told["token_type"]) == (200, 3600, "Bearer")
    assert service.handle("GET", "/v1/projects/p/algorithms").status == 200
    signer = RSASigner.from_string(key)

    def assertion(**claims):
        return google.auth.jwt.encode(signer, claims).decode()

    late = assertion(iss="me", exp=time.time() - 1)
    for form, error in [
        ({}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": JWT_BEARER}, "invalid_grant"),
        ({"grant_type": JWT_BEARER, "assertion": "a.b.c"}, "invalid_grant"),
        ({"grant_type": JWT_BEARER, "assertion": late}, "invalid_grant"),
        ({"grant_type": JWT_BEARER, "assertion": assertion(iss="me")}, "invalid_grant"),
    ]:
        status, told = grant(service, **form)
        assert (status, told["error"]) == (400, error), form
    good = assertion(iss="me", exp=time.time() + 60)
    assert grant(service, grant_type=JWT_BEARER, assertion=good)[0] == 200

"""What several rooms' tests share: the client library, at work without a network."""

import json
from importlib import resources

import ee
import google.auth.credentials
import httplib2
import pytest

import earthengine.session

ENGINE_URL = "http://engine.invalid"


def client_document(name):
    """Reads a document that the client library's wheel carries for its own tests."""
    return resources.files("ee").joinpath("tests", name).read_bytes()


def discovery_document(url):
    """Returns the API's discovery document, as served from an address."""
    document = json.loads(client_document("cloud_api_discovery_document.json"))
    document["rootUrl"] = document["baseUrl"] = f"{url}/"
    return json.dumps(document).encode()


class _OnlyDocuments:
    """Answers what the client asks when it starts, and refuses all else."""

    def request(self, uri, method="GET", body=None, headers=None, **_):
        if "discovery" in uri:
            return httplib2.Response({"status": "200"}), discovery_document(ENGINE_URL)
        if "/algorithms" in uri:
            return httplib2.Response({"status": "200"}), client_document(
                "algorithms.json"
            )
        raise AssertionError(f"a unit test asked the engine for {uri}")


@pytest.fixture(scope="module")
def offline_client():
    """Lets expressions be built and serialised; any request is an error."""
    ee.Reset()
    ee.deprecation.deprecated_assets = {"_": None}
    ee.Initialize(
        google.auth.credentials.AnonymousCredentials(),
        project="test",
        url=ENGINE_URL,
        http_transport=_OnlyDocuments(),
    )
    yield
    ee.Reset()
    # The client's state is global: no session opened before it is good any more.
    earthengine.session._session = None

"""Requests go on to one engine only, over TLS that is verified."""

import datetime
import http.server
import ipaddress
import json
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from emulator.recordings import Upstream
from emulator.recordings.upstream import GOOGLE, checked_url
from tests.unit.emulator.recordings.conftest import TOKEN, Canned

AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    "url",
    [GOOGLE, "https://earthengine-highvolume.googleapis.com/", "http://127.0.0.1:8085",
     "http://localhost:1", "http://[::1]:8085", "https://10.0.0.1:8443"],
)  # fmt: skip
def test_engines_that_may_be_asked(url):
    assert checked_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    ["http://earthengine.googleapis.com", "http://10.0.0.1:8085", "ftp://127.0.0.1",
     "http://127.0.0.1.example.org", "https://user:pass@example.org", "example.org",
     "https://example.org/v1", "https://example.org?key=1", "https://", ""],
)  # fmt: skip
def test_engines_that_may_not(url):
    with pytest.raises(ValueError, match=r".") as error:
        checked_url(url)
    assert "pass" not in str(error.value)


def test_only_known_headers_go_on_and_come_back(serve):
    canned = Canned(
        retry_after="3",
        x_earth_engine_quota_status="parallelism_restricted=true",
        set_cookie="a=b",
        x_other="1",
    )
    upstream = Upstream(serve(canned).url)
    sent = {**AUTHORIZED, "X-Goog-User-Project": "p", "Cookie": "c", "Host": "h",
            "Content-Type": "application/json", "Connection": "close"}  # fmt: skip
    for _ in range(2):
        answer = upstream.ask("POST", "https://elsewhere/v1/a:b?c=d%2F", sent, "{}")
    method, uri, heard, body = canned.asked[1]
    assert (method, uri, body) == ("POST", "/v1/a:b?c=d%2F", b"{}")
    assert heard["authorization"] == f"Bearer {TOKEN}"
    assert heard["x-goog-user-project"] == "p"
    assert heard["host"] == upstream.url.removeprefix("http://")
    assert "cookie" not in heard
    assert answer.headers == {
        "content-type": "application/json",
        "retry-after": "3",
        "x-earth-engine-quota-status": "parallelism_restricted=true",
    }


def test_no_path_leads_to_another_host(serve):
    canned, other = Canned(), Canned()
    upstream = Upstream(serve(canned).url)
    there = serve(other).url
    for path in (f"//{there.removeprefix('http://')}/v1/a", "@example.org/", "v1/a"):
        assert upstream.ask("GET", path, AUTHORIZED, None).status == 200
    assert len(canned.asked) == 3
    assert other.asked == []


def test_a_redirection_is_not_followed(serve):
    other = Canned()
    moved = Canned(302, b"", location=f"{serve(other).url}/v1/a")
    answer = Upstream(serve(moved).url).ask("GET", "/v1/a", AUTHORIZED, None)
    assert answer.status == 302
    assert other.asked == []


def test_a_netrc_does_not_replace_credentials(serve, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    canned = Canned()
    upstream = Upstream(serve(canned).url)
    upstream._session.trust_env = True
    upstream.ask("GET", "/v1/a", AUTHORIZED, None)
    upstream.ask("GET", "/v1/a", {}, None)
    assert canned.asked[0][2]["authorization"] == f"Bearer {TOKEN}"
    assert "authorization" not in canned.asked[1][2]


def test_silence_ends_in_an_error(caplog):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        upstream = Upstream(url, answer_s=0.05)
        answer = upstream.ask("GET", f"/v1/a?access_token={TOKEN}", AUTHORIZED, None)
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["status"]) == (503, "UNAVAILABLE")
    assert "ReadTimeout" in error["message"]
    assert "No answer" in caplog.text
    assert TOKEN not in caplog.text + error["message"]


@pytest.fixture
def self_signed(tmp_path):
    """A certificate for 127.0.0.1 that nobody vouches for, with its key: a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    host = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "pair.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


class _Fine(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.headers["authorization"])
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        """Keeps quiet."""


def test_certificates_are_verified(self_signed, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)
    door = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Fine)
    door.socket = context.wrap_socket(door.socket, server_side=True)
    door.asked = []
    thread = threading.Thread(target=door.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        url = f"https://127.0.0.1:{door.server_address[1]}"
        answer = Upstream(url).ask("GET", "/v1/a", AUTHORIZED, None)
        assert answer.status == 503
        assert b"SSLError" in answer.body
        assert door.asked == []
        # The same door is fine for who has reason to trust it.
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(self_signed))
        assert Upstream(url).ask("GET", "/v1/a", AUTHORIZED, None).status == 200
        assert door.asked == [f"Bearer {TOKEN}"]
    finally:
        door.shutdown()
        door.server_close()
        thread.join()

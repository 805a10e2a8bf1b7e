"""Bodies of requests and answers, as they go over HTTP."""

import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import wire
from emulator.service import JSON, Response


def read(raw, **headers):
    stream = io.BufferedReader(io.BytesIO(raw))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return wire.read_body(stream, named), stream.read()


def chunked(pieces, trailer=b""):
    body = b"".join(b"%X;a=b\r\n%s\r\n" % (len(p), p) for p in pieces if p)
    return body + b"0\r\n" + trailer + b"\r\n"


@given(st.lists(st.binary(max_size=50)), st.booleans(), st.binary(max_size=20))
def test_chunks_and_gzip_are_undone_to_the_byte(pieces, zipped, after):
    plain = b"".join(pieces)
    body = gzip.compress(plain) if zipped else plain
    coding = {"content_encoding": "gzip"} if zipped else {}
    assert read(body + after, content_length=str(len(body)), **coding) == (plain, after)
    cuts = [body[i : i + 7] for i in range(0, len(body), 7)]
    sent = chunked(cuts, b"x-trailer: 1\r\n") + after
    assert read(sent, transfer_encoding="Chunked", **coding) == (plain, after)


@given(st.binary(max_size=200))
def test_what_is_not_a_chunked_body_is_refused_not_guessed(raw):
    try:
        read(raw, transfer_encoding="chunked")
    except (wire.BadBody, EOFError):
        return
    assert b"0" in raw


@pytest.mark.parametrize(
    ("raw", "headers", "code"),
    [
        (b"", {"content_length": "many"}, 400),
        (b"", {"content_length": "-1"}, 400),
        (b"", {"content_length": str(2**40)}, 413),
        (b"%X\r\n" % 2**40, {"transfer_encoding": "chunked"}, 413),
        (b"zz\r\n", {"transfer_encoding": "chunked"}, 400),
        (b"1" * 4096, {"transfer_encoding": "chunked"}, 400),
        (b"1\r\nab\r\n0\r\n\r\n", {"transfer_encoding": "chunked"}, 400),
        (b"", {"transfer_encoding": "gzip, chunked"}, 501),
        (b"abc", {"content_length": "3", "content_encoding": "br"}, 415),
        (b"abc", {"content_length": "3", "content_encoding": "gzip"}, 400),
        (
            gzip.compress(b"abc")[:-6],
            {"content_length": "17", "content_encoding": "gzip"},
            400,
        ),
    ],
)
def test_bad_bodies(raw, headers, code):
    with pytest.raises(wire.BadBody) as caught:
        read(raw, **headers)
    assert caught.value.code == code


def test_a_short_body_is_a_client_gone():
    with pytest.raises(EOFError):
        read(b"abc", content_length="4")
    with pytest.raises(EOFError):
        read(b"4\r\nabc", transfer_encoding="chunked")


def test_a_gzip_bomb_does_not_go_off(monkeypatch):
    monkeypatch.setattr(wire, "MAX_BODY_BYTES", 10_000)
    bomb = gzip.compress(bytes(10_001))
    with pytest.raises(wire.BadBody) as caught:
        read(bomb, content_length=str(len(bomb)), content_encoding="gzip")
    assert caught.value.code == 413


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("", False),
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("*", True),
        ("*, gzip;q=0", False),
        ("identity", False),
    ],
)
def test_accepted_encodings(header, takes):
    assert wire.takes_gzip(header) is takes


def test_only_long_json_is_zipped():
    long = b" " * wire.GZIP_FROM_BYTES
    body, is_zipped = wire.zipped(Response(200, {"content-type": JSON}, long), "gzip")
    assert is_zipped
    assert gzip.decompress(body) == long
    for kind, content, accepted in (
        (JSON, long, ""),
        (JSON, long[:-1], "gzip"),
        ("application/octet-stream", long, "gzip"),
    ):
        response = Response(200, {"content-type": kind}, content)
        assert wire.zipped(response, accepted) == (content, False)

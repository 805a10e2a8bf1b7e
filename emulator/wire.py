"""Bodies as they come over HTTP: their length, their chunks, their gzip."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Mapping
from io import BufferedIOBase

from emulator.service import Response

MAX_BODY_BYTES = 64 * 1024 * 1024
"""No request is read beyond this, nor inflated: far above what the engine takes."""
GZIP_FROM_BYTES = 1024
_CHUNK_LINE_BYTES = 1024
_DECIMAL = re.compile(r"[0-9]{1,19}")
_HEX = re.compile(r"[0-9a-fA-F]{1,16}")
_NONE = re.compile(r"q=0(\.0*)?")


class BadBody(Exception):  # noqa: N818 (an answer, not a crash)
    """A request's body that cannot be read; the connection is of no more use.

    Attributes:
        code: HTTP status.
    """

    def __init__(self, message: str, code: int = 400) -> None:
        super().__init__(message)
        self.code = code


def read_body(stream: BufferedIOBase, headers: Mapping[str, str]) -> bytes:
    """Reads a request's body, whole or in chunks, and inflates it.

    Args:
        stream: At the body's first byte.
        headers: Of the request; looked up by lower-case names.

    Raises:
        BadBody: It is not what its headers say, or too large.
        EOFError: The client went away.
    """
    coding = headers.get("transfer-encoding", "identity").strip().lower()
    if coding == "chunked":
        body = _chunks(stream)
    elif coding == "identity":
        body = _exactly(stream, _length(headers.get("content-length") or "0"))
    else:
        raise BadBody(f"Unknown transfer encoding: {coding}.", 501)
    match headers.get("content-encoding", "identity").strip().lower():
        case "gzip":
            return _inflated(body)
        case "identity":
            return body
        case other:
            raise BadBody(f"Unknown content encoding: {other}.", 415)


def _length(text: str, base: int = 10) -> int:
    # Stricter than int(), which takes signs, spaces and underscores.
    if not (_HEX if base == 16 else _DECIMAL).fullmatch(text):
        raise BadBody("The body's length is no number.")
    length = int(text, base)
    if length > MAX_BODY_BYTES:
        raise BadBody(f"The body is larger than {MAX_BODY_BYTES} bytes.", 413)
    return length


def _exactly(stream: BufferedIOBase, length: int) -> bytes:
    body = stream.read(length)
    if len(body) < length:
        raise EOFError("the client went away")
    return body


def _chunks(stream: BufferedIOBase) -> bytes:
    """Reads a chunked body (RFC 9112, section 7.1); trailers are passed over."""
    out = io.BytesIO()
    while size := _length(_size(_line(stream)), 16):
        if out.tell() + size > MAX_BODY_BYTES:
            raise BadBody(f"The body is larger than {MAX_BODY_BYTES} bytes.", 413)
        out.write(_exactly(stream, size))
        if _line(stream):
            raise BadBody("A chunk is longer than it says.")
    while _line(stream):
        continue
    return out.getvalue()


def _size(line: bytes) -> str:
    """Returns a chunk's size as it is written, without its extensions."""
    return line.partition(b";")[0].decode("latin-1").rstrip(" \t")


def _line(stream: BufferedIOBase) -> bytes:
    line = stream.readline(_CHUNK_LINE_BYTES)
    if not line:
        raise EOFError("the client went away")
    if not line.endswith(b"\n"):
        raise BadBody("A chunk's first line is too long.")
    return line.rstrip(b"\r\n")


def _inflated(body: bytes) -> bytes:
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = inflater.decompress(body, MAX_BODY_BYTES)
    except zlib.error:
        raise BadBody("The body is not gzip.") from None
    if inflater.unconsumed_tail:
        raise BadBody(f"The body is larger than {MAX_BODY_BYTES} bytes.", 413)
    if not inflater.eof:
        raise BadBody("The body's gzip is cut short.")
    return plain


def takes_gzip(accept_encoding: str) -> bool:
    """Whether a client takes gzip (RFC 9110, section 12.5.3)."""
    weights = {}
    for part in accept_encoding.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weights[name] = not any(_NONE.fullmatch(one) for one in parameters)
    return weights.get("gzip", weights.get("*", False))


def zipped(response: Response, accept_encoding: str) -> tuple[bytes, bool]:
    """Returns an answer's body as it goes out, and whether it is zipped.

    JSON only: pixels cost more to zip than to send over loopback.
    """
    worth = (
        len(response.body) >= GZIP_FROM_BYTES
        and response.headers.get("content-type", "").startswith("application/json")
        and takes_gzip(accept_encoding)
    )
    return (
        (gzip.compress(response.body, 1, mtime=0), True)
        if worth
        else (
            response.body,
            False,
        )
    )

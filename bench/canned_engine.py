"""An Earth Engine of canned answers, in a process of its own.

It computes nothing, so that a client's own cost can be told from the engine's. It
knows what ``pipeline`` asks for, answers after a given latency, and counts.

``python bench/canned_engine.py --latency 1`` prints its address and serves until its
standard input ends. ``GET /stats`` tells what it has counted.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from canned_facts import ecoregion_answer, facts_of
from canned_pixels import PixelBank
from expressions import UnknownExpressionError, bands_of, inputs_of

SIZE = 128
"""Pixels a side for which bands are drawn before the first request."""

_WARM = (
    *(f"sentinel2_B{band}" for band in (*range(1, 13), "8A")),
    "sentinel2_cloudmask_QA60",
    "sentinel2_cloudprod_MSK_CLDPRB",
    "sentinel2_scl_SCL",
    *(f"sentinel1_{o}_{p}" for o in ("asc", "desc") for p in ("VV", "VH")),
    "aster_b1",
    "aster_slope",
    "canopy_height_eth_height",
    "canopy_height_eth_std",
    "dynamic_world_label",
    "esa_worldcover_Map",
)

Answer = tuple[str, int, str, bytes]
"""Kind of request, status, content type, body."""


@dataclass
class Counts:
    """What the engine counts.

    A request is busy from when it is understood to when its answer goes out.

    Attributes:
        requests: By kind.
        sent: Bytes of answers' bodies.
        received: Bytes of requests' bodies.
        peak: Requests busy at once, at most.
    """

    requests: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    received: int = 0
    peak: int = 0
    _busy: int = 0
    _since: float = 0.0
    _slot_seconds: float = 0.0
    _first: tuple[float, float] | None = None
    _last: tuple[float, float] = (0.0, 0.0)

    def begin(self, kind: str, received: int) -> None:
        """Counts a request that has come."""
        self._settle()
        self._busy += 1
        self.peak = max(self.peak, self._busy)
        self.received += received
        self.requests[kind] = self.requests.get(kind, 0) + 1
        if kind == "pixels":
            self._last = (self._since, self._slot_seconds)
            self._first = self._first or self._last

    def end(self, sent: int) -> None:
        """Counts an answer that goes out."""
        self._settle()
        self._busy -= 1
        self.sent += sent

    def to_json(self) -> dict[str, Any]:
        """Returns all counts; the window is from first to last fetch request."""
        first = self._first or self._last
        return {
            "requests": {"total": sum(self.requests.values()), **self.requests},
            "bytes_sent": self.sent,
            "bytes_received": self.received,
            "peak": self.peak,
            "slot_seconds": self._slot_seconds,
            "window_seconds": self._last[0] - first[0],
            "window_slot_seconds": self._last[1] - first[1],
            "cpu_seconds": time.process_time(),
        }

    def _settle(self) -> None:
        now = time.monotonic()
        self._slot_seconds += self._busy * (now - self._since)
        self._since = now


class Engine:
    """Finds the canned answer to a request.

    Args:
        latency: Seconds before it goes out.
    """

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.counts = Counts()
        spec = importlib.util.find_spec("ee")
        assert spec is not None
        assert spec.origin is not None
        wheel = Path(spec.origin).parent / "tests"
        self._algorithms = (wheel / "algorithms.json").read_bytes()
        # The wheel's document is of v1alpha; the two methods in use are the same.
        discovery = (wheel / "cloud_api_discovery_document.json").read_bytes()
        self._discovery = discovery.replace(b"v1alpha", b"v1")
        self._bank = PixelBank()
        self._bank.warm(_WARM, SIZE)
        self._fetches = 0

    def answer(self, path: str, body: bytes) -> Answer:
        """Answers a request by its path and body."""
        if path.endswith("discovery/rest"):
            return "setup", 200, _JSON, self._discovery
        if path.endswith("/algorithms"):
            return "setup", 200, _JSON, self._algorithms
        try:
            if path.endswith("/value:compute"):
                if b"RESOLVE/ECOREGIONS" in body:
                    return "table", 200, _JSON, _result(ecoregion_answer())
                inputs = inputs_of(json.loads(body)["expression"])
                facts = ",".join(map(facts_of, inputs))
                return "plan", 200, _JSON, _result(f"[{facts}]")
            if path.endswith("/image:computePixels"):
                request = json.loads(body)
                bands = bands_of(request["expression"])
                size = request["grid"]["dimensions"]["width"]
                self._fetches += 1
                pixels = self._bank.answer(bands, size, self._fetches)
                return "pixels", 200, "application/octet-stream", pixels
        except (UnknownExpressionError, KeyError, ValueError) as error:
            return (
                "refused",
                501,
                _JSON,
                _error(501, f"{type(error).__name__}: {error}"),
            )
        return "refused", 404, _JSON, _error(404, f"nothing at {path}")


_JSON = "application/json; charset=UTF-8"


class Connection(asyncio.Protocol):
    """One kept-alive connection of HTTP/1.1."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Turns Nagle's delay off."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Takes bytes, and answers each request that is whole."""
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._held[:end])
            length = _content_length(head)
            if len(self._held) < end + 4 + length:
                return
            body = bytes(self._held[end + 4 : end + 4 + length])
            del self._held[: end + 4 + length]
            target = head.split(b" ", 2)[1].decode()
            self._take(target.partition("?")[0], body)

    def _take(self, path: str, body: bytes) -> None:
        engine = self._engine
        if path == "/stats":
            stats = json.dumps(engine.counts.to_json()).encode()
            self._transport.write(_http(200, _JSON, stats))
            return
        kind, status, content, answer = engine.answer(path, body)
        engine.counts.begin(kind, len(body))
        octets = _http(status, content, answer)
        if engine.latency > 0.0:
            loop = asyncio.get_running_loop()
            loop.call_later(engine.latency, self._send, octets, len(answer))
        else:
            self._send(octets, len(answer))

    def _send(self, octets: bytes, length: int) -> None:
        self._engine.counts.end(length)
        self._transport.write(octets)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


def _http(status: int, content: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status} canned\r\nContent-Type: {content}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _result(value: str) -> bytes:
    return f'{{"result":{value}}}'.encode()


def _error(status: int, message: str) -> bytes:
    return json.dumps({"error": {"code": status, "message": message}}).encode()


async def serve(engine: Engine) -> None:
    """Serves on a free port, printing the address, until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(engine), "127.0.0.1", 0, backlog=256
    )
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}", flush=True)
    # So that it never outlives the process that began it.
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS")
    asyncio.run(serve(Engine(parser.parse_args().latency)))


if __name__ == "__main__":
    main()

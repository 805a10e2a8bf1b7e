"""The HTTP door, on loopback only."""

from __future__ import annotations

import gzip
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from emulator.service import Response, Service

HOST = "127.0.0.1"
GZIP_FROM_BYTES = 1024


class _Handler(BaseHTTPRequestHandler):
    """Answers over kept-alive connections, header and body in one write."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # 0 would write headers and body in two packets, and delayed ACKs cost 40 ms.
    wbufsize = -1
    server: _Http

    def do_GET(self) -> None:
        self._handle("GET", None)

    def do_DELETE(self) -> None:
        self._handle("DELETE", None)

    def do_POST(self) -> None:
        self._handle("POST", self._body())

    def do_PATCH(self) -> None:
        self._handle("PATCH", self._body())

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        zipped = self.headers.get("content-encoding") == "gzip"
        return gzip.decompress(body) if zipped else body

    def _handle(self, method: str, body: bytes | None) -> None:
        engine = self.server.engine
        self._send(engine.handle(method, self.path, dict(self.headers), body))

    def _send(self, response: Response) -> None:
        body = response.body
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if self._worth_zipping(response):
            body = gzip.compress(body, 1, mtime=0)
            self.send_header("content-encoding", "gzip")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _worth_zipping(self, response: Response) -> bool:
        """Whether to zip: JSON only, for pixels cost more to zip than to send here."""
        return (
            len(response.body) >= GZIP_FROM_BYTES
            and response.headers.get("content-type", "").startswith("application/json")
            and "gzip" in (self.headers.get("accept-encoding") or "")
        )

    def log_message(self, format: str, *args: Any) -> None:
        """Keeps quiet: the engine counts requests."""


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    # Idle kept-alive connections must not hold up the end.
    block_on_close = False

    def __init__(self, engine: Service, port: int) -> None:
        self.engine = engine
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignores clients that go away."""

    def hang_up(self) -> None:
        """Ends all connections."""
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class Server:
    """A running HTTP server.

    Attributes:
        url: Where it listens.
    """

    def __init__(self, engine: Service, port: int) -> None:
        self._http = _Http(engine, port)
        self.url = f"http://{HOST}:{self._http.server_address[1]}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stops listening and hangs up."""
        self._http.shutdown()
        self._http.hang_up()
        self._http.server_close()
        self._thread.join()


def start(engine: Service, port: int = 0) -> Server:
    """Serves an engine on 127.0.0.1 from a thread.

    Args:
        engine: The engine.
        port: 0 for any free one.

    Raises:
        OSError: The port is taken.
    """
    return Server(engine, port)

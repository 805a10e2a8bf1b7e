"""The HTTP door, on loopback only."""

from __future__ import annotations

import io
import logging
import os
import select
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Self

from emulator import wire
from emulator.service import Delivery, Response, Service, error_response

_LOG = logging.getLogger(__name__)

HOST = "127.0.0.1"
GRACE_S = 2.0
"""How long requests that run when the door closes may take to end."""


class _Answer(io.RawIOBase):
    """Gathers an answer's pieces, and sends them in one packet.

    Headers and body apart would wait for each other's acknowledgement: 40 ms.
    """

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        if self._pieces:
            whole, self._pieces = b"".join(self._pieces), []
            self._connection.sendall(whole)


class _Handler(BaseHTTPRequestHandler):
    """Answers over kept-alive connections."""

    protocol_version = "HTTP/1.1"
    server_version = "emulator"
    disable_nagle_algorithm = True
    server: _Http

    def setup(self) -> None:
        super().setup()
        self.wfile = _Answer(self.connection)  # type: ignore[assignment]

    def do_GET(self) -> None:
        self._handle("GET")

    def do_DELETE(self) -> None:
        self._handle("DELETE")

    def do_POST(self) -> None:
        self._handle("POST")

    def do_PATCH(self) -> None:
        self._handle("PATCH")

    def handle_expect_100(self) -> bool:
        """Lets the client send its body, at once."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def _handle(self, method: str) -> None:
        try:
            body = wire.read_body(self.rfile, _lower(self.headers))
        except wire.BadBody as error:
            self.close_connection = True
            self._send(error_response(error.code, str(error), "INVALID_ARGUMENT"))
            return
        except EOFError:
            self.close_connection = True
            return
        asked = None if method in ("GET", "DELETE") and not body else body
        with self.server.running:
            answer = self.server.service.handle(
                method, self.path, dict(self.headers), asked
            )
            self._deliver(answer)

    def _deliver(self, answer: Response) -> None:
        match answer.delivery:
            case Delivery.WHOLE:
                self._send(answer)
            case Delivery.RESET:
                _reset(self.connection)
            case Delivery.STALL_HEADER:
                self._stall(answer.stall_s)
            case Delivery.STALL_BODY:
                self._send(answer, half=True)
                self._stall(answer.stall_s)
            case Delivery.CUT:
                self._send(answer, half=True)
        if answer.delivery is not Delivery.WHOLE:
            self.close_connection = True

    def _send(self, answer: Response, *, half: bool = False) -> None:
        accepted = self.headers.get("accept-encoding") or ""
        body, is_zipped = wire.zipped(answer, accepted)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if is_zipped:
            self.send_header("content-encoding", "gzip")
        # An empty body cut in half would be whole.
        length = max(len(body), 1) if half else len(body)
        self.send_header("content-length", str(length))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body[: length // 2] if half else body)
        self.wfile.flush()

    def _stall(self, seconds: float) -> None:
        """Waits; ends early when the client goes away or the door closes."""
        self.server.running.leave_alone()
        select.select([self.connection], [], [], seconds)

    def log_message(self, format: str, *args: Any) -> None:
        """Keeps quiet: there is a layer that logs requests."""


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _reset(connection: socket.socket) -> None:
    """Closes a connection so that the client sees a reset, not an end."""
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    # Past the handler's own files on it, which would keep it open.
    os.close(connection.detach())


class _Running:
    """Counts the requests that run, so that the end can wait for them."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._number = 0
        self._local = threading.local()

    def __enter__(self) -> None:
        with self._change:
            self._number += 1
        self._local.counted = True

    def __exit__(self, *error: object) -> None:
        self.leave_alone()

    def leave_alone(self) -> None:
        """Counts this thread's request as ended."""
        if self._local.counted:
            self._local.counted = False
            with self._change:
                self._number -= 1
                self._change.notify_all()

    def wait(self, seconds: float) -> None:
        """Waits until none runs, or the time is over."""
        with self._change:
            self._change.wait_for(lambda: self._number == 0, seconds)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    # Idle kept-alive connections must not hold up the end.
    block_on_close = False

    def __init__(self, service: Service, port: int) -> None:
        self.service = service
        self.running = _Running()
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        """Binds; unlike the base, asks no name server for this machine's name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Logs what went wrong, but for clients that went away."""
        if not isinstance(sys.exception(), OSError):
            _LOG.exception("a request from %s failed", client_address)

    def hang_up(self) -> None:
        """Ends all connections."""
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class Server:
    """A running HTTP server; as a context manager it closes at the end.

    Attributes:
        url: Where it listens.
    """

    def __init__(self, service: Service, port: int) -> None:
        self._http = _Http(service, port)
        self.url = f"http://{HOST}:{self._http.server_address[1]}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def close(self, grace_s: float = 0.0) -> None:
        """Stops listening, and hangs up.

        The service stays open: it may have other doors.

        Args:
            grace_s: How long requests that run may take to end.
        """
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self._http.running.wait(grace_s)
        self._http.hang_up()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def start(service: Service, port: int = 0) -> Server:
    """Serves on 127.0.0.1 from a thread.

    Args:
        service: What answers.
        port: 0 for any free one.

    Raises:
        OSError: The port is taken.
    """
    return Server(service, port)

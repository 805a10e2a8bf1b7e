"""Worker processes that evaluate, so that all cores are used.

Each runs this file's :func:`main` as a program of its own: nothing is forked, so
threads and locks of the door's process do it no harm, and replacing one is always
safe. Requests and answers go over a socket as bytes. A worker ends as soon as the
socket does, whatever it is at: when the door is killed, none stays.
"""

from __future__ import annotations

import logging
import os
import pickle
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from emulator.protocol import routes
from emulator.service import Layer, Response, Service, error_response

_LOG = logging.getLogger(__name__)

Make = Callable[[], Service]
"""Makes an engine; picklable."""

AT_THE_DOOR = (
    frozenset(routes.KINDS)
    - routes.COMPUTED
    - {
        routes.ASSET,
        routes.ASSET_LIST,
    }
)
"""Requests that cost nothing: the engine of this process answers them."""

END_S = 2.0
"""How long a worker may take to end by itself."""


class Workers(Layer):
    """Hands requests to worker processes, one at a time each.

    A request whose worker dies is answered by a 500, and another worker takes its
    place. Safe to call from many threads: they queue for a worker.
    """

    def __init__(self, make: Make, number: int) -> None:
        """Starts workers.

        Args:
            make: Makes the engine, of this process and of each worker.
            number: How many, at least 1.

        Raises:
            Exception: Whatever ``make`` raises.
        """
        # The door's own comes first: what is wrong with it is found here, once.
        super().__init__(make())
        self._make = pickle.dumps(make)
        self._lock = threading.Lock()
        self._closed = False
        self._all: set[_Worker] = set()
        self._idle: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        for _ in range(number):
            self._idle.put(self._start())

    def handle(
        self,
        method: str,
        uri: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> Response:
        """Answers a request; headers go to no worker."""
        if routes.route(method, uri).kind in AT_THE_DOOR:
            return self.inner.handle(method, uri, headers, body)
        request = pickle.dumps((method, uri, body))
        worker = self._idle.get()
        try:
            if worker is not None and not worker.send(request):
                # It died while idle: the request has not been tried.
                worker = self._replace(worker)
                if worker is not None:
                    worker.send(request)
            if worker is None:
                return error_response(503, "The emulator is ending.", "UNAVAILABLE")
            answer = worker.receive()
            if answer is not None:
                return answer
            dead = worker
            worker = self._replace(dead)
            if worker is None:
                return error_response(503, "The emulator is ending.", "UNAVAILABLE")
            _LOG.error("a worker ended at %s %s: %s", method, uri, dead.status())
            message = f"An internal error has occurred (worker: {dead.status()})"
            return error_response(500, message, "INTERNAL")
        finally:
            self._idle.put(worker)

    def _start(self) -> _Worker | None:
        """Starts a worker; None once this is closed."""
        with self._lock:
            if self._closed:
                return None
            worker = _Worker(self._make)
            self._all.add(worker)
            return worker

    def _replace(self, dead: _Worker) -> _Worker | None:
        dead.end()
        with self._lock:
            self._all.discard(dead)
        return self._start()

    def close(self) -> None:
        """Ends the workers, whatever they are at."""
        with self._lock:
            self._closed = True
            workers, self._all = self._all, set()
        for worker in workers:
            worker.hang_up()
        for worker in workers:
            worker.end()
        # Wakes whoever waits for a worker; each passes it on.
        self._idle.put(None)
        self.inner.close()


class _Worker:
    """A worker process, seen from the door."""

    def __init__(self, make: bytes) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                # -P: not the current folder's modules, but those of our own path.
                [sys.executable, "-P", "-c", _PROGRAM, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": _search_path()},
                # Ctrl-C is for the door: it ends the workers.
                process_group=0,
            )
        self._socket = ours.dup()
        self._connection = Connection(ours.detach())
        self.send(make)

    def send(self, message: bytes) -> bool:
        """Sends a message; returns whether the worker lives to take it."""
        try:
            self._connection.send_bytes(message)
        except OSError:
            return False
        return True

    def receive(self) -> Response | None:
        """Returns the answer; None if the worker died of it."""
        try:
            answer: Response = pickle.loads(self._connection.recv_bytes())
        except (EOFError, OSError):
            return None
        return answer

    def hang_up(self) -> None:
        """Tells it to end, and whoever waits for its answer that none comes."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def end(self) -> None:
        """Ends it, if need be by force."""
        self.hang_up()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._socket.close()

    def status(self) -> str:
        """Returns how it ended, in words for people."""
        code = self._process.returncode
        return f"killed by signal {-code}" if code < 0 else f"exit status {code}"


def _search_path() -> str:
    return os.pathsep.join(path or str(Path.cwd()) for path in sys.path)


_PROGRAM = f"import sys; from {__name__} import main; main(int(sys.argv[1]))"


def main(descriptor: int) -> None:
    """Answers requests that come over a socket until it ends.

    Args:
        descriptor: The socket's. What makes the engine comes over it first.
    """
    connection = Connection(descriptor)
    make = pickle.loads(connection.recv_bytes())
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, requests), daemon=True).start()
    engine = make()
    while True:
        method, uri, body = pickle.loads(requests.get())
        connection.send_bytes(pickle.dumps(engine.handle(method, uri, None, body)))


def _listen(connection: Connection, requests: queue.SimpleQueue[bytes]) -> None:
    """Takes requests in; ends the process when the door is gone."""
    while True:
        try:
            requests.put(connection.recv_bytes())
        except (EOFError, OSError):
            # No clean-up: an evaluation that nobody waits for may run on another
            # thread, and there is nothing to save.
            os._exit(0)

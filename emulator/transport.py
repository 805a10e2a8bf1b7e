"""The in-process door: what ``ee.Initialize(http_transport=...)`` takes.

What a fault's delivery becomes here is what the real client's own transport raises
of it over HTTP:

=============  =======================================================================
delivery       raised
=============  =======================================================================
whole          nothing
reset          ``ConnectionResetError``
stall_header   ``TimeoutError`` after the transport's time limit; without one,
               ``ConnectionError`` after the stall
stall_body     ``ConnectionError`` after the time limit, or after the stall
cut            ``ConnectionError``: the body is shorter than its length
=============  =======================================================================
"""

from __future__ import annotations

import threading
from typing import Any

import httplib2

from emulator.service import Delivery, Response, Service


class Transport:
    """An httplib2-like object that asks an engine instead of the network.

    Attributes:
        engine: What is asked.
        timeout_s: How long a stall may last, as a socket's time limit; None: for
            ever. ``ee.data.setDeadline`` does not reach a transport of one's own.
    """

    def __init__(self, engine: Service, timeout_s: float | None = None) -> None:
        self.engine = engine
        self.timeout_s = timeout_s
        self._closed = threading.Event()

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Any = None,
        redirections: Any = None,
        connection_type: Any = None,
    ) -> tuple[httplib2.Response, bytes]:
        """Answers a request as ``httplib2.Http.request`` does.

        Raises:
            ConnectionError: A fault says that the connection breaks.
            TimeoutError: A fault stalls for longer than the time limit.
        """
        answer = self.engine.handle(method, uri, headers or {}, body)
        if answer.delivery is not Delivery.WHOLE:
            self._break(answer)
        info = {
            **answer.headers,
            "status": str(answer.status),
            "content-length": str(len(answer.body)),
        }
        return httplib2.Response(info), answer.body

    def _break(self, answer: Response) -> None:
        """Does what a delivery does to a client.

        Raises:
            ConnectionError: See the module's table.
            TimeoutError: See there.
        """
        size = len(answer.body)
        match answer.delivery:
            case Delivery.RESET:
                raise ConnectionResetError("Connection reset by peer")
            case Delivery.STALL_HEADER:
                if self._stall(answer.stall_s):
                    raise TimeoutError(f"Read timed out ({self.timeout_s} s)")
                raise ConnectionError("Remote end closed connection without response")
            case Delivery.STALL_BODY:
                self._stall(answer.stall_s)
        raise ConnectionError(
            f"IncompleteRead({size // 2} bytes read, {size - size // 2} more expected)"
        )

    def _stall(self, seconds: float) -> bool:
        """Waits; returns whether the time limit was first."""
        limit = self.timeout_s
        early = limit is not None and limit < seconds
        self._closed.wait(limit if early else seconds)
        return early

    def close(self) -> None:
        """Ends the stalls. The engine stays open."""
        self._closed.set()

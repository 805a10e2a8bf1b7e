"""The layer that lets answers wait."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from emulator.protocol import routes
from emulator.service import Layer, Response, Service


class Delay(Layer):
    """Lets what is computed last longer."""

    def __init__(self, inner: Service, latency_s: float) -> None:
        super().__init__(inner)
        self._latency_s = latency_s
        self._closed = threading.Event()

    def handle(
        self,
        method: str,
        uri: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> Response:
        """Waits, and passes the request on."""
        if self._latency_s > 0 and routes.route(method, uri).kind in routes.COMPUTED:
            self._closed.wait(self._latency_s)
        return self.inner.handle(method, uri, headers, body)

    def close(self) -> None:
        """Ends the waits."""
        self._closed.set()
        self.inner.close()

"""The layer that counts, and tells what it counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from emulator.protocol import routes
from emulator.protocol.stats import Stats
from emulator.service import JSON, Layer, Response, Service, error_response


class Counting(Layer):
    """Counts requests and answers; answers ``/stats``.

    ``GET /stats`` tells the counts; ``DELETE /stats`` or ``POST /stats:reset``
    starts them anew.
    """

    def __init__(self, inner: Service) -> None:
        super().__init__(inner)
        self._stats = Stats()

    def handle(
        self,
        method: str,
        uri: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> Response:
        """Passes a request on, and counts it."""
        kind = routes.route(method, uri).kind
        if kind == routes.STATS:
            return self._told(method)
        if kind in routes.OURS:
            return self.inner.handle(method, uri, headers, body)
        self._stats.began(kind, len(body or b""))
        response = error_response(500, "Internal error.", "INTERNAL")
        try:
            response = self.inner.handle(method, uri, headers, body)
        finally:
            self._stats.ended(kind, response)
        return response

    def _told(self, method: str) -> Response:
        if method.upper() != "GET":
            self._stats.reset()
        return Response(200, {"content-type": JSON}, json.dumps(self.stats()).encode())

    def stats(self) -> dict[str, Any]:
        """Returns the counts; see :meth:`emulator.protocol.stats.Stats.as_dict`."""
        return {**self.inner.stats(), **self._stats.as_dict()}

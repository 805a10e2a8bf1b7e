"""The layer that keeps thumbnails: made by one request, fetched by another."""

from __future__ import annotations

import json
import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping

from emulator.protocol import routes
from emulator.service import Layer, Response, Service


class Thumbnails(Layer):
    """Keeps each request for a thumbnail under the name that the engine gave it.

    The GET of its pixels goes in with that request as its body, so that the engine
    need not remember: another process may have made the name. The oldest go first.
    """

    def __init__(
        self, inner: Service, capacity: int = 10_000, size: int = 256 * 1024 * 1024
    ) -> None:
        """Lies around a service.

        Args:
            inner: Gives the names, and answers the GET with a body.
            capacity: Thumbnails kept at most.
            size: Bytes that they take at most, deflated.
        """
        super().__init__(inner)
        self._capacity, self._size = capacity, size
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def handle(
        self,
        method: str,
        uri: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> Response:
        """Answers a request; that for a kept thumbnail with what was kept."""
        found = routes.route(method, uri)
        if found.kind == routes.THUMBNAIL_PIXELS:
            body = self._find(found.parts["name"])
        response = self.inner.handle(method, uri, headers, body)
        if found.kind == routes.THUMBNAIL and response.status == 200:
            name = json.loads(response.body)["name"].rpartition("/")[2]
            self._keep(name, body or b"")
        return response

    def _find(self, name: str) -> bytes | None:
        with self._lock:
            deflated = self._kept.get(name)
        return None if deflated is None else zlib.decompress(deflated)

    def _keep(self, name: str, body: bytes | str) -> None:
        raw = body.encode() if isinstance(body, str) else body
        deflated = zlib.compress(raw, 1)
        with self._lock:
            self._bytes += len(deflated) - len(self._kept.pop(name, b""))
            self._kept[name] = deflated
            while len(self._kept) > self._capacity or self._bytes > self._size:
                self._bytes -= len(self._kept.popitem(last=False)[1])

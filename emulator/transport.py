"""The in-process door: what ``ee.Initialize(http_transport=...)`` takes."""

from __future__ import annotations

from typing import Any

import httplib2

from emulator.service import Service


class Transport:
    """An httplib2-like object that asks an engine instead of the network."""

    def __init__(self, engine: Service) -> None:
        self.engine = engine

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Any = None,
        redirections: Any = None,
        connection_type: Any = None,
    ) -> tuple[httplib2.Response, bytes]:
        """Answers a request as ``httplib2.Http.request`` does."""
        answer = self.engine.handle(method, uri, headers or {}, body)
        info = {
            **answer.headers,
            "status": str(answer.status),
            "content-length": str(len(answer.body)),
        }
        return httplib2.Response(info), answer.body

    def close(self) -> None:
        """Does nothing: there is no connection."""

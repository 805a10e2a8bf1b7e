"""The layer that logs requests, one JSON line each."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from emulator.protocol import routes
from emulator.service import Layer, Response, Service, error_response

# In a constant's text the quotes are escaped: such a name is not found.
_CALLED = re.compile(rb'"functionName"\s*:\s*"([^"\\]+)"')


class Log(Layer):
    """Writes a line a request: when, what, how it went, how long it took.

    Headers and queries are never written: they may hold tokens or keys. Neither are
    bodies, but for the names of the algorithms that they call.
    """

    def __init__(self, inner: Service, path: Path) -> None:
        """Opens the log, to add to it.

        Raises:
            OSError: It cannot be opened.
        """
        super().__init__(inner)
        self._lock = threading.Lock()
        # One write a line: whoever follows the file never sees half of one.
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def handle(
        self,
        method: str,
        uri: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> Response:
        """Passes a request on, and logs it."""
        if routes.route(method, uri).kind == routes.STATS:
            return self.inner.handle(method, uri, headers, body)
        came, begun = datetime.now(UTC), time.perf_counter()
        response = error_response(500, "Internal error.", "INTERNAL")
        try:
            response = self.inner.handle(method, uri, headers, body)
        finally:
            line = {
                "time": came.isoformat(timespec="milliseconds"),
                "method": method,
                "path": urlsplit(uri).path,
                "status": response.sent_status,
                "ms": round(1000 * (time.perf_counter() - begun), 3),
                "bytes_in": len(body or b""),
                "bytes_out": len(response.sent),
                "algorithms": algorithms(body),
            }
            if response.cause:
                line["fault"] = response.cause
            self._write(json.dumps(line))
        return response

    def _write(self, line: str) -> None:
        with self._lock:
            if not self._file.closed:
                self._file.write(f"{line}\n")

    def close(self) -> None:
        """Closes the log after the inner service."""
        self.inner.close()
        with self._lock:
            self._file.close()


def algorithms(body: bytes | str | None) -> list[str]:
    """Returns the names of the algorithms that a request calls, sorted."""
    raw = body.encode() if isinstance(body, str) else body or b""
    return sorted({name.decode("utf-8", "replace") for name in _CALLED.findall(raw)})

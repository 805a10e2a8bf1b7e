"""The layer that answers from a recording, and tells what it could not."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emulator.protocol import routes
from emulator.recordings.asked import Asked, asked
from emulator.recordings.store import RecordingError, Store
from emulator.service import JSON, Response, Service, error_response

_LOG = logging.getLogger(__name__)


class Replayer:
    """Answers what was recorded; asks an engine for all else, or refuses it.

    What the recording does not hold is counted by kind and, if there is a file for
    it, written down, a line of JSON each: ``when``, ``kind``, ``key``, ``answered``
    (false if refused) and ``asked``, the request in canonical form.
    """

    def __init__(
        self, store: Store, engine: Service | None, *, computed: Path | None = None
    ) -> None:
        """Makes one.

        Args:
            store: The recording.
            engine: Computes what it does not hold; None to refuse that.
            computed: The file for what it does not hold; one from before goes.

        Raises:
            OSError: The file cannot be made.
        """
        self._store = store
        self._engine = engine
        self._computed = computed
        self._lock = threading.Lock()
        self._replayed: Counter[str] = Counter()
        self._missed: Counter[str] = Counter()
        if computed is not None:
            computed.write_bytes(b"")

    def handle(
        self,
        method: str,
        uri: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> Response:
        """Answers from the recording if it can.

        Args:
            method: HTTP verb.
            uri: Absolute or from the path on.
            headers: Of the request.
            body: Of the request; with the GET of a thumbnail's pixels, the request
                that made the thumbnail.
        """
        found = routes.route(method, uri)
        read = asked(method, uri, body)
        if read is None:
            return self._missing(found.kind, None, method, uri, headers, body)
        try:
            entry = self._store.find(read)
            response = None if entry is None else entry.response
            if response is None and found.kind == routes.THUMBNAIL:
                response = self._named(found, method, uri, body)
        except (OSError, RecordingError) as error:
            _LOG.exception("%s %s cannot be replayed", read.kind, read.key)
            return error_response(500, f"Damaged recording: {error}", "INTERNAL")
        if response is None:
            return self._missing(found.kind, read, method, uri, headers, body)
        with self._lock:
            self._replayed[read.kind] += 1
        return response

    def _named(
        self, found: routes.Found, method: str, uri: str, body: bytes | str | None
    ) -> Response | None:
        """Answers the making of a thumbnail whose pixels were recorded."""
        name = f"projects/{found.parts['project']}/thumbnails/"
        pixels = asked("GET", f"/v1/{name}-:getPixels", body)
        if pixels is None or not self._store.holds(pixels.kind, pixels.key):
            return None
        text = json.dumps({"name": name + pixels.key}).encode()
        return Response(200, {"content-type": JSON}, text)

    def _missing(
        self,
        kind: str,
        read: Asked | None,
        method: str,
        uri: str,
        headers: Mapping[str, str] | None,
        body: bytes | str | None,
    ) -> Response:
        # A name of a thumbnail is nothing that was computed.
        if kind != routes.THUMBNAIL or self._engine is None:
            self._write_down(kind, read)
        if self._engine is not None:
            return self._engine.handle(method, uri, headers, body)
        key = "" if read is None else f" {read.key}"
        # A 5xx would be tried again by the client, and a 404 means no such asset.
        return error_response(
            400, f"Not in the recording: {kind}{key}.", "FAILED_PRECONDITION"
        )

    def _write_down(self, kind: str, read: Asked | None) -> None:
        line = {
            "when": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "kind": kind,
            "key": None if read is None else read.key,
            "answered": self._engine is not None,
            "asked": None if read is None else read.canonical,
        }
        with self._lock:
            self._missed[kind] += 1
            if self._computed is None:
                return
            try:
                with self._computed.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(line, ensure_ascii=False) + "\n")
            except OSError:
                _LOG.exception("%s cannot be written", self._computed)

    def stats(self) -> dict[str, Any]:
        """Returns the engine's counts, and requests by kind under ``replayed``.

        Those that the recording does not hold are under ``computed``, or under
        ``not_recorded`` if nothing may compute them.
        """
        name = "not_recorded" if self._engine is None else "computed"
        with self._lock:
            own = {
                "replayed": dict(sorted(self._replayed.items())),
                name: dict(sorted(self._missed.items())),
            }
        return {**({} if self._engine is None else self._engine.stats()), **own}

    def close(self) -> None:
        """Closes the engine."""
        if self._engine is not None:
            self._engine.close()

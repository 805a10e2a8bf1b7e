"""The service that asks a real engine and stores what it answers."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from emulator.protocol import routes
from emulator.recordings.asked import Asked, asked
from emulator.recordings.store import RecordingError, Store, entry_of
from emulator.recordings.upstream import Upstream
from emulator.service import Response, header

_LOG = logging.getLogger(__name__)

VERDICTS = frozenset({200, 400, 404})
"""Answers that are the graph's own. Others tell of credentials, quotas or bad days."""
_PASSING = re.compile(
    rb"timed out|memory limit|concurrent|quota|deadline|API key|\bproject\b", re.I
)
"""What a 400 or 404 says that is of the moment, or of the account, not of the graph."""
_SECRET_HEADERS = ("authorization", "x-goog-api-key")
_SECRET_PARAMETERS = frozenset({"access_token", "key", "oauth_token"})
_SHORTEST_SECRET = 8

STORED = "stored"
KNOWN = "known"
CHANGED = "changed"
PASSED = "passed"
LOST = "lost"


class Recorder:
    """Answers as a real engine does, by asking it; stores its verdicts.

    It counts the answers that were ``stored``; ``known``, the same before;
    ``changed``, other than before, of which the first stays; ``passed``, on to the
    client only; and ``lost``, which could not be stored: the log says why.
    """

    def __init__(self, store: Store, upstream: Upstream) -> None:
        """Makes one.

        Args:
            store: Where answers go.
            upstream: Whom to ask.
        """
        self._store = store
        self._upstream = upstream
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def handle(
        self,
        method: str,
        uri: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> Response:
        """Asks the real engine.

        Args:
            method: HTTP verb.
            uri: Absolute or from the path on.
            headers: Of the request; credentials go on, and nowhere else.
            body: Of the request; with the GET of a thumbnail's pixels, the request
                that made the thumbnail.
        """
        kind = routes.route(method, uri).kind
        began = time.monotonic()
        sent = None if kind == routes.THUMBNAIL_PIXELS else body
        response = self._upstream.ask(method, uri, headers, sent)
        seconds = time.monotonic() - began
        what = PASSED
        if _is_verdict(kind, response) and (read := asked(method, uri, body)):
            what = self._keep(read, response, seconds, _secrets(uri, headers))
        with self._lock:
            self._counts[what] += 1
        return response

    def _keep(
        self, read: Asked, response: Response, seconds: float, secrets: list[str]
    ) -> str:
        entry = entry_of(read, response, self._upstream.url)
        texts = (repr(read).encode(), repr(entry.response.headers).encode())
        for secret in secrets:
            if any(secret.encode() in text for text in (*texts, response.body)):
                _LOG.error("%s %s holds credentials: not stored", read.kind, read.key)
                return LOST
        try:
            if self._store.add(entry, seconds):
                return STORED
            before = self._store.find(read)
        except (OSError, RecordingError, RecursionError):
            _LOG.exception("%s %s cannot be stored", read.kind, read.key)
            return LOST
        if before is None or before.response == entry.response:
            return KNOWN
        _LOG.warning("%s %s was answered otherwise before", read.kind, read.key)
        return CHANGED

    def stats(self) -> dict[str, Any]:
        """Returns counts of answers by what became of them, under ``recorded``."""
        names = (STORED, KNOWN, CHANGED, PASSED, LOST)
        with self._lock:
            return {"recorded": {name: self._counts[name] for name in names}}

    def close(self) -> None:
        """Closes the connections to the engine."""
        self._upstream.close()


def _is_verdict(kind: str, response: Response) -> bool:
    if kind == routes.THUMBNAIL and response.status == 200:
        # A name, good for a while: its pixels are what is stored.
        return False
    if response.status not in VERDICTS:
        return False
    return response.status == 200 or not _PASSING.search(response.body)


def _secrets(uri: str, headers: Mapping[str, str] | None) -> list[str]:
    """Returns the credentials that a request brings, as far as they can be told."""
    found = [header(headers, name).rpartition(" ")[2] for name in _SECRET_HEADERS]
    query = parse_qsl(urlsplit(uri).query)
    found += [value for name, value in query if name in _SECRET_PARAMETERS]
    return [secret for secret in found if len(secret) >= _SHORTEST_SECRET]

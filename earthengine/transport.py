"""How bytes go to the engine and back, below the client library.

``ee.Initialize(http_transport=...)`` takes any object with httplib2's ``request``.
Ours keeps what the client throws away: the status, the headers, the bytes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import httplib2
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError

CONNECT_SECONDS = 20.0
READ_SECONDS = 120.0
"""Longest silence of an engine that has taken a request."""


class Transport(Protocol):
    """Anything with httplib2's ``request``."""

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        redirections: int | None = None,
        connection_type: Any | None = None,
    ) -> tuple[httplib2.Response, bytes]:
        """Sends one request and returns its response and body."""


class HttpTransport:
    """A pool of kept-alive connections with deadlines on every stage.

    Args:
        connections: Connections kept; as many as threads that use it.
        loopback: The engine is on this machine: ignore proxies from the environment.
        seconds: For one request, from connecting to the last byte.
    """

    def __init__(self, connections: int, *, loopback: bool, seconds: float) -> None:
        self._seconds = seconds
        self._session = requests.Session()
        self._session.trust_env = not loopback
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=connections)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        redirections: int | None = None,
        connection_type: Any | None = None,
    ) -> tuple[httplib2.Response, bytes]:
        """Sends one request.

        Raises:
            TimeoutError: A stage took longer than its deadline.
            ConnectionError: The connection failed or the body was cut short.
        """
        begun = time.monotonic()
        try:
            with self._session.request(
                method,
                uri,
                data=body,
                headers=dict(headers or {}),
                timeout=(
                    min(CONNECT_SECONDS, self._seconds),
                    min(READ_SECONDS, self._seconds),
                ),
                stream=True,
            ) as response:
                content = _read(response, begun + self._seconds)
        except (requests.exceptions.Timeout, ReadTimeoutError) as error:
            raise TimeoutError(str(error)) from error
        except (requests.exceptions.RequestException, HTTPError) as error:
            raise ConnectionError(str(error)) from error
        answer = {name.lower(): value for name, value in response.headers.items()}
        answer["status"] = str(response.status_code)
        return httplib2.Response(answer), content


def _read(response: requests.Response, deadline: float) -> bytes:
    """Reads the body, but not past the deadline: a trickle frees its slot too."""
    chunks = []
    # One receive at a time: iter_content waits for a whole chunk, however slowly
    # its bytes come.
    while chunk := response.raw.read1(1 << 16, decode_content=True):
        chunks.append(chunk)
        if time.monotonic() > deadline:
            raise TimeoutError("no whole answer within the request's time")
    return b"".join(chunks)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One answer, as it came.

    Attributes:
        status: HTTP status.
        headers: With lower-case names.
        body: As decoded from its transfer encoding.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Recorder:
    """Passes requests on and remembers each thread's last answer."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._local = threading.local()

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        redirections: int | None = None,
        connection_type: Any | None = None,
    ) -> tuple[httplib2.Response, bytes]:
        """Sends one request through the inner transport."""
        self._local.last = None
        response, content = self._inner.request(
            uri, method, body, headers, redirections, connection_type
        )
        self._local.last = Exchange(int(response.status), dict(response), content)
        return response, content

    def last(self) -> Exchange | None:
        """Returns this thread's last answer; None if none came."""
        return getattr(self._local, "last", None)

    def forget(self) -> None:
        """Lets go of this thread's last answer, before the next call."""
        self._local.last = None


def is_loopback(url: str) -> bool:
    """Tells whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")

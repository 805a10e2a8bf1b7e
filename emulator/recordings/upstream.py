"""The real engine behind a recording: requests go on to it, credentials pass through.

Nothing of a request is logged or kept here. TLS is verified; plain http goes to this
machine only, which tests and other emulators need.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
import requests.adapters

from emulator.service import Response, error_response

_LOG = logging.getLogger(__name__)

GOOGLE = "https://earthengine.googleapis.com"
CONNECT_S = 10.0
ANSWER_S = 360.0
"""Silence that ends a request: Earth Engine computes for 5 minutes at most."""
_CONNECTIONS = 64

_THERE = frozenset(
    {
        "accept",
        "authorization",
        "content-type",
        "user-agent",
        "x-goog-api-client",
        "x-goog-api-key",
        "x-goog-user-project",
    }
)
"""Headers that go on to the engine."""
_BACK = frozenset({"content-type", "content-disposition", "retry-after"})
"""Headers that come back, with all of ``x-earth-engine-``."""


def checked_url(url: str) -> str:
    """Returns the address of an engine, without a final slash.

    Raises:
        ValueError: It is no https address, nor http on this machine, or it has more
            than a host and a port.
    """
    split = urlsplit(url)
    if not split.hostname or split.path.strip("/") or split.query or split.fragment:
        raise ValueError(f"{split.hostname or url} needs the form https://host[:port]")
    if split.username is not None or split.password is not None:
        raise ValueError(f"the address of {split.hostname} must name no user")
    if split.scheme != "https" and not (
        split.scheme == "http" and _is_here(split.hostname)
    ):
        raise ValueError(
            f"{split.hostname} must be reached by https: credentials go there"
        )
    return f"{split.scheme}://{split.netloc}"


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Upstream:
    """A real engine. Safe to call from many threads.

    Attributes:
        url: Its address.
    """

    def __init__(self, url: str = GOOGLE, *, answer_s: float = ANSWER_S) -> None:
        """Opens nothing yet.

        Args:
            url: Its address.
            answer_s: Seconds of silence that end a request.

        Raises:
            ValueError: See :func:`checked_url`.
        """
        self.url = checked_url(url)
        self._timeouts = (CONNECT_S, answer_s)
        self._session = requests.Session()
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=_CONNECTIONS)
        self._session.mount(f"{self.url}/", adapter)
        self._session.headers.clear()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # A proxy is of no use to this machine; and no .netrc replaces the client's
        # own credentials, which an auth that does nothing prevents.
        self._session.trust_env = self.url.startswith("https:")
        self._session.auth = _as_it_is

    def ask(
        self,
        method: str,
        uri: str,
        headers: Mapping[str, str] | None,
        body: bytes | str | None,
    ) -> Response:
        """Sends a request on and returns the answer.

        Args:
            method: HTTP verb.
            uri: Absolute or from the path on; its host is not looked at.
            headers: Of the request; only few go on.
            body: Of the request, if it has one.

        Returns:
            The answer, gzip undone; 503 if there was none.
        """
        split = urlsplit(uri)
        target = f"{self.url}/{split.path.lstrip('/')}"
        if split.query:
            target = f"{target}?{split.query}"
        passed = {k: v for k, v in (headers or {}).items() if k.lower() in _THERE}
        try:
            answer = self._session.request(
                method,
                target,
                data=body.encode() if isinstance(body, str) else body,
                headers={**passed, "Accept-Encoding": "gzip"},
                timeout=self._timeouts,
                # A redirection must not carry credentials elsewhere.
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # Its text may hold the query, and that an access token.
            what = type(error).__name__
            _LOG.warning("No answer from %s: %s", self.url, what)
            return error_response(
                503, f"No answer from {self.url}: {what}.", "UNAVAILABLE"
            )
        kept = {
            name.lower(): value
            for name, value in answer.headers.items()
            if name.lower() in _BACK or name.lower().startswith("x-earth-engine-")
        }
        return Response(answer.status_code, kept, answer.content)

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request

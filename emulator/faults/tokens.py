"""The layer that grants OAuth2 tokens, and refuses requests without a good one."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from emulator.faults import kinds
from emulator.faults.plan import Tokens
from emulator.protocol import routes
from emulator.service import JSON, Layer, Response, Service, header

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
REFRESH = "refresh_token"
HOUR_S = 3600.0


class TokenGate(Layer):
    """Answers ``POST /token``, so that credentials whose ``token_uri`` it is work.

    It grants to service accounts (JWT bearer, RFC 7523) and for refresh tokens
    (RFC 6749, section 6). An assertion must be well formed and in time; its signature
    cannot be checked, for nobody told us the public key. Tokens are kept as digests.
    """

    def __init__(
        self,
        inner: Service,
        tokens: Tokens | None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Lies around a service.

        Args:
            inner: What is guarded.
            tokens: How long tokens live; None: an hour, and none is needed.
            now: Seconds of any origin.
        """
        super().__init__(inner)
        self._needed = tokens is not None
        self._tokens = tokens or Tokens(HOUR_S)
        self._now = now
        self._lock = threading.Lock()
        self._ends: dict[bytes, float] = {}

    def handle(
        self,
        method: str,
        uri: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> Response:
        """Grants a token, or answers a request that has one."""
        kind = routes.route(method, uri).kind
        if kind == routes.TOKEN:
            return self._grant(body)
        # As at Google, anyone may read the discovery document.
        if self._needed and kind != routes.DISCOVERY and not self._good(headers):
            return replace(kinds.error("401"), cause="token")
        return self.inner.handle(method, uri, headers, body)

    def _good(self, headers: Mapping[str, str] | None) -> bool:
        scheme, _, token = header(headers, "authorization").partition(" ")
        with self._lock:
            end = self._ends.get(_digest(token))
        return scheme.lower() == "bearer" and end is not None and self._now() < end

    def _grant(self, body: bytes | str | None) -> Response:
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        form = {name: values[-1] for name, values in parse_qs(text or "").items()}
        wrong = _fault(form)
        if wrong is not None:
            error, description = wrong
            return _json(400, {"error": error, "error_description": description})
        token = f"emulator.{secrets.token_urlsafe(32)}"
        now = self._now()
        with self._lock:
            self._ends = {key: end for key, end in self._ends.items() if end > now}
            self._ends[_digest(token)] = now + self._tokens.lifetime_s
        told = self._tokens.expires_in_s
        return _json(
            200,
            {
                "access_token": token,
                "expires_in": int(self._tokens.lifetime_s if told is None else told),
                "token_type": "Bearer",
            },
        )


def _fault(form: Mapping[str, str]) -> tuple[str, str] | None:
    """Returns what is wrong with a grant's request: RFC 6749's word, and why."""
    match form.get("grant_type"):
        case "refresh_token":
            if not form.get(REFRESH):
                return "invalid_request", "Missing required parameter: refresh_token"
            return None
        case grant if grant == JWT_BEARER:
            claims = _claims(form.get("assertion", ""))
            if claims is None or not claims.get("iss"):
                return "invalid_grant", "Invalid JWT: it cannot be read"
            end = claims.get("exp")
            if not isinstance(end, int | float) or end < time.time():
                return "invalid_grant", "Invalid JWT: Token must be a short-lived token"
            return None
        case grant:
            return "unsupported_grant_type", f"Invalid grant_type: {grant}"


def _claims(assertion: str) -> Mapping[str, Any] | None:
    """Returns the claims of a JWT; None if it is not one."""
    parts = assertion.split(".")
    if len(parts) != 3 or not all(parts):
        return None
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        claims = json.loads(base64.urlsafe_b64decode(padded))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _json(status: int, answer: Mapping[str, Any]) -> Response:
    return Response(status, {"content-type": JSON}, json.dumps(answer).encode())

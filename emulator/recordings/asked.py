"""What a request asks for, whoever asks: the key under which its answer is stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from emulator.evaluator.errors import EngineError
from emulator.protocol import routes
from emulator.recordings.canonical import Json, canonical_expression, canonical_text
from emulator.service import Response, Service

RECORDED = routes.COMPUTED | {
    routes.DISCOVERY,
    routes.ALGORITHMS,
    routes.THUMBNAIL,
    routes.ASSET,
    routes.ASSET_LIST,
}
"""Kinds of requests whose answers are stored: those that change nothing and tell
nothing of an account."""

_OF_NO_ACCOUNT = frozenset(
    {"access_token", "key", "oauth_token", "prettyPrint", "quotaUser", "userIp"}
) | {"uploadType", "upload_protocol", "workloadTag"}
"""Standard query parameters of Google's APIs, and the tag, that change no answer.

The first three are secrets, as well.
"""
_PROJECT = "-"
"""Stands for the caller's project in stored paths."""
_PATHS: Mapping[str, tuple[str, str]] = {
    routes.DISCOVERY: ("GET", "/$discovery/rest"),
    routes.ALGORITHMS: ("GET", f"/v1/projects/{_PROJECT}/algorithms"),
    routes.VALUE: ("POST", f"/v1/projects/{_PROJECT}/value:compute"),
    routes.PIXELS: ("POST", f"/v1/projects/{_PROJECT}/image:computePixels"),
    routes.THUMBNAIL: ("POST", f"/v1/projects/{_PROJECT}/thumbnails"),
    routes.THUMBNAIL_PIXELS: ("GET", f"/v1/projects/{_PROJECT}/thumbnails/-:getPixels"),
    routes.FEATURES: ("POST", f"/v1/projects/{_PROJECT}/table:computeFeatures"),
    routes.IMAGES: ("POST", f"/v1/projects/{_PROJECT}/imageCollection:computeImages"),
    routes.ASSET: ("GET", "/v1/{name}"),
    routes.ASSET_LIST: ("GET", "/v1/{name}:listAssets"),
    routes.ASSET_PIXELS: ("POST", "/v1/{name}:getPixels"),
}


@dataclass(frozen=True)
class Asked:
    """A request without what cannot change its answer.

    Attributes:
        kind: One of :data:`RECORDED`.
        canonical: ``kind``, and as the request has them ``asset``, ``query`` and
            ``body``, with the expression in canonical form.
        key: A digest of it, in 32 hexadecimal digits.
        method: HTTP verb.
        uri: Path and query, :data:`_PROJECT` in place of the caller's project.
        body: As the client sent it, without its workload tag; for a thumbnail's
            pixels, the request that made the thumbnail.
    """

    kind: str
    canonical: Json
    key: str
    method: str
    uri: str
    body: Json | None

    def ask(self, service: Service) -> Response:
        """Asks a service that answers as an engine does.

        The pixels of a thumbnail are asked for with the request that made it.
        """
        body = None if self.body is None else json.dumps(self.body)
        return service.handle(self.method, self.uri, {}, body)


def asked(method: str, uri: str, body: bytes | str | None) -> Asked | None:
    """Reads a request as the engine gets it.

    Args:
        method: HTTP verb.
        uri: Absolute or from the path on.
        body: JSON, if any; with the GET of a thumbnail's pixels, the request that
            made the thumbnail.

    Returns:
        What it asks for; None if its kind is not recorded, or it cannot be read.
    """
    try:
        return _asked(method, uri, body)
    except (ValueError, RecursionError):
        # No JSON, or nested too deep to be written again.
        return None


def _asked(method: str, uri: str, body: bytes | str | None) -> Asked | None:
    found = routes.route(method, uri)
    if found.kind not in RECORDED:
        return None
    verb, path = _PATHS[found.kind]
    query = {name: found.query[name] for name in sorted(found.query) if _tells(name)}
    if query.get("alt") == "json":
        del query["alt"]
    canonical: Json = {"kind": found.kind}
    if "asset" in found.parts:
        canonical["asset"] = found.asset_id
        name = f"projects/{found.parts['project']}/assets/{found.parts['asset']}"
        path = path.format(name=quote(name))
    if query:
        canonical["query"] = query
        path = f"{path}?{urlencode(query)}"
    sent: Json | None = None
    if verb == "POST" or found.kind == routes.THUMBNAIL_PIXELS:
        sent = json.loads(body or "")
        if not isinstance(sent, dict):
            return None
        sent.pop("workloadTag", None)
        canonical["body"] = _canonical_body(sent)
    digest = hashlib.sha256(canonical_text(canonical).encode()).hexdigest()
    return Asked(found.kind, canonical, digest[:32], verb, path, sent)


def _tells(parameter: str) -> bool:
    return parameter not in _OF_NO_ACCOUNT


def _canonical_body(body: Json) -> Json:
    made = {
        name: _plain(value)
        for name, value in sorted(body.items())
        if name != "expression" and value not in (None, "", [], {})
    }
    if isinstance(body.get("expression"), dict):
        try:
            made["expression"] = canonical_expression(body["expression"])
        except EngineError:
            # The engine's own complaint is an answer worth having.
            made["expression"] = body["expression"]
    return made


def _plain(value: Any) -> Any:
    """Returns JSON with whole numbers as such: outside of expressions, 10.0 is 10."""
    match value:
        case float() if value.is_integer() and abs(value) < 2**53:
            return int(value)
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
    return value

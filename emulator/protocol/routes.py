"""Which request a method and URI are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

DISCOVERY = "discovery"
ALGORITHMS = "algorithms"
VALUE = "value"
PIXELS = "pixels"
THUMBNAIL = "thumbnail"
THUMBNAIL_PIXELS = "thumbnail_pixels"
ASSET = "asset"
ASSET_LIST = "asset_list"
ASSET_PIXELS = "asset_pixels"
ASSET_FEATURES = "asset_features"
FEATURES = "features"
IMAGES = "images"
OPERATIONS = "operations"
EXPORT = "export"
STATS = "stats"
TOKEN = "token"
OTHER = "other"
KINDS = (
    DISCOVERY,
    ALGORITHMS,
    VALUE,
    PIXELS,
    THUMBNAIL,
    THUMBNAIL_PIXELS,
    ASSET,
    ASSET_LIST,
    ASSET_PIXELS,
    ASSET_FEATURES,
    FEATURES,
    IMAGES,
    OPERATIONS,
    EXPORT,
    OTHER,
)
OURS = frozenset({STATS, TOKEN})
"""Those that are the emulator's own: not counted, and no fault touches them."""
COMPUTED = frozenset(
    {
        *(VALUE, PIXELS, THUMBNAIL_PIXELS, ASSET_PIXELS),
        *(ASSET_FEATURES, FEATURES, IMAGES),
    }
)
"""Those that evaluate something."""

_PROJECT = r"/v1/projects/(?P<project>[^/]+)"
_ROUTES = tuple(
    (kind, verb, re.compile(pattern))
    for kind, verb, pattern in (
        (STATS, "GET", "/stats"),
        (STATS, "DELETE", "/stats"),
        (STATS, "POST", "/stats:reset"),
        (TOKEN, "POST", "/token"),
        (DISCOVERY, "GET", r"/\$discovery/rest"),
        (ALGORITHMS, "GET", _PROJECT + "/algorithms"),
        (VALUE, "POST", _PROJECT + "/value:compute"),
        (PIXELS, "POST", _PROJECT + "/image:computePixels"),
        (THUMBNAIL, "POST", _PROJECT + "/thumbnails"),
        (
            THUMBNAIL_PIXELS,
            "GET",
            _PROJECT + "/thumbnails/(?P<name>[^/:]+):getPixels",
        ),
        (FEATURES, "POST", _PROJECT + "/table:computeFeatures"),
        (IMAGES, "POST", _PROJECT + "/imageCollection:computeImages"),
        (OPERATIONS, "GET", _PROJECT + "/operations"),
        (
            EXPORT,
            "POST",
            _PROJECT + "/(image|table|video|map|videoMap|model|classifier):export",
        ),
        (ASSET_PIXELS, "POST", _PROJECT + "/assets/(?P<asset>.+):getPixels"),
        (ASSET_FEATURES, "GET", _PROJECT + "/assets/(?P<asset>.+):listFeatures"),
        (ASSET_LIST, "GET", _PROJECT + "/assets/(?P<asset>.+):listAssets"),
        (ASSET, "GET", _PROJECT + "/assets/(?P<asset>[^:]+)"),
    )
)


@dataclass(frozen=True)
class Found:
    """A request told apart.

    Attributes:
        kind: One of :data:`KINDS`, or of :data:`OURS`.
        parts: Named pieces of the path: ``project``, ``asset``, ``name``.
        query: Query parameters, the last of each name.
    """

    kind: str
    parts: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def asset_id(self) -> str:
        """The asset's id as expressions spell it."""
        project, asset = self.parts["project"], self.parts["asset"]
        if project in ("earthengine-public", "earthengine-legacy"):
            return asset
        return f"projects/{project}/assets/{asset}"


def route(method: str, uri: str) -> Found:
    """Tells a request apart.

    Args:
        method: HTTP verb.
        uri: Absolute or from the path on.
    """
    split = urlsplit(uri)
    path = unquote(split.path)
    for kind, verb, pattern in _ROUTES:
        if verb == method.upper() and (match := pattern.fullmatch(path)):
            return Found(kind, match.groupdict(), dict(parse_qsl(split.query)))
    return Found(OTHER)

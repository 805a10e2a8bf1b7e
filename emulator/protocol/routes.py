"""Which request a method and URI are."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

DISCOVERY = "discovery"
ALGORITHMS = "algorithms"
VALUE = "value"
PIXELS = "pixels"
OTHER = "other"
KINDS = (DISCOVERY, ALGORITHMS, VALUE, PIXELS, OTHER)

_ROUTES = (
    (DISCOVERY, "GET", re.compile(r"/\$discovery/rest")),
    (ALGORITHMS, "GET", re.compile(r"/v1/projects/[^/]+/algorithms")),
    (VALUE, "POST", re.compile(r"/v1/projects/[^/]+/value:compute")),
    (PIXELS, "POST", re.compile(r"/v1/projects/[^/]+/image:computePixels")),
)


def route(method: str, uri: str) -> str:
    """Returns the kind of a request.

    Args:
        method: HTTP verb.
        uri: Absolute or from the path on.
    """
    path = urlsplit(uri).path
    for kind, verb, pattern in _ROUTES:
        if verb == method.upper() and pattern.fullmatch(path):
            return kind
    return OTHER

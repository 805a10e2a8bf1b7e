"""Draws that depend on the seed and the request, and on nothing else.

Neither the order in which requests come nor how many run at once changes what
happens to one: its draws are hashes of the seed, of what it asks, and of how many
times that was asked before.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import urlsplit


def identity(method: str, uri: str, body: bytes | str | None) -> bytes:
    """Returns a digest of what a request asks: the same through either door.

    Args:
        method: HTTP verb.
        uri: Of which host and query do not count.
        body: Before gzip.
    """
    raw = body.encode() if isinstance(body, str) else body or b""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{method.upper()} {urlsplit(uri).path}\n".encode())
    digest.update(raw)
    return digest.digest()


@dataclass(frozen=True)
class Draws:
    """The draws of one request.

    Attributes:
        seed: The plan's.
        request: Its :func:`identity`.
        attempt: 1 for the first time it is seen.
    """

    seed: int
    request: bytes
    attempt: int

    def fresh(self, purpose: str) -> float:
        """Returns a number from 0 to below 1, another one at each attempt."""
        return _uniform(f"{self.seed}/{purpose}/{self.attempt}", self.request)

    def lasting(self, purpose: str) -> float:
        """Returns a number from 0 to below 1, the same at each attempt."""
        return _uniform(f"{self.seed}/{purpose}", self.request)


def _uniform(words: str, request: bytes) -> float:
    digest = hashlib.blake2b(words.encode() + b"\0" + request, digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2.0**53


class Attempts:
    """Counts how many times each request was seen.

    It remembers so many different ones; those seen longest ago are forgotten, and
    begin again.
    """

    def __init__(self, capacity: int = 200_000) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._seen: OrderedDict[bytes, int] = OrderedDict()

    def count(self, request: bytes) -> int:
        """Counts a request, and returns which time this is: 1 for the first."""
        with self._lock:
            number = self._seen.pop(request, 0) + 1
            self._seen[request] = number
            if len(self._seen) > self._capacity:
                self._seen.popitem(last=False)
        return number

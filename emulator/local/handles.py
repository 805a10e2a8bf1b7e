"""Open raster files: each in use by one thread at a time, few kept open."""

from __future__ import annotations

import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import rasterio

from emulator.local.errors import CatalogueError

LIMIT = 64
"""Files kept open that nobody reads from."""

Key = tuple[str, int | None]
"""A path, and which of the file's overviews; None for the native pixels."""


class Handles:
    """A pool of open files.

    GDAL's datasets are not thread-safe, so a thread takes one out of the pool while
    it reads. Those that no one reads stay open, up to a limit; the one longest unused
    is closed. A forked child begins with an empty pool: two processes that share a
    file's position would read each other's bytes.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        """Makes an empty pool of at most so many idle files."""
        self._limit = limit
        self._idle: OrderedDict[Key, list[Any]] = OrderedDict()
        self._count = 0
        self._lock = threading.Lock()
        _POOLS.add(self)

    @property
    def idle(self) -> int:
        """How many files are open that no one reads."""
        return self._count

    @contextmanager
    def dataset(self, path: str, overview: int | None = None) -> Iterator[Any]:
        """Lends an open file.

        Args:
            path: The file.
            overview: Which of its overviews stands for it.

        Raises:
            CatalogueError: It cannot be opened.
        """
        key = (path, overview)
        held = self._take(key) or _opened(path, overview)
        try:
            yield held
        except BaseException:
            held.close()
            raise
        for old in self._give(key, held):
            old.close()

    def close(self) -> None:
        """Closes what no one reads."""
        with self._lock:
            held = [one for many in self._idle.values() for one in many]
            self._idle.clear()
            self._count = 0
        for one in held:
            one.close()

    def _take(self, key: Key) -> Any:
        with self._lock:
            held = self._idle.get(key)
            if not held:
                return None
            self._count -= 1
            one = held.pop()
            if not held:
                del self._idle[key]
            return one

    def _give(self, key: Key, one: Any) -> list[Any]:
        """Takes a file back; returns those to be closed."""
        old = []
        with self._lock:
            self._idle.setdefault(key, []).append(one)
            self._idle.move_to_end(key)
            self._count += 1
            while self._count > self._limit:
                first, held = next(iter(self._idle.items()))
                old.append(held.pop(0))
                self._count -= 1
                if not held:
                    del self._idle[first]
        return old

    def _forget(self) -> None:
        """Starts anew in a forked child.

        What was open is kept and not closed: GDAL's locks may be held by threads
        that the child does not have.
        """
        _INHERITED.append(self._idle)
        self._lock = threading.Lock()
        self._idle = OrderedDict()
        self._count = 0


_POOLS: weakref.WeakSet[Handles] = weakref.WeakSet()
_INHERITED: list[Any] = []


def _forget() -> None:
    for pool in list(_POOLS):
        pool._forget()


os.register_at_fork(after_in_child=_forget)


def _opened(path: str, overview: int | None) -> Any:
    more = {} if overview is None else {"overview_level": overview}
    try:
        # Its sidecar files are looked for by name: listing a folder of 100,000
        # files at each opening would take longer than the reading.
        with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="TRUE"):
            return rasterio.open(path, **more)
    except (rasterio.errors.RasterioError, OSError) as error:
        raise CatalogueError(path, f"cannot be opened ({error})") from error

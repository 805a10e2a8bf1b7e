"""Where a gate keeps its state: in one process, or in a file that several share.

The file is small, mapped into memory, and locked for the moment of a look or a
change. Each process has a line of its own in it, so that what a killed process held
is given back.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from earthengine.learning import Learned

MOST_PROCESSES = 256
"""Lines of the file: processes of one machine that share a gate."""

_HEAD = struct.Struct(f"=Bd{len(Learned._fields)}d")
_LINE = struct.Struct("=qq")
_SIZE = _HEAD.size + MOST_PROCESSES * _LINE.size


@dataclass
class Page:
    """An open book: read and changed under its lock.

    Attributes:
        learned: What the gate knows; None in a new book.
        next: When the next request may begin.
        in_flight: Requests in flight, of all processes.
        mine: Those of this process.
    """

    learned: Learned | None = None
    next: float = 0.0
    in_flight: int = 0
    mine: int = 0

    def enter(self) -> None:
        """Counts a request of this process."""
        self.in_flight += 1
        self.mine += 1

    def leave(self) -> None:
        """Counts it off."""
        self.in_flight -= 1
        self.mine -= 1


class Book(Protocol):
    """Keeps a gate's state."""

    @property
    def shared(self) -> bool:
        """Whether other processes change it."""

    def open(self) -> AbstractContextManager[Page]:
        """Opens it; nobody else does until it is closed, and changes are kept."""


class LocalBook:
    """State of this process alone."""

    shared = False

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._page = Page()

    @contextmanager
    def open(self) -> Iterator[Page]:
        """Opens it."""
        with self._lock:
            yield self._page


class SharedBook:
    """State in a file that processes of one machine share.

    Attributes:
        path: The file; made by whoever comes first.
    """

    shared = True

    def __init__(self, path: Path) -> None:
        """Opens the file, or makes it.

        Raises:
            OSError: It cannot be made.
        """
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._file = path.open("a+b")
        with self._locked():
            if os.fstat(self._file.fileno()).st_size < _SIZE:
                os.ftruncate(self._file.fileno(), _SIZE)
        self._map = mmap.mmap(self._file.fileno(), _SIZE)
        self._line: int | None = None
        self._pid = os.getpid()

    @contextmanager
    def open(self) -> Iterator[Page]:
        """Opens it."""
        with self._locked():
            written, beat, *known = _HEAD.unpack_from(self._map, 0)
            lines = [
                _LINE.unpack_from(self._map, _HEAD.size + i * _LINE.size)
                for i in range(MOST_PROCESSES)
            ]
            if self._line is None:
                self._line = self._find_line(lines)
                lines[self._line] = (self._pid, 0)
            alive = [n for pid, n in lines if n and (pid == self._pid or _lives(pid))]
            page = Page(
                Learned(*known) if written else None,
                beat,
                sum(alive),
                lines[self._line][1],
            )
            yield page
            if page.learned is not None:
                _HEAD.pack_into(self._map, 0, 1, page.next, *page.learned)
            at = _HEAD.size + self._line * _LINE.size
            _LINE.pack_into(self._map, at, self._pid, page.mine)

    def _find_line(self, lines: list[tuple[int, int]]) -> int:
        """Returns a line that nobody alive has.

        Raises:
            OSError: All are taken.
        """
        for i, (pid, _) in enumerate(lines):
            if pid in (0, self._pid) or not _lives(pid):
                return i
        raise OSError(f"{self.path}: more than {MOST_PROCESSES} processes")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # The lock of the file is the process's; threads need one more.
        with self._lock:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

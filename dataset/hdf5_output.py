"""HDF5 files that are written to disks which may fail.

HDF5 does not survive a write that fails: its file can't be closed any more, and the
process may crash at its end. So it writes through a file object that takes everything;
what went wrong is kept, and raised where we look.
"""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py


class _Sink(io.RawIOBase):
    """A file that never fails in HDF5's eyes.

    Attributes:
        error: The first thing that went wrong; None if nothing has.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("x+b", buffering=0)
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        """Writes all of it, or from the first error on nothing."""
        view = memoryview(data).cast("B")
        size = len(view)
        try:
            while view and self.error is None:
                # A raw write may take a part only.
                view = view[self._file.write(view) or 0 :]
        except OSError as error:
            self.error = error
        return size

    def readinto(self, buffer: Any) -> int:
        """Reads; zeros beyond the end."""
        view = memoryview(buffer).cast("B")
        filled = 0
        try:
            while filled < len(view) and (n := self._file.readinto(view[filled:])):
                filled += n
        except OSError as error:
            self.error = self.error or error
        view[filled:] = bytes(len(view) - filled)
        return len(view)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Moves on."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Returns the position."""
        return self._file.tell()

    def truncate(self, size: int | None = None, /) -> int:
        """Sets the size, unless something went wrong."""
        try:
            if self.error is None:
                self._file.truncate(size)
        except OSError as error:
            self.error = error
        return size or 0

    def readable(self) -> bool:
        """It is."""
        return True

    def writable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def end(self) -> None:
        """Closes the file beneath, which may have the last error to tell."""
        try:
            self._file.close()
        except OSError as error:
            self.error = self.error or error


class Output:
    """A new HDF5 file. A context manager, which closes it.

    Attributes:
        file: As h5py has it.
    """

    def __init__(self, path: Path, libver: tuple[str, str]) -> None:
        """Makes the file.

        Raises:
            OSError: It cannot be made, or exists.
        """
        self._sink = _Sink(path)
        self.file = h5py.File(self._sink, "w", libver=libver)

    def check(self) -> None:
        """Raises what has gone wrong so far.

        Raises:
            OSError: The disk is full, or the like.
        """
        if self._sink.error is not None:
            raise self._sink.error

    def close(self) -> None:
        """Completes the file.

        Raises:
            OSError: The disk is full, or the like: not all of it is there.
        """
        self.file.close()
        self._sink.end()
        self.check()

    def abort(self) -> None:
        """Closes the file, whatever is in it."""
        # After an error HDF5 may have read back what was never written.
        with suppress(OSError, RuntimeError):
            self.file.close()
        self._sink.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

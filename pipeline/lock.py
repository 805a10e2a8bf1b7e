"""One run at a time writes to a dataset."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from pipeline.exits import BadInputError


@contextmanager
def only_run(path: Path) -> Iterator[None]:
    """Holds the lock of a dataset; the system lets go of it whatever happens.

    Args:
        path: The lock file; its directories are made if need be, and those that
            nothing else came into are removed at the end.

    Raises:
        BadInputError: Another run holds it, or the file cannot be made.
    """
    try:
        new = [d for d in path.parents if not d.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        file = _locked(path)
    except OSError as error:
        raise BadInputError(
            f"can't write to {path.parent}: {error.strerror or error}; "
            "choose another --output"
        ) from error
    with file:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            for directory in new:
                with suppress(OSError):
                    directory.rmdir()


def _locked(path: Path) -> TextIO:
    """Opens the file and takes the lock."""
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise BadInputError(
                f"{path.parents[1]}: another run is at work there ({_holder(path)}); "
                "wait for it, or give another --name"
            ) from None
        except OSError:
            # A file system without locks: better to run than not to.
            return file
        if _is(file, path):
            break
        # Whoever held it has removed it meanwhile.
        file.close()
    file.truncate(0)
    file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
    file.flush()
    return file


def _is(file: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def is_held(path: Path) -> bool:
    """Tells whether a run is at work, as far as this machine can know."""
    try:
        with path.open("r", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text("utf-8"))
        return f"process {holder['pid']} on {holder['host']}"
    except (OSError, ValueError, KeyError):
        return "which one is not known"

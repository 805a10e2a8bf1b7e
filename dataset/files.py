"""The one door to the file system: whole files under final names, or none.

Nothing else in this room makes, renames or lists files by itself, so that another
file system can be put behind these few functions. Paths are local.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TEMPORARY_MARK = ".tmp-"
"""Stands in the name of every file that is not whole yet."""


def temporary_name(final: Path) -> Path:
    """Returns a fresh name beside ``final``: ``<name>.tmp-<hex>``."""
    return final.with_name(f"{final.name}{TEMPORARY_MARK}{secrets.token_hex(8)}")


def publish(tmp: Path, final: Path) -> None:
    """Gives a closed, whole file its final name, for good.

    The file's bytes are on the disk before the name is, and the name is on the
    disk on return: whoever sees ``final``, even after a power cut, sees all of it.

    Args:
        tmp: The file, in the same directory as ``final``.
        final: Its name from now on; a file that had it is replaced.

    Raises:
        OSError: The file system refused; ``tmp`` is then still there.
    """
    _sync(tmp)
    tmp.replace(final)
    _sync(final.parent)


@contextmanager
def temporary(final: Path) -> Iterator[Path]:
    """Yields a path to write to, and publishes it as ``final`` on success.

    The directory is made if need be. If the block raises, the temporary file is
    removed and ``final`` stays as it was.

    Args:
        final: The name that the file gets at the end.

    Yields:
        A path beside ``final`` that does not exist yet.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    tmp = temporary_name(final)
    try:
        yield tmp
        publish(tmp, final)
    finally:
        # After publish the name is gone and this does nothing.
        remove(tmp)


def replace_quickly(final: Path, text: str) -> None:
    """Writes a small text that may be lost with the power: nothing is synced.

    Raises:
        OSError: The file system refused.
    """
    final.parent.mkdir(exist_ok=True)
    tmp = temporary_name(final)
    try:
        tmp.write_text(text, "utf-8")
        tmp.replace(final)
    finally:
        remove(tmp)


def write_text(final: Path, text: str | Iterable[str]) -> None:
    """Writes UTF-8 text as one atomic step.

    Args:
        final: The file.
        text: The text, or its pieces, written as they come so that a long file
            costs no memory. Line ends are written as given.
    """
    pieces = (text,) if isinstance(text, str) else text
    with temporary(final) as tmp, tmp.open("w", encoding="utf-8", newline="") as out:
        out.writelines(pieces)


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Returns strict JSON, the same text for the same value.

    Keys keep the order in which they were put in, because readers of these files
    see it; a caller that has no order of its own sorts first.

    Args:
        value: Dicts with string keys, lists, strings, numbers, booleans and None.
        indent: Spaces a level; None for one line without spaces.

    Raises:
        ValueError: A number is NaN or infinite: no JSON reader need accept those.
    """
    separators = (",", ":") if indent is None else (",", ": ")
    return json.dumps(
        value,
        allow_nan=False,
        ensure_ascii=False,
        indent=indent,
        separators=separators,
    )


def write_json(final: Path, value: Any, *, indent: int | None = 2) -> None:
    """Writes a value as strict JSON and a line end, as one atomic step.

    Args:
        final: The file.
        value: As in :func:`to_json`.
        indent: As in :func:`to_json`.

    Raises:
        ValueError: A number is NaN or infinite; nothing is written then.
    """
    write_text(final, to_json(value, indent=indent) + "\n")


def list_files(directory: Path, pattern: str = "*") -> list[Path]:
    """Lists the whole files of a directory, in order of name.

    Args:
        directory: Need not exist; it is empty then.
        pattern: A glob for the name, such as ``shard-*.h5``.

    Returns:
        Files that match and are not temporary.
    """
    return [path for path in _matches(directory, pattern) if not is_temporary(path)]


def list_temporaries(directory: Path) -> list[Path]:
    """Lists what interrupted writers left in a directory, in order of name."""
    return _matches(directory, f"*{TEMPORARY_MARK}*")


def is_temporary(path: Path) -> bool:
    """Tells whether a name is one that :func:`temporary_name` gives."""
    return TEMPORARY_MARK in path.name


def remove(path: Path) -> None:
    """Removes a file if it is there."""
    path.unlink(missing_ok=True)


def _matches(directory: Path, pattern: str) -> list[Path]:
    return sorted(path for path in directory.glob(pattern) if path.is_file())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Journals: what an open shard holds so far, safe from the moment it is written.

HDF5 files are not readable before they are closed. So a shard's writer notes each
tile in a plain file beside it as well; when the process is killed, the next run makes
the shard out of that. A record has its length and its checksum: the last one may be
cut short, and is left out then, as is one that the disk has altered.
"""

from __future__ import annotations

import io
import json
import logging
import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import deflate
import numpy as np

from dataset import files
from dataset.stack import EncodedStack

SUFFIX = ".journal"

_HEAD = struct.Struct("<4sQI")
_MAGIC = b"loom"
_log = logging.getLogger(__name__)


class Journal:
    """Writes one journal. Not for several threads at once."""

    def __init__(self, path: Path) -> None:
        """Begins a journal.

        Raises:
            OSError: It cannot be made.
        """
        self.path = path
        self._file = path.open("xb", buffering=0)

    def add(self, stack: EncodedStack) -> None:
        """Notes a tile, made or failed. In the system's hands on return.

        Raises:
            OSError: The disk is full, or the like.
        """
        body = _encode(stack)
        record = _HEAD.pack(_MAGIC, len(body), deflate.crc32(body)) + body
        # A raw write may take a part only.
        view = memoryview(record)
        while view:
            view = view[self._file.write(view) or 0 :]

    def remove(self) -> None:
        """Ends it and removes the file: the shard is whole, or given up."""
        self._file.close()
        files.remove(self.path)


def read_journal(path: Path) -> Iterator[EncodedStack]:
    """Yields the tiles of a journal whose records are what was written.

    One that is altered is passed over; where its length is, too, the rest is lost.

    Raises:
        FileNotFoundError: There is no such file.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            magic, length, crc = _HEAD.unpack(head)
            if magic != _MAGIC or length > size - file.tell():
                break
            body = file.read(length)
            if deflate.crc32(body) == crc:
                yield _decode(body)
            else:
                _log.info("%s has a record that is not what was written", path)
        if head:
            _log.info("%s ends in a record that is not whole", path)


def _encode(stack: EncodedStack) -> bytes:
    """Returns a record's body: a line of JSON, then all bytes it speaks of."""
    values = {name: _npy(array) for name, array in stack.values.items()}
    line = {
        "row": stack.row,
        "chunks": {name: len(chunk) for name, chunk in stack.chunks.items()},
        "values": {name: len(value) for name, value in values.items()},
    }
    text = files.to_json(line).encode() + b"\n"
    return b"".join([text, *stack.chunks.values(), *values.values()])


def _decode(body: bytes) -> EncodedStack:
    text, _, rest = body.partition(b"\n")
    line: Mapping[str, Any] = json.loads(text)
    parts = io.BytesIO(rest)
    chunks = {name: parts.read(size) for name, size in line["chunks"].items()}
    values = {
        name: np.load(io.BytesIO(parts.read(size)), allow_pickle=False)
        for name, size in line["values"].items()
    }
    return EncodedStack(line["row"], chunks, values)


def _npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()

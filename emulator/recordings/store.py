"""A recording on the disk: two files an answer, for people and programs to read.

::

    DIR/recording.json                      the format's number
    DIR/pixels/<key>.json                   what was asked, and what the answer was like
    DIR/pixels/<key>.<digest>.npy.gz        the answer's body
    DIR/value/...                           a folder for each kind of request

Files get their names when they are whole, the JSON last, and are never changed: the
first answer to a request stays. Threads and processes may read and write side by side.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import secrets
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emulator.recordings.asked import Asked
from emulator.service import Response

FORMAT = 1
_ABOUT = "recording.json"
_SUFFIXES: Mapping[str, str] = {
    "application/json": "json",
    "application/octet-stream": "npy",
    "application/zip": "zip",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/tiff": "tif",
}
KEPT_HEADERS = ("content-type", "content-disposition")
"""Headers of an answer that are stored, and given again."""


_DAMAGE = (
    ValueError,
    LookupError,
    TypeError,
    EOFError,
    gzip.BadGzipFile,
    zlib.error,
)
"""What reading a damaged file raises."""


class RecordingError(ValueError):
    """A folder that is no recording, or whose files are not what was written."""


@dataclass(frozen=True)
class Entry:
    """An answer and what it answers.

    Attributes:
        asked: The request.
        response: The answer.
        recorded: When, in UTC, ISO 8601.
        upstream: Whose answer it is: an address.
    """

    asked: Asked
    response: Response
    recorded: str
    upstream: str


class Store:
    """A recording. Safe for many threads; it holds nothing in memory."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Opens a recording.

        Args:
            folder: Where it is.
            create: Whether to make it if it is not there.

        Raises:
            RecordingError: It is none, or of another format.
            OSError: The file system refused.
        """
        self.folder = folder
        about = folder / _ABOUT
        if create and not about.exists():
            if folder.is_dir() and any(folder.iterdir()):
                raise RecordingError(f"{folder} is neither empty nor a recording")
            folder.mkdir(parents=True, exist_ok=True)
            _write(about, _json_bytes({"format": FORMAT}))
        try:
            found = json.loads(about.read_bytes())["format"]
        except (FileNotFoundError, NotADirectoryError):
            raise RecordingError(f"{folder} is no recording: no {_ABOUT}") from None
        except (ValueError, LookupError, TypeError):
            raise RecordingError(f"{about} cannot be read") from None
        if found != FORMAT:
            raise RecordingError(f"{about}: format {found}, not {FORMAT}")

    def find(self, asked: Asked) -> Entry | None:
        """Returns the answer to a request, if it was recorded.

        Raises:
            RecordingError: Its files are damaged.
        """
        return self._read(self._about(asked))

    def holds(self, kind: str, key: str) -> bool:
        """Whether there is an answer under a key."""
        return (self.folder / kind / f"{key}.json").exists()

    def entries(self) -> Iterator[Entry]:
        """Yields all answers, by kind and key.

        Raises:
            RecordingError: Files are damaged.
        """
        for path in sorted(self.folder.glob("*/*.json")):
            entry = self._read(path)
            if entry is not None:
                yield entry

    def add(self, entry: Entry, seconds: float) -> bool:
        """Stores an answer, unless there is one to the same request.

        Args:
            entry: The answer; see :func:`entry_of`.
            seconds: How long it took.

        Returns:
            Whether it was stored.

        Raises:
            OSError: The file system refused.
        """
        final = self._about(entry.asked)
        if final.exists():
            return False
        final.parent.mkdir(exist_ok=True)
        body = entry.response.body
        digest = hashlib.sha256(body).hexdigest()
        suffix = _suffix(entry.response.headers.get("content-type", ""))
        name = f"{entry.asked.key}.{digest[:12]}.{suffix}.gz"
        # The digest in its name lets writers of other answers not meet here.
        _write(final.with_name(name), gzip.compress(body, 6, mtime=0))
        about = {
            "key": entry.asked.key,
            "status": entry.response.status,
            "headers": dict(entry.response.headers),
            "body": name,
            "bytes": len(body),
            "sha256": digest,
            "recorded": entry.recorded,
            "seconds": round(seconds, 3),
            "upstream": entry.upstream,
            "asked": entry.asked.canonical,
            "sent": {
                "method": entry.asked.method,
                "uri": entry.asked.uri,
                "body": entry.asked.body,
            },
        }
        return _write(final, _json_bytes(about))

    def _about(self, asked: Asked) -> Path:
        return self.folder / asked.kind / f"{asked.key}.json"

    def _read(self, path: Path) -> Entry | None:
        try:
            about: dict[str, Any] = json.loads(path.read_bytes())
            sent, canonical = about["sent"], about["asked"]
            asked = Asked(
                canonical["kind"],
                canonical,
                about["key"],
                sent["method"],
                sent["uri"],
                sent["body"],
            )
            body = gzip.decompress(path.with_name(about["body"]).read_bytes())
            response = Response(int(about["status"]), about["headers"], body)
            entry = Entry(asked, response, about["recorded"], about["upstream"])
        except FileNotFoundError:
            if not path.exists():
                return None
            raise RecordingError(f"{path}: its body is missing") from None
        except (
            ValueError,
            LookupError,
            TypeError,
            EOFError,
            gzip.BadGzipFile,
        ) as error:
            raise RecordingError(f"{path} cannot be read: {error!r}") from error
        if hashlib.sha256(body).hexdigest() != about["sha256"]:
            raise RecordingError(f"{path}: its body is not what was recorded")
        return entry


def entry_of(asked: Asked, response: Response, upstream: str) -> Entry:
    """Returns an entry of now, with the few headers that are stored."""
    headers = {k: v for k, v in response.headers.items() if k in KEPT_HEADERS}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    kept = Response(response.status, headers, response.body)
    return Entry(asked, kept, now, upstream)


def _suffix(content_type: str) -> str:
    return _SUFFIXES.get(content_type.partition(";")[0].strip().lower(), "bin")


def _json_bytes(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _write(final: Path, content: bytes) -> bool:
    """Writes a file whole, or leaves one that is there.

    Returns:
        Whether it was written.
    """
    part = final.with_name(f"{final.name}.part-{secrets.token_hex(8)}")
    try:
        with part.open("xb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        # A link refuses a name that is taken, where a rename would replace it.
        os.link(part, final)
    except FileExistsError:
        return False
    finally:
        part.unlink(missing_ok=True)
    return True

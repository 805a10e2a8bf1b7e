"""JSON documents read key by key, with errors that name the file and the key."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import shapely
import shapely.geometry

from emulator.local.errors import CatalogueError

Plain = str | int | float | list[Any]
"""What a property can hold."""


class Document:
    """An object of a JSON file, at a key of it.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, values: Any, key: str = "") -> None:
        """Takes an object.

        Raises:
            CatalogueError: It is none.
        """
        self.path = path
        self._key = key
        if not isinstance(values, dict):
            self.refuse("", f"an object is wanted, not {_kind(values)}")
        self._values: Mapping[str, Any] = values

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    def is_text(self, key: str) -> bool:
        """Whether there is a string."""
        return isinstance(self._values.get(key), str)

    def refuse(self, key: str, what: str) -> NoReturn:
        """Says what is wrong.

        Raises:
            CatalogueError: Always.
        """
        parts = [part for part in (self._key, key) if part]
        raise CatalogueError(self.path, what, ".".join(parts))

    def only(self, *known: str) -> None:
        """Refuses keys that mean nothing: they are slips of the pen.

        Raises:
            CatalogueError: There is one.
        """
        for key in self._values:
            if key not in known:
                self.refuse(key, f"unknown key; there are: {', '.join(known)}")

    def text(self, key: str) -> str | None:
        """Returns a string, None if it is not there."""
        found: str | None = self._typed(key, str, "a string")
        return found

    def flag(self, key: str) -> bool | None:
        """Returns a yes or no, None if it is not there."""
        found: bool | None = self._typed(key, bool, "true or false")
        return found

    def number(self, key: str) -> float | None:
        """Returns a number, None if it is not there; ``"nan"`` is one, too."""
        value = self._values.get(key)
        if isinstance(value, str) and value.lower() == "nan":
            return math.nan
        if value is None or (isinstance(value, int | float) and not _boolean(value)):
            return value
        self.refuse(key, f"a number is wanted, not {_kind(value)}")

    def choice(self, key: str, words: tuple[str, ...]) -> str | None:
        """Returns one of some words, None if it is not there."""
        word = self.text(key)
        if word is not None and word not in words:
            self.refuse(key, f"{word!r} is none of {', '.join(words)}")
        return word

    def part(self, key: str) -> Document | None:
        """Returns an object in it, None if it is not there."""
        value = self._values.get(key)
        if value is None:
            return None
        return Document(self.path, value, f"{self._key}.{key}" if self._key else key)

    def parts(self) -> Iterator[tuple[str, Document]]:
        """Yields its values, each an object."""
        for key in self._values:
            part = self.part(key)
            if part is None:
                self.refuse(key, "an object is wanted, not null")
            yield key, part

    def texts(self) -> dict[str, str]:
        """Returns its values, each a string."""
        return {key: self.text(key) or "" for key in self._values}

    def list(self, key: str) -> list[Any]:
        """Returns a list, empty if it is not there."""
        return self._typed(key, list, "a list") or []

    def time(self, key: str) -> int | None:
        """Returns milliseconds since 1970 of ISO 8601 or of a number of them."""
        value = self._values.get(key)
        if value is None or (isinstance(value, int) and not _boolean(value)):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            self.refuse(
                key,
                f"{value!r} is no time: write '2019-06-15T10:50:31Z', or milliseconds "
                "since 1970",
            )
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return round(moment.timestamp() * 1000)

    def shape(self, key: str) -> bytes | None:
        """Returns a GeoJSON geometry as WKB, None if it is not there."""
        value = self._values.get(key)
        if value is None:
            return None
        try:
            found = shapely.geometry.shape(value)
            empty = found.is_empty
        except (AttributeError, KeyError, LookupError, TypeError, ValueError) as error:
            self.refuse(key, f"no GeoJSON geometry ({error})")
        except shapely.errors.ShapelyError as error:
            self.refuse(key, f"no GeoJSON geometry ({error})")
        if empty:
            self.refuse(key, "a geometry without a place")
        wkb: bytes = shapely.to_wkb(shapely.force_2d(found))
        return wkb

    def properties(self, *, strict: bool) -> dict[str, Plain]:
        """Returns its values as properties: strings, numbers and lists of them.

        Args:
            strict: Refuse others; else they are left out, as null always is.
        """
        found = {}
        for key, value in self._values.items():
            if value is None:
                continue
            made = _property(value)
            if made is not None:
                found[sys.intern(key)] = made
            elif strict:
                self.refuse(
                    key, f"a string, a number or a list is wanted, not {_kind(value)}"
                )
        return found

    def _typed(self, key: str, kind: type[Any], name: str) -> Any:
        value = self._values.get(key)
        if value is not None and not isinstance(value, kind):
            self.refuse(key, f"{name} is wanted, not {_kind(value)}")
        return value


def read(path: Path) -> Document:
    """Reads a JSON file.

    Raises:
        CatalogueError: It cannot be read, or is no object.
    """
    try:
        values = json.loads(path.read_bytes())
    except OSError as error:
        raise CatalogueError(path, error.strerror or str(error)) from error
    except ValueError as error:
        raise CatalogueError(path, f"no JSON ({error})") from error
    return Document(path, values)


def _boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _property(value: Any) -> Plain | None:
    match value:
        case bool():
            return int(value)  # Properties of Earth Engine know no other.
        case str() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case list():
            items = [_property(item) for item in value]
            return None if None in items else items
    return None


_KINDS: tuple[tuple[type[Any], str], ...] = (
    (bool, "true or false"),
    (str, "a string"),
    (int, "a number"),
    (float, "a number"),
    (list, "a list"),
    (dict, "an object"),
)


def _kind(value: Any) -> str:
    for kind, name in _KINDS:
        if isinstance(value, kind):
            return name
    return "null"

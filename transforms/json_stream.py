"""Reads a JSON document too large for memory, value by value, with positions.

The standard library's C decoder does the parsing, one value at a time from a
window over the text, so a fault is known by its line and column; event parsers
such as YAJL do not tell them.
"""

from __future__ import annotations

import codecs
import json
from typing import Any, BinaryIO

_READ_BYTES = 1 << 18
_MAX_VALUE_CHARS = 1 << 26
_LONGEST_TOKEN = 16  # characters; beside strings and numbers, -Infinity is the longest
_SPACE = " \t\n\r"


class JsonStreamError(ValueError):
    """The text is not JSON; the message says what and where."""


class JsonStream:
    """A cursor over JSON text.

    Args:
        file: The text as UTF-8 bytes, with or without a byte order mark.
        separators: Characters skipped like white space, such as the RS of RFC 8142.
    """

    def __init__(self, file: BinaryIO, separators: str = "") -> None:
        self._file = file
        self._skipped = _SPACE + separators
        self._decoder = json.JSONDecoder()
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._ended = False
        self._bytes_read = 0
        # Where the window's first character lies in the document.
        self._line = 1
        self._column = 1

    def peek(self) -> str:
        """Returns the next character that is not space, '' at the end."""
        while True:
            text, at, end = self._text, self._at, len(self._text)
            while at < end and text[at] in self._skipped:
                at += 1
            self._at = at
            if at < end:
                return text[at]
            if not self._fill():
                return ""

    def take(self, allowed: str) -> str:
        """Takes the next character that is not space; it must be in ``allowed``.

        Raises:
            JsonStreamError: It is another one, or the text ends.
        """
        char = self.peek()
        if not char or char not in allowed:
            wanted = " or ".join(f"'{c}'" for c in allowed)
            found = f"found {char!r}" if char else "the text ends"
            raise JsonStreamError(f"expected {wanted}, {found} at {self.where()}")
        self._at += 1
        return char

    def value(self) -> Any:
        """Takes and returns the next whole value.

        Raises:
            JsonStreamError: It is not valid JSON, ends early, is nested too deeply
                or is longer than 64 Mi characters.
        """
        self.peek()
        last: tuple[str, int] | None = None
        seen_with = 0
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                # A value cut by the window fails at another place once there is
                # more of it, except inside a string, whose start is what is told.
                fault = (error.msg, error.pos - self._at)
                length = len(self._text) - self._at
                if fault != last:
                    last, seen_with = fault, length
                cut = length < seen_with + _LONGEST_TOKEN or fault[0].startswith(
                    "Unterminated string"
                )
                if cut and self._grow():
                    continue
                raise JsonStreamError(
                    f"{error.msg} at {self.where(self._at + fault[1])}"
                ) from None
            except RecursionError:
                raise JsonStreamError(
                    f"nested too deeply in the value at {self.where()}"
                ) from None
            except ValueError:  # all that is left: see sys.set_int_max_str_digits
                raise JsonStreamError(
                    f"an integer of thousands of digits in the value at {self.where()}"
                ) from None
            # A number near the window's end may go on behind it, as in 1.5e|+10.
            near = len(self._text) - end < _LONGEST_TOKEN
            if near and isinstance(value, int | float) and self._grow():
                continue
            self._at = end
            return value

    def where(self, index: int | None = None) -> str:
        """Returns the place in words: ``line 3, column 17``."""
        at = self._at if index is None else index
        newlines = self._text.count("\n", 0, at)
        behind = self._text.rfind("\n", 0, at)
        column = at - behind if newlines else self._column + at
        return f"line {self._line + newlines}, column {column}"

    def _grow(self) -> bool:
        if len(self._text) - self._at > _MAX_VALUE_CHARS:
            raise JsonStreamError(
                f"more than {_MAX_VALUE_CHARS} characters in the value at "
                f"{self.where()}"
            )
        return self._fill()

    def _fill(self) -> bool:
        """Drops what is taken, reads on; returns whether there was more."""
        newlines = self._text.count("\n", 0, self._at)
        if newlines:
            self._line += newlines
            self._column = self._at - self._text.rfind("\n", 0, self._at)
        else:
            self._column += self._at
        self._text = self._text[self._at :]
        self._at = 0
        # Doubling keeps a long value's repeated decoding linear.
        while not self._ended:
            data = self._file.read(max(_READ_BYTES, len(self._text)))
            self._ended = not data
            try:
                more = self._utf8.decode(data, final=self._ended)
            except UnicodeDecodeError as error:
                # The decoder may hold some bytes back from before.
                start = self._bytes_read + len(data) - len(error.object) + error.start
                raise JsonStreamError(
                    f"not UTF-8 at byte {start} ({error.reason})"
                ) from None
            self._bytes_read += len(data)
            if more:
                self._text += more
                return True
        return False

"""Texts of arithmetic and logic, cut into words and read one by one."""

from __future__ import annotations

import re

from emulator.evaluator.errors import EngineError

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<sign>\*\*|==|!=|<=|>=|<<|>>|&&|\|\||[-+*/%<>!~^&|?:()\[\],.=]))"
)


class Tokens:
    """The words of a text, and how far they have been read."""

    def __init__(self, text: str, who: str) -> None:
        """Cuts a text.

        Args:
            text: The text.
            who: The algorithm that complains.

        Raises:
            EngineError: It holds something that is no word.
        """
        self._text = text
        self._who = who
        self._at = 0
        self._words: list[tuple[str, str]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            match = _TOKEN.match(text, at)
            if match is None:
                raise self.wrong(f"unexpected '{text[at:].strip()[:10]}'")
            kind = match.lastgroup or ""
            self._words.append((kind, match.group(kind)))
            at = match.end()

    def wrong(self, why: str) -> EngineError:
        """Returns the complaint that the text makes no sense."""
        return EngineError(f"{self._who}: Cannot parse '{self._text}': {why}.")

    @property
    def left(self) -> bool:
        """Whether there is another word."""
        return self._at < len(self._words)

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        """Returns the next word's kind and text, or a later's; empty at the end."""
        words = self._words[self._at + ahead : self._at + ahead + 1]
        return words[0] if words else ("", "")

    def next(self) -> tuple[str, str]:
        """Reads a word.

        Raises:
            EngineError: There is none.
        """
        if not self.left:
            raise self.wrong("unexpected end")
        self._at += 1
        return self._words[self._at - 1]

    def take(self, sign: str) -> bool:
        """Reads a sign if it comes next."""
        if self.peek() != ("sign", sign):
            return False
        self._at += 1
        return True

    def expect(self, sign: str) -> None:
        """Reads a sign.

        Raises:
            EngineError: Something else comes next.
        """
        if not self.take(sign):
            raise self.wrong(f"expected '{sign}' before '{self.peek()[1]}'")

    def end(self) -> None:
        """Sees to it that nothing is left.

        Raises:
            EngineError: Something is.
        """
        if self.left:
            raise self.wrong(f"unexpected '{self.peek()[1]}'")


def number(text: str) -> float:
    """Returns what a number's text says; an int if it has neither point nor e."""
    return float(text) if re.search(r"[.eE]", text) else int(text)

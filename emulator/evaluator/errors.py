"""Errors that reach the client in Google's JSON form."""

from __future__ import annotations


class EngineError(Exception):
    """A request that cannot be answered.

    Attributes:
        message: What the client shows.
        code: HTTP status.
        status: Google's canonical status word.
    """

    def __init__(
        self, message: str, code: int = 400, status: str = "INVALID_ARGUMENT"
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


class NotImplementedHere(EngineError):  # noqa: N818 (a status word, not a crash)
    """Something Earth Engine has and this engine has not.

    The status word is that of HTTP 501, the HTTP status is 400: the Python client
    silently retries every 5xx for up to a minute, and no retry will help.
    """

    def __init__(self, what: str) -> None:
        super().__init__(
            f"This emulator of Earth Engine does not implement {what}.",
            status="UNIMPLEMENTED",
        )


class TypeMismatch(Exception):  # noqa: N818 (always turned into an EngineError)
    """A value that cannot be read as an algorithm's declared argument type."""

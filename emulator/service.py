"""What stands between a door and the answers: services, one around another.

A door (HTTP or in-process) asks one :class:`Service`. The innermost is the engine;
around it may lie others that record, replay, refuse over a quota, or make faults. A
service that spoils an answer does not touch a socket: it says in
:class:`Response` how the answer is to be delivered, and each door does so in its way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

JSON = "application/json; charset=UTF-8"


class Delivery(Enum):
    """How a door hands an answer over."""

    WHOLE = "whole"
    RESET = "reset"
    """The connection is reset before any byte."""
    STALL_HEADER = "stall_header"
    """Nothing comes for :attr:`Response.stall_s`, then the connection closes."""
    STALL_BODY = "stall_body"
    """Half of the body comes, nothing for that long, then the connection closes."""
    CUT = "cut"
    """Half of the body comes, then the connection closes: the length is a lie."""


@dataclass(frozen=True)
class Response:
    """An HTTP answer.

    Attributes:
        status: HTTP status.
        headers: Lower-case names; ``content-length`` is left to the door.
        body: The body.
        delivery: How it reaches the client.
        stall_s: For how long it stalls, if it does.
        cause: The layer's word for what it did, if the answer is not the engine's:
            ``quota``, ``token``, or a fault's name.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    delivery: Delivery = Delivery.WHOLE
    stall_s: float = 0.0
    cause: str = ""

    @property
    def sent_status(self) -> int | None:
        """The status that reaches the client; None if it sees no answer at all."""
        silent = self.delivery in (Delivery.RESET, Delivery.STALL_HEADER)
        return None if silent else self.status

    @property
    def sent(self) -> bytes:
        """The part of the body that reaches the client."""
        match self.delivery:
            case Delivery.WHOLE:
                return self.body
            case Delivery.STALL_BODY | Delivery.CUT:
                return self.body[: len(self.body) // 2]
        return b""


class Service(Protocol):
    """Whatever answers requests. Safe to call from many threads."""

    def handle(
        self,
        method: str,
        uri: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> Response:
        """Answers a request; errors are answers, too.

        Args:
            method: HTTP verb.
            uri: Absolute or from the path on.
            headers: Of the request; names in any case.
            body: Of the request, if it has one.
        """

    def stats(self) -> dict[str, Any]:
        """Returns counts of what was asked and served."""

    def close(self) -> None:
        """Ends what waits or runs behind it; it answers no more after this."""


class Layer:
    """A service around another: a base for those that do one thing of their own.

    Attributes:
        inner: What it lies around.
    """

    def __init__(self, inner: Service) -> None:
        self.inner = inner

    def handle(
        self,
        method: str,
        uri: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> Response:
        """Passes a request on."""
        return self.inner.handle(method, uri, headers, body)

    def stats(self) -> dict[str, Any]:
        """Returns the inner service's counts; a layer adds its own."""
        return self.inner.stats()

    def close(self) -> None:
        """Closes the inner service."""
        self.inner.close()


def header(headers: Mapping[str, str] | None, name: str) -> str:
    """Returns a header's value, whatever case its name is in; empty if absent."""
    for key, value in (headers or {}).items():
        if key.lower() == name:
            return value
    return ""


def error_response(code: int, message: str, status: str) -> Response:
    """Returns an error in Google's JSON form."""
    error = {"error": {"code": code, "message": message, "status": status}}
    return Response(code, {"content-type": JSON}, json.dumps(error).encode())

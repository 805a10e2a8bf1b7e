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
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    delivery: Delivery = Delivery.WHOLE
    stall_s: float = 0.0


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


def error_response(code: int, message: str, status: str) -> Response:
    """Returns an error in Google's JSON form."""
    error = {"error": {"code": code, "message": message, "status": status}}
    return Response(code, {"content-type": JSON}, json.dumps(error).encode())

"""The engine: requests in, answers out, no network."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Mapping
from typing import Any

import pyproj
import pyproj.exceptions
import shapely

import emulator.algorithms  # noqa: F401 (registers the algorithms)
from emulator.evaluator.context import Context
from emulator.evaluator.encode import encode
from emulator.evaluator.errors import EngineError
from emulator.evaluator.graph import read_expression
from emulator.evaluator.interpreter import Interpreter
from emulator.evaluator.signatures import algorithms_json
from emulator.protocol import routes
from emulator.protocol.discovery import discovery_json
from emulator.protocol.encoders import encoder
from emulator.protocol.pixels import compute_pixels
from emulator.protocol.stats import Stats
from emulator.service import JSON, Response, error_response
from emulator.source import Catalogue

_LOG = logging.getLogger(__name__)

_FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    TypeError,
    ValueError,
    pyproj.exceptions.ProjError,
    shapely.errors.ShapelyError,
)
"""What a fault of the engine or its catalogue raises: answered as a 500, logged."""


class Engine:
    """Answers Earth Engine's REST API out of a catalogue.

    Safe to call from many threads. Evaluation runs on about as many threads at once
    as there are cores: more would only fight for the interpreter's lock.

    Attributes:
        latency_s: Seconds that each value and pixel request lasts longer.
    """

    def __init__(
        self, catalogue: Catalogue, *, latency_s: float = 0.0, poison: bool = True
    ) -> None:
        """Makes an engine.

        Args:
            catalogue: The assets.
            latency_s: Seconds that each value and pixel request lasts longer.
            poison: Whether masked pixels are poisoned in NPY; else they are 0.
        """
        self._catalogue = catalogue
        self.latency_s = latency_s
        self._poison = poison
        self._stats = Stats()
        self._evaluating = threading.BoundedSemaphore(os.cpu_count() or 1)

    def stats(self) -> dict[str, Any]:
        """Returns counts since the engine was made.

        They are ``requests`` by kind, ``status`` by code, ``bytes_out`` and
        ``highest_concurrency``.
        """
        return self._stats.as_dict()

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
            headers: Not looked at.
            body: JSON, if any.
        """
        kind = routes.route(method, uri)
        self._stats.began(kind)
        response = error_response(500, "Internal error.", "INTERNAL")
        try:
            if kind in (routes.VALUE, routes.PIXELS) and self.latency_s > 0:
                time.sleep(self.latency_s)
            response = self._answer(kind, method, uri, body)
        except EngineError as error:
            response = error_response(error.code, error.message, error.status)
        except _FAULTS as error:
            _LOG.exception("%s %s failed", method, uri)
            message = (
                f"An internal error has occurred ({type(error).__name__}: {error})"
            )
            response = error_response(500, message, "INTERNAL")
        finally:
            self._stats.ended(response.status, len(response.body))
        return response

    def _answer(
        self, kind: str, method: str, uri: str, body: bytes | str | None
    ) -> Response:
        match kind:
            case routes.DISCOVERY:
                return Response(200, {"content-type": JSON}, discovery_json())
            case routes.ALGORITHMS:
                return Response(200, {"content-type": JSON}, algorithms_json())
            case routes.VALUE:
                return self._value(_parsed(body))
            case routes.PIXELS:
                return self._pixels(_parsed(body))
        raise EngineError(
            f"This emulator has no answer to {method} {uri}.", 404, "NOT_FOUND"
        )

    def _value(self, request: Mapping[str, Any]) -> Response:
        with self._evaluating:
            node = read_expression(request["expression"])
            value = Interpreter(Context(self._catalogue)).run(node)
            encoded = encode(value)
            answer = json.dumps({"result": encoded}, allow_nan=False).encode()
        return Response(200, {"content-type": JSON}, answer)

    def _pixels(self, request: Mapping[str, Any]) -> Response:
        content_type, encode_raster = encoder(request.get("fileFormat", "NPY"))
        with self._evaluating:
            raster = compute_pixels(request, Context(self._catalogue))
            answer = encode_raster(raster, self._poison)
        return Response(200, {"content-type": content_type}, answer)


def _parsed(body: bytes | str | None) -> Mapping[str, Any]:
    try:
        request = json.loads(body or "")
    except ValueError:
        raise EngineError("Invalid JSON payload received.") from None
    if not isinstance(request, dict) or "expression" not in request:
        raise EngineError("The request has no expression.")
    return request

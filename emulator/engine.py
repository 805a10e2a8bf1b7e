"""The engine: requests in, answers out, no network."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Mapping
from typing import Any

import pyproj
import pyproj.exceptions
import shapely

import emulator.algorithms  # noqa: F401 (registers the algorithms)
from emulator.evaluator.context import Context
from emulator.evaluator.encode import encode
from emulator.evaluator.errors import EngineError, NotImplementedHere
from emulator.evaluator.graph import read_expression
from emulator.evaluator.image import load
from emulator.evaluator.interpreter import Interpreter
from emulator.evaluator.signatures import algorithms_json
from emulator.protocol import (
    assets,
    encoders,
    limits,
    routes,
    tables,
    thumbnails,
)
from emulator.protocol.discovery import discovery_json
from emulator.protocol.pixels import compute_pixels
from emulator.service import JSON, Response, error_response
from emulator.source import Catalogue

_LOG = logging.getLogger(__name__)

_FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pyproj.exceptions.ProjError,
    shapely.errors.ShapelyError,
)
"""What a fault of the engine or its catalogue raises: answered as a 500, logged."""


class Engine:
    """Answers Earth Engine's REST API out of a catalogue, and remembers nothing.

    Thumbnails, counts and faults are kept by the layers around it: see
    :mod:`emulator.stack`. Safe to call from many threads. Evaluation runs on about
    as many threads at once as there are cores: more would only fight for the
    interpreter's lock.
    """

    def __init__(self, catalogue: Catalogue, *, poison: bool = True) -> None:
        """Makes an engine.

        Args:
            catalogue: The assets.
            poison: Whether masked pixels are poisoned in NPY; else they are 0.
        """
        self._catalogue = catalogue
        self._poison = poison
        self._evaluating = threading.BoundedSemaphore(os.cpu_count() or 1)

    def stats(self) -> dict[str, Any]:
        """Returns nothing: whoever is asked first counts."""
        return {}

    def close(self) -> None:
        """Does nothing: it has nothing to end."""

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
            body: JSON, if any; with the GET of a thumbnail's pixels, the request
                that made the thumbnail.
        """
        found = routes.route(method, uri)
        try:
            limits.check_payload(body)
            return self._answer(found, method, uri, body)
        except EngineError as error:
            return error_response(error.code, error.message, error.status)
        except RecursionError:
            message = "The expression, or its result, is nested too deep."
            return error_response(400, message, "INVALID_ARGUMENT")
        except _FAULTS as error:
            _LOG.exception("%s %s failed", method, uri)
            message = (
                f"An internal error has occurred ({type(error).__name__}: {error})"
            )
            return error_response(500, message, "INTERNAL")

    def _answer(
        self, found: routes.Found, method: str, uri: str, body: bytes | str | None
    ) -> Response:
        match found.kind:
            case routes.DISCOVERY:
                return Response(200, {"content-type": JSON}, discovery_json())
            case routes.ALGORITHMS:
                return Response(200, {"content-type": JSON}, algorithms_json())
            case routes.THUMBNAIL:
                return _json(
                    thumbnails.named(found.parts["project"], _expression(body))
                )
            case routes.ASSET:
                return _json(assets.get_asset(self._catalogue, found.asset_id))
            case routes.ASSET_LIST:
                listed = assets.list_assets(
                    self._catalogue, found.asset_id, found.query
                )
                return _json(listed)
            case routes.OPERATIONS:
                return _json({})
            case routes.EXPORT:
                raise NotImplementedHere("exports: nothing would run them")
            case kind if kind in routes.COMPUTED:
                with self._evaluating:
                    return self._computed(found, body)
        raise EngineError(
            f"This emulator has no answer to {method} {uri}.", 404, "NOT_FOUND"
        )

    def _computed(self, found: routes.Found, body: bytes | str | None) -> Response:
        context = Context(self._catalogue)
        match found.kind:
            case routes.VALUE:
                node = read_expression(_expression(body)["expression"])
                return _json({"result": encode(Interpreter(context).run(node))})
            case routes.FEATURES:
                return _json(tables.compute_features(_expression(body), context))
            case routes.ASSET_FEATURES:
                listed = tables.list_features(found.asset_id, found.query, context)
                return _json(listed)
            case routes.IMAGES:
                return _json(tables.compute_images(_expression(body), context))
            case routes.THUMBNAIL_PIXELS:
                if body is None:
                    raise thumbnails.not_found(found.parts["name"])
                request = _expression(body)
                kind, answer = thumbnails.render(request, context, self._poison)
                return Response(200, {"content-type": kind}, answer)
        if found.kind == routes.ASSET_PIXELS:
            request, image = _parsed(body), load(context, found.asset_id)
        else:
            request, image = _expression(body), None
        file_format = request.get("fileFormat", "NPY")
        encoders.check_format(file_format)
        raster = compute_pixels(request, context, image)
        kind, answer = encoders.encoded(raster, file_format, self._poison)
        return Response(200, {"content-type": kind}, answer)


def _json(answer: Any) -> Response:
    text = json.dumps(answer, allow_nan=False).encode()
    return Response(200, {"content-type": JSON}, text)


def _parsed(body: bytes | str | None) -> Mapping[str, Any]:
    try:
        request = json.loads(body or "")
    except (ValueError, RecursionError):
        raise EngineError("Invalid JSON payload received.") from None
    if not isinstance(request, dict):
        raise EngineError("Invalid JSON payload received: not an object.")
    return request


def _expression(body: bytes | str | None) -> Mapping[str, Any]:
    request = _parsed(body)
    if "expression" not in request:
        raise EngineError("The request has no expression.")
    return request

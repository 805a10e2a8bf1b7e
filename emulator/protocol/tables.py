"""Collections computed and answered by pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.evaluator.coerce import type_name
from emulator.evaluator.collection import FEATURES, IMAGES, Collection
from emulator.evaluator.context import Context
from emulator.evaluator.encode import encode
from emulator.evaluator.errors import EngineError
from emulator.evaluator.graph import read_expression
from emulator.evaluator.interpreter import Interpreter
from emulator.protocol import describe
from emulator.protocol.assets import page_of


def _page(
    body: Mapping[str, Any], context: Context, kind: str
) -> tuple[list[Any], dict[str, Any]]:
    value = Interpreter(context).run(read_expression(body["expression"]))
    if not isinstance(value, Collection) or value.kind != kind:
        raise EngineError(
            f"The expression is no {kind} but of type {type_name(value)}."
        )
    size, first = page_of(body)
    page = value.elements[first : first + size]
    more = first + size < len(value.elements)
    return page, {"nextPageToken": str(first + size)} if more else {}


def compute_features(body: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Answers ``table:computeFeatures``: a page of a collection as GeoJSON.

    Raises:
        EngineError: Anything wrong with the request or its expression.
    """
    page, more = _page(body, context, FEATURES)
    features = [encode(element) for element in page]
    return {"type": "FeatureCollection", "features": features, **more}


def compute_images(body: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Answers ``imageCollection:computeImages``: a page of descriptions.

    Raises:
        EngineError: Anything wrong with the request or its expression.
    """
    page, more = _page(body, context, IMAGES)
    return {"images": [describe.computed_image(one) for one in page], **more}

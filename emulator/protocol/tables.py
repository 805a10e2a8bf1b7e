"""Collections computed and answered by pages."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from emulator.evaluator.coerce import type_name
from emulator.evaluator.collection import FEATURES, IMAGES, Collection, load_table
from emulator.evaluator.context import Context
from emulator.evaluator.elements import Feature
from emulator.evaluator.encode import encode
from emulator.evaluator.errors import EngineError
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.graph import read_expression
from emulator.evaluator.interpreter import Interpreter
from emulator.protocol import describe
from emulator.protocol.assets import missing, page_of, read_filter, read_region


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
    return {"type": "FeatureCollection", "features": _geojson(page), **more}


def list_features(
    asset_id: str, query: Mapping[str, Any], context: Context
) -> dict[str, Any]:
    """Answers ``assets/...:listFeatures``: a page of a stored table as GeoJSON.

    Args:
        asset_id: Of the table.
        query: ``region``, ``filter``, ``pageSize``, ``pageToken``.
        context: A fresh one.

    Raises:
        EngineError: No such table, or a query that cannot be read.
    """
    if context.catalogue.table(asset_id) is None:
        raise missing(asset_id)
    wanted = read_filter(query.get("filter") or "")
    if query.get("region"):
        wanted = replace(wanted, region=read_region(query["region"]))
    size, first = page_of(query)
    kept = (
        row
        for row in load_table(context, asset_id).elements
        if wanted.admits(row.properties, row.place and row.place.lonlat)
    )
    page = list(itertools.islice(kept, first, first + size + 1))
    answer = {"type": "FeatureCollection", "features": _geojson(page[:size])}
    if len(page) > size:
        answer["nextPageToken"] = str(first + size)
    return answer


def _geojson(page: Sequence[Any]) -> list[Any]:
    """Returns features in degrees with planar edges, as the client's reference says."""
    return [encode(_flat(one)) for one in page]


def _flat(feature: Any) -> Feature:
    place = feature.geometry()
    if place is not None:
        place = Geometry(place.lonlat, geodesic=False)
    return Feature(place, feature.properties)


def compute_images(body: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Answers ``imageCollection:computeImages``: a page of descriptions.

    Raises:
        EngineError: Anything wrong with the request or its expression.
    """
    page, more = _page(body, context, IMAGES)
    return {"images": [describe.computed_image(one) for one in page], **more}

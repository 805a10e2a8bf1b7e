"""Values as the JSON that ``value:compute`` answers with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from emulator.evaluator.coerce import type_name
from emulator.evaluator.collection import MAX_ELEMENTS, Collection
from emulator.evaluator.dates import Date, DateRange
from emulator.evaluator.elements import FOOTPRINT, ID, INDEX, Feature, property_of
from emulator.evaluator.errors import EngineError
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.image import Band, Image
from emulator.evaluator.pixeltype import PixelType
from emulator.evaluator.projection import Projection


def encode(value: Any) -> Any:
    """Returns a value as JSON.

    Raises:
        EngineError: It is a function, a filter or a reducer, or has too many
            elements.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case np.generic():
            return encode(value.item())
        case list() | tuple():
            return [encode(item) for item in value]
        case Mapping():
            return {str(key): encode(item) for key, item in value.items()}
        case Date():
            return {"type": "Date", "value": value.millis}
        case DateRange():
            return {"type": "DateRange", "dates": [value.start, value.end]}
        case Geometry():
            return value.geojson()
        case Projection():
            return {
                "type": "Projection",
                "crs": value.crs,
                "transform": list(value.transform),
            }
        case PixelType():
            return _pixel_type(value)
        case Feature():
            return _feature(value)
        case Image():
            return _image(value)
        case Collection():
            return _collection(value)
    raise EngineError(f"A value of type {type_name(value)} cannot be returned.")


def _pixel_type(value: PixelType) -> dict[str, Any]:
    json: dict[str, Any] = {"type": "PixelType", "precision": value.precision}
    if value.precision == "int":
        json |= {"min": value.low, "max": value.high}
    return json


def _properties(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {key: encode(item) for key, item in properties.items()}


def _feature(feature: Feature) -> dict[str, Any]:
    properties = _properties(feature.properties)
    index = properties.pop(INDEX, None)
    place = feature.place
    json: dict[str, Any] = {
        "type": "Feature",
        "geometry": None if place is None else place.geojson(),
        "properties": properties,
    }
    return json if index is None else json | {"id": index}


def _band(band: Band) -> dict[str, Any]:
    json: dict[str, Any] = {"id": band.name, "data_type": _pixel_type(band.type)}
    if band.size is not None:
        json["dimensions"] = list(band.size)
    json["crs"] = band.projection.crs
    json["crs_transform"] = list(band.projection.transform)
    return json


def _image(image: Image) -> dict[str, Any]:
    json: dict[str, Any] = {"type": "Image", "bands": [_band(b) for b in image.bands]}
    identity = property_of(image, ID)
    properties = _properties(image.properties)
    properties.pop(ID, None)
    if identity is not None:
        json["id"] = identity
        place = image.geometry()
        if place is not None:
            properties[FOOTPRINT] = _outline(place)
    return json | {"properties": properties} if properties else json


def _outline(place: Geometry) -> dict[str, Any]:
    """Returns a footprint as Earth Engine shows it: a polygon's ring."""
    json = place.geojson()
    if json["type"] == "Polygon" and len(json["coordinates"]) == 1:
        return {**json, "type": "LinearRing", "coordinates": json["coordinates"][0]}
    return json


def _collection(collection: Collection) -> dict[str, Any]:
    if len(collection.elements) > MAX_ELEMENTS:
        raise EngineError(
            f"Collection query aborted after accumulating over {MAX_ELEMENTS} elements."
        )
    json: dict[str, Any] = {"type": collection.kind}
    identity = property_of(collection, ID)
    if identity is not None:
        json["id"] = identity
    if collection.kind == "ImageCollection":
        json["bands"] = []
    else:
        json["columns"] = {}
    json["properties"] = _properties(collection.properties)
    json["properties"].pop(ID, None)
    json["features"] = [encode(element) for element in collection.elements]
    return json

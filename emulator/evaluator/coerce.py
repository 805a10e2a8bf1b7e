"""Reading of values as the types that algorithms declare."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from emulator.evaluator import dates
from emulator.evaluator.collection import FEATURES, IMAGES, Collection, given
from emulator.evaluator.dates import Date, DateRange
from emulator.evaluator.elements import Feature
from emulator.evaluator.errors import TypeMismatch
from emulator.evaluator.filters import And, Comparison, Filter, Not, Or, Spatial
from emulator.evaluator.geometry import ErrorMargin, Geometry, from_geojson
from emulator.evaluator.image import Image, constant
from emulator.evaluator.kernels import Kernel
from emulator.evaluator.projection import Projection, crs_of
from emulator.evaluator.reducers import Reducer

_GEOJSON = frozenset(
    (
        "Point",
        "LineString",
        "LinearRing",
        "Polygon",
        "MultiPoint",
        "MultiLineString",
        "MultiPolygon",
        "GeometryCollection",
    )
)


def type_name(value: Any) -> str:
    """Returns what Earth Engine calls the type of a value."""
    if isinstance(value, Collection):
        return value.kind
    if isinstance(value, bool):
        return "Boolean"
    names = {int: "Integer", float: "Float", str: "String", list: "List"}
    names |= {dict: "Dictionary", type(None): "Null"}
    return names.get(type(value), type(value).__name__)


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    raise TypeMismatch


def _float(value: Any) -> float:
    return float(_number(value))


def _integer(value: Any) -> int:
    return int(_number(value))


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise TypeMismatch


def _boolean(value: Any) -> bool:
    if isinstance(value, bool | int | float):
        return bool(value)
    raise TypeMismatch


def _list(item: Callable[[Any], Any], value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeMismatch
    return [None if entry is None else item(entry) for entry in value]


def _objects(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise TypeMismatch


def _dictionary(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, Feature | Image):
        return dict(value.properties)
    raise TypeMismatch


def _image(value: Any) -> Image:
    if isinstance(value, Image):
        return value
    if isinstance(value, int | float):
        return constant(value)
    raise TypeMismatch


def _element(value: Any) -> Any:
    if isinstance(value, Image | Feature | Collection):
        return value
    if isinstance(value, Geometry):
        return Feature(value, {})
    raise TypeMismatch


def _feature(value: Any) -> Feature:
    if isinstance(value, Feature):
        return value
    if isinstance(value, Geometry):
        return Feature(value, {})
    raise TypeMismatch


def _collection(value: Any) -> Collection:
    if isinstance(value, Collection):
        return value
    if isinstance(value, list) and all(isinstance(v, Feature | Image) for v in value):
        kind = IMAGES if value and isinstance(value[0], Image) else FEATURES
        return given(kind, value)
    if isinstance(value, Image):
        return given(IMAGES, [value])
    return given(FEATURES, [_feature(value)])


def _images(value: Any) -> Collection:
    collection = _collection(value)
    if collection.kind != IMAGES:
        # ee.ImageCollection.randomColumn and the like come typed as features.
        if any(not isinstance(element, Image) for element in collection.elements):
            raise TypeMismatch
        return Collection(
            IMAGES,
            collection.listing,
            collection.filters,
            collection.properties,
            collection.id,
        )
    return collection


def _geometry(value: Any) -> Geometry:
    if isinstance(value, Geometry):
        return value
    if isinstance(value, Feature) and value.place is not None:
        return value.place
    if isinstance(value, dict) and value.get("type") in _GEOJSON:
        return from_geojson(value)
    raise TypeMismatch


def _error_margin(value: Any) -> ErrorMargin:
    if isinstance(value, ErrorMargin):
        return value
    if isinstance(value, dict) and value.get("type") == "ErrorMargin":
        return ErrorMargin(float(value["value"]), value.get("unit", "meters"))
    return ErrorMargin(_float(value))


def _projection(value: Any) -> Projection:
    if isinstance(value, Projection):
        return value
    if isinstance(value, str):
        crs_of(value)
        return Projection(value)
    if isinstance(value, dict) and value.get("type") == "Projection":
        a, b, c, d, e, f = map(float, value["transform"])
        return Projection(value["crs"], (a, b, c, d, e, f))
    raise TypeMismatch


def _date(value: Any) -> Date:
    if isinstance(value, Date):
        return value
    if isinstance(value, str):
        return dates.parse(value)
    if isinstance(value, dict) and value.get("type") == "Date":
        return Date(int(value["value"]))
    return Date(round(_number(value)))


def _date_range(value: Any) -> DateRange:
    if isinstance(value, DateRange):
        return value
    start = _date(value)
    return DateRange(start.millis, start.millis + 1)


def _filter(value: Any) -> Filter:
    if isinstance(value, Comparison | Spatial | And | Or | Not):
        return value
    raise TypeMismatch


def _reducer(value: Any) -> Reducer:
    if isinstance(value, Reducer):
        return value
    raise TypeMismatch


def _kernel(value: Any) -> Kernel:
    if isinstance(value, Kernel):
        return value
    raise TypeMismatch


def _callable(value: Any) -> Callable[..., Any]:
    if callable(value):
        function: Callable[..., Any] = value
        return function
    raise TypeMismatch


def _anything(value: Any) -> Any:
    return value


_COERCERS: dict[str, Callable[[Any], Any]] = {
    "Number": _number,
    "Float": _float,
    "Integer": _integer,
    "Long": _integer,
    "String": _string,
    "Boolean": _boolean,
    "List<Object>": _objects,
    "Image<unknown bands>": _image,
    "Element": _element,
    "Feature": _feature,
    "FeatureCollection": _collection,
    "ImageCollection": _images,
    "Geometry": _geometry,
    "ErrorMargin": _error_margin,
    "Projection": _projection,
    "Date": _date,
    "DateRange": _date_range,
    "Filter": _filter,
    "Reducer": _reducer,
    "Kernel": _kernel,
    "Algorithm": _callable,
}


@functools.lru_cache(maxsize=256)
def coercer(declared: str) -> Callable[[Any], Any]:
    """Returns what reads a value as a declared type, such as ``List<String>``.

    It raises :class:`TypeMismatch` for values that cannot be read so.
    """
    if declared in _COERCERS:
        return _COERCERS[declared]
    if declared.startswith("List<"):
        return functools.partial(_list, coercer(declared[5:-1]))
    if declared.startswith("Dictionary<"):
        return _dictionary
    return _anything

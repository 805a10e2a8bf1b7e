"""Collections: loading, filtering, ordering, mapping, listing."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import shapely

from emulator.evaluator.collection import (
    FEATURES,
    IMAGES,
    Collection,
    Made,
    Mapped,
    Merged,
    given,
    load_images,
    load_table,
)
from emulator.evaluator.context import Context
from emulator.evaluator.elements import INDEX, Feature
from emulator.evaluator.encode import encode
from emulator.evaluator.errors import EngineError
from emulator.evaluator.filters import Filter, field, plain
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.interpreter import Function
from emulator.evaluator.projection import Projection
from emulator.evaluator.reducers import Reducer
from emulator.evaluator.registry import algorithm

T = TypeVar("T")

_KEEP_PLACE = frozenset(
    ("Image.select", "Image.rename", "Image.resample", "Image.updateMask")
)
"""Algorithms that keep an image's time, index and footprint."""


@algorithm("ImageCollection.load")
def image_collection_load(id: str, context: Context) -> Collection:
    """Returns a stored image collection."""
    return load_images(context, id)


@algorithm("Collection.loadTable", ignores=("geometryColumn",))
def collection_load_table(table_id: str, context: Context) -> Collection:
    """Returns a stored table."""
    return load_table(context, table_id)


@algorithm("ImageCollection.fromImages")
def image_collection_from_images(images: list[Any]) -> Collection:
    """Returns a collection of a list of images, indexed from 0."""
    return given(IMAGES, images)


@algorithm("Collection")
def collection(features: list[Any]) -> Collection:
    """Returns a collection of a list of features, indexed from 0."""
    return given(FEATURES, features)


@algorithm("Collection.filter")
def collection_filter(collection: Collection, filter: Any) -> Collection:
    """Returns the elements that pass a filter."""
    wanted: Filter = filter
    if not hasattr(filter, "keep"):
        raise EngineError("Collection.filter, argument 'filter': Invalid type.")
    return collection.filtered(wanted)


@algorithm("Collection.first")
def collection_first(collection: Collection) -> Any:
    """Returns the first element; null if there is none."""
    found = collection.head(1)
    return found[0] if found else None


@algorithm("Collection.size")
def collection_size(collection: Collection) -> int:
    """Returns the number of elements."""
    return len(collection.elements)


def _order(value: Any) -> tuple[int, Any]:
    """Returns a sort key: null last, numbers before strings."""
    value = plain(value)
    if value is None:
        return 2, 0
    return (1, value) if isinstance(value, str) else (0, value)


def ordered_by(
    items: Sequence[T], element: Callable[[T], Any], key: str, ascending: bool
) -> list[T]:
    """Returns things in the order of a property of their elements, null last."""
    return sorted(
        items,
        key=lambda item: _order(field(element(item), key)),
        reverse=not ascending,
    )


@algorithm("Collection.limit")
def collection_limit(
    collection: Collection, limit: int | None, key: str | None, ascending: bool
) -> Collection:
    """Returns the elements ordered by a property, only so many."""
    if limit is not None and limit < 0:
        raise EngineError("Collection.limit: The limit must not be negative.")

    def make() -> Iterable[Any]:
        if key is None:
            return collection.head(limit)
        ordered = ordered_by(collection.elements, lambda one: one, key, ascending)
        return ordered[:limit]

    return collection.derived(Made(make))


@algorithm("Collection.map")
def collection_map(
    collection: Collection, base_algorithm: Callable[..., Any], drop_nulls: bool
) -> Collection:
    """Returns a function's values of the elements."""
    keeps = isinstance(base_algorithm, Function) and base_algorithm.only_calls(
        _KEEP_PLACE
    )
    return collection.derived(Mapped(collection, base_algorithm, drop_nulls, keeps))


@algorithm("Collection.iterate")
def collection_iterate(
    collection: Collection,
    function: Callable[..., Any],
    first: Any,
) -> Any:
    """Returns the last value of a function of each element and the value before."""
    value = first
    for element in collection.elements:
        value = function(element, value)
    return value


@algorithm("Collection.toList")
def collection_to_list(collection: Collection, count: int, offset: int) -> list[Any]:
    """Returns elements as a list."""
    if count < 0 or offset < 0:
        raise EngineError("Collection.toList: Count and offset must not be negative.")
    return collection.elements[offset : offset + count]


@algorithm("Collection.merge")
def collection_merge(collection1: Collection, collection2: Collection) -> Collection:
    """Returns the elements of both, indexes prefixed ``1_`` and ``2_``."""
    return collection1.derived(Merged(collection1, collection2))


@algorithm("ImageCollection.merge")
def image_collection_merge(
    collection1: Collection, collection2: Collection
) -> Collection:
    """Returns the images of both, indexes prefixed ``1_`` and ``2_``."""
    return collection1.derived(Merged(collection1, collection2))


@algorithm("Collection.flatten")
def collection_flatten(collection: Collection) -> Collection:
    """Returns the elements of a collection of collections."""

    def make() -> Iterable[Any]:
        for inner in collection.elements:
            if not isinstance(inner, Collection):
                raise EngineError("Collection.flatten: An element is no collection.")
            yield from inner.elements

    return collection.derived(Made(make))


@algorithm("Collection.distinct")
def collection_distinct(collection: Collection, properties: Any) -> Collection:
    """Returns the first element of each combination of properties."""
    names = properties if isinstance(properties, list) else [properties]

    def make() -> Iterable[Any]:
        seen = set()
        for element in collection.elements:
            values = [encode(field(element, name)) for name in names]
            key = json.dumps(values, sort_keys=True)
            if key not in seen:
                seen.add(key)
                yield element

    return collection.derived(Made(make))


@algorithm("Collection.geometry", ignores=("maxError",))
def collection_geometry(collection: Collection) -> Geometry:
    """Returns the union of the elements' geometries."""
    places = [element.geometry() for element in collection.elements]
    known = [place for place in places if place is not None]
    joined = shapely.union_all([place.lonlat for place in known])
    return Geometry(joined, geodesic=all(place.geodesic for place in known))


@algorithm("Collection.bounds", ignores=("maxError",))
def collection_bounds(collection: Collection, proj: Projection) -> Geometry:
    """Returns the box around the elements' geometries, in a projection."""
    whole = collection_geometry(collection)
    shape = shapely.box(*whole.within(proj.crs).bounds)
    return Geometry(shape, proj.crs, geodesic=False)


@algorithm("Collection.union", ignores=("maxError",))
def collection_union(collection: Collection) -> Collection:
    """Returns a collection of one feature: all geometries as one."""

    def make() -> Iterable[Any]:
        yield Feature(collection_geometry(collection), {INDEX: "union_result"})

    return Collection(FEATURES, Made(make))


@algorithm("Collection.remap")
def collection_remap(
    collection: Collection,
    lookup_in: list[Any],
    lookup_out: list[int],
    column_name: str,
) -> Collection:
    """Returns the elements with a property's values exchanged, others left out."""
    if len(lookup_in) != len(lookup_out):
        raise EngineError("Collection.remap: Both lists must have the same length.")

    def make() -> Iterable[Any]:
        for element in collection.elements:
            value = plain(field(element, column_name))
            if value in lookup_in:
                new = lookup_out[lookup_in.index(value)]
                yield element.with_properties({**element.properties, column_name: new})

    return collection.derived(Made(make))


@algorithm("Collection.reduceColumns")
def collection_reduce_columns(
    collection: Collection, reducer: Reducer, selectors: list[str]
) -> dict[str, Any]:
    """Returns a reducer's outputs over properties of the elements."""
    if len(selectors) != reducer.inputs:
        raise EngineError(
            f"Collection.reduceColumns: Reducer needs {reducer.inputs} inputs but "
            f"{len(selectors)} selectors were given."
        )
    elements = collection.elements
    return reducer.reduce(
        [[plain(field(element, name)) for element in elements] for name in selectors]
    )


@algorithm("Collection.randomColumn")
def collection_random_column(
    collection: Collection,
    column_name: str,
    seed: int,
    distribution: str,
    row_keys: list[str],
) -> Collection:
    """Returns the elements with a number that hashes the seed and their keys.

    The numbers are not those of Earth Engine.
    """
    if distribution not in ("uniform", "normal"):
        raise EngineError(
            f"Collection.randomColumn: Unknown distribution '{distribution}'."
        )

    def number(element: Any) -> float:
        keys = [encode(field(element, name)) for name in row_keys]
        text = json.dumps([seed, keys], sort_keys=True).encode()
        bits = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) >> 11
        uniform = bits / 2.0**53
        if distribution == "uniform":
            return uniform
        return statistics.NormalDist().inv_cdf(min(max(uniform, 2e-16), 1 - 2e-16))

    def make() -> Iterable[Any]:
        for element in collection.elements:
            yield element.with_properties(
                {**element.properties, column_name: number(element)}
            )

    return collection.derived(Made(make))

"""Features, and the properties of all elements."""

from __future__ import annotations

from typing import Any

from emulator.evaluator.elements import FOOTPRINT, ID, Feature, property_of
from emulator.evaluator.errors import EngineError
from emulator.evaluator.filters import field
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.registry import algorithm


@algorithm("Feature", ignores=("geometryKey",))
def feature(geometry: Geometry | None, metadata: dict[str, Any]) -> Feature:
    """Returns a feature."""
    return Feature(geometry, metadata)


@algorithm("Feature.id")
def feature_id(element: Any) -> Any:
    """Returns an element's index within its collection."""
    return element.properties.get("system:index")


@algorithm("Feature.setGeometry")
def feature_set_geometry(feature: Any, geometry: Geometry | None) -> Feature:
    """Returns a feature elsewhere."""
    return Feature(geometry, feature.properties)


@algorithm("Feature.select")
def feature_select(
    input: Any,
    property_selectors: list[str],
    new_properties: list[str] | None,
    retain_geometry: bool,
) -> Feature:
    """Returns a feature with some of its properties, perhaps renamed."""
    names = new_properties or property_selectors
    if len(names) != len(property_selectors):
        raise EngineError("Feature.select: As many new names as selectors are needed.")
    kept = {
        new: input.properties[old]
        for old, new in zip(property_selectors, names, strict=True)
        if old in input.properties
    }
    return Feature(input.geometry() if retain_geometry else None, kept)


@algorithm("Element.geometry", ignores=("maxError",))
@algorithm("Feature.geometry", ignores=("maxError",))
@algorithm("Image.geometry", ignores=("maxError",))
def element_geometry(feature: Any) -> Geometry | None:
    """Returns an element's geometry or footprint."""
    place: Geometry | None = feature.geometry()
    return place


@algorithm("Element.get")
def element_get(object: Any, property: str) -> Any:
    """Returns a property; null if it is not set."""
    return field(object, property)


def _typed(name: str, wanted: type | tuple[type, ...]) -> None:
    @algorithm(
        f"Element.get{name}", about=f"Returns a property that is a {name.lower()}."
    )
    def get(object: Any, property: str) -> Any:
        value = field(object, property)
        if value is not None and not isinstance(value, wanted):
            raise EngineError(f"Element.get{name}: '{property}' is not a {name}.")
        return value


_typed("Number", (int, float))
_typed("String", str)


@algorithm("Element.set")
def element_set(object: Any, key: str, value: Any) -> Any:
    """Returns an element with a property set."""
    return object.with_properties({**object.properties, key: value})


@algorithm("Element.setMulti")
def element_set_multi(object: Any, properties: dict[str, Any]) -> Any:
    """Returns an element with properties set."""
    return object.with_properties({**object.properties, **properties})


@algorithm("Element.propertyNames")
def element_property_names(element: Any) -> list[str]:
    """Returns the names of all properties; those of stored elements with their id."""
    return sorted({*element.properties, *_unlisted(element)})


def _unlisted(element: Any) -> list[str]:
    """Returns properties that catalogues need not list: a stored image has both."""
    if property_of(element, ID) is None:
        return []
    return [ID] if element.geometry() is None else [FOOTPRINT, ID]


@algorithm("Element.toDictionary")
def element_to_dictionary(element: Any, properties: list[str] | None) -> dict[str, Any]:
    """Returns properties as a dictionary; without a choice, none of ``system:``."""
    if properties is not None:
        return {name: field(element, name) for name in properties}
    return {
        name: value
        for name, value in element.properties.items()
        if not name.startswith("system:")
    }


@algorithm("Image.copyProperties")
@algorithm("Element.copyProperties")
def element_copy_properties(
    destination: Any,
    source: Any,
    properties: list[str] | None,
    exclude: list[str] | None,
) -> Any:
    """Returns the destination with properties of the source.

    Without a choice those that begin with ``system:`` stay behind.
    """
    if source is None or destination is None:
        return destination
    names = properties
    if names is None:
        names = [n for n in source.properties if not n.startswith("system:")]
    left = set(exclude or ())
    copied = {
        name: value
        for name in names
        if name not in left and (value := field(source, name)) is not None
    }
    return destination.with_properties({**destination.properties, **copied})

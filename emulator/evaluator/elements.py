"""Elements: what a collection is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

from emulator.evaluator.geometry import Geometry

ID = "system:id"
INDEX = "system:index"
TIME = "system:time_start"
FOOTPRINT = "system:footprint"


class Element(Protocol):
    """Something with properties and perhaps a place: an image or a feature."""

    @property
    def properties(self) -> Mapping[str, Any]:
        """Its properties."""

    def geometry(self) -> Geometry | None:
        """Returns its geometry or footprint; None if unbounded or absent."""

    def with_properties(self, properties: Mapping[str, Any]) -> Self:
        """Returns it with other properties."""


@dataclass(frozen=True, eq=False)
class Feature:
    """A feature.

    Attributes:
        place: Its geometry, if any.
        properties: Its properties, ``system:index`` among them in a collection.
    """

    place: Geometry | None
    properties: Mapping[str, Any]

    def geometry(self) -> Geometry | None:
        """Returns its geometry."""
        return self.place

    def with_properties(self, properties: Mapping[str, Any]) -> Feature:
        """Returns it with other properties."""
        return replace(self, properties=properties)


def property_of(element: Any, name: str) -> Any:
    """Returns a property; null if it is not set.

    ``system:id`` is one of whatever is stored, though no catalogue lists it.
    """
    found = element.properties.get(name)
    if found is None and name == ID:
        return getattr(element, "id", None)
    return found


def index_of(element: Element) -> str | None:
    """Returns an element's ``system:index``."""
    value = element.properties.get(INDEX)
    return None if value is None else str(value)


def with_index(element: Any, index: str | None) -> Any:
    """Returns the element under another ``system:index``."""
    if index is None or element.properties.get(INDEX) == index:
        return element
    return element.with_properties({**element.properties, INDEX: index})

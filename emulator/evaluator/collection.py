"""Collections: filtered lazily, listed once, asked of the catalogue narrowly."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast

from emulator import source
from emulator.evaluator.context import Context
from emulator.evaluator.elements import INDEX, Element, Feature, index_of, with_index
from emulator.evaluator.errors import EngineError
from emulator.evaluator.filters import And, Filter, Hint
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.image import of_scene
from emulator.source import Bounds
from emulator.unconfirmed import FROM_IMAGES_KEEPS_INDEX

MAX_ELEMENTS = 5000
"""Most elements that an answer may list."""

SOMEWHERE: Bounds = (9.99, 49.99, 10.0, 50.0)
"""Where the first members of a collection too large to list are looked for."""

IMAGES = "ImageCollection"
FEATURES = "FeatureCollection"


class TooLarge(EngineError):  # noqa: N818 (an answer, not a crash)
    """A collection has too many members to list."""


class Listing(Protocol):
    """Where a collection's elements come from."""

    def elements(self, hint: Hint, sieve: And) -> Iterable[Any]:
        """Returns elements in order.

        Args:
            hint: At least those that it allows.
            sieve: Filters of properties; those that fail may be left out.
        """


class Collection:
    """A collection of images or features.

    Attributes:
        kind: ``ImageCollection`` or ``FeatureCollection``.
        listing: Where its elements come from.
        filters: What they must pass.
        properties: Its own properties.
        id: Asset id, if it is a stored one.
    """

    def __init__(
        self,
        kind: str,
        listing: Listing,
        filters: tuple[Filter, ...] = (),
        properties: Mapping[str, Any] | None = None,
        asset_id: str | None = None,
    ) -> None:
        self.kind = kind
        self.listing = listing
        self.filters = filters
        self.properties: Mapping[str, Any] = {} if properties is None else properties
        self.id = asset_id

    def matching(self, hint: Hint) -> list[Any]:
        """Returns its elements, perhaps without some that the hint excludes."""
        wanted = And(self.filters)
        # Properties are looked at before images are made of a catalogue's scenes.
        found = list(self.listing.elements(wanted.hint & hint, wanted.sieve))
        if isinstance(self.listing, Stored):
            wanted = wanted.rest
        if not wanted.filters:
            return found
        kept = wanted.keep(found)
        return [element for element, ok in zip(found, kept, strict=True) if ok]

    @functools.cached_property
    def elements(self) -> list[Any]:
        """Its elements in order."""
        return self.matching(Hint())

    def head(self, count: int | None) -> list[Any]:
        """Returns its first elements.

        Of a collection too large to list they are those of one place on Earth: whoever
        asks so wants to see what members look like.
        """
        try:
            return self.elements[:count]
        except TooLarge:
            return self.matching(Hint(bounds=SOMEWHERE))[:count]

    def filtered(self, wanted: Filter) -> Collection:
        """Returns the elements that pass a filter."""
        return Collection(
            self.kind,
            self.listing,
            (*self.filters, wanted),
            self.properties,
            self.id,
        )

    def derived(self, listing: Listing, kind: str | None = None) -> Collection:
        """Returns a collection of other elements; properties and id are kept."""
        return Collection(kind or self.kind, listing, (), self.properties, self.id)

    def with_properties(self, properties: Mapping[str, Any]) -> Collection:
        """Returns it with other properties."""
        return Collection(self.kind, self.listing, self.filters, properties, self.id)

    def geometry(self) -> Geometry | None:
        """Returns nothing: a collection as an element has no place of its own."""
        return None


@dataclass(frozen=True, eq=False)
class Given:
    """A list of elements."""

    items: Sequence[Any]

    def elements(self, hint: Hint, sieve: And) -> Iterable[Any]:
        """Returns the list."""
        return self.items


@dataclass(frozen=True, eq=False)
class Stored:
    """The scenes of a catalogue's collection."""

    collection: source.Collection
    context: Context

    def elements(self, hint: Hint, sieve: And) -> Iterable[Any]:
        """Asks the catalogue for no more than the hint allows."""
        scenes = list(self._found(hint))
        # Scenes have properties, and a sieve looks at nothing else.
        kept = sieve.keep(cast("list[Element]", scenes))
        return [
            of_scene(self.context, scene)
            for scene, ok in zip(scenes, kept, strict=True)
            if ok
        ]

    def _found(self, hint: Hint) -> Iterator[source.Scene]:
        if hint.index is not None:
            found = self.context.catalogue.image(f"{self.collection.id}/{hint.index}")
            if found is not None:
                yield found
            return
        boxes = _boxes(hint.bounds)
        seen = set()
        for bounds in boxes:
            for scene in self._scenes(bounds, hint):
                if len(boxes) > 1:
                    if scene.id in seen:
                        continue
                    seen.add(scene.id)
                yield scene

    def _scenes(self, bounds: Bounds | None, hint: Hint) -> Iterator[source.Scene]:
        query = bounds, hint.start, hint.end
        try:
            if hint.ranges and isinstance(self.collection, source.Sifting):
                yield from self.collection.sift(*query, hint.ranges)
            else:
                yield from self.collection.scenes(*query)
        except ValueError as error:
            raise TooLarge(
                "Collection query aborted after accumulating over "
                f"{MAX_ELEMENTS} elements ({self.collection.id}: {error})."
            ) from error


def _boxes(bounds: Bounds | None) -> list[Bounds | None]:
    """Splits a box that crosses ±180° in two."""
    if bounds is None:
        return [None]
    west, south, east, north = bounds
    if east - west >= 360.0:
        return [(-180.0, south, 180.0, north)]
    if east > 180.0 and west < 180.0:
        return [(west, south, 180.0, north), (-180.0, south, east - 360.0, north)]
    if west < -180.0 and east > -180.0:
        return [(west + 360.0, south, 180.0, north), (-180.0, south, east, north)]
    turn = 360.0 if east <= -180.0 else -360.0 if west >= 180.0 else 0.0
    return [(west + turn, south, east + turn, north)]


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a catalogue's table."""

    table: source.Table
    _made: list[Feature] = field(default_factory=list)

    def elements(self, hint: Hint, sieve: And) -> Iterable[Any]:
        """Returns the rows."""
        if not self._made:
            self._made.extend(
                Feature(
                    Geometry(row.geometry, geodesic=False),
                    {**row.properties, INDEX: row.id},
                )
                for row in self.table.features()
            )
        return self._made


@dataclass(frozen=True, eq=False)
class Mapped:
    """A function of another collection's elements.

    Attributes:
        base: The other collection.
        function: Called with each element.
        drop_nulls: Leave out elements for which it returns null.
        keeps_place: Whether it keeps time, index and footprint, so that filters on
            the result may narrow the base.
    """

    base: Collection
    function: Callable[[Any], Any]
    drop_nulls: bool
    keeps_place: bool

    def elements(self, hint: Hint, sieve: And) -> Iterable[Any]:
        """Returns the function's values under their elements' indexes."""
        if self.keeps_place:
            narrow = self.base.matching(replace(hint, ranges=()))
        else:
            narrow = self.base.elements
        for element in narrow:
            made = self.function(element)
            if made is None:
                if self.drop_nulls:
                    continue
                raise EngineError("Collection.map: A mapped algorithm returned null.")
            if not hasattr(made, "with_properties"):
                raise EngineError(
                    "Collection.map: A mapped algorithm must return a Feature or Image."
                )
            yield with_index(made, index_of(element))


@dataclass(frozen=True, eq=False)
class Merged:
    """Two collections, with ``1_`` and ``2_`` before their indexes."""

    first: Collection
    second: Collection

    def elements(self, hint: Hint, sieve: And) -> Iterable[Any]:
        """Returns the first's elements, then the second's."""
        narrow = replace(hint, index=None, ranges=())
        for prefix, collection in (("1_", self.first), ("2_", self.second)):
            for element in collection.matching(narrow):
                yield with_index(element, f"{prefix}{index_of(element) or ''}")


@dataclass(frozen=True, eq=False)
class Made:
    """Elements made when they are needed."""

    make: Callable[[], Iterable[Any]]

    def elements(self, hint: Hint, sieve: And) -> Iterable[Any]:
        """Makes them."""
        return self.make()


def given(kind: str, items: Sequence[Any]) -> Collection:
    """Returns a collection of elements, indexed by their place if by nothing else."""
    keep = kind == IMAGES and FROM_IMAGES_KEEPS_INDEX
    return Collection(
        kind,
        Given(
            [
                item if keep and index_of(item) else with_index(item, str(i))
                for i, item in enumerate(items)
            ]
        ),
    )


def load_images(context: Context, asset_id: str) -> Collection:
    """Returns a stored image collection.

    Raises:
        EngineError: The catalogue has none of that id.
    """
    found = context.catalogue.collection(asset_id)
    if found is None:
        raise EngineError(
            f"ImageCollection.load: ImageCollection asset '{asset_id}' not found "
            "(does not exist or caller does not have access)."
        )
    return Collection(IMAGES, Stored(found, context), (), found.properties, asset_id)


def load_table(context: Context, asset_id: str) -> Collection:
    """Returns a stored table.

    Raises:
        EngineError: The catalogue has none of that id.
    """
    found = context.catalogue.table(asset_id)
    if found is None:
        raise EngineError(
            f"Collection.loadTable: Collection asset '{asset_id}' not found "
            "(does not exist or caller does not have access)."
        )
    rows = context.once(("table", asset_id), lambda: Rows(found))
    return Collection(FEATURES, rows, (), {}, asset_id)

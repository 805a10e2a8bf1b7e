"""One catalogue over another."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.source import Catalogue, Collection, Scene, Table


@dataclass(frozen=True)
class Layered:
    """A catalogue whose assets hide those of the same id in another.

    A collection hides all of the other's: their images are not mixed.

    Attributes:
        first: What is looked in first.
        second: What has the rest.
    """

    first: Catalogue
    second: Catalogue

    def image(self, asset_id: str) -> Scene | None:
        """Returns the image, a member of a collection or one of its own."""
        found = self.first.image(asset_id)
        if found is not None:
            return found
        parent = asset_id.rpartition("/")[0]
        # A mere folder of the first hides no images: the second has no such collection.
        both = (one.collection(parent) is not None for one in (self.first, self.second))
        if self._hides(asset_id) or all(both):
            return None
        return self.second.image(asset_id)

    def collection(self, asset_id: str) -> Collection | None:
        """Returns the image collection."""
        found = self.first.collection(asset_id)
        if found is not None or self._hides(asset_id):
            return found
        return self.second.collection(asset_id)

    def table(self, asset_id: str) -> Table | None:
        """Returns the table."""
        found = self.first.table(asset_id)
        if found is not None or self._hides(asset_id):
            return found
        return self.second.table(asset_id)

    def _hides(self, asset_id: str) -> bool:
        return (
            self.first.image(asset_id) is not None
            or self.first.collection(asset_id) is not None
            or self.first.table(asset_id) is not None
        )

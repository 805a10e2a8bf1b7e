"""Local files as assets: GeoTIFFs as images and collections, vector files as tables.

``docs/catalog.md`` shows the layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emulator.local.errors import CatalogueError
from emulator.local.folders import digest
from emulator.local.index import Index, scan
from emulator.local.layered import Layered
from emulator.source import Collection, Scene, Table

__all__ = ["CatalogueError", "Layered", "LocalFiles", "digest"]


@dataclass(frozen=True)
class LocalFiles:
    """The assets of a folder.

    Attributes:
        index: What was found.
    """

    index: Index

    @classmethod
    def of(cls, root: Path) -> LocalFiles:
        """Looks through a folder, once; no raster is opened before it is asked for.

        Raises:
            CatalogueError: There is no such folder, or something in it is wrong.
        """
        return cls(scan(root))

    def image(self, asset_id: str) -> Scene | None:
        """Returns the image, a member of a collection or one of its own."""
        return self.index.images.get(asset_id)

    def collection(self, asset_id: str) -> Collection | None:
        """Returns the image collection."""
        return self.index.collections.get(asset_id)

    def table(self, asset_id: str) -> Table | None:
        """Returns the table."""
        return self.index.tables.get(asset_id)

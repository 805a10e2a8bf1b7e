"""The folders of a catalogue, looked through once: which asset is where.

A folder's place is its asset id. What it is, its content says:

* ``collection.json``: a collection; its sub-folders and files are the images.
* a JSON file of its own: an image.
* neither: what it is asked for as, an image with a band a file, or a collection of
  its files and of those sub-folders that are images. With a JSON file beside each,
  the files are images only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from emulator.local import documents, stac
from emulator.local.collection import TIME, LocalCollection
from emulator.local.described import ImageText, collection_text, image_text
from emulator.local.errors import CatalogueError
from emulator.local.folders import Listing, listing
from emulator.local.scene import LocalScene, Store
from emulator.local.table import LocalTable

COLLECTION = "collection"
_STAC_ONLY = "catalog"
"""A file of pystac's that says nothing here."""


@dataclass
class Index:
    """The assets found.

    Attributes:
        images: By asset id, members of collections among them.
        collections: By asset id.
        tables: By asset id.
    """

    images: dict[str, LocalScene] = field(default_factory=dict)
    collections: dict[str, LocalCollection] = field(default_factory=dict)
    tables: dict[str, LocalTable] = field(default_factory=dict)


def scan(root: Path) -> Index:
    """Looks through a folder; opens JSON files, but no raster.

    Raises:
        CatalogueError: There is no such folder, or something in it is wrong.
    """
    if not root.is_dir():
        raise CatalogueError(root, "no such folder")
    scanning = _Scan(Store(), Index())
    scanning.folder(root.resolve(), "", None)
    if not (scanning.index.images or scanning.index.tables):
        raise CatalogueError(root, "there is no asset in it")
    return scanning.index


@dataclass
class _Scan:
    store: Store
    index: Index

    def folder(
        self, path: Path, asset_id: str, beside: Path | None
    ) -> LocalScene | None:
        """Takes a folder in.

        Args:
            path: The folder.
            asset_id: Its asset id; empty for the root.
            beside: A JSON file of its name beside it.

        Returns:
            The image that the folder is, or may be; None if it is none.
        """
        found = listing(path)
        for stem, file in found.tables.items():
            self._table(_join(asset_id, stem), file)
        own = _own_documents(found)
        if COLLECTION in found.documents:
            for unwanted in (*own, *([beside] if beside else [])):
                raise CatalogueError(unwanted, "it describes a collection's folder")
            self._collection(asset_id, found)
            return None
        if beside is not None:
            own.append(beside)
        if len(own) > 1:
            names = ", ".join(one.name for one in own)
            raise CatalogueError(path, f"more than one JSON describes it: {names}")
        if own:
            return self._described_folder(path, asset_id, found, own[0])
        return self._undescribed_folder(path, asset_id, found)

    def _collection(self, asset_id: str, found: Listing) -> None:
        if not asset_id:
            raise CatalogueError(
                found.documents[COLLECTION], "the catalogue itself is no collection"
            )
        document = documents.read(found.documents[COLLECTION])
        properties, common = collection_text(document)
        members = list(self._files(asset_id, found, common))
        for name, path in found.folders.items():
            members.append(self._member(_join(asset_id, name), path, found, common))
        self.index.collections[asset_id] = LocalCollection(
            asset_id, properties, members
        )

    def _member(
        self, asset_id: str, path: Path, parent: Listing, common: ImageText
    ) -> LocalScene:
        """Takes in a folder that is an image, for its parent is a collection."""
        inside = listing(path)
        own = _own_documents(inside, whole=True)
        if path.name in parent.documents:
            own.append(parent.documents[path.name])
        if len(own) > 1:
            names = ", ".join(one.name for one in own)
            raise CatalogueError(path, f"more than one JSON describes it: {names}")
        text = _described(own[0], path).over(common) if own else common
        rasters = tuple(inside.rasters.values())
        if not (rasters or text.files or text.bands):
            raise CatalogueError(path, "no GeoTIFF in it: it is no image")
        return self._image(asset_id, path, rasters, text)

    def _described_folder(
        self, path: Path, asset_id: str, found: Listing, own: Path
    ) -> LocalScene:
        for stem in found.rasters:
            if stem in found.documents and found.documents[stem] != own:
                raise CatalogueError(
                    found.documents[stem],
                    f"{own.name} makes the folder an image, this makes it a collection",
                )
        text = _described(own, path).over(ImageText())
        rasters = tuple(found.rasters.values())
        if not (rasters or text.files or text.bands):
            raise CatalogueError(own, "no GeoTIFF beside it, and none named in it")
        if not asset_id:
            raise CatalogueError(own, "the catalogue itself is no image")
        return self._image(asset_id, path, rasters, text)

    def _undescribed_folder(
        self, path: Path, asset_id: str, found: Listing
    ) -> LocalScene | None:
        members = list(self._files(asset_id, found, ImageText()))
        for name, inner in found.folders.items():
            beside = found.documents.get(name)
            image = self.folder(inner, _join(asset_id, name), beside)
            if image is not None:
                members.append(image)
        if not asset_id or not members:
            return None
        self.index.collections[asset_id] = LocalCollection(asset_id, {}, members)
        if not found.rasters or found.documents.keys() & found.rasters.keys():
            return None
        rasters = tuple(found.rasters.values())
        return self._image(asset_id, path, rasters, ImageText())

    def _files(
        self, asset_id: str, found: Listing, common: ImageText
    ) -> Iterator[LocalScene]:
        """Takes in a folder's rasters, each an image."""
        for stem, path in found.rasters.items():
            text = common
            if stem in found.documents:
                text = _described(found.documents[stem], path.parent).over(common)
            yield self._image(_join(asset_id, stem), path.parent, (path,), text)

    def _image(
        self, asset_id: str, folder: Path, rasters: tuple[Path, ...], text: ImageText
    ) -> LocalScene:
        self._free(asset_id, rasters[0] if rasters else folder)
        properties = _properties(asset_id, text)
        if text.properties:
            text = replace(text, properties={})
        image = LocalScene(asset_id, properties, folder, rasters, text, self.store)
        self.index.images[asset_id] = image
        return image

    def _table(self, asset_id: str, path: Path) -> None:
        self._free(asset_id, path)
        self.index.tables[asset_id] = LocalTable(asset_id, path)

    def _free(self, asset_id: str, path: Path) -> None:
        if asset_id in self.index.images or asset_id in self.index.tables:
            raise CatalogueError(path, f"there are two assets {asset_id}")


def _join(parent: str, name: str) -> str:
    return f"{parent}/{name}" if parent else name


def _own_documents(found: Listing, *, whole: bool = False) -> list[Path]:
    """Returns the JSON files that are about a folder, not about something in it.

    Args:
        found: The folder's content.
        whole: Whether it is one image, so that nothing in it has a JSON of its own.
    """
    inside = set() if whole else found.rasters.keys() | found.folders.keys()
    return [
        path
        for stem, path in found.documents.items()
        if stem not in (COLLECTION, _STAC_ONLY) and stem not in inside
    ]


def _described(path: Path, folder: Path) -> ImageText:
    document = documents.read(path)
    if stac.is_item(document):
        return stac.item_text(document, folder)
    return image_text(document)


def _properties(asset_id: str, text: ImageText) -> Mapping[str, Any]:
    found = {**text.properties, "system:index": asset_id.rpartition("/")[2]}
    if text.start_ms is not None:
        found[TIME] = text.start_ms
    if text.end_ms is not None:
        found["system:time_end"] = text.end_ms
    return found

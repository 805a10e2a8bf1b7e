"""STAC items (1.0 and 1.1) as descriptions of images.

Read of it: ``properties.datetime`` or ``start_datetime`` and ``end_datetime``,
``geometry``, ``properties``, and of ``assets`` the rasters that lie here: ``href``,
``roles``, and the names in ``eo:bands`` or ``bands``. What an item has of a server
that the pixels came from counts if a file of the same name lies in the image's
folder. Nothing is ever fetched.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlparse

from emulator.local.described import FileText, ImageText
from emulator.local.documents import Document
from emulator.local.folders import RASTERS

_NOT_DATA = frozenset(("thumbnail", "overview", "visual", "metadata"))
_TIMES = ("datetime", "start_datetime", "end_datetime")


def is_item(document: Document) -> bool:
    """Whether a JSON file is a STAC item."""
    return document.is_text("type") and document.text("type") == "Feature"


def item_text(document: Document, folder: Path) -> ImageText:
    """Reads an item.

    Args:
        document: The item.
        folder: The image's: what its bands' files are looked for in.

    Raises:
        CatalogueError: It is not as STAC says.
    """
    about = document.part("properties")
    if about is None:
        document.refuse("properties", "a STAC item has them")
    properties = about.properties(strict=False)
    for key in _TIMES:
        properties.pop(key, None)
    identity = document.text("id")
    if identity is not None:
        properties["id"] = identity
    start = about.time("start_datetime")
    return ImageText(
        properties,
        {},
        about.time("datetime") if start is None else start,
        about.time("end_datetime"),
        document.shape("geometry"),
        (),
        tuple(_files(document, folder)),
    )


def _files(document: Document, folder: Path) -> list[FileText]:
    assets = document.part("assets")
    if assets is None:
        return []
    found = []
    for key, asset in assets.parts():
        href = asset.text("href")
        if href is None or not _NOT_DATA.isdisjoint(asset.list("roles")):
            continue
        file = _local(href, document.path.parent, folder)
        if file is not None:
            found.append(FileText(key, file, _names(asset), _policy(asset)))
    # What shows three bands together comes after each of them.
    return sorted(found, key=lambda one: len(one.names) > 1)


def _local(href: str, origin: Path, folder: Path) -> str | None:
    """Returns the file of a link, None if it does not lie here or is no raster."""
    parsed = urlparse(href)
    if PurePosixPath(parsed.path).suffix.lower() not in RASTERS:
        return None
    if parsed.scheme == "file":
        places = [Path(unquote(parsed.path))]
    elif parsed.scheme or href.startswith("/vsi"):
        places = [folder / PurePosixPath(unquote(parsed.path)).name]
    else:
        places = [origin / href, folder / PurePosixPath(href).name]
    for place in places:
        if place.is_file():
            return str(place)
    return None


def _names(asset: Document) -> tuple[str, ...]:
    for key in ("eo:bands", "bands"):
        names = [one.get("name") for one in asset.list(key) if isinstance(one, dict)]
        if names and all(isinstance(name, str) for name in names):
            return tuple(map(str, names))
    return ()


def _policy(asset: Document) -> str | None:
    """Returns ``mode`` for classes, else nothing."""
    lists = [asset.list("classification:classes")]
    for key in ("raster:bands", "bands"):
        for one in asset.list(key):
            if isinstance(one, dict):
                lists.append(one.get("classification:classes") or [])
    return "mode" if any(lists) else None

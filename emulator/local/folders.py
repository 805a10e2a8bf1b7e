"""What lies in the folders of a catalogue, sorted by what it is."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from emulator.local.errors import CatalogueError

RASTERS = frozenset((".tif", ".tiff", ".jp2"))
TABLES = frozenset((".geojson", ".gpkg", ".parquet"))
_DEEPEST = 64


@dataclass
class Listing:
    """A folder's content by name without suffix, in natural order.

    Attributes:
        rasters: GeoTIFFs and JPEG 2000 files.
        tables: Vector files.
        documents: JSON files.
        folders: Folders in it.
    """

    rasters: dict[str, Path] = field(default_factory=dict)
    tables: dict[str, Path] = field(default_factory=dict)
    documents: dict[str, Path] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Returns a sort key by which B2 comes before B10, and B8 before B8A."""
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in re.findall(r"[0-9]+|[^0-9]+", name)
    )


def listing(folder: Path) -> Listing:
    """Lists a folder; what is hidden and what is of no use here is left out.

    Raises:
        CatalogueError: It cannot be read, or two of its files have one name.
    """
    found = Listing()
    for entry in sorted(_entries(folder), key=lambda one: natural(one.name)):
        if entry.name.startswith("."):
            continue
        path = Path(entry.path)
        if entry.is_dir():
            found.folders[entry.name] = path
            continue
        suffix = path.suffix.lower()
        if suffix in RASTERS:
            _put(found.rasters, path)
        elif suffix in TABLES:
            _put(found.tables, path)
        elif suffix == ".json":
            _put(found.documents, path)
    return found


def _put(found: dict[str, Path], path: Path) -> None:
    if path.stem in found:
        other = found[path.stem].name
        raise CatalogueError(path, f"{other} lies beside it: they are one asset's name")
    found[path.stem] = path


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    if len(folder.parts) > _DEEPEST:
        raise CatalogueError(folder, "too deep: does a link lead back?")
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise CatalogueError(folder, error.strerror or str(error)) from error


def _all(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yields every file below a folder that is not hidden, and its size."""
    for entry in sorted(_entries(folder), key=lambda one: one.name):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _all(Path(entry.path))
        elif entry.is_file():
            yield Path(entry.path), entry.stat().st_size


def digest(root: Path) -> str:
    """Returns 16 hex digits that change with the files of a catalogue.

    They are of every file's place and size, and of the content of JSON files:
    pixels are too many to be read. Where the catalogue lies does not matter.

    Raises:
        CatalogueError: A folder cannot be read.
    """
    found = hashlib.sha256()
    for path, size in _all(root):
        found.update(f"{path.relative_to(root).as_posix()}\0{size}\0".encode())
        if path.suffix.lower() == ".json":
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:16]

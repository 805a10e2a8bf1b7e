"""What the small JSON says of an image, of a collection, and of their bands.

The same keys, in ``image.json`` (or ``<name>.json``) of an image and under
``images`` of a ``collection.json``; ``docs/catalog.md`` shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from emulator.local.documents import Document

POLICIES = ("mean", "mode", "sample")
DTYPES = (
    *("uint8", "int8", "uint16", "int16", "uint32", "int32", "int64"),
    *("float32", "float64"),
)


@dataclass(frozen=True, slots=True)
class BandText:
    """One band as somebody describes it.

    Attributes:
        name: Under which it is served.
        file: File or pattern of one, from the image's folder; None if the image's
            own bands are looked through.
        band: Its number in the file, from 1, or its name there; None for the first,
            or for the one of the same name.
        pyramiding: ``mean``, ``mode`` or ``sample``; None for what suits the file.
        nodata: A value that is masked beside those the file names.
        scale: Pixels are multiplied by it,
        offset: and this is added.
        dtype: Of the served pixels; None for the file's, float32 if they are scaled.
        overviews: Whether the file's overviews are used; None if they fit.
    """

    name: str
    file: str | None = None
    band: int | str | None = None
    pyramiding: str | None = None
    nodata: float | None = None
    scale: float = 1.0
    offset: float = 0.0
    dtype: str | None = None
    overviews: bool | None = None

    @property
    def scaled(self) -> bool:
        """Whether pixels are changed."""
        return self.scale != 1.0 or self.offset != 0.0


@dataclass(frozen=True, slots=True)
class FileText:
    """A file whose bands are the image's, as STAC lists it.

    Attributes:
        key: Of the STAC asset.
        file: From the image's folder, or absolute.
        names: Of its bands, as far as STAC says.
        policy: How they are summed up; None for what suits the file.
    """

    key: str
    file: str
    names: tuple[str, ...] = ()
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class ImageText:
    """All that is said of an image, or of all images of a collection.

    Attributes:
        properties: Its properties.
        rename: New names of properties.
        start_ms: ``system:time_start``.
        end_ms: ``system:time_end``.
        footprint: As WKB, in degrees.
        bands: What is served, in order; empty for all there is.
        files: Where the bands are, as STAC says; empty for what lies in the folder.
    """

    properties: Mapping[str, Any] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    start_ms: int | None = None
    end_ms: int | None = None
    footprint: bytes | None = None
    bands: tuple[BandText, ...] = ()
    files: tuple[FileText, ...] = ()

    def over(self, common: ImageText) -> ImageText:
        """Returns it with what is common to all images of its collection."""
        rename = {**common.rename, **self.rename}
        own = {rename.get(key, key): value for key, value in self.properties.items()}
        return ImageText(
            {**common.properties, **own},
            {},
            common.start_ms if self.start_ms is None else self.start_ms,
            common.end_ms if self.end_ms is None else self.end_ms,
            self.footprint or common.footprint,
            self.bands or common.bands,
            self.files,
        )


def image_text(document: Document) -> ImageText:
    """Reads what is said of an image.

    Raises:
        CatalogueError: A key is unknown, or its value is.
    """
    document.only(
        "properties", "rename", "time_start", "time_end", "footprint", "bands"
    )
    properties = document.part("properties")
    rename = document.part("rename")
    bands = document.part("bands")
    text = ImageText(
        {} if properties is None else properties.properties(strict=True),
        {} if rename is None else rename.texts(),
        document.time("time_start"),
        document.time("time_end"),
        document.shape("footprint"),
        () if bands is None else tuple(_band(*one) for one in bands.parts()),
    )
    start, end = text.start_ms, text.end_ms
    if start is not None and end is not None and end < start:
        document.refuse("time_end", "it lies before time_start")
    for name in text.properties:
        if name in ("system:index", "system:time_start", "system:time_end"):
            document.refuse(
                f"properties.{name}",
                "the index is the file's name; times are keys of their own "
                "(time_start, time_end)",
            )
    return text


def collection_text(document: Document) -> tuple[dict[str, Any], ImageText]:
    """Reads ``collection.json``: of the collection itself, and of all its images.

    A STAC Collection is read, too: title, description, licence and keywords.

    Raises:
        CatalogueError: A key is unknown, or its value is.
    """
    properties = document.part("properties")
    found = {} if properties is None else properties.properties(strict=True)
    if document.text("type") == "Collection":
        for key in ("title", "description", "license"):
            word = document.text(key)
            if word is not None:
                found.setdefault(key, word)
        if words := document.list("keywords"):
            found.setdefault("keywords", words)
    else:
        document.only("properties", "images")
    images = document.part("images")
    return found, ImageText() if images is None else image_text(images)


def _band(name: str, document: Document) -> BandText:
    document.only(
        *("file", "band", "pyramiding", "nodata", "scale", "offset", "dtype"),
        "overviews",
    )
    file = document.text("file")
    if file is not None:
        _check_file(document, file)
    scale, offset = document.number("scale"), document.number("offset")
    return BandText(
        name,
        file,
        _number_or_name(document),
        document.choice("pyramiding", POLICIES),
        document.number("nodata"),
        1.0 if scale is None else float(scale),
        0.0 if offset is None else float(offset),
        document.choice("dtype", DTYPES),
        document.flag("overviews"),
    )


def _check_file(document: Document, file: str) -> None:
    if not file or "://" in file or file.startswith("/vsi"):
        document.refuse("file", f"{file!r} is no local file")
    if any(mark in file for mark in "*?[") and PurePath(file).is_absolute():
        document.refuse("file", "a pattern begins at the image's folder")


def _number_or_name(document: Document) -> int | str | None:
    if document.is_text("band"):
        return document.text("band")
    number = document.number("band")
    if number is None:
        return None
    if number != int(number) or number < 1:
        document.refuse("band", "bands are counted from 1")
    return int(number)

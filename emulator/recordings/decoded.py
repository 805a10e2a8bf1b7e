"""Pixel answers of every format as arrays, band by band."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL.Image
import rasterio
import rasterio.errors
from numpy.lib import format as npy_format

_NPY = b"\x93NUMPY"
_ZIP = b"PK\x03\x04"
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff")


@dataclass(frozen=True)
class Band:
    """One band of an answer.

    Attributes:
        values: (height, width), in the answer's dtype.
        valid: (height, width), false where masked; None if the format does not say.
    """

    values: npt.NDArray[Any]
    valid: npt.NDArray[np.bool_] | None


@dataclass(frozen=True)
class Pixels:
    """An answer.

    Attributes:
        bands: By name.
        facts: What else it says, such as ``crs`` and ``transform``.
    """

    bands: Mapping[str, Band]
    facts: Mapping[str, str]


def decoded(body: bytes) -> Pixels | None:
    """Reads pixels, whatever their format; None if there are none.

    Raises:
        ValueError: The file is damaged.
    """
    if body.startswith(_NPY):
        return _npy(body)
    try:
        if body.startswith(_TIFF):
            return _tiff(body)
        if body.startswith(_ZIP):
            return _zip(body)
        if body.startswith(_PICTURES):
            return _picture(body)
    except (OSError, zipfile.BadZipFile, rasterio.errors.RasterioError) as error:
        raise ValueError(f"A damaged answer: {error}") from error
    return None


def _npy(body: bytes) -> Pixels:
    array = npy_format.read_array(io.BytesIO(body), allow_pickle=False)
    names = array.dtype.names
    fields = {"": array} if names is None else {name: array[name] for name in names}
    bands = {name: Band(values, None) for name, values in fields.items()}
    return Pixels(bands, {"bands": ", ".join(fields)})


def _tiff(body: bytes) -> Pixels:
    with warnings.catch_warnings(), rasterio.MemoryFile(body) as file:
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with file.open() as source:
            bands = {
                name or f"band {i}": Band(source.read(i), source.read_masks(i) > 0)
                for i, name in enumerate(source.descriptions, 1)
            }
            facts = {
                "bands": ", ".join(bands),
                "crs": str(source.crs),
                "transform": str(tuple(source.transform)[:6]),
            }
    return Pixels(bands, facts)


def _zip(body: bytes) -> Pixels:
    bands: dict[str, Band] = {}
    facts: dict[str, str] = {}
    for name, pixels in _members(body):
        bands |= {f"{name}/{band}": found for band, found in pixels.bands.items()}
        facts |= {f"{name}/{fact}": said for fact, said in pixels.facts.items()}
    return Pixels(bands, facts)


def _members(body: bytes) -> Iterator[tuple[str, Pixels]]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for name in sorted(archive.namelist()):
            pixels = decoded(archive.read(name))
            if pixels is not None:
                yield name, pixels


def _picture(body: bytes) -> Pixels:
    with PIL.Image.open(io.BytesIO(body)) as picture:
        names = picture.getbands()
        values = np.asarray(picture)
        facts = {"format": str(picture.format), "bands": ", ".join(names)}
    planes = values[..., None] if values.ndim == 2 else values
    bands = {name: Band(planes[..., i], None) for i, name in enumerate(names)}
    return Pixels(bands, facts)

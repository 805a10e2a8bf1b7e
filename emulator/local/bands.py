"""Which band of which file is served under which name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from emulator.local.described import BandText, FileText, ImageText
from emulator.local.errors import CatalogueError
from emulator.local.rasters import RasterBand, RasterFile, Rasters
from emulator.source import BandInfo


@dataclass(frozen=True, slots=True)
class ServedBand:
    """A band and where its pixels are.

    Attributes:
        info: As it is served.
        file: Its file.
        band: Its band there.
        text: What is said of it.
    """

    info: BandInfo
    file: RasterFile
    band: RasterBand
    text: BandText


def served(
    asset_id: str,
    folder: Path,
    files: tuple[Path, ...],
    text: ImageText,
    rasters: Rasters,
) -> dict[str, ServedBand]:
    """Returns an image's bands by name, in order. Opens its files.

    Args:
        asset_id: The image, for messages.
        folder: What files are looked for in.
        files: Rasters that are the image's if nothing else is said.
        text: What is said of it.
        rasters: Opens files.

    Raises:
        CatalogueError: A file is missing or no raster, or two bands have one name.
    """
    if not text.bands:
        return _own(asset_id, folder, files, text.files, rasters)
    own: dict[str, ServedBand] | None = None
    found = {}
    for one in text.bands:
        if one.file is not None:
            file = rasters.look(str(_one_file(folder, one)))
        elif len(files) == 1 and not text.files and not isinstance(one.band, str):
            file = rasters.look(str(files[0]))
        else:
            own = own or _own(asset_id, folder, files, text.files, rasters)
            name = one.band if isinstance(one.band, str) else one.name
            if name not in own:
                raise CatalogueError(
                    folder,
                    f"no band {name!r}; there are: {', '.join(own)}",
                    f"bands.{one.name}",
                )
            kept = own[name]
            policy = one.pyramiding or kept.info.pyramiding
            found[one.name] = _served(
                replace(one, pyramiding=policy), kept.file, kept.band
            )
            continue
        found[one.name] = _served(one, file, _in_file(file, one))
    return found


def _own(
    asset_id: str,
    folder: Path,
    files: tuple[Path, ...],
    listed: tuple[FileText, ...],
    rasters: Rasters,
) -> dict[str, ServedBand]:
    """Returns the bands as the files, or STAC, name them."""
    # A file that is the image, not one of its bands.
    single = len(files) == 1 and files[0].stem == asset_id.rpartition("/")[2]
    found: dict[str, ServedBand] = {}
    texts = listed or tuple(FileText(path.stem, str(path)) for path in files)
    for one in texts:
        file = rasters.look(one.file)
        for place, band in enumerate(file.bands):
            name = _name(one, file, band, place, single)
            if name in found and listed:
                continue  # A picture of bands that stand by themselves, too.
            if name in found:
                other = found[name].file.path
                raise CatalogueError(
                    one.file, f"its band {name!r} is in {other}, too: describe them"
                )
            found[name] = _served(BandText(name, pyramiding=one.policy), file, band)
    if not found:
        raise CatalogueError(folder, f"{asset_id} has no GeoTIFF")
    return found


def _name(
    one: FileText, file: RasterFile, band: RasterBand, place: int, single: bool
) -> str:
    """Returns the name of a band that nobody names.

    It is STAC's; or the description in the file, or ``b1``, ``b2``, ... as Earth
    Engine has it; for a file of one band among others, the file's name.
    """
    if place < len(one.names):
        return one.names[place]
    if len(file.bands) == 1 and not single:
        return one.key
    return band.name or f"b{band.number}"


def _one_file(folder: Path, one: BandText) -> Path:
    """Finds the one file that a band's ``file`` means."""
    assert one.file is not None
    if any(mark in one.file for mark in "*?["):
        found = sorted(folder.glob(one.file))
    else:
        path = folder / one.file
        found = [path] if path.is_file() else []
    key = f"bands.{one.name}.file"
    if not found:
        raise CatalogueError(folder, f"there is no {one.file!r}", key)
    if len(found) > 1:
        names = ", ".join(str(path.relative_to(folder)) for path in found[:3])
        raise CatalogueError(
            folder, f"{one.file!r} means {len(found)} files, not one: {names}", key
        )
    return found[0]


def _in_file(file: RasterFile, one: BandText) -> RasterBand:
    """Finds a band in its file by number or description."""
    for band in file.bands:
        if one.band in (band.number, band.name) or one.band is None:
            return band
    there = ", ".join(f"{b.number} {b.name}".strip() for b in file.bands)
    raise CatalogueError(
        file.path, f"no band {one.band!r}; there are: {there}", f"bands.{one.name}.band"
    )


def _served(text: BandText, file: RasterFile, band: RasterBand) -> ServedBand:
    policy = text.pyramiding or ("mode" if band.palette else "mean")
    dtype = text.dtype or ("float32" if text.scaled else band.dtype)
    if text.nodata is not None:
        text = _fitting_nodata(text, np.dtype(band.dtype))
    return ServedBand(BandInfo(text.name, dtype, file.grid, policy), file, band, text)


def _fitting_nodata(text: BandText, dtype: np.dtype[Any]) -> BandText:
    """Drops a no-data value that no pixel of the dtype can have."""
    value = text.nodata
    assert value is not None
    if dtype.kind == "f":
        return text
    info = np.iinfo(dtype)
    possible = info.min <= value <= info.max and value == int(value)
    return text if possible else replace(text, nodata=None)

"""Bands of an image: choosing, naming, joining."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from emulator.evaluator.errors import EngineError
from emulator.evaluator.image import Band, Image, names_of
from emulator.evaluator.registry import algorithm


@algorithm("Image.bandNames")
def band_names(image: Image) -> list[str]:
    """Returns the bands' names in order."""
    return image.names


def _selected(bands: Sequence[Band], selectors: Sequence[Any]) -> list[Band]:
    known = names_of(bands)
    by_name = {name: i for i, name in enumerate(known)}
    names = ", ".join(by_name)
    chosen: list[Band] = []
    for selector in selectors:
        if isinstance(selector, str):
            if selector in by_name:
                chosen.append(bands[by_name[selector]])
                continue
            try:
                matching = [
                    bands[i]
                    for i, name in enumerate(known)
                    if re.fullmatch(selector, name)
                ]
            except re.error as error:
                raise EngineError(
                    f"Image.select: Invalid band pattern '{selector}': {error}."
                ) from error
            if not matching:
                raise EngineError(
                    f"Image.select: Band pattern '{selector}' did not match any bands. "
                    f"Available bands: [{names}]"
                )
            chosen += matching
        elif isinstance(selector, int | float) and 0 <= selector < len(bands):
            chosen.append(bands[int(selector)])
        else:
            raise EngineError(
                f"Image.select: Band index {selector} is out of bounds for an image "
                f"with {len(bands)} bands: [{names}]"
            )
    return chosen


def _renamed(bands: Sequence[Band], names: Sequence[str], who: str) -> list[Band]:
    if len(bands) != len(names):
        raise EngineError(
            f"{who}: Image has {len(bands)} bands but {len(names)} names were given: "
            f"[{', '.join(map(str, names))}]."
        )
    if len(set(names)) != len(names):
        raise EngineError(f"{who}: Band names must be unique: {list(names)}.")
    return [replace(band, name=name) for band, name in zip(bands, names, strict=True)]


@algorithm("Image.select")
def select(
    input: Image,
    band_selectors: list[Any],
    new_names: list[str] | None,
) -> Image:
    """Returns bands by name, regular expression or index, perhaps renamed."""

    def bands() -> list[Band]:
        chosen = _selected(input.bands, band_selectors)
        if new_names is not None:
            return _renamed(chosen, new_names, "Image.select")
        return _suffixed([], chosen)

    return input.with_bands(bands)


@algorithm("Image.slice")
def slice_bands(image: Image, start: int, end: int | None) -> Image:
    """Returns a run of bands; negative places count from the end."""
    return image.with_bands(lambda: image.bands[start:end])


@algorithm("Image.rename")
def rename(input: Image, names: list[str]) -> Image:
    """Returns the image with all bands renamed."""
    return input.with_bands(lambda: _renamed(input.bands, names, "Image.rename"))


def _suffixed(taken: Sequence[Band], added: Sequence[Band]) -> list[Band]:
    """Appends bands, names that are taken suffixed ``_1``, ``_2`` and so on."""
    result = list(taken)
    names = {band.name for band in taken}
    for band in added:
        name, suffix = band.name, 0
        while name in names:
            suffix += 1
            name = f"{band.name}_{suffix}"
        names.add(name)
        result.append(band if suffix == 0 else replace(band, name=name))
    return result


@algorithm("Image.addBands")
def add_bands(
    dst_img: Image, src_img: Image, names: list[str] | None, overwrite: bool
) -> Image:
    """Returns the first image's bands with those of the second."""

    def bands() -> list[Band]:
        added: Sequence[Band] = src_img.bands
        if names is not None:
            added = _selected(added, names)
        if not overwrite:
            return _suffixed(dst_img.bands, added)
        new = {band.name: band for band in added}
        kept = [new.pop(band.name, band) for band in dst_img.bands]
        return [*kept, *new.values()]

    return dst_img.with_bands(bands)


@algorithm("Image.cat")
def cat(images: list[Any]) -> Image:
    """Returns all bands of a list of images."""
    result = images[0]
    for image in images[1:]:
        result = add_bands(result, image, None, False)
    if not isinstance(result, Image):
        raise EngineError("Image.cat: Not a list of images.")
    return result

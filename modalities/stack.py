"""The stack: one image of all bands of a tile, and its arrays taken apart again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ee
import numpy as np
import numpy.typing as npt

from modalities.constants import ConstantList
from modalities.modality import Modality, PixelModality, ValueModality
from modalities.plan import Choice, Plan
from modalities.recipe import Context

_CASTS = {
    "uint8": "toUint8",
    "int8": "toInt8",
    "uint16": "toUint16",
    "int16": "toInt16",
    "uint32": "toUint32",
    "int32": "toInt32",
    "float32": "toFloat",
    "float64": "toDouble",
}


def fetched(
    plan: Plan, modalities: Sequence[Modality]
) -> list[tuple[PixelModality, Choice]]:
    """Returns the modalities whose pixels the request asks for."""
    pairs = [(m, plan.choices[m.name]) for m in modalities]
    return [(m, c) for m, c in pairs if isinstance(m, PixelModality) and c.bands]


def wire_dtype(plan: Plan, modalities: Sequence[Modality]) -> np.dtype[Any]:
    """Returns the structured dtype that the answer must have.

    One field a band, named ``<modality>_<band>``, little-endian.
    """
    return np.dtype(
        [
            (f"{m.name}_{band}", np.dtype(m.wire).newbyteorder("<"))
            for m, choice in fetched(plan, modalities)
            for band in choice.bands
        ]
    )


def stack_image(
    plan: Plan, modalities: Sequence[Modality], context: Context
) -> ee.Image:
    """Builds the image of all bands, filled, cast and named for the wire.

    Filling is explicit, footprint or not (``unmask(fill, False)``), since what
    Earth Engine puts under a mask in NPY answers is not documented.
    """
    parts = []
    for modality, choice in fetched(plan, modalities):
        image = modality.image(choice, plan.site, context)
        filled = image.unmask(modality.fill, False)
        cast = getattr(filled, _CASTS[modality.wire])()
        names = [f"{modality.name}_{band}" for band in choice.bands]
        parts.append(cast.rename(ConstantList(names)))
    return ee.Image.cat(parts) if len(parts) > 1 else parts[0]


def take_apart(
    pixels: npt.NDArray[Any],
    plan: Plan,
    modalities: Sequence[Modality],
    context: Context,
) -> dict[str, npt.NDArray[Any]]:
    """Lays an answer out as stored, all modalities of the recipe.

    Args:
        pixels: (size, size), structured as :func:`wire_dtype`; empty fields if
            nothing had to be fetched.
        plan: What was asked for.
        modalities: Those of the recipe.
        context: Recipe and tables.

    Returns:
        Arrays by modality: (bands, size, size), or (bands,) for values.
    """
    size = plan.site.grid.size
    arrays: dict[str, npt.NDArray[Any]] = {}
    for modality in modalities:
        choice = plan.choices[modality.name]
        if isinstance(modality, PixelModality):
            wire = np.empty((len(choice.bands), size, size), modality.wire)
            for i, band in enumerate(choice.bands):
                wire[i] = pixels[f"{modality.name}_{band}"]
            storage = modality.spec(context.recipe.layout).storage
            arrays[modality.name] = modality.stored(wire, choice, storage)
        elif isinstance(modality, ValueModality):
            arrays[modality.name] = modality.stored_values(choice, plan.site, context)
    return arrays

"""``Image.visualize``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from emulator.evaluator.context import Pixels
from emulator.evaluator.image import Band, Image, derived
from emulator.evaluator.registry import algorithm
from emulator.evaluator.visualise import read_style, visible


@algorithm("Image.visualize")
def visualize(
    image: Image,
    bands: Any,
    gain: Any,
    bias: Any,
    min: Any,
    max: Any,
    gamma: Any,
    opacity: float | None,
    palette: Any,
    force_rgb_output: bool,
) -> Image:
    """Returns one band of greys or three of colours, 8 bits each.

    Masks here are yes or no, so an opacity above zero shows fully.
    """

    def made() -> list[Band]:
        chosen = _chosen(image, bands)
        style = read_style(
            len(chosen), gain=gain, bias=bias, low=min, high=max, gamma=gamma
        )
        style = replace(style, palette=_palette(palette))
        shown = visible(chosen, style, force_rgb_output)
        if opacity is not None and opacity <= 0.0:
            return [derived(b, b.type, _hidden, b.node) for b in shown]
        return shown

    return image.computed(made)


def _chosen(image: Image, names: Any) -> list[Band]:
    if names is None:
        return list(image.bands)
    if isinstance(names, str):
        names = [part.strip() for part in names.split(",")]
    if not isinstance(names, list):
        names = [names]
    return [
        image.band(name) if isinstance(name, str) else image.bands[int(name)]
        for name in names
    ]


def _palette(palette: Any) -> list[str] | None:
    if isinstance(palette, str):
        return [part for part in palette.split(",") if part.strip()]
    return [str(item) for item in palette] if palette else None


def _hidden(pixels: Pixels) -> Pixels:
    return pixels[0], np.zeros(pixels[1].shape, np.bool_)

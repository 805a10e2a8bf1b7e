"""Bands as 8-bit greys or colours: what ``Image.visualize`` and thumbnails share.

The rules are those of Earth Engine's guide "Image Visualization": a value becomes
``(value - min) / (max - min)``, or ``value * gain + bias`` of 255, is clamped, raised
to ``1 / gamma`` and spread over 0 to 255, or over the palette, linear between its
colours. Where min and max are not given, see :data:`DEFAULT_STRETCH`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.evaluator.context import Pixels
from emulator.evaluator.errors import EngineError
from emulator.evaluator.image import Band, derived
from emulator.evaluator.pixeltype import PixelType, of_dtype
from emulator.unconfirmed import DEFAULT_STRETCH

Bytes = npt.NDArray[np.uint8]

_BYTE = of_dtype("uint8")
_RGB = ("vis-red", "vis-green", "vis-blue")
_NAMES = {
    "black": "000000",
    "white": "ffffff",
    "gray": "808080",
    "grey": "808080",
    "red": "ff0000",
    "green": "008000",
    "lime": "00ff00",
    "blue": "0000ff",
    "yellow": "ffff00",
    "cyan": "00ffff",
    "aqua": "00ffff",
    "magenta": "ff00ff",
    "fuchsia": "ff00ff",
    "orange": "ffa500",
    "purple": "800080",
    "pink": "ffc0cb",
    "brown": "a52a2a",
    "maroon": "800000",
    "navy": "000080",
    "olive": "808000",
    "teal": "008080",
    "silver": "c0c0c0",
    "darkgreen": "006400",
}


@dataclass(frozen=True)
class Style:
    """How bands become colours; a list has a number for each band.

    Attributes:
        low: Values shown as 0.
        high: Values shown as 255.
        gain: Factors, in place of ``low`` and ``high``.
        bias: Summands after the factors.
        gamma: Exponents' inverses.
        palette: Colours for a single band, as ``rrggbb``.
    """

    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    gain: Sequence[float] | None = None
    bias: Sequence[float] | None = None
    gamma: Sequence[float] | None = None
    palette: Sequence[str] | None = None


def colour(text: str) -> tuple[int, int, int]:
    """Reads a colour: ``ff0000``, ``#ff0000``, ``f00`` or one of CSS's plain names.

    Raises:
        EngineError: It is none.
    """
    plain = _NAMES.get(text.strip().lower(), text.strip().lstrip("#").lower())
    if re.fullmatch("[0-9a-f]{3}", plain):
        plain = "".join(letter * 2 for letter in plain)
    if not re.fullmatch("[0-9a-f]{6}", plain):
        raise EngineError(f"Image.visualize: Invalid color '{text}' in the palette.")
    return int(plain[0:2], 16), int(plain[2:4], 16), int(plain[4:6], 16)


def numbers(value: Any, count: int, what: str) -> list[float] | None:
    """Reads one number for all bands, a list, or a text with commas.

    Raises:
        EngineError: There is neither one number nor one a band.
    """
    if value is None:
        return None
    if isinstance(value, str):
        value = [part for part in value.split(",") if part.strip()]
    try:
        found = [float(v) for v in (value if isinstance(value, list) else [value])]
    except (TypeError, ValueError):
        raise EngineError(f"Image.visualize: Invalid {what}: {value!r}.") from None
    if len(found) == 1:
        found *= count
    if len(found) != count:
        raise EngineError(
            f"Image.visualize: Expected {count} values for {what}, got {len(found)}."
        )
    return found


def default_range(kind: PixelType) -> tuple[float, float]:
    """Returns what is shown as 0 and as 255 if nobody says."""
    if kind.precision != "int":
        return DEFAULT_STRETCH
    return float(kind.low), float(kind.high)


def stretched(
    values: npt.NDArray[Any], kind: PixelType, style: Style, band: int
) -> npt.NDArray[np.float64]:
    """Returns a band's values as 0 to 1."""
    shown = values.astype(np.float64)
    if style.gain is not None or style.bias is not None:
        gain = 1.0 if style.gain is None else style.gain[band]
        bias = 0.0 if style.bias is None else style.bias[band]
        shown = (shown * gain + bias) / 255.0
    else:
        low, high = default_range(kind)
        low = low if style.low is None else style.low[band]
        high = high if style.high is None else style.high[band]
        shown = (shown - low) / ((high - low) or 1.0)
    shown = np.clip(np.nan_to_num(shown), 0.0, 1.0)
    if style.gamma is not None:
        shown = shown ** (1.0 / style.gamma[band])
    return shown


def grey(shown: npt.NDArray[np.float64]) -> Bytes:
    """Returns 0 to 1 as 0 to 255."""
    return (shown * 255.0).astype(np.uint8)


def painted(
    shown: npt.NDArray[np.float64], palette: Sequence[str]
) -> tuple[Bytes, Bytes, Bytes]:
    """Returns 0 to 1 as red, green and blue along a palette."""
    colours = np.array([colour(text) for text in palette], np.float64)
    stops = np.linspace(0.0, 1.0, len(colours))
    red, green, blue = (
        np.interp(shown, stops, channel).astype(np.uint8) for channel in colours.T
    )
    return red, green, blue


def read_style(
    count: int,
    *,
    gain: Any = None,
    bias: Any = None,
    low: Any = None,
    high: Any = None,
    gamma: Any = None,
) -> Style:
    """Reads the numbers for so many bands."""
    return Style(
        low=numbers(low, count, "min"),
        high=numbers(high, count, "max"),
        gain=numbers(gain, count, "gain"),
        bias=numbers(bias, count, "bias"),
        gamma=numbers(gamma, count, "gamma"),
    )


def visible(bands: list[Band], style: Style, rgb: bool = False) -> list[Band]:
    """Returns bands of 8-bit greys or colours.

    Raises:
        EngineError: Not one or three bands, or a palette for three.
    """
    if len(bands) not in (1, 3):
        raise EngineError(
            f"Image.visualize: Expected one or three bands, got {len(bands)}."
        )
    if style.palette and len(bands) != 1:
        raise EngineError(
            "Image.visualize: Cannot use a palette with more than one band."
        )
    if len(bands) == 3:
        return [
            _shown(band, name, functools.partial(_grey, band.type, style, i))
            for i, (band, name) in enumerate(zip(bands, _RGB, strict=True))
        ]
    (band,) = bands
    if style.palette:
        return [
            _shown(band, name, functools.partial(_painted, band.type, style, i))
            for i, name in enumerate(_RGB)
        ]
    look = functools.partial(_grey, band.type, style, 0)
    return [_shown(band, name, look) for name in (_RGB if rgb else ("vis-gray",))]


def _shown(band: Band, name: str, look: Any) -> Band:
    return replace(derived(band, _BYTE, look, band.node), name=name)


def _grey(kind: PixelType, style: Style, index: int, pixels: Pixels) -> Pixels:
    return grey(stretched(pixels[0], kind, style, index)), pixels[1]


def _painted(kind: PixelType, style: Style, channel: int, pixels: Pixels) -> Pixels:
    assert style.palette is not None
    shown = stretched(pixels[0], kind, style, 0)
    return painted(shown, style.palette)[channel], pixels[1]


def styled(bands: list[Band], options: Mapping[str, Any]) -> list[Band]:
    """Returns bands shown as a request's ``visualizationOptions`` say.

    Args:
        bands: One or three.
        options: ``ranges`` of min and max, ``gamma``, ``paletteColors``.
    """
    ranges = options.get("ranges") or []
    lows = [one.get("min", 0.0) for one in ranges] or None
    highs = [one.get("max", 1.0) for one in ranges] or None
    gamma = (options.get("gamma") or {}).get("value")
    style = read_style(len(bands), low=lows, high=highs, gamma=gamma)
    return visible(bands, replace(style, palette=options.get("paletteColors")))

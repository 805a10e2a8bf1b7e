"""Panels on a sheet: pictures with captions, legends and bars of scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from emulator.preview.palettes import Classes, Rgb, ramp, rgb

SIDE = 288
_GAP, _CAPTION, _FOOT, _TITLE = 12, 20, 34, 58
_INK, _FAINT, _PAPER = (28, 30, 34), (108, 112, 120), (250, 250, 248)
_LINE = (206, 208, 212)


@dataclass(frozen=True)
class Panel:
    """One picture.

    Attributes:
        caption: Above it.
        picture: Any size, square; None for "no scene".
        metres: Length of its side on the ground; 0 for no bar of scale.
        classes: Of a picture of classes, for the legend.
        present: Codes that are in it.
        scale: Of a picture on a ramp: colours, low and high as written.
        smooth: Whether to enlarge it smoothly.
    """

    caption: str
    picture: Rgb | None
    metres: float = 0.0
    classes: Classes | None = None
    present: frozenset[int] = frozenset()
    scale: tuple[tuple[str, ...], str, str] | None = None
    smooth: bool = False


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Returns Pillow's own font."""
    return ImageFont.load_default(size)


def _bar(draw: ImageDraw.ImageDraw, left: int, bottom: int, metres: float) -> None:
    """Draws a bar of a round length, a fifth to a half of the side."""
    unit = 10.0 ** np.floor(np.log10(metres / 2))
    length = max(one * unit for one in (1, 2, 5) if one * unit <= metres / 2)
    width = round(length / metres * SIDE)
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    x, y = left + 8, bottom - 9
    draw.rectangle((x - 4, y - 17, x + max(width, 44) + 4, y + 5), fill=(255, 255, 255))
    draw.rectangle((x, y - 1, x + width, y + 1), fill=_INK)
    draw.text((x, y - 15), text, fill=_INK, font=font(10))


def _legend(draw: ImageDraw.ImageDraw, left: int, top: int, panel: Panel) -> None:
    if panel.scale is not None:
        colours, low, high = panel.scale
        strip = ramp(np.linspace(0, 1, 120)[None, :], 0, 1, colours)[0]
        for x, one in enumerate(strip.tolist()):
            draw.line((left + x, top + 2, left + x, top + 10), fill=tuple(one))
        draw.text((left, top + 13), low, fill=_FAINT, font=font(10))
        draw.text((left + 120, top + 13), high, fill=_FAINT, font=font(10), anchor="ra")
        return
    x, y = left, top + 1
    for code, (name, shade) in (panel.classes or {}).items():
        if code not in panel.present:
            continue
        wide = 14 + round(draw.textlength(name, font=font(10))) + 8
        if x + wide > left + SIDE + 6:
            x, y = left, y + 15
        draw.rectangle((x, y + 2, x + 9, y + 11), fill=rgb(shade), outline=_LINE)
        draw.text((x + 13, y), name, fill=_FAINT, font=font(10))
        x += wide


def _place(canvas: Image.Image, panel: Panel, left: int, top: int) -> None:
    draw = ImageDraw.Draw(canvas)
    draw.text((left, top + 2), panel.caption, fill=_INK, font=font(12))
    upper = top + _CAPTION
    box = (left - 1, upper - 1, left + SIDE, upper + SIDE)
    draw.rectangle(box, fill=(232, 233, 235), outline=_LINE)
    if panel.picture is None:
        middle = (left + SIDE // 2, upper + SIDE // 2)
        draw.text(middle, "no scene", fill=_FAINT, font=font(13), anchor="mm")
        return
    how = Image.Resampling.BICUBIC if panel.smooth else Image.Resampling.NEAREST
    picture = Image.fromarray(panel.picture)
    height = round(SIDE * picture.height / picture.width)
    canvas.paste(
        picture.resize((SIDE, height), how), (left, upper + (SIDE - height) // 2)
    )
    if panel.metres:
        _bar(draw, left, upper + SIDE, panel.metres)
    _legend(draw, left, upper + SIDE + 3, panel)


def sheet(
    title: tuple[str, str], rows: Sequence[tuple[str, Sequence[Panel]]]
) -> Image.Image:
    """Returns the rows of panels, each under its heading, as one picture."""
    columns = max(len(panels) for _, panels in rows)
    cell = SIDE + _GAP
    line = _CAPTION + SIDE + _FOOT + 24
    size = (columns * cell + _GAP, _TITLE + len(rows) * line + _GAP)
    canvas = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(canvas)
    draw.text((_GAP, 8), title[0], fill=_INK, font=font(22))
    draw.text((_GAP, 36), title[1], fill=_FAINT, font=font(13))
    for number, (heading, panels) in enumerate(rows):
        top = _TITLE + number * line
        draw.line((_GAP, top + 4, size[0] - _GAP, top + 4), fill=_LINE)
        draw.text((_GAP, top + 7), heading, fill=_FAINT, font=font(12))
        for column, panel in enumerate(panels):
            _place(canvas, panel, _GAP + column * cell, top + 24)
    return canvas


def chart(
    mean: npt.NDArray[np.float64],
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
    rain: npt.NDArray[np.float64],
) -> Rgb:
    """Returns a year's weather: °C as a line in a band, mm as bars (h, w, 3)."""
    canvas = Image.new("RGB", (SIDE, SIDE), (255, 255, 255))
    draw = ImageDraw.Draw(canvas)
    left, right, top, bottom = 30, SIDE - 34, 14, SIDE - 24
    wide = (right - left) / 12
    floor = np.floor(min(low.min(), 0.0) / 10) * 10
    roof = np.ceil(max(high.max(), 10.0) / 10) * 10
    most = max(100.0, np.ceil(rain.max() / 100) * 100)

    def y(value: float) -> float:
        return float(bottom - (value - floor) / (roof - floor) * (bottom - top))

    for value in np.arange(floor, roof + 1, 10):
        draw.line((left, y(value), right, y(value)), fill=(232, 233, 235))
        text = f"{value:.0f}°"
        draw.text((left - 4, y(value)), text, fill=_FAINT, font=font(9), anchor="rm")
    middles = [left + (month + 0.5) * wide for month in range(12)]
    for x, amount in zip(middles, rain.tolist(), strict=True):
        reach = amount / most * (bottom - top) * 0.6
        draw.rectangle((x - 6, bottom - reach, x + 6, bottom), fill=(150, 190, 230))
    for x, a, b in zip(middles, low.tolist(), high.tolist(), strict=True):
        draw.line((x, y(a), x, y(b)), fill=(240, 190, 180), width=5)
    line = [(x, y(one)) for x, one in zip(middles, mean.tolist(), strict=True)]
    draw.line(line, fill=(190, 40, 30), width=2)
    for x, letter in zip(middles, "JFMAMJJASOND", strict=True):
        draw.text((x, bottom + 4), letter, fill=_FAINT, font=font(10), anchor="ma")
    draw.text((right + 4, bottom - (bottom - top) * 0.6), f"{most:.0f}\nmm",
              fill=(90, 130, 180), font=font(9), anchor="lm")  # fmt: skip
    return np.asarray(canvas, np.uint8)

"""One sheet of a place with every layer, for the eye.

``python -m emulator.preview --lon 9.5 --lat 56 --out sheet.png`` writes a PNG with
true colour, false colour, elevation, land cover, Dynamic World, canopy height and
radar. ``size`` pixels of 10 m a side.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
from PIL import Image, ImageDraw
from shapely.geometry import box

from emulator.catalogue import earth, mgrs
from emulator.source import Bounds, Catalogue, Scene

Rgb = npt.NDArray[np.uint8]

_COVER = {
    10: (0, 100, 0),
    20: (255, 187, 34),
    30: (255, 255, 76),
    40: (240, 150, 255),
    50: (250, 0, 0),
    60: (180, 180, 180),
    70: (240, 240, 240),
    80: (0, 100, 200),
    90: (0, 150, 160),
    95: (0, 207, 117),
    100: (250, 230, 160),
}
_LABELS = {
    0: (65, 155, 223),
    1: (57, 125, 73),
    2: (136, 176, 83),
    3: (122, 135, 198),
    4: (228, 150, 53),
    5: (223, 195, 90),
    6: (196, 40, 27),
    7: (165, 155, 143),
    8: (179, 159, 225),
}


def _paint(codes: npt.NDArray[Any], colours: dict[int, tuple[int, int, int]]) -> Rgb:
    palette = np.zeros((256, 3), np.uint8)
    for code, colour in colours.items():
        palette[code] = colour
    picture: Rgb = palette[codes]
    return picture


def _grey(values: npt.NDArray[Any], low: float, high: float) -> Rgb:
    scaled = (values.astype(np.float64) - low) / max(high - low, 1e-9) * 255
    grey = np.clip(scaled, 0, 255).astype(np.uint8)
    picture: Rgb = np.repeat(grey[..., None], 3, axis=2)
    return picture


class _Frame:
    """A square of 10 m pixels in a place's UTM zone."""

    def __init__(self, longitude: float, latitude: float, size: int) -> None:
        zone = mgrs.zone_of(longitude, latitude)
        self.crs = mgrs.crs_of(zone, latitude < 0)
        x, y = mgrs.to_metres(self.crs).transform(longitude, latitude)
        self.size = size
        self.x0 = x // 60 * 60 - size // 2 * 10
        self.y0 = y // 60 * 60 + size // 2 * 10
        index = np.arange(size) * 10.0 + 5.0
        self.x = np.broadcast_to((self.x0 + index)[None, :], (size, size))
        self.y = np.broadcast_to((self.y0 - index)[:, None], (size, size))

    def sample(self, scene: Scene, band: str) -> tuple[npt.NDArray[Any], Any]:
        """Returns a band at the frame's pixels (nearest), and where it is valid."""
        grid = next(info.grid for info in scene.bands if info.name == band)
        x, y = self.x, self.y
        if grid.crs != self.crs:
            turn = pyproj.Transformer.from_crs(self.crs, grid.crs, always_xy=True)
            x, y = turn.transform(x, y)
        a, _, left, _, e, upper = grid.transform
        col = np.floor((x - left) / a).astype(int)
        row = np.floor((y - upper) / e).astype(int)
        r0, c0 = int(row.min()), int(col.min())
        values, valid = scene.read(
            band, r0, c0, int(row.max()) - r0 + 1, int(col.max()) - c0 + 1
        )
        return values[row - r0, col - c0], valid[row - r0, col - c0]


def _milliseconds(year: int, month: int) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp() * 1000)


def panels(
    catalogue: Catalogue, longitude: float, latitude: float, size: int, year: int
) -> list[tuple[str, Rgb]]:
    """Returns captions and pictures (size, size, 3) of a place.

    Args:
        catalogue: Where to read.
        longitude: Degrees.
        latitude: Degrees.
        size: Pixels of 10 m a side.
        year: Of the scenes.
    """
    frame = _Frame(longitude, latitude, size)
    reach = size * 5.0 / 111_000.0
    wide = reach / max(0.1, float(np.cos(np.radians(latitude))))
    bounds = (longitude - wide, latitude - reach, longitude + wide, latitude + reach)
    first, last = _milliseconds(year, 1), _milliseconds(year + 1, 1)
    out: list[tuple[str, Rgb]] = []

    optical = catalogue.collection("COPERNICUS/S2_SR_HARMONIZED")
    scenes = list(optical.scenes(bounds, first, last)) if optical else []
    tied = [one for one in scenes if _covers(one, frame.crs, bounds)]
    clear = sorted(tied, key=lambda one: one.properties["CLOUDY_PIXEL_PERCENTAGE"])
    summer = [one for one in clear if _in_season(one, latitude)] or clear
    cloudy = [
        one for one in tied if 25 < one.properties["CLOUDY_PIXEL_PERCENTAGE"] < 60
    ]
    for caption, bands, chosen in (
        ("true colour, clear", ("B4", "B3", "B2"), summer[:1]),
        ("NIR red green", ("B8", "B4", "B3"), summer[:1]),
        ("midwinter", ("B4", "B3", "B2"), _winter(clear, latitude)),
        ("true colour, cloudy", ("B4", "B3", "B2"), cloudy[:1]),
    ):
        for scene in chosen:
            picture = np.zeros((size, size, 3), np.uint8)
            for number, band in enumerate(bands):
                values, valid = frame.sample(scene, band)
                top = 4200.0 if band == "B8" else 3400.0
                bright = np.sqrt(np.clip(values / top, 0, 1)) * 255
                picture[..., number] = np.where(valid, bright, 0)
            day = scene.properties["system:index"][:8]
            out.append((f"{caption} {day}", picture))

    images = {
        "elevation": "projects/sat-io/open-datasets/ASTER/GDEM",
        "cover": "ESA/WorldCover/v100/2020",
        "canopy": "users/nlang/ETH_GlobalCanopyHeight_2020_10m_v1",
    }
    found = {name: catalogue.image(asset) for name, asset in images.items()}
    elevation, cover, canopy = (found[name] for name in images)
    if elevation is not None:
        metres, _ = frame.sample(elevation, "b1")
        down, across = np.gradient(metres.astype(float), 10.0)
        shade = _grey(0.6 - 0.8 * (down - across) * -1.0, 0.0, 1.2)
        out.append((f"relief {metres.min()}..{metres.max()} m", shade))
        out.append(("elevation", _grey(metres, metres.min(), metres.max())))
    if cover is not None:
        out.append(("WorldCover", _paint(frame.sample(cover, "Map")[0], _COVER)))
    labels = catalogue.collection("GOOGLE/DYNAMICWORLD/V1")
    if labels is not None:
        for scene in labels.scenes(bounds, _milliseconds(year, 5), last):
            if _covers(scene, frame.crs, bounds):
                values, valid = frame.sample(scene, "label")
                if valid.mean() < 0.7:
                    continue
                picture = _paint(values, _LABELS) * valid[..., None]
                out.append(("Dynamic World", picture.astype(np.uint8)))
                break
    if canopy is not None:
        out.append(("canopy 0..40 m", _grey(frame.sample(canopy, "b1")[0], 0, 40)))
    radar = catalogue.collection("COPERNICUS/S1_GRD")
    if radar is not None:
        for scene in radar.scenes(bounds, _milliseconds(year, 5), last):
            if _covers(scene, frame.crs, bounds):
                channel = scene.bands[0].name
                values, _ = frame.sample(scene, channel)
                out.append((f"S1 {channel}", _grey(values, -25, 0)))
                break
    return out


def _covers(scene: Scene, crs: str, bounds: Bounds) -> bool:
    """Whether a scene is in the frame's CRS and holds all of it."""
    whole = scene.footprint
    return scene.bands[0].grid.crs == crs and (
        whole is None or bool(whole.contains(box(*bounds)))
    )


def _in_season(scene: Scene, latitude: float) -> bool:
    month = int(scene.properties["system:index"][4:6])
    return (month in (6, 7)) if latitude >= 0 else (month in (12, 1))


def _winter(scenes: list[Scene], latitude: float) -> list[Scene]:
    return [one for one in scenes if _in_season(one, -latitude - 1e-9)][:1]


def sheet(pictures: list[tuple[str, Rgb]], columns: int = 4) -> Image.Image:
    """Returns pictures of one size as a captioned sheet."""
    size = pictures[0][1].shape[0]
    rows = -(-len(pictures) // columns)
    canvas = Image.new("RGB", (columns * (size + 4), rows * (size + 18)))
    draw = ImageDraw.Draw(canvas)
    for number, (caption, picture) in enumerate(pictures):
        left = number % columns * (size + 4)
        upper = number // columns * (size + 18)
        canvas.paste(Image.fromarray(picture), (left, upper + 14))
        draw.text((left + 2, upper + 1), caption, fill=(255, 255, 255))
    return canvas


def main(arguments: list[str] | None = None) -> None:
    """Writes the sheet of a place."""
    parser = argparse.ArgumentParser(description="One sheet of a place.")
    parser.add_argument("--lon", type=float, required=True, help="degrees east")
    parser.add_argument("--lat", type=float, required=True, help="degrees north")
    parser.add_argument("--size", type=int, default=256, help="pixels of 10 m a side")
    parser.add_argument("--year", type=int, default=2019)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    pictures = panels(earth(), chosen.lon, chosen.lat, chosen.size, chosen.year)
    sheet(pictures).save(chosen.out)


if __name__ == "__main__":
    main()

"""What Sentinel-2 sees: reflectance by cover, season, light, snow and cloud.

Spectra are round figures typical of each material, in units of 1/10 000.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emulator.planet import climate, cover, land
from emulator.planet.sun import Sun

Floats = npt.NDArray[np.float32]

BANDS = (
    *("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A"),
    *("B9", "B10", "B11", "B12"),
)

_GREEN = (210, 240, 640, 290, 1000, 2550, 3150, 3350, 3550, 3500, 15, 1750, 800)
_FOREST = (160, 180, 390, 200, 600, 1750, 2200, 2350, 2480, 2450, 12, 1100, 460)
_TWIGS = (300, 360, 520, 580, 850, 1150, 1300, 1450, 1600, 1650, 14, 1750, 1150)
_SOIL = (480, 620, 900, 1200, 1450, 1650, 1800, 1950, 2100, 2150, 18, 2800, 2200)
_STRAW = (450, 600, 950, 1250, 1600, 1850, 2000, 2150, 2350, 2400, 18, 2900, 2000)
_SCRUB = (380, 480, 720, 820, 1150, 1550, 1750, 1900, 2050, 2100, 16, 2400, 1650)
_ROCK = (720, 820, 1000, 1120, 1220, 1300, 1360, 1420, 1480, 1500, 15, 1700, 1500)
_SAND = (950, 1250, 2050, 2950, 3250, 3380, 3480, 3580, 3680, 3650, 25, 4600, 4100)
_TOWN = (950, 1080, 1250, 1380, 1500, 1650, 1760, 1850, 1880, 1880, 18, 1950, 1750)
_SNOW = (8800, 9000, 8900, 8800, 8700, 8500, 8300, 8100, 7900, 6500, 55, 950, 750)
_WATER = (380, 360, 330, 190, 170, 130, 125, 105, 85, 70, 8, 40, 28)
_SILT = (620, 740, 980, 860, 700, 380, 360, 280, 220, 180, 9, 80, 55)
_MARSH = (250, 300, 480, 420, 780, 1500, 1750, 1850, 1950, 1900, 12, 1300, 750)
_LICHEN = (350, 420, 650, 720, 1050, 1600, 1850, 2000, 2200, 2200, 16, 2500, 1600)

# Of each cover: its spectrum when lean (or dry) and when lush.
_PAIRS = {
    cover.TREE: (_TWIGS, _FOREST),
    cover.SHRUB: (_SCRUB, _FOREST),
    cover.GRASS: (_STRAW, _GREEN),
    cover.CROP: (_SOIL, _GREEN),
    cover.BUILT: (_TOWN, _SCRUB),
    cover.BARE: (_ROCK, _SAND),
    cover.ICE: (_SNOW, _SNOW),
    cover.WATER: (_WATER, _SILT),
    cover.WETLAND: (_STRAW, _MARSH),
    cover.MANGROVE: (_FOREST, _FOREST),
    cover.MOSS: (_LICHEN, _MARSH),
}
_CLOUD = (6900, 7000, 6900, 6900, 6950, 7000, 7050, 7100, 7100, 4200, 120, 5200, 3900)
_HAZE = (1050, 720, 400, 210, 160, 110, 90, 65, 50, 15, 2, 6, 2)
_CLARITY = (
    0.78,
    0.84,
    0.89,
    0.92,
    0.92,
    0.93,
    0.94,
    0.95,
    0.95,
    0.40,
    0.03,
    0.95,
    0.95,
)


def _tables() -> npt.NDArray[np.float32]:
    tables = np.zeros((2, len(BANDS), 256), np.float32)
    for code, pair in _PAIRS.items():
        for state, spectrum in enumerate(pair):
            tables[state, :, code] = spectrum
    return tables


_TABLES = _tables()


@dataclass(frozen=True)
class Surface:
    """A window's surface on one day, each (h, w).

    Attributes:
        cover: WorldCover code.
        lush: 0 lean to 1 lush (for bare land: 0 rock to 1 sand).
        snow: Share under snow, 0 to 1.
        light: Sunlight on the slope, with texture; 1 on flat even ground.
    """

    cover: npt.NDArray[np.uint8]
    lush: Floats
    snow: Floats
    light: Floats


def surface(
    layers: Mapping[str, land.Layer], month: float, sun: Sun, chill: float
) -> Surface:
    """Returns how the land looks on a day.

    Args:
        layers: A window of :data:`emulator.planet.land.LAYERS`.
        month: Time of year, 0 to 12.
        sun: Where it stands.
        chill: The day's departure from normal in °C, for snow.
    """
    codes = layers["cover"].astype(np.uint8, copy=False)
    summer = float(climate.season(month, np.array(90.0)))
    vigour = layers["vigour"].astype(np.float32) * np.float32(1 / 255)
    beat = layers["beat"].astype(np.float32) * np.float32(summer / 100.0)
    lush = vigour * (np.float32(0.66) + np.float32(0.34) * beat)

    # Each field is sown and reaped in its own time.
    number = np.arange(256)
    shift = (number * 37 % 256) / 256.0
    wave = np.cos(2 * np.pi * (month - 5.0 - 2.8 * shift) / 12.0)
    south = np.cos(2 * np.pi * (month - 11.0 - 2.8 * shift) / 12.0)
    stages = np.stack([south, wave]).astype(np.float32)
    north = (layers["swing"] > 0).astype(np.intp)
    stage = np.clip(stages[north, layers["plot"].astype(np.intp)] * 0.95 + 0.3, 0, 1)
    grassy = codes == cover.GRASS
    wet = (codes == cover.WETLAND) | (codes == cover.MOSS)
    lush = np.where(grassy | wet, lush * np.float32(1.3), lush)
    farmed = codes == cover.CROP
    lush = np.where(farmed, np.minimum(vigour * np.float32(1.35), 1) * stage, lush)
    dry = layers["dry"].astype(np.float32) * np.float32(1 / 255)
    lush = np.where(codes == cover.BARE, dry, lush)
    muddy = np.float32(0.25) + np.float32(0.5) * (layers["height"] > 0.5) * (1 - dry)
    lush = np.where(codes == cover.WATER, muddy, lush)
    lush = np.where(codes == cover.BUILT, lush * np.float32(0.3), lush)

    warm = layers["warmth"] + layers["swing"] * np.float32(summer)
    cold = np.float32(-1.0 - chill) - warm
    snow = np.clip(cold * np.float32(0.35), 0, 1) * (dry < 0.93)
    hidden = _HIDDEN[codes]
    snow = (snow * hidden).astype(np.float32)
    ice = (codes == cover.WATER) & (layers["sea"] == 0)
    snow = np.where(ice, np.clip(cold * np.float32(0.2) - 1, 0, 1), snow)

    tilt = np.float32(np.tan(np.radians(min(sun.zenith, 75.0))))
    azimuth = np.radians(sun.azimuth)
    east, up = layers["east"], layers["north"]
    facing = east * np.float32(np.sin(azimuth)) + up * np.float32(np.cos(azimuth))
    steep = np.sqrt(np.float32(1.0) + east * east + up * up)
    light = np.clip((np.float32(1.0) - tilt * facing) / steep, 0.22, 2.0)
    texture = layers["texture"].astype(np.float32)
    light = light * (np.float32(1.0) + texture * _TEXTURE[codes])
    # Fields and roofs differ from their neighbours in brightness.
    differ = layers["plot"].astype(np.float32) - np.float32(128)
    light = light * np.where(farmed, 1 + differ * np.float32(0.0012), np.float32(1))
    return Surface(
        codes,
        np.clip(lush, 0, 1).astype(np.float32),
        snow.astype(np.float32),
        light.astype(np.float32),
    )


def _by_cover(values: dict[int, float], default: float) -> Floats:
    out = np.full(256, default, np.float32)
    for code, value in values.items():
        out[code] = value
    return out


_HIDDEN = _by_cover(
    {
        cover.TREE: 0.3,
        cover.MANGROVE: 0.0,
        cover.WATER: 0.0,
        cover.SHRUB: 0.7,
        cover.BUILT: 0.6,
        cover.ICE: 0.0,
    },
    0.95,
)
_TEXTURE = _by_cover(
    {
        cover.TREE: 0.0022,
        cover.SHRUB: 0.0022,
        cover.BUILT: 0.006,
        cover.WATER: 0.0,
        cover.ICE: 0.0003,
        cover.CROP: 0.0007,
    },
    0.0016,
)


def reflect(
    band: str,
    ground: Surface,
    cloud: Floats,
    shadow: Floats,
    top: bool,
) -> npt.NDArray[np.uint16]:
    """Returns reflectance times 10 000 of one band (h, w).

    Args:
        band: A name in :data:`BANDS`.
        ground: The surface.
        cloud: Cloud density 0 to 1.
        shadow: Cloud shadow 0 to 1.
        top: Whether at the top of the atmosphere (L1C) or at the surface (L2A).
    """
    index = BANDS.index(band)
    lean = _TABLES[0, index][ground.cover]
    full = _TABLES[1, index][ground.cover]
    value = lean + (full - lean) * ground.lush
    value = value + (np.float32(_SNOW[index]) - value) * ground.snow
    value = value * ground.light * (np.float32(1.0) - np.float32(0.62) * shadow)
    if top:
        value = value * np.float32(_CLARITY[index]) + np.float32(_HAZE[index])
    elif band == "B9":
        value = value * np.float32(0.98)
    opaque = np.float32(_CLOUD[index] * (0.93 if top else 1.0))
    value = value + (opaque - value) * (cloud * np.float32(0.96))
    counts: npt.NDArray[np.uint16] = np.clip(np.rint(value), 1, 16_000).astype(
        np.uint16
    )
    return counts

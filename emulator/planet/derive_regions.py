"""Makes the map of ecoregions: ``data/regions.npz``, from the other data files.

Run ``python -m emulator.planet.derive_regions``. RESOLVE's own polygons are not to be
had here. ``data/ecoregions.json`` names each ecoregion, its biome and a few places in
it, set down from general knowledge. A quarter-degree cell of land belongs to the
nearest of these places, where one whose biome does not fit the cell's climate counts
as farther away. Its outlines follow the coast to a twentieth of a degree.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio.features

from emulator.planet import biomes, climate
from emulator.planet.atlas import STEP, atlas

PER_DEGREE = 4
_RADIUS_KM = 6_371.0
_UNLIKE_KM, _STRANGE_KM, _NEVER_KM = 120.0, 700.0, 1e6
_SNAP_KM = 60.0  # a place off the coast is moved so far to land at most
_MANGROVES = biomes.BIOMES.index("Mangroves")

# Numbers of biomes (in BIOMES) that a zone is home to, and those it has at times.
_FIT: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "Af": ((1, 9), (10, 13, 11, 12)),
    "Am": ((1, 9), (10, 12, 11, 13)),
    "As": ((11, 12, 9), (1, 10, 13, 3)),
    "Aw": ((11, 12, 9, 1), (10, 13)),
    "BSh": ((3, 11), (12, 2, 10, 4, 9, 8)),
    "BSk": ((4, 3), (2, 6, 7, 8, 10)),
    "BWh": ((3,), (11, 2, 10, 9)),
    "BWk": ((3,), (4, 8, 10)),
    "Cfa": ((7,), (1, 4, 6, 10, 11, 12, 2)),
    "Cfb": ((7,), (6, 8, 1, 2, 4, 10)),
    "Cfc": ((7, 6), (5, 0, 8, 4)),
    "Csa": ((2,), (7, 6, 4, 3)),
    "Csb": ((2,), (7, 6, 4, 8)),
    "Csc": ((6,), (5, 8, 7)),
    "Cwa": ((12, 1, 7), (11, 13, 4, 6, 8, 10)),
    "Cwb": ((8, 1, 13), (11, 12, 7, 6)),
    "Cwc": ((8,), (13, 6)),
    "Dfa": ((7, 4), (6,)),
    "Dfb": ((7,), (4, 5, 6, 10)),
    "Dfc": ((5,), (6, 0, 7)),
    "Dfd": ((5,), (0,)),
    "Dsa": ((4,), (7, 3, 8, 6)),
    "Dsb": ((6, 4), (7, 8, 3)),
    "Dsc": ((5, 6), (0, 8)),
    "Dsd": ((5,), (0,)),
    "Dwa": ((7,), (4, 10)),
    "Dwb": ((7, 4), (5, 10, 6)),
    "Dwc": ((5,), (4, 6, 8, 0)),
    "Dwd": ((5,), (0,)),
    "EF": ((0,), ()),
    "ET": ((0,), (5, 6)),
    "BWx": ((3,), (10,)),
    "ETt": ((8,), (1, 13)),
    "ETm": ((8,), (6, 5, 3)),
    "ETs": ((8,), (6, 3)),
}


def _away() -> npt.NDArray[np.float64]:
    """Returns the kilometres to add by zone code and biome (36, 14)."""
    table = np.full((len(climate.ZONES) + 1, len(biomes.BIOMES)), _STRANGE_KM)
    for zone, (home, guests) in _FIT.items():
        code = climate.ZONES.index(zone) + 1
        table[code, list(guests)] = _UNLIKE_KM
        table[code, list(home)] = 0.0
    return table


def _unit(
    longitude: npt.NDArray[np.float64], latitude: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Returns places as unit vectors (n, 3)."""
    lam, phi = np.radians(longitude), np.radians(latitude)
    return np.column_stack(
        [np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)]
    )


def regions() -> npt.NDArray[np.uint16]:
    """Returns each cell's row in the table of ecoregions plus one; 0 at sea."""
    maps = atlas()
    rows, columns = 180 * PER_DEGREE, 360 * PER_DEGREE
    fine = maps.land.cells.shape[0] // rows
    counts = maps.land.cells.reshape(rows, fine, columns, fine)
    share = counts.mean(axis=(1, 3)) / 36.0
    row, column = np.nonzero(share > 0.0)
    longitude = (column + 0.5) / PER_DEGREE - 180.0
    latitude = 90.0 - (row + 0.5) / PER_DEGREE
    zone = np.array(
        [maps.zone.nearest(*one) for one in zip(longitude, latitude, strict=True)]
    )
    high = STEP * np.array(
        [maps.height.nearest(*one) for one in zip(longitude, latitude, strict=True)]
    )
    ice = (zone == 30) & (high > 1_100.0)
    coast = (share[row, column] < 0.97) & (high < 120.0) & (np.abs(latitude) < 30.0)

    table = biomes.ecoregions()
    seeds = [
        (number, biomes.BIOMES.index(one.biome), *place)
        for number, one in enumerate(table)
        for place in one.places
        if one.biome in biomes.BIOMES
    ]
    number, biome, east, north = (np.array(part) for part in zip(*seeds, strict=True))
    away = _away()
    near = _unit(east.astype(float), north.astype(float)).T
    chosen = np.zeros(row.size, np.uint16)
    for start in range(0, row.size, 4096):
        part = slice(start, start + 4096)
        cosine = _unit(longitude[part], latitude[part]) @ near
        far = _RADIUS_KM * np.arccos(np.clip(cosine, -1.0, 1.0))
        misfit = away[zone[part]][:, biome]
        # Mangroves line warm, low coasts and nothing else.
        wet = np.where(coast[part, None], misfit, _NEVER_KM)
        misfit = np.where(biome == _MANGROVES, wet, misfit)
        chosen[part] = number[np.argmin(far + misfit, axis=1)] + 1
    rock = next(i for i, one in enumerate(table) if one.biome not in biomes.BIOMES)
    chosen[ice] = rock + 1
    # Each place has its own cell, those of small ecoregions before those of large.
    ground = _unit(longitude, latitude)
    size = np.bincount(chosen, minlength=len(table) + 1)[number + 1]
    for one in np.argsort(-size, kind="stable").tolist():
        cosine = ground @ near[:, one]
        own = int(cosine.argmax())
        if _RADIUS_KM * np.arccos(min(1.0, cosine[own])) < _SNAP_KM:
            chosen[own] = number[one] + 1
    cells = np.zeros((rows, columns), np.uint16)
    cells[row, column] = chosen
    return cells


def on_land(cells: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """Returns regions cut along the coast (3600, 7200), none of them empty."""
    land = atlas().land.cells.astype(np.float64)
    # As the planet smooths it: the B-spline of a cell and its neighbours.
    tall = np.pad(land, ((1, 1), (0, 0)), mode="edge")
    land = (tall[:-2] + 4.0 * tall[1:-1] + tall[2:]) / 6.0
    land = (np.roll(land, 1, 1) + 4.0 * land + np.roll(land, -1, 1)) / 6.0
    fine = land.shape[0] // cells.shape[0]
    whole = cells.repeat(fine, 0).repeat(fine, 1)
    cut = np.where(land >= 18.0, whole, 0).astype(np.uint16)
    for number, one in enumerate(biomes.ecoregions(), 1):
        if not (cut == number).any():
            if (whole == number).any():  # Islands smaller than a cell.
                inside = np.where(whole == number, land, -1.0)
                cut.flat[int(inside.argmax())] = number
            else:
                east, north = one.places[0]
                cut[int((90.0 - north) * 20), int((east + 180.0) * 20)] = number
    return cut


def outlines(cut: npt.NDArray[np.uint16]) -> dict[str, npt.NDArray[Any]]:
    """Returns the outlines of :func:`on_land` as rings, each polygon's shell first.

    Returns:
        ``steps``, from corner to corner in cells (n, 2); ``lengths`` of rings in
        corners; ``owners``, regions of rings, and ``holes``, whether each is one.
    """
    rings, owners, holes = [], [], []
    for shape, value in rasterio.features.shapes(cut.astype(np.int32), cut > 0):
        for number, ring in enumerate(shape["coordinates"]):
            rings.append(np.rint(np.array(ring[:-1])).astype(np.int32))
            owners.append(int(value))
            holes.append(number > 0)
    corners = np.concatenate(rings)
    return {
        "steps": np.diff(corners, axis=0, prepend=[[0, 0]]).astype(np.int16),
        "lengths": np.array([len(ring) for ring in rings], np.int32),
        "owners": np.array(owners, np.uint16),
        "holes": np.array(holes, np.bool_),
    }


def main() -> None:
    """Writes ``data/regions.npz`` beside this script."""
    path = Path(__file__).parent / "data" / "regions.npz"
    cells = regions()
    arrays: dict[str, Any] = {"region": cells, **outlines(on_land(cells))}
    np.savez_compressed(path, **arrays)


if __name__ == "__main__":
    main()

"""The land: the real Earth's coasts and climates, and layers that agree."""

import hashlib
import subprocess
import sys

import numpy as np
import pyproj
import pytest

from emulator.planet import biomes, climate, cover, land, mercator, noise, places
from emulator.planet.atlas import atlas

# Well inland or well offshore, from any map.
LAND = {"Paris": (2.35, 48.85), "Manaus": (-60.0, -3.0), "Ulan Bator": (106.9, 47.9),
        "Alice Springs": (133.9, -23.7), "Denver": (-105.0, 39.7)}  # fmt: skip
SEA = {"mid Atlantic": (-40.0, 30.0), "Tasman Sea": (160.0, -38.0),
       "North Sea": (3.5, 56.5), "Gulf of Guinea": (0.0, 0.0)}  # fmt: skip


def window(longitude, latitude, size=96):
    zone = int((longitude + 180) // 6) + 1
    crs = f"EPSG:{(32700 if latitude < 0 else 32600) + zone}"
    to = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = to.transform(longitude, latitude)
    return places.metric_land(crs, x // 60 * 60.0, y // 60 * 60.0, 10.0, size, size)


@pytest.mark.parametrize("name", LAND)
def test_inland_places_are_land(name):
    layers = window(*LAND[name])
    assert (layers["sea"] == 0).all()
    assert layers["height"].min() > 0


@pytest.mark.parametrize("name", SEA)
def test_the_open_sea_is_water_at_height_nought(name):
    layers = window(*SEA[name])
    assert (layers["cover"] == cover.WATER).all()
    assert (layers["height"] == 0).all()
    assert (layers["sea"] == 2).all()


@pytest.mark.parametrize(
    ("longitude", "latitude", "zone"),
    [(-0.5, 51.8, "Cfb"), (5.0, 25.0, "BWh"), (-63.0, -4.0, "Af"), (-40.0, 75.0, "EF"),
     (37.6, 55.75, "Dfb"), (134.0, -24.0, "BWh"), (-5.9, 37.4, "Csa")],
)  # fmt: skip
def test_climate_zones_are_where_koppens_map_has_them(longitude, latitude, zone):
    assert climate.ZONES[atlas().zone.nearest(longitude, latitude) - 1] == zone


@pytest.mark.parametrize(
    ("longitude", "latitude", "biome"),
    [(-63.0, -4.0, "Tropical & Subtropical Moist Broadleaf Forests"),
     (5.0, 25.0, "Deserts & Xeric Shrublands"), (100.0, 62.0, "Boreal Forests/Taiga"),
     (-100.0, 67.0, "Tundra"), (9.0, 48.5, "Temperate Broadleaf & Mixed Forests"),
     (-5.9, 37.4, "Mediterranean Forests, Woodlands & Scrub"),
     (88.0, 33.0, "Montane Grasslands & Shrublands")],
)  # fmt: skip
def test_biomes_follow_climate(longitude, latitude, biome):
    found = biomes.region_at(longitude, latitude)
    assert found is not None
    assert found.biome == biome


def test_cover_fits_the_climate():
    def share(place, *codes):
        return np.isin(window(*place)["cover"], codes).mean()

    assert share((-63.0, -4.0), cover.TREE) > 0.6
    assert share((3.0, 22.0), cover.BARE) > 0.6
    assert share((-40.0, 75.0), cover.ICE) > 0.9
    assert share((129.0, 62.0), cover.TREE, cover.SHRUB, cover.WETLAND) > 0.5


def test_canopy_stands_where_there_are_trees_and_nowhere_else_so_high():
    layers = window(9.5, 56.0, 200)
    trees = layers["cover"] == cover.TREE
    assert trees.any() and (~trees).any()
    assert layers["canopy"][trees].min() >= 3
    assert layers["canopy"][~trees].max() <= 6
    assert layers["spread"][trees].mean() > layers["spread"][~trees].mean()


def test_slopes_are_the_heights_own():
    zoom = 22
    block = land.compute(zoom, 17_000, 12_000)
    height = block["height"].astype(np.float64)
    y = (12_000 * land.SIZE + land.SIZE / 2) / 2**zoom
    pixel = (
        mercator.EQUATOR
        / 2**zoom
        * np.cos(np.radians(mercator.latitude_of(np.array([y]))[0]))
    )
    east = (height[1:-1, 2:] - height[1:-1, :-2]) / (2 * pixel)
    assert np.allclose(block["east"][1:-1, 1:-1], east, atol=2e-3)
    north = (height[:-2, 1:-1] - height[2:, 1:-1]) / (2 * pixel)
    assert np.allclose(block["north"][1:-1, 1:-1], north, atol=2e-3)


def test_neighbouring_blocks_meet_without_a_step():
    left = land.compute(21, 8_600, 4_990)["height"]
    right = land.compute(21, 8_601, 4_990)["height"]
    inside = np.abs(np.diff(left, axis=1)).max()
    across = np.abs(right[:, 0] - left[:, -1]).max()
    assert across <= 2 * inside + 0.05


def test_noise_has_unit_spread_and_no_lean():
    blocks = [noise.BlockNoise(21, [40 * n], 5_000).octave(19, 3) for n in range(100)]
    values = np.stack(blocks)
    assert abs(values.mean()) < 0.05
    assert 0.9 < values.std() < 1.1


def test_noise_wraps_around_the_world():
    last = noise.BlockNoise(20, [2**14 - 1], 4_000).octave(17, 5)[0]
    first = noise.BlockNoise(20, [0], 4_000).octave(17, 5)[0]
    # Each block's halo is its neighbour's first column.
    assert np.allclose(last[:, -1], first[:, 1], atol=1e-5)
    assert np.allclose(last[:, -2], first[:, 0], atol=1e-5)


def test_another_process_computes_the_same_bytes():
    code = (
        "import hashlib; from emulator.planet import land;"
        "b = land.compute(21, 8_600, 4_990);"
        "print(hashlib.sha256(b''.join(b[k].tobytes() for k in b)).hexdigest())"
    )
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    block = land.compute(21, 8_600, 4_990)
    here = hashlib.sha256(b"".join(block[name].tobytes() for name in block))
    assert there == here.hexdigest()


def test_seasons_are_opposed_and_mountains_are_cold():
    north = climate.season(6.6, np.array(50.0))
    assert north == pytest.approx(1.0)
    assert climate.season(6.6, np.array(-50.0)) == pytest.approx(-1.0)
    warm = climate.annual(np.array(10.0), np.array(45.0), np.array(0.0))
    cold = climate.annual(np.array(10.0), np.array(45.0), np.array(2000.0))
    assert warm - cold == pytest.approx(0.4 * 2000 * 0.0055)

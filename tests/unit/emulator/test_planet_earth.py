"""The planet against what is known of the Earth: shares, heights, climate, seasons."""

import numpy as np
import pytest

from emulator.planet import climate, cover, places, radar, reflectance
from emulator.planet.atlas import STEP, atlas
from emulator.planet.sun import Sun
from tests.unit.emulator.test_planet_land import window

ROWS = 90.0 - (np.arange(3600) + 0.5) / 20.0


def test_land_is_29_percent_of_the_earth():
    share = atlas().land.cells / 36.0
    weight = np.cos(np.radians(ROWS))
    assert (share.mean(axis=1) * weight).sum() / weight.sum() == pytest.approx(
        0.29, abs=0.015
    )


def test_land_is_about_800_m_high():
    maps = atlas()
    # Each land cell's height; a degree of longitude shrinks polewards.
    row = np.arange(3600) * 1080 // 3600
    column = np.arange(7200) * 2160 // 7200
    height = maps.height.cells[np.ix_(row, column)] * STEP
    weight = np.cos(np.radians(ROWS))[:, None] * (maps.land.cells > 18)
    mean = (height * weight).sum() / weight.sum()
    assert mean == pytest.approx(800, abs=150)  # 797 m (Eakins and Sharman 2012)


@pytest.mark.parametrize(
    ("longitude", "latitude", "low", "high"),
    [(86.9, 28.0, 4500, 6400), (-104.99, 39.74, 1400, 1900), (91.1, 29.65, 3600, 4900),
     (-68.1, -16.5, 3300, 4500), (4.9, 52.4, 0, 60), (-40.0, 72.0, 2300, 3300),
     (-60.0, -3.0, 0, 150), (37.6, 55.75, 50, 300), (11.8, 47.1, 1500, 2700)],
)  # fmt: skip
def test_broad_heights_are_the_earths(longitude, latitude, low, high):
    assert low <= atlas().height.nearest(longitude, latitude) * STEP <= high


@pytest.mark.parametrize(
    ("longitude", "latitude", "january", "july"),
    [(2.35, 48.85, 4, 20), (-60.0, -3.1, 27, 27), (37.6, 55.75, -8, 19),
     (129.7, 62.0, -38, 19), (-58.5, -34.6, 25, 11), (77.2, 28.6, 14, 31),
     (31.2, 30.0, 14, 28), (-93.6, 42.0, -6, 23), (151.2, -33.8, 23, 13)],
)  # fmt: skip
def test_months_are_as_warm_as_weather_stations_say(longitude, latitude, january, july):
    def usual(month):
        place = climate.normals(np.array([longitude]), np.array([latitude]))
        years = [place.month(year, month)["mean"] for year in range(1991, 2021)]
        return float(np.mean(years))

    assert usual(1) == pytest.approx(january, abs=7.5)
    assert usual(7) == pytest.approx(july, abs=7.5)


@pytest.mark.parametrize("place", [(88.0, 33.0), (-66.0, -20.0), (-103.0, 39.0)])
def test_ground_far_from_the_sea_lies_about_as_high_as_all_around(place):
    height = window(*place, 512)["height"]
    broad = atlas().height.nearest(*place) * STEP
    assert height.min() > broad - 1_300
    assert height.mean() == pytest.approx(broad, abs=500)


@pytest.fixture(scope="module")
def alps():
    return window(11.8, 47.15, 192)


def test_air_cools_with_height_by_6_5_degrees_a_kilometre(alps):
    height, warmth = alps["height"].ravel(), alps["warmth"].ravel()
    slope = np.polyfit(height.astype(float), warmth.astype(float), 1)[0]
    assert slope * 1000 == pytest.approx(-6.5, abs=0.6)


def ndvi(layers, month):
    ground = reflectance.surface(layers, month, Sun(40.0, 180.0), 0.0)
    none = np.zeros(ground.cover.shape, np.float32)
    red, near = (
        reflectance.reflect(band, ground, none, none, False).astype(float)
        for band in ("B4", "B8")
    )
    return float(((near - red) / (near + red)).mean())


def test_greenness_orders_rain_forest_farmland_savanna_and_desert():
    forest = ndvi(window(-63.0, -4.0), 6.5)
    farmland = ndvi(window(2.0, 48.0), 6.5)
    sahel = ndvi(window(0.0, 15.0), 3.0)
    atacama = ndvi(window(-69.6, -23.8), 1.0)
    assert forest > 0.7 and farmland > sahel > atacama
    assert -0.05 < atacama < 0.15


@pytest.mark.parametrize(
    ("place", "summer", "winter"),
    [((2.0, 48.0), 6.5, 0.5), ((-93.5, 42.0), 6.5, 0.5), ((-60.0, -35.6), 0.5, 6.5)],
)
def test_the_middle_latitudes_are_greener_in_their_summer(place, summer, winter):
    layers = window(*place)
    assert ndvi(layers, summer) > ndvi(layers, winter) + 0.1


def test_water_is_dark_in_the_infrared_and_to_the_radar():
    layers = window(10.02, 55.93, 192)
    ground = reflectance.surface(layers, 6.5, Sun(35.0, 160.0), 0.0)
    none = np.zeros(ground.cover.shape, np.float32)
    water = layers["cover"] == cover.WATER
    assert water.any() and not water.all()
    for band in ("B8", "B11"):
        values = reflectance.reflect(band, ground, none, none, False)
        assert values[water].mean() < 400 < values[~water].mean() / 2
    echo = radar.backscatter(layers, False, 80.0, 7, 0, 0)
    assert echo[water].mean() < -18 < -14 < echo[~water].mean()


def test_slopes_that_face_the_radar_are_brighter(alps):
    echo = radar.backscatter(alps, False, 90.0, 7, 0, 0)
    trees = alps["cover"] == cover.GRASS
    # Looking east, a slope that rises to the east faces the sensor.
    facing, away = trees & (alps["east"] > 0.2), trees & (alps["east"] < -0.2)
    assert echo[facing].mean() > echo[away].mean() + 3


def test_slopes_that_face_the_sun_are_brighter(alps):
    ground = reflectance.surface(alps, 6.5, Sun(50.0, 180.0), 0.0)
    # A slope that rises to the north faces south.
    sunny, shady = alps["north"] > 0.2, alps["north"] < -0.2
    assert ground.light[sunny].mean() > ground.light[shady].mean() + 0.2


@pytest.mark.parametrize("place", [(-60.3, -3.1), (9.0, 56.2), (0.0, 12.4), (100, 62)])
def test_what_is_over_five_metres_tall_is_wooded(place):
    layers = window(*place, 128)
    tall = layers["canopy"] > 7
    assert np.isin(layers["cover"][tall], (cover.TREE, cover.MANGROVE)).all()


@pytest.mark.parametrize(
    "place", [(-40.0, 72.0), (86.9, 28.0), (-69.6, -23.8), (100.0, 73.0)]
)
def test_nothing_is_ploughed_on_ice_peaks_tundra_or_in_the_driest_desert(place):
    assert not (window(*place, 128)["cover"] == cover.CROP).any()


def test_farmland_is_ploughed():
    for longitude, latitude in [(2.0, 48.3), (-93.5, 42.0), (9.0, 56.2), (80.0, 27.0)]:
        shares = [
            (
                window(longitude + east, latitude + north, 64)["cover"] == cover.CROP
            ).mean()
            for east in np.arange(8) * 0.11
            for north in (0.0, 0.12)
        ]
        assert np.mean(shares) > 0.15


def test_land_covers_of_both_maps_say_the_same():
    layers = places.metric_land("EPSG:32632", 500_040.0, 6_220_020.0, 10.0, 96, 96)
    labels = cover.LABEL[layers["cover"]]
    for code, label in ((10, 1), (40, 4), (50, 6), (80, 0)):
        assert (labels[layers["cover"] == code] == label).all()

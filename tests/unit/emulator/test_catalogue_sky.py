"""Sun, cloud, shadow, revisit and tiling against truths of their own."""

import itertools
import math
from datetime import UTC, datetime, timedelta

import mgrs
import numpy as np
import pytest

from emulator.catalogue import earth
from emulator.catalogue import mgrs as tiling
from emulator.planet.sun import sun_at

CATALOGUE = earth()
S1 = "COPERNICUS/S1_GRD"
L1C = "COPERNICUS/S2_HARMONIZED"
L2A = "COPERNICUS/S2_SR_HARMONIZED"
DAY = 86_400_000
PLACES = [(9.5, 56.0), (13.0, -8.5), (-63.5, -34.0), (105.0, 62.0)]


def ms(year, month, day=1):
    return int(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)


def scenes(name, place, start, end):
    x, y = place
    bounds = (x - 0.01, y - 0.01, x + 0.01, y + 0.01)
    return list(CATALOGUE.collection(name).scenes(bounds, ms(*start), ms(*end)))


def noaa(longitude, latitude, moment):
    """NOAA's solar calculator (its spreadsheet, after Meeus), without refraction."""
    days = moment.timestamp() / 86_400
    century = (days + 2440587.5 - 2451545.0) / 36525.0
    mean = (280.46646 + century * (36000.76983 + century * 0.0003032)) % 360
    anomaly = math.radians(357.52911 + century * (35999.05029 - 0.0001537 * century))
    bend = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
    centre = math.sin(anomaly) * (1.914602 - century * (0.004817 + 0.000014 * century))
    centre += math.sin(2 * anomaly) * (0.019993 - 0.000101 * century)
    centre += math.sin(3 * anomaly) * 0.000289
    node = math.radians(125.04 - 1934.136 * century)
    apparent = math.radians(mean + centre - 0.00569 - 0.00478 * math.sin(node))
    tilt = math.radians(23.439291 - 0.0130042 * century + 0.00256 * math.cos(node))
    declination = math.asin(math.sin(tilt) * math.sin(apparent))
    y, twice = math.tan(tilt / 2) ** 2, 2 * math.radians(mean)
    equation = 4 * math.degrees(
        y * math.sin(twice)
        - 2 * bend * math.sin(anomaly)
        + 4 * bend * y * math.sin(anomaly) * math.cos(twice)
        - 0.5 * y * y * math.sin(2 * twice)
        - 1.25 * bend * bend * math.sin(2 * anomaly)
    )
    minutes = (days % 1.0) * 1440 + equation + 4 * longitude
    hour = math.radians((minutes / 4 - 180 + 180) % 360 - 180)
    phi = math.radians(latitude)
    zenith = math.acos(
        math.sin(phi) * math.sin(declination)
        + math.cos(phi) * math.cos(declination) * math.cos(hour)
    )
    turn = (math.sin(phi) * math.cos(zenith) - math.sin(declination)) / (
        math.cos(phi) * math.sin(zenith)
    )
    turn = math.degrees(math.acos(max(-1.0, min(1.0, turn))))
    azimuth = (turn + 180) % 360 if hour > 0 else (540 - turn) % 360
    return math.degrees(zenith), azimuth


def test_the_sun_stands_where_noaas_calculator_has_it():
    for day, (x, y) in itertools.product(range(0, 3600, 73), PLACES):
        moment = datetime(2015, 7, 1, 10, 40, tzinfo=UTC)
        moment += timedelta(days=day, hours=-x / 15)
        zenith, azimuth = noaa(x, y, moment)
        sun = sun_at(x, y, int(moment.timestamp() * 1000))
        assert abs(sun.zenith - zenith) < 0.25
        away = (sun.azimuth - azimuth + 180) % 360 - 180
        assert abs(away) * math.sin(math.radians(zenith)) < 0.35


@pytest.mark.parametrize("place", PLACES)
def test_scenes_angles_are_those_of_their_middle_and_time(place):
    for one in scenes(L1C, place, (2019, 3), (2019, 10))[::7]:
        values = one.properties
        square = tiling.by_name(values["MGRS_TILE"])
        moment = datetime.fromtimestamp(values["system:time_start"] / 1000, UTC)
        zenith, azimuth = noaa(square.longitude, square.latitude, moment)
        assert abs(values["MEAN_SOLAR_ZENITH_ANGLE"] - zenith) < 0.25
        away = (values["MEAN_SOLAR_AZIMUTH_ANGLE"] - azimuth + 180) % 360 - 180
        assert abs(away) * math.sin(math.radians(zenith)) < 0.35


def broken(place, start, end, count=4, side=360):
    """Windows of 20 m pixels under broken opaque cloud, one a scene."""
    found = []
    for one in scenes(L2A, place, start, end):
        if not 15 < one.properties["CLOUDY_PIXEL_PERCENTAGE"] < 50:
            continue
        for row, col in itertools.product((600, 2400, 4200), (900, 2700, 4500)):
            probability, valid = one.read("MSK_CLDPRB", row, col, side, side)
            inner = (probability >= 50)[130:-130, 130:-130]
            if not (valid.all() and 0.15 < inner.mean() < 0.6):
                continue
            classes, _ = one.read("SCL", row, col, side, side)
            if (classes == 3)[130:-130, 130:-130].mean() > 0.02:
                found.append((one, row, col, classes))
                break
        if len(found) == count:
            return found
    raise AssertionError("too few broken skies")


@pytest.mark.parametrize(
    ("place", "season"), [((9.5, 56.0), 4), ((-63.5, -34.0), 1), ((9.5, 56.0), 9)]
)
def test_shadows_lie_away_from_the_sun_under_clouds_of_a_likely_height(place, season):
    for one, _, _, classes in broken(place, (2019, season), (2019, season + 3), 2):
        cloud, dark = np.isin(classes, (8, 9, 10)), classes == 3
        open_sky = ~cloud & (classes != 7)  # Clouds' fringes are neither.
        values = one.properties
        slope = math.tan(math.radians(values["MEAN_SOLAR_ZENITH_ANGLE"]))
        edge, inner = 130, slice(130, -130)
        found = {}
        for turn, height in itertools.product(range(0, 360, 15), range(500, 4000, 100)):
            reach = height * slope / 20
            towards = math.radians(values["MEAN_SOLAR_AZIMUTH_ANGLE"] + turn)
            up = round(reach * math.cos(towards))
            right = round(reach * math.sin(towards))
            if max(abs(up), abs(right)) > edge:
                continue
            rows = slice(edge - up, cloud.shape[0] - edge - up)
            cols = slice(edge + right, cloud.shape[1] - edge + right)
            under = cloud[rows, cols] & open_sky[inner, inner]
            both = (under & dark[inner, inner]).sum()
            found[turn, height] = both / max(1, (under | dark[inner, inner]).sum())
        turn, height = max(found, key=found.get)
        assert turn == 0 and 800 < height < 2000, (one.id, found[turn, height])
        assert found[turn, height] > 0.65 > 1.4 * found[180, height]


def test_classes_probabilities_and_qa60_say_the_same_of_broken_skies():
    for one, row, col, classes in broken((9.5, 56.0), (2019, 4), (2019, 10)):
        probability, _ = one.read("MSK_CLDPRB", row, col, *classes.shape)
        cloud = np.isin(classes, (8, 9, 10))
        sure = probability != 50  # 49.6 % is rounded to it.
        assert np.array_equal(cloud[sure], (probability >= 50)[sure])
        assert (probability[np.isin(classes, (2, 4, 5, 6, 11))] <= 25).all()
        assert not ((classes == 3) & cloud).any()
        qa, _ = one.read("QA60", row // 3, col // 3, *(n // 3 for n in classes.shape))
        opaque, cirrus = (qa & 1024) > 0, (qa & 2048) > 0
        assert not (opaque & cirrus).any()
        # One 60 m pixel is 3 by 3 of 20 m; their middle one has the same centre.
        middle = classes[1::3, 1::3]
        assert (cirrus == (middle == 10)).mean() > 0.999
        assert (opaque == np.isin(middle, (8, 9))).mean() > 0.999


@pytest.mark.parametrize("place", PLACES)
def test_an_orbit_comes_back_in_ten_days_and_with_two_satellites_in_five(place):
    found = {}
    for one in scenes(L1C, place, (2015, 7), (2020, 1)):
        values = one.properties
        key = values["MGRS_TILE"], values["SENSING_ORBIT_NUMBER"]
        found.setdefault(key, []).append(values)
    assert found
    for passes in found.values():
        alone = [v for v in passes if v["system:time_start"] < ms(2017, 7)]
        assert {v["SPACECRAFT_NAME"] for v in alone} == {"Sentinel-2A"}
        for days, some in ((10, alone), (5, passes)):
            gaps = np.diff([v["system:time_start"] for v in some]) / DAY
            assert np.allclose(gaps / days, np.rint(gaps / days), atol=1e-3)
            assert (gaps > days - 0.01).all()
        times = [v["system:time_start"] for v in passes]
        late = np.diff([time for time in times if time > ms(2018, 1)])
        shortest = late.min() / DAY if late.size else 5
        assert shortest == pytest.approx(5, abs=1e-3)
        ours = [v for v in passes if v["SPACECRAFT_NAME"] == "Sentinel-2B"]
        gaps = np.diff([v["system:time_start"] for v in ours]) / DAY
        assert np.allclose(gaps / 10, np.rint(gaps / 10), atol=1e-3)


@pytest.mark.parametrize("place", [(9.5, 56.0), (12.5, 42.0)])
def test_a_radar_orbit_comes_back_in_twelve_days_and_with_two_satellites_in_six(place):
    found = {}
    for one in scenes(S1, place, (2015, 1), (2021, 1)):
        values = one.properties
        key = values["relativeOrbitNumber_start"], values["orbitProperties_pass"]
        time = values["system:time_start"]
        found.setdefault(key, {}).setdefault(round(time / DAY), []).append(
            values["system:index"][:3]
        )
    assert found
    shortest = []
    for days in found.values():
        times = np.array(sorted(days))
        gaps = np.diff(times)
        assert (gaps % 6 == 0).all()
        shortest.append(gaps.min())
        for letter in ("S1A", "S1B"):
            some = [day for day in sorted(days) if letter in days[day]]
            assert (np.diff(some) % 12 == 0).all()
    assert min(shortest) == 6


def test_granules_are_the_squares_that_the_mgrs_library_names():
    """Near a square's middle, away from zones' edges."""
    known = mgrs.MGRS()
    tried = 0
    for x, y in itertools.product(np.arange(-179.3, 180, 7.7), np.arange(-54, 82, 6.1)):
        here = (x - 0.01, y - 0.01, x + 0.01, y + 0.01)
        for square in tiling.granules(here):
            zone = int(square.name[:2])
            # The square's own middle: a granule reaches beyond it by 9.8 km.
            mid = (
                math.ceil(square.x0 / 100_000) * 100_000 + 50_000,
                math.floor(square.y0 / 100_000) * 100_000 - 50_000,
            )
            lon, lat = tiling.to_degrees(square.crs).transform(*mid)
            if tiling.zone_of(lon, lat) != zone or lat % 8 < 0.01:
                continue
            assert known.toMGRS(lat, lon, MGRSPrecision=0) == square.name
            tried += 1
    assert tried > 100

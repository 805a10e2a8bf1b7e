"""Sentinel-1, ERA5-Land, WorldCover, canopy, ASTER and the ecoregions."""

import re
from datetime import UTC, datetime

import numpy as np
import pyproj
import pytest
from shapely.geometry import Point

from emulator.catalogue import earth, frames

CATALOGUE = earth()
S1 = "COPERNICUS/S1_GRD"
ERA5 = "ECMWF/ERA5_LAND/MONTHLY_AGGR"


def ms(year, month, day=1):
    return int(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)


def radar(place, start, end):
    x, y = place
    bounds = (x - 0.01, y - 0.01, x + 0.01, y + 0.01)
    return list(CATALOGUE.collection(S1).scenes(bounds, ms(*start), ms(*end)))


def test_radar_names_and_properties_are_spelt_as_the_real_ones():
    found = radar((9.5, 56.0), (2019, 6), (2019, 8))
    assert found
    for one in found:
        values = one.properties
        assert re.fullmatch(
            r"S1[AB]_IW_GRDH_1S[SD]V_\d{8}T\d{6}_\d{8}T\d{6}_\d{6}_[0-9A-F]{6}_[0-9A-F]{4}",
            values["system:index"],
        )
        assert values["instrumentMode"] == "IW"
        assert values["orbitProperties_pass"] in ("ASCENDING", "DESCENDING")
        names = [info.name for info in one.bands]
        assert names == [*values["transmitterReceiverPolarisation"], "angle"]
        assert 1 <= values["relativeOrbitNumber_start"] <= 175
        assert one.bands[0].dtype == "float64"


def test_radar_orbits_come_back_every_six_days_with_two_satellites():
    found = radar((9.5, 56.0), (2019, 1), (2020, 1))
    orbit = found[0].properties["relativeOrbitNumber_start"]
    times = {
        one.properties["system:time_start"] // 86_400_000
        for one in found
        if one.properties["relativeOrbitNumber_start"] == orbit
        and one.properties["orbitProperties_pass"]
        == found[0].properties["orbitProperties_pass"]
    }
    gaps = np.diff(sorted(times))
    assert np.median(gaps) == 6 and (gaps % 6 == 0).all()


def test_every_slice_is_found_from_everywhere_in_its_box():
    tried = 0
    for direction in frames.ORBITS:
        for orbit in range(1, 176, 13):
            for index in range(-52, 53, 8):
                one = frames.frame(direction, orbit, index)
                if one is None:
                    continue
                west, south, east, north = one.footprint.bounds
                for x, y in (
                    (west, south),
                    (east, south),
                    (west, north),
                    (east, north),
                ):
                    x = (x + 180.0) % 360.0 - 180.0
                    ground = frames._ground(direction).meeting((x, y, x, y))
                    assert ground[orbit - 1, index + frames._ground(direction).reach]
                place = one.footprint.centroid
                point = (place.x, place.y, place.x, place.y)
                assert one in frames.frames(point)
                tried += 1
    assert tried > 50


def test_a_radar_scene_is_found_by_its_index():
    for one in radar((9.5, 56.0), (2019, 6), (2019, 7)):
        assert CATALOGUE.image(one.id) == one


def test_ascending_passes_come_in_the_evening_and_descending_in_the_morning():
    for one in radar((9.5, 56.0), (2019, 6), (2019, 7)):
        hour = one.properties["system:time_start"] / 3_600_000 % 24 + 9.5 / 15
        evening = one.properties["orbitProperties_pass"] == "ASCENDING"
        assert abs(hour - (18 if evening else 6)) < 2


def test_some_places_have_one_direction_only_and_europe_has_both():
    def directions(place):
        found = radar(place, (2019, 1), (2020, 1))
        return {one.properties["orbitProperties_pass"] for one in found}

    assert len(directions((9.5, 56.0))) == 2
    counts = [
        len(directions((lon, lat)))
        for lon, lat in [(-60, -3), (-100, 40), (25, -15), (134, -24), (105, 50),
                         (78, 20), (-65, -30), (10, 8)]
    ]  # fmt: skip
    assert 1 in counts and 2 in counts


def test_ice_caps_are_seen_in_hh_and_hv():
    found = radar((-40.0, 72.0), (2019, 6), (2019, 8))
    names = {info.name for one in found for info in one.bands}
    assert {"HH", "HV"} <= names and "VV" not in names


def test_radar_sees_water_dark_slopes_bright_and_angles_across_the_swath():
    one = next(
        scene
        for scene in radar((-21.3, 63.9), (2019, 6), (2019, 9))
        if scene.properties["transmitterReceiverPolarisation"][0] == "VV"
        and scene.footprint.contains(Point(-21.3, 63.9).buffer(0.1))
    )
    grid = one.bands[0].grid
    to = pyproj.Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)
    x, y = to.transform(-21.3, 63.9)
    row = int((grid.transform[5] - y) / 10)
    col = int((x - grid.transform[2]) / 10)
    values, valid = one.read("VV", row - 200, col - 200, 400, 400)
    angle, _ = one.read("angle", row - 200, col - 200, 400, 400)
    assert valid.any() and 29 < angle[valid].min() < angle[valid].max() < 47
    low, high = np.percentile(values[valid], (2, 98))
    assert -32 < low < -17 < high < 5


@pytest.mark.parametrize("month", [1, 7])
def test_temperatures_follow_season_latitude_and_height(month):
    image = CATALOGUE.image(f"{ERA5}/2019{month:02d}")
    assert image is not None
    grid = image.bands[0].grid

    def kelvin(longitude, latitude):
        row = round((latitude - grid.transform[5]) / grid.transform[4] - 0.5)
        col = round((longitude - grid.transform[2]) / grid.transform[0] - 0.5)
        values, valid = image.read("temperature_2m", row, col, 1, 1)
        assert valid.all()
        return float(values[0, 0])

    moscow, buenos_aires = kelvin(37.6, 55.75), kelvin(-60.0, -35.0)
    assert (moscow > buenos_aires) == (month == 7)
    assert kelvin(-63.0, -4.0) > 293 > kelvin(88.0, 33.0)
    assert kelvin(88.0, 33.0) < kelvin(80.0, 26.0) - 8


def test_months_hold_lows_means_highs_in_order_and_rain_in_metres():
    image = CATALOGUE.image(f"{ERA5}/201906")
    assert image is not None
    read = {info.name: image.read(info.name, 300, 1900, 60, 60) for info in image.bands}
    mean, valid = read["temperature_2m"]
    assert (read["temperature_2m_min"][0] < mean)[valid].all()
    assert (read["temperature_2m_max"][0] > mean)[valid].all()
    rain = read["total_precipitation_sum"][0][valid]
    assert rain.min() >= 0 and rain.max() < 1.5


def test_the_sea_has_no_land_weather():
    image = CATALOGUE.image(f"{ERA5}/201906")
    assert image is not None
    _, valid = image.read("temperature_2m", 600, 1400, 5, 5)
    assert not valid.any()


def test_months_run_from_1950_and_are_named_yyyymm():
    found = list(CATALOGUE.collection(ERA5).scenes(None, ms(2018, 6), ms(2019, 7)))
    assert [one.properties["system:index"] for one in found] == [
        f"{2018 + n // 12}{n % 12 + 1:02d}" for n in range(5, 18)
    ]
    every = list(CATALOGUE.collection(ERA5).scenes(None, None, None))
    assert every[0].properties["system:index"] == "195001"


def test_worldcover_is_one_image_of_2020():
    found = list(CATALOGUE.collection("ESA/WorldCover/v100").scenes(None, None, None))
    assert [one.id for one in found] == ["ESA/WorldCover/v100/2020"]
    info = found[0].bands[0]
    assert (info.name, info.dtype) == ("Map", "uint8")
    assert info.grid.transform[0] == pytest.approx(1 / 12_000)
    _, sea = found[0].read("Map", 60 * 12_000, 140 * 12_000, 20, 20)
    assert not sea.any()


def test_still_layers_agree_on_the_land():
    row, col = int((90 - 55.93) * 12_000), int((180 + 10.02) * 12_000)
    window = (row, col, 200, 200)
    codes, mapped = CATALOGUE.image("ESA/WorldCover/v100/2020").read("Map", *window)
    name = "users/nlang/ETH_GlobalCanopyHeight_2020_10m_v1"
    metres, valid = CATALOGUE.image(name).read("b1", *window)
    assert mapped.all()
    assert np.array_equal(valid, (codes != 80) & (codes != 70))
    assert (codes == 10).any()
    assert metres[codes == 10].min() >= 3
    assert set(np.unique(codes)) <= {10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100}


def test_ecoregions_have_the_real_tables_columns():
    table = CATALOGUE.table("RESOLVE/ECOREGIONS/2017")
    assert table is not None
    rows = list(table.features())
    assert len(rows) > 840
    for row in rows:
        assert row.geometry.is_valid and not row.geometry.is_empty
        assert {"ECO_NAME", "BIOME_NAME", "ECO_ID", "BIOME_NUM", "REALM"} <= set(
            row.properties
        )
    assert len({row.properties["BIOME_NAME"] for row in rows}) >= 14

"""Sentinel-2 and Dynamic World: tiling, revisit, names, clouds."""

import re
from datetime import UTC, datetime

import numpy as np
import pytest
from shapely.geometry import box

from emulator.catalogue import earth, mgrs, passes, sentinel2
from emulator.catalogue.base import hashes
from emulator.planet import noise

CATALOGUE = earth()
L1C = "COPERNICUS/S2_HARMONIZED"
L2A = "COPERNICUS/S2_SR_HARMONIZED"
OPTICAL = (
    *("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A"),
    *("B9", "B11", "B12"),
)


def ms(year, month, day=1):
    return int(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)


def scenes(name, place, start, end):
    x, y = place
    bounds = (x - 0.01, y - 0.01, x + 0.01, y + 0.01)
    return list(CATALOGUE.collection(name).scenes(bounds, ms(*start), ms(*end)))


def days(found):
    return sorted({one.properties["system:index"][:8] for one in found})


# Upper left corners as ESA's products of these tiles have them.
@pytest.mark.parametrize(
    ("name", "crs", "x0", "y0"),
    [("31UDQ", "EPSG:32631", 399960, 5500020), ("32TPS", "EPSG:32632", 600000, 5200020),
     ("32VNH", "EPSG:32632", 499980, 6300000), ("36RUU", "EPSG:32636", 300000, 3400020),
     ("56HLH", "EPSG:32756", 300000, 6300040)],
)  # fmt: skip
def test_granules_have_esas_corners(name, crs, x0, y0):
    square = mgrs.by_name(name)
    assert (square.crs, square.x0) == (crs, x0)
    assert abs(square.y0 - y0) <= 60 and square.y0 % 60 == 0
    assert square.x0 % 60 == 0


@pytest.mark.parametrize(
    ("longitude", "latitude", "name"),
    [(2.35, 48.86, "31UDQ"), (13.0, 52.5, "33UUU"), (12.5, 55.7, "33UUB"),
     (151.2, -33.9, "56HLH"), (31.25, 30.05, "36RUU"), (-58.5, -34.6, "21HUB"),
     (7.7, 46.2, "32TLS")],
)  # fmt: skip
def test_places_lie_in_the_granules_of_the_military_grid(longitude, latitude, name):
    bounds = (longitude, latitude, longitude, latitude)
    assert name in [square.name for square in mgrs.granules(bounds)]


@pytest.mark.parametrize(
    ("longitude", "latitude", "zone"),
    [(5.0, 60.0, 32), (2.9, 60.0, 31), (8.0, 75.0, 31), (10.0, 75.0, 33),
     (22.0, 78.0, 35), (9.5, 56.0, 32), (-180.0, 0.0, 1), (179.9, 0.0, 60)],
)  # fmt: skip
def test_zones_have_norways_and_svalbards_exceptions(longitude, latitude, zone):
    assert mgrs.zone_of(longitude, latitude) == zone


def test_bands_are_the_real_collections_in_their_order():
    first = scenes(L1C, (9.5, 56.0), (2019, 6), (2019, 7))[0]
    assert [info.name for info in first.bands] == [
        *OPTICAL[:10],
        "B10",
        *OPTICAL[10:],
        "QA60",
    ]
    second = scenes(L2A, (9.5, 56.0), (2019, 6), (2019, 7))[0]
    assert [info.name for info in second.bands] == [
        *OPTICAL,
        *("AOT", "WVP", "SCL", "TCI_R", "TCI_G", "TCI_B"),
        *("MSK_CLDPRB", "MSK_SNWPRB", "QA60"),
    ]
    steps = {info.name: info.grid.transform[0] for info in second.bands}
    assert [steps[name] for name in ("B4", "B8A", "B1", "SCL", "QA60")] == [
        10, 20, 60, 20, 60,
    ]  # fmt: skip
    sizes = {info.grid.transform[0]: info.grid.width for info in first.bands}
    assert sizes == {10: 10980, 20: 5490, 60: 1830}


def test_indices_and_properties_are_spelt_as_the_real_ones():
    for one in scenes(L1C, (9.5, 56.0), (2019, 6), (2019, 7)):
        found = re.fullmatch(
            r"(\d{8}T\d{6})_(\d{8}T\d{6})_T(\d\d[C-X][A-Z]{2})",
            one.properties["system:index"],
        )
        assert found and found[1] <= found[2]
        assert one.properties["MGRS_TILE"] == found[3]
        seen = datetime.fromtimestamp(one.properties["system:time_start"] / 1e3, UTC)
        assert seen.strftime("%Y%m%dT%H%M%S") == found[2]
        assert 0 <= one.properties["CLOUDY_PIXEL_PERCENTAGE"] <= 100
        assert one.properties["SPACECRAFT_NAME"] in ("Sentinel-2A", "Sentinel-2B")
        assert one.properties["PROCESSING_BASELINE"] == "02.07"


def test_the_pass_of_15_june_2019_sees_denmark_at_ten_fifty_on_orbit_51():
    found = scenes(L1C, (9.5, 56.0), (2019, 6, 15), (2019, 6, 16))
    passes = [one.properties for one in found if one.properties["MGRS_TILE"] == "32VNH"]
    assert [one["SENSING_ORBIT_NUMBER"] for one in passes] == [51]
    assert passes[0]["system:index"].startswith("20190615T105031_20190615T1050")
    assert passes[0]["SPACECRAFT_NAME"] == "Sentinel-2A"


def test_one_orbit_comes_back_every_ten_days_and_with_two_satellites_every_five():
    def gaps(start, end):
        found = [
            one
            for one in scenes(L1C, (9.3, 45.5), start, end)
            if one.properties["MGRS_TILE"] == "32TNR"
        ]
        orbit = found[0].properties["SENSING_ORBIT_NUMBER"]
        times = [
            one.properties["system:time_start"]
            for one in found
            if one.properties["SENSING_ORBIT_NUMBER"] == orbit
        ]
        return np.diff(times) / 86_400_000

    both = gaps((2019, 1), (2020, 1))
    assert np.allclose(both % 5, 0, atol=1e-6) and np.median(both) == pytest.approx(5)
    alone = gaps((2016, 1), (2017, 1))
    assert np.allclose(alone % 10, 0, atol=1e-6)


def test_there_is_nothing_before_the_mission_nor_in_polar_night():
    assert not scenes(L1C, (9.5, 56.0), (2014, 1), (2015, 6))
    svalbard = days(scenes(L1C, (16.0, 78.5), (2019, 1), (2020, 1)))
    assert svalbard
    assert not [day for day in svalbard if day[4:6] in ("11", "12", "01")]


def test_surface_reflectance_is_sparse_before_december_2018():
    amazon, denmark = (-60.0, -3.0), (9.5, 56.0)
    assert not scenes(L2A, denmark, (2016, 1), (2017, 3, 28))
    assert scenes(L2A, denmark, (2017, 4), (2018, 1))
    early = len(scenes(L2A, amazon, (2017, 4), (2018, 12)))
    assert early < 0.1 * len(scenes(L1C, amazon, (2017, 4), (2018, 12)))
    late = {
        one.properties["system:index"]
        for one in scenes(L2A, amazon, (2019, 1), (2020, 1))
    }
    assert late == {
        one.properties["system:index"]
        for one in scenes(L1C, amazon, (2019, 1), (2020, 1))
    }


def test_some_early_scenes_lack_cloud_probability_and_no_late_one_does():
    early = scenes(L2A, (9.5, 56.0), (2017, 4), (2018, 9))
    lacking = ["MSK_CLDPRB" not in [b.name for b in one.bands] for one in early]
    assert 0 < sum(lacking) < 0.4 * len(lacking)
    for one in scenes(L2A, (9.5, 56.0), (2019, 1), (2019, 6)):
        assert "MSK_CLDPRB" in [info.name for info in one.bands]


def test_deserts_are_clearer_than_rain_forests():
    def cloud(place):
        found = scenes(L1C, place, (2019, 1), (2020, 1))
        return np.mean([one.properties["CLOUDY_PIXEL_PERCENTAGE"] for one in found])

    assert cloud((5.0, 25.0)) < 20 < 50 < cloud((-63.0, -4.0))


def test_cloud_percentages_are_the_pixels_share():
    """Over whole granules, read at one 60 m pixel in 30."""
    errors = []
    for one in scenes(L1C, (9.5, 56.0), (2019, 5), (2019, 9)):
        percent = one.properties["CLOUDY_PIXEL_PERCENTAGE"]
        if not 10 < percent < 90:
            continue
        cloudy = valid_count = 0
        for row in range(60, 1800, 240):
            values, valid = one.read("QA60", row, 0, 8, 1830)
            cloudy += int(((values & 0xC00) > 0)[valid].sum())
            valid_count += int(valid.sum())
        if valid_count > 5000:
            errors.append(100 * cloudy / valid_count - percent)
    assert len(errors) >= 5
    assert abs(np.mean(errors)) < 4
    assert np.std(errors) < 12


def cloudy_scene():
    """A scene that is half cloudy, and where in it a window is mixed."""
    for one in scenes(L2A, (9.5, 56.0), (2019, 5), (2019, 9)):
        if not 30 < one.properties["CLOUDY_PIXEL_PERCENTAGE"] < 70:
            continue
        for row in range(0, 5200, 320):
            probability, valid = one.read("MSK_CLDPRB", row, 2600, 120, 120)
            if valid.all() and 0.2 < (probability >= 80).mean() < 0.6:
                return one, row, probability
    raise AssertionError("no mixed window")


def test_masks_classes_and_reflectance_agree_on_clouds():
    scene, row, probability = cloudy_scene()
    classes, _ = scene.read("SCL", row, 2600, 120, 120)
    opaque = np.isin(classes, (8, 9, 10))
    assert set(np.unique(classes)) <= set(range(2, 12))
    assert (probability[opaque] >= 50).all()
    assert (probability[np.isin(classes, (4, 5, 6))] <= 30).all()
    qa, _ = scene.read("QA60", row // 3, 2600 // 3, 40, 40)
    assert set(np.unique(qa)) <= {0, 1 << 10, 1 << 11}
    coarse = probability[: 40 * 3, : 40 * 3].reshape(40, 3, 40, 3).mean(axis=(1, 3))
    offset = np.corrcoef((qa > 0).ravel(), coarse.ravel())[0, 1]
    assert offset > 0.7
    red, _ = scene.read("B5", row, 2600, 120, 120)
    assert red[probability > 90].min() > 2 * np.median(red[classes == 4])
    dark = red[classes == 3]
    if dark.size > 50:
        assert np.median(dark) < np.median(red[(probability == 0) & (classes != 3)])


def test_qa60_is_masked_from_2022_to_2024():
    def valid(start, end):
        one = scenes(L1C, (9.5, 56.0), start, end)[0]
        side = one.bands[-1].grid.width
        return one.read("QA60", 0, 0, side, side)[1].any()

    assert valid((2021, 6), (2021, 7))
    assert not valid((2022, 6), (2022, 7))
    assert valid((2024, 6), (2024, 7))


def test_water_is_dark_vegetation_has_a_red_edge_and_snow_is_bright():
    def clear(place, start, end):
        found = scenes(L2A, place, start, end)
        return min(found, key=lambda one: one.properties["CLOUDY_PIXEL_PERCENTAGE"])

    summer = clear((10.0, 55.5), (2019, 6), (2019, 8))

    def colours(row, col):
        classes, valid = summer.read("SCL", row, col, 120, 120)
        bands = [
            summer.read(band, 2 * row, 2 * col, 240, 240)[0][::2, ::2]
            for band in ("B4", "B8")
        ]
        return classes, valid, *bands

    classes, valid, red, infrared = colours(1000, 1000)
    plants = valid & (classes == 4)
    assert plants.sum() > 1000
    assert np.median(infrared[plants]) > 3 * np.median(red[plants])
    classes, valid, red, infrared = colours(3400, 2350)  # at sea
    water = valid & (classes == 6)
    assert water.sum() > 1000
    assert np.median(infrared[water]) < 400
    ice = clear((-40.0, 72.0), (2019, 6), (2019, 8))
    side = ice.bands[1].grid.width
    for corner in (1000, side // 2, side - 2000):
        blue, seen = ice.read("B2", corner, corner, 50, 50)
        if seen.all():
            assert np.median(blue) > 5000


def test_scenes_cut_by_the_swath_have_smaller_footprints():
    bounds = (8.0, 55.5, 11.0, 56.5)
    found = CATALOGUE.collection(L1C).scenes(bounds, ms(2019, 6), ms(2019, 7))
    shapes = [one.footprint.area for one in found]
    assert min(shapes) < 0.8 * max(shapes)


def test_a_search_yields_only_scenes_whose_footprint_box_meets_the_bounds():
    bounds = (9.4, 55.9, 9.6, 56.1)
    near = list(CATALOGUE.collection(L1C).scenes(bounds, ms(2019, 6), ms(2019, 7)))
    wide = CATALOGUE.collection(L1C).scenes(
        (8.0, 54.0, 11.0, 58.0), ms(2019, 6), ms(2019, 7)
    )
    expected = [
        one.id for one in wide if box(*one.footprint.bounds).intersects(box(*bounds))
    ]
    assert [one.id for one in near] == expected


@pytest.mark.parametrize("name", [L1C, L2A])
def test_sifting_by_cloud_leaves_out_cloudier_scenes_only(name):
    query = (-0.1, 44.0, 0.1, 44.2), ms(2018, 6), ms(2019, 6)
    cloud = "CLOUDY_PIXEL_PERCENTAGE"
    whole = list(CATALOGUE.collection(name).scenes(*query))
    values = sorted(one.properties[cloud] for one in whole)
    for low, high in [(-np.inf, 10.0), (20.0, np.inf), (values[3], values[3])]:
        expected = [one.id for one in whole if low <= one.properties[cloud] <= high]
        sifted = CATALOGUE.collection(name).sift(*query, [(cloud, low, high)])
        assert (
            expected
            and [one.id for one in sifted if low <= one.properties[cloud] <= high]
            == expected
        )
    few = CATALOGUE.collection(name).sift(*query, [(cloud, -np.inf, 10.0)])
    assert max(one.properties[cloud] for one in few) < 10.01
    other = CATALOGUE.collection(name).sift(*query, [("MGRS_TILE", 0.0, 1.0)])
    assert len(list(other)) == len(whole)


def test_search_arrays_agree_with_the_passes_they_stand_for():
    square = mgrs.by_name("33WXP")
    days = passes.calendar(square)
    made = [days.seen(i) for i in range(len(days.times))]
    assert made[0] is days.seen(0)
    assert {datetime.fromtimestamp(one.time_ms / 1000, UTC).year for one in made} == {
        *range(2015, 2025)
    }
    assert [one.time_ms for one in made] == sorted(one.time_ms for one in made)
    assert [one.number for one in made] == days.numbers.tolist()
    assert max(one.sun.zenith for one in made) <= 85.0
    # The sun hardly rises in December: none of the passes then is taken.
    assert (
        max(datetime.fromtimestamp(one.time_ms / 1000, UTC).month for one in made) < 12
    )
    assert all(sentinel2.find(L1C, one.index).seen is one for one in made[::20])


def test_hashes_of_arrays_are_those_of_integers():
    cycles = np.array([0, 1, 65535, 2**31], np.int64)
    expected = [noise.hashed(51, int(c), ord("A"), 7) for c in cycles]
    assert hashes(51, cycles, ord("A"), 7).tolist() == expected


def test_dynamic_world_has_a_member_for_each_clear_enough_l1c_scene():
    place, start, end = (9.5, 56.0), (2019, 1), (2020, 1)
    clear = [
        one.properties["system:index"]
        for one in scenes(L1C, place, start, end)
        if one.properties["CLOUDY_PIXEL_PERCENTAGE"] <= 35
    ]
    labels = scenes("GOOGLE/DYNAMICWORLD/V1", place, start, end)
    assert [one.properties["system:index"] for one in labels] == clear


def test_probabilities_add_up_to_one_and_the_label_is_the_likeliest():
    one = scenes("GOOGLE/DYNAMICWORLD/V1", (9.5, 56.0), (2019, 6), (2019, 7))[0]
    names = [info.name for info in one.bands]
    assert names == [
        *("water", "trees", "grass", "flooded_vegetation", "crops"),
        *("shrub_and_scrub", "built", "bare", "snow_and_ice", "label"),
    ]
    stack = np.stack([one.read(name, 5000, 5000, 40, 40)[0] for name in names[:-1]])
    assert np.allclose(stack.sum(axis=0), 1, atol=1e-5)
    label, _ = one.read("label", 5000, 5000, 40, 40)
    assert np.array_equal(stack.argmax(axis=0), label)

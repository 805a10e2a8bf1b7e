"""MMEarth's expressions evaluate, with as many requests as its downloader makes."""

import math

import ee
import numpy as np
import pytest
import requests

import emulator
from emulator import server
from tests.strangers.conftest import same
from tests.strangers.downloader import L2A, S2_BANDS, Tile, tile_batch, tile_seed

DENMARK, SVALBARD, CONGO = (9.5, 56.0), (16.0, 78.5), (18.0, 0.5)
AMAZON, OCEAN = (-62.0, -4.0), (-30.0, 0.0)
WORLDCOVER = {10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100}


def ring_at(place):
    """Returns a tile as MMEarth makes it: 650 m around a point, its bounding box."""
    box = ee.Geometry.Point(place).buffer(650).bounds()
    return box.getInfo()["coordinates"][0]


def counted(served):
    stats = requests.get(f"{served.url}/stats", timeout=10).json()
    return sum(stats["requests"].values())


def counting(served, *arguments, **more):
    """Returns a tile and how many requests it took."""
    before = counted(served)
    made = Tile(*arguments, **more)
    return made, counted(served) - before


def middle_one(count):
    return count // 2


@pytest.fixture(scope="module", params=["l2a", "l1c"])
def tile(request, served):
    made, made_requests = counting(
        served, ring_at(DENMARK), year=2020, level=request.param, index=middle_one
    )
    made.requests = made_requests
    return made


def test_the_requests_are_as_many_as_the_downloader_makes(tile):
    assert tile.requests == {"l2a": 22, "l1c": 20}[tile.level]


def test_the_merged_file_has_the_bands_in_order(tile):
    s2 = tile.bands["sentinel2"]
    smooth = [n for n in S2_BANDS[tile.level] if n not in ("SCL", "QA60")]
    masks = [n for n in ("SCL", "QA60") if n in S2_BANDS[tile.level]]
    assert s2 == smooth + masks
    # Earth Engine numbers repeated names.
    radar = ["VV", "VH", "VV_1", "VH_1"]
    others = ["b1", "slope", "label", "height", "std", "Map"]
    assert tile.names == s2 + radar + others
    assert len(tile.names) == tile.pixels.shape[0] == {"l2a": 25, "l1c": 24}[tile.level]


def test_the_grid_is_utm_of_ten_metres_around_the_tile(tile):
    assert tile.crs == "EPSG:32632"
    assert tile.profile["crs"].to_epsg() == 32632
    affine = tile.profile["transform"]
    assert (affine.a, affine.e) == (10.0, -10.0)
    assert affine.c % 10 == affine.f % 10 == 0
    assert 130 <= tile.pixels.shape[1] <= 137
    assert 130 <= tile.pixels.shape[2] <= 137


def test_pixels_are_those_of_our_own_evaluation(tile, own):
    affine = tuple(tile.profile["transform"])[:6]
    _, height, width = tile.pixels.shape
    filled = tile.merged.float().unmask(-99_999, False)
    expected = own(filled, tile.crs, affine, width, height)
    for name, pixels in zip(tile.names, tile.pixels, strict=True):
        # Masked pixels come as minus infinity.
        same(np.where(np.isneginf(pixels), -99_999, pixels), expected[name])


def test_the_middle_is_whole_and_plausible(tile):
    assert tile.pixels.dtype == np.float32
    assert tile.profile["nodata"] == -math.inf
    middle = tile.pixels[:, 10:-10, 10:-10]
    by_name = dict(zip(tile.names, middle, strict=True))
    for name, pixels in by_name.items():
        # Canopy height is masked over water, and a pixel of it hides its neighbours.
        if name not in ("height", "std"):
            assert np.isfinite(pixels).all(), name
    assert np.isfinite(by_name["height"]).mean() > 0.5
    assert set(np.unique(by_name["label"])) <= set(range(1, 10))
    assert set(np.unique(by_name["Map"])) <= WORLDCOVER
    assert -40 < by_name["VV"].mean() < 10


@pytest.mark.parametrize("orbit", ["ASCENDING", "DESCENDING"])
def test_the_radar_scene_is_the_nearest_in_time(tile, orbit):
    scenes = (
        ee.ImageCollection("COPERNICUS/S1_GRD")
        .filterBounds(tile.polygon)
        .filterDate("2017-01-01", "2020-12-31")
        .filter(ee.Filter.contains(".geo", tile.polygon.buffer(200)))
        .filter(ee.Filter.eq("instrumentMode", "IW"))
        .filter(ee.Filter.eq("orbitProperties_pass", orbit))
    )
    times = scenes.aggregate_array("system:time_start").getInfo()
    day = np.datetime64(tile.date, "ms").astype(int)
    chosen = tile.scenes["sentinel1_asc" if orbit == "ASCENDING" else "sentinel1_desc"]
    found = chosen.date().millis().getInfo()
    assert abs(found - day) == min(abs(time - day) for time in times)


def test_the_climate_is_twelve_numbers_and_its_year_has_thirteen_months(tile):
    year, month = int(tile.date[:4]), int(tile.date[5:7])
    before = f"{year}{month - 1:02d}" if month > 1 else f"{year - 1}12"
    kinds = (
        *("temperature_2m", "temperature_2m_min", "temperature_2m_max"),
        "total_precipitation_sum",
    )
    assert tile.bands["era5"] == [
        *(f"{before}_{kind}" for kind in kinds),
        *(f"{year}{month:02d}_{kind}" for kind in kinds),
        "0_temperature_2m_mean",
        "1_temperature_2m_min_min",
        "2_temperature_2m_max_max",
        "3_total_precipitation_sum_sum",
    ]
    months = (
        ee.ImageCollection("ECMWF/ERA5_LAND/MONTHLY_AGGR")
        .select(list(kinds))
        .filterDate(f"{year - 1}-{month:02d}-01", f"{year}-{month:02d}-02")
        .map(lambda one: one.set(one.reduceRegion(ee.Reducer.mean(), tile.polygon, 10)))
    )
    columns = [months.aggregate_array(kind).getInfo() for kind in kinds]
    assert {len(column) for column in columns} == {13}
    mean, low, high, rain = (np.array(column) for column in columns)
    wanted = [mean.mean(), low.min(), high.max(), rain.sum()]
    assert tile.era5[8:] == pytest.approx(wanted, rel=1e-6)
    assert tile.era5[4:8] == pytest.approx([c[-1] for c in columns], rel=1e-6)
    assert tile.era5[:4] == pytest.approx([c[-2] for c in columns], rel=1e-6)


def test_the_climate_of_the_sea_is_null(served):
    image = ee.ImageCollection("ECMWF/ERA5_LAND/MONTHLY_AGGR").first()
    place = ee.Geometry.Polygon([ring_at(OCEAN)])
    found = image.select("temperature_2m").reduceRegion(ee.Reducer.mean(), place, 10)
    assert found.getInfo() == {"temperature_2m": None}


def test_before_the_end_of_2018_surface_reflectance_falls_back_to_l1c(served):
    made, made_requests = counting(
        served, ring_at(AMAZON), year=2017, level="l2a", index=middle_one
    )
    assert made.level == "l1c"
    assert made_requests == 21
    assert "B10" in made.names
    assert made.date.startswith("2017")


@pytest.mark.parametrize("level, wanted", [("l2a", 4), ("l1c", 3)])
def test_a_tile_without_an_image_is_dropped(served, level, wanted):
    made, made_requests = counting(served, ring_at(OCEAN), year=2020, level=level)
    assert made.merged is None
    assert made_requests == wanted


def test_an_image_without_cloud_probability_has_one_band_less(served):
    ring = ring_at(DENMARK)
    polygon = ee.Geometry.Polygon([ring])
    scenes = (
        ee.ImageCollection(L2A)
        .filterBounds(polygon)
        .filterDate("2018-01-01", "2018-11-30")
        .filterMetadata("CLOUDY_PIXEL_PERCENTAGE", "less_than", 10)
        .filter(ee.Filter.contains(".geo", polygon.buffer(200)))
    )
    known = [
        "MSK_CLDPRB" in [band["id"] for band in scene["bands"]]
        for scene in scenes.getInfo()["features"]
    ]
    made, made_requests = counting(
        served, ring, year=2018, level="l2a", index=lambda count: known.index(False)
    )
    assert made_requests == 22
    assert len(made.bands["sentinel2"]) == 14
    assert "MSK_CLDPRB" not in made.names
    assert made.pixels.shape[0] == 24


def test_near_the_poles_radar_is_hh_and_hv(served):
    made, made_requests = counting(
        served, ring_at(SVALBARD), year=2020, level="l1c", index=middle_one
    )
    assert made_requests == 20
    assert made.bands["sentinel1_asc"] == made.bands["sentinel1_desc"] == ["HH", "HV"]
    assert made.names[14:18] == ["HH", "HV", "HH_1", "HV_1"]


def test_an_orbit_that_never_passes_is_left_out(served):
    made, made_requests = counting(
        served, ring_at(CONGO), year=2020, level="l1c", index=middle_one
    )
    assert made_requests == 20
    assert made.bands["sentinel1_asc"] is None
    assert made.bands["sentinel1_desc"] == ["VV", "VH"]
    assert made.names[14:16] == ["VV", "VH"]
    assert len(made.names) == 14 + 2 + 6


def test_an_empty_dynamic_world_has_no_bands(tile, served):
    empty = Tile.__new__(Tile)
    empty.polygon, empty.bands, empty.date = tile.polygon, {}, "2014-06-01"
    before = counted(served)
    assert empty._dynamic_world() is None
    assert counted(served) - before == 1


def test_what_is_drawn_is_evaluated(served):
    made = Tile(ring_at((-105.3, 40.1)))
    assert made.merged is None or len(made.names) in range(19, 26)
    again = Tile(ring_at((-105.3, 40.1)))
    assert (made.year, made.level) == (again.year, again.level)
    if made.merged is not None:
        same(made.pixels, again.pixels)


@pytest.mark.parametrize("place", [0, 1])
def test_tiles_are_made_by_random_points(served, place):
    table = ee.FeatureCollection("RESOLVE/ECOREGIONS/2017")
    name = table.aggregate_array("ECO_NAME").getInfo()[place]
    region = table.filter(ee.Filter.eq("ECO_NAME", name)).geometry()

    def batch(number):
        before = counted(served)
        found = tile_batch(name, 7, tile_seed(place, name, 7, number))
        assert counted(served) - before == 1
        return found

    first, second = batch(0), batch(1)
    assert first == batch(0)
    assert first != second
    # Earth Engine's ids run inside a batch, and repeat in the next.
    assert [f["id"] for f in first] == [f["id"] for f in second]
    for feature in first + second:
        assert feature["geometry"]["type"] == "Polygon"
        (ring,) = feature["geometry"]["coordinates"]
        assert len(ring) == 5
        lons, lats = zip(*ring, strict=True)
        south, north = min(lats), max(lats)
        across = math.cos(math.radians((south + north) / 2)) * 111_320
        assert (north - south) * 111_320 == pytest.approx(1300, rel=0.02)
        assert (max(lons) - min(lons)) * across == pytest.approx(1300, rel=0.02)
        centre = [(min(lons) + max(lons)) / 2, (south + north) / 2]
        assert region.contains(ee.Geometry.Point(centre), 100).getInfo()


def test_a_batch_of_tiles_is_of_at_most_5000(served):
    name = (
        ee.FeatureCollection("RESOLVE/ECOREGIONS/2017").first().get("ECO_NAME")
    ).getInfo()
    assert len(tile_batch(name, 5000, 1)) == 5000
    with pytest.raises(ee.EEException) as refused:
        ee.FeatureCollection.randomPoints(ee.Geometry.Point(0, 0), 5001, 1).getInfo()
    assert str(refused.value) == (
        "Collection query aborted after accumulating over 5000 elements."
    )


def test_every_request_is_counted():
    """The counter used above sees every request, thumbnails included."""
    running = server.start(emulator.service())
    try:
        assert counted(running) == 0
        requests.get(f"{running.url}/v1/projects/p/algorithms", timeout=30)
        assert counted(running) == 1
    finally:
        running.close()

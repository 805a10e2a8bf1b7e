"""What MMEarth's scripts ask of Earth Engine, expression by expression.

The expressions follow the description of the downloader's published behaviour: each
``getInfo`` of its is one here, so the requests can be counted. The client is the
unmodified one, over HTTP.
"""

import calendar
import io
import math

import ee
import numpy as np
import pytest
import rasterio
import requests

import emulator
import emulator.catalogue
from emulator import server

L2A = "COPERNICUS/S2_SR_HARMONIZED"
L1C = "COPERNICUS/S2_HARMONIZED"
L2A_BANDS = [
    "B1",
    "B2",
    "B3",
    "B4",
    "B5",
    "B6",
    "B7",
    "B8A",
    "B8",
    "B9",
    "B11",
    "B12",
    "SCL",
    "MSK_CLDPRB",
    "QA60",
]
L1C_BANDS = [
    "B1",
    "B2",
    "B3",
    "B4",
    "B5",
    "B6",
    "B7",
    "B8A",
    "B8",
    "B9",
    "B10",
    "B11",
    "B12",
    "QA60",
]
CATEGORICAL = ("SCL", "QA60")


class Tile:
    """One tile's stack, asked for as MMEarth's ``ee_set`` does.

    Attributes:
        bands: Names of the bands by modality, as the engine told them.
        era5: Twelve numbers.
        pixels: The merged GeoTIFF (bands, height, width).
    """

    def __init__(self, ring, level):
        self.polygon = ee.Geometry.Polygon([ring])
        self.lon = self.polygon.centroid().coordinates().get(0).getInfo()
        self.lat = self.polygon.centroid().coordinates().get(1).getInfo()
        self.bands, images = {}, []
        images.append(self._sentinel2(level))
        images += self._sentinel1()
        images.append(self._aster())
        self._era5()
        images.append(self._dynamic_world())
        images.append(self._canopy())
        images.append(self._worldcover())
        self.names, self.pixels = self._export(ee.Image.cat(images))

    def _on_grid(self, image, bilinear):
        image = image.clip(self.polygon)
        if bilinear:
            image = image.float().resample("bilinear")
        return image.reproject(self.projection)

    def _sentinel2(self, level):
        collection = (
            ee.ImageCollection(L2A if level == "l2a" else L1C)
            .filterBounds(self.polygon)
            .filterDate("2020-01-01", "2020-12-31")
            .filterMetadata("CLOUDY_PIXEL_PERCENTAGE", "less_than", 10)
        )
        if level == "l2a":
            assert collection.size().getInfo() > 0
        near = collection.filter(
            ee.Filter.contains(leftField=".geo", rightValue=self.polygon.buffer(200))
        )
        count = near.size().getInfo()
        assert count > 0
        image = ee.Image(near.toList(count).get(count // 2))
        wanted = L2A_BANDS if level == "l2a" else L1C_BANDS
        if level == "l2a":
            there = image.bandNames().getInfo()
            wanted = [name for name in wanted if name in there]
        self.date = image.date().format("YYYY-MM-dd").getInfo()
        self.projection = image.select("B4").projection()
        self.crs = self.projection.getInfo()["crs"]
        self.polygon.getInfo()
        smooth = [name for name in wanted if name not in CATEGORICAL]
        masks = [name for name in wanted if name in CATEGORICAL]
        merged = self._on_grid(image.select(smooth), True).addBands(
            self._on_grid(image.select(masks), False)
        )
        self.bands["sentinel2"] = merged.bandNames().getInfo()
        return merged

    def _sentinel1(self):
        day = ee.Date(self.date)
        collection = (
            ee.ImageCollection("COPERNICUS/S1_GRD")
            .filterDate("2017-01-01", "2020-12-31")
            .filterBounds(self.polygon)
            .filter(
                ee.Filter.contains(
                    leftField=".geo", rightValue=self.polygon.buffer(200)
                )
            )
            .map(lambda image: image.clip(self.polygon))
            .filter(ee.Filter.eq("instrumentMode", "IW"))
            .map(
                lambda image: image.set(
                    "date_difference",
                    ee.Number(image.date().difference(day, "day")).abs(),
                )
            )
            .sort("date_difference")
        )
        found = []
        for orbit in ("ASCENDING", "DESCENDING"):
            image = collection.filter(
                ee.Filter.eq("orbitProperties_pass", orbit)
            ).first()
            names = [n for n in image.bandNames().getInfo() if n != "angle"]
            self.bands[f"sentinel1_{orbit[:3].lower()}"] = names
            found.append(self._on_grid(image.select(names), True))
        return found

    def _aster(self):
        height = (
            ee.Image("projects/sat-io/open-datasets/ASTER/GDEM")
            .clip(self.polygon)
            .select("b1")
            .float()
        )
        both = height.addBands(ee.Terrain.slope(height))
        both = both.resample("bilinear").reproject(self.projection)
        self.bands["aster"] = both.bandNames().getInfo()
        return both

    def _era5(self):
        year, month = int(self.date[:4]), int(self.date[5:7])
        last = calendar.monthrange(year, month)[1]
        end = f"{year}-{month}-{last}"
        before = (year, month - 1) if month > 1 else (year - 1, 12)
        names = [
            "temperature_2m",
            "temperature_2m_min",
            "temperature_2m_max",
            "total_precipitation_sum",
        ]
        collection = ee.ImageCollection("ECMWF/ERA5_LAND/MONTHLY_AGGR").select(names)
        months = collection.filterDate(f"{before[0]}-{before[1]}-01", end).toBands()
        whole = collection.filterDate(f"{year - 1}-{month}-01", end)
        reducers = (
            ee.Reducer.mean(),
            ee.Reducer.min(),
            ee.Reducer.max(),
            ee.Reducer.sum(),
        )
        of_year = ee.ImageCollection.fromImages(
            [
                whole.select(name).reduce(reducer)
                for name, reducer in zip(names, reducers, strict=True)
            ]
        ).toBands()
        image = months.addBands(of_year)
        values = image.reduceRegion(ee.Reducer.mean(), self.polygon, 10).getInfo()
        self.bands["era5"] = image.bandNames().getInfo()
        self.era5 = [values[name] for name in self.bands["era5"]]

    def _dynamic_world(self):
        year = self.date[:4]

        def shifted(image):
            for label in reversed(range(10)):
                image = image.where(image.eq(label), label + 1)
            return image

        label = (
            ee.ImageCollection("GOOGLE/DYNAMICWORLD/V1")
            .filterBounds(self.polygon)
            .filterDate(f"{year}-01-01", f"{year}-12-31")
            .select("label")
            .map(shifted)
            .mode()
        )
        assert label.bandNames().getInfo() == ["label"]
        label = self._on_grid(label, False)
        self.bands["dynamic_world"] = label.bandNames().getInfo()
        return label

    def _canopy(self):
        where = "users/nlang/ETH_GlobalCanopyHeight{}_2020_10m_v1"
        images = [
            ee.Image(where.format(kind)).clip(self.polygon).float()
            for kind in ("", "SD")
        ]
        both = ee.Image.cat(images).rename(["height", "std"])
        both = both.resample("bilinear").reproject(self.projection)
        self.bands["canopy"] = both.bandNames().getInfo()
        return both

    def _worldcover(self):
        image = ee.ImageCollection("ESA/WorldCover/v100").first()
        image = self._on_grid(image, False)
        self.bands["worldcover"] = image.bandNames().getInfo()
        return image

    def _export(self, merged):
        ring = self.polygon.getInfo()["coordinates"]
        names = merged.bandNames().getInfo()
        url = merged.getDownloadURL(
            {
                "name": "merged",
                "scale": 10,
                "crs": self.crs,
                "region": ring,
                "format": "GEO_TIFF",
                "bands": names,
            }
        )
        answer = requests.get(url, timeout=60)
        answer.raise_for_status()
        with rasterio.open(io.BytesIO(answer.content)) as tif:
            self.profile = tif.profile
            return names, tif.read()


@pytest.fixture(scope="module")
def ring(served):
    """A tile as MMEarth makes it: 650 m around a point, and its bounding box."""
    made = ee.Geometry.Point([9.5, 56.0]).buffer(650).bounds().getInfo()
    return made["coordinates"][0]


def counted(served):
    stats = requests.get(f"{served.url}/stats", timeout=10).json()
    return sum(stats["requests"].values())


@pytest.fixture(scope="module", params=["l2a", "l1c"])
def tile(request, ring, served):
    before = counted(served)
    made = Tile(ring, request.param)
    made.level, made.requests = request.param, counted(served) - before
    return made


def test_the_requests_are_as_many_as_the_downloader_makes(tile):
    assert tile.requests == {"l2a": 22, "l1c": 20}[tile.level]


def test_the_merged_file_has_the_bands_in_order(tile):
    s2 = len(tile.bands["sentinel2"])
    assert s2 in {"l2a": (14, 15), "l1c": (14,)}[tile.level]
    s1 = len(tile.bands["sentinel1_asc"]) + len(tile.bands["sentinel1_des"])
    assert len(tile.names) == s2 + s1 + 2 + 1 + 2 + 1 == tile.pixels.shape[0]
    assert tile.names[-6:] == ["b1", "slope", "label", "height", "std", "Map"]
    # Earth Engine numbers repeated names.
    assert tile.names[s2 : s2 + 4] == ["VV", "VH", "VV_1", "VH_1"]


def test_the_grid_is_utm_of_ten_metres_around_the_tile(tile):
    assert tile.crs == "EPSG:32632"
    affine = tile.profile["transform"]
    assert (affine.a, affine.e) == (10.0, -10.0)
    assert affine.c % 10 == affine.f % 10 == 0
    assert 130 <= tile.pixels.shape[1] <= 137
    assert 130 <= tile.pixels.shape[2] <= 137


def test_the_middle_is_whole_and_plausible(tile):
    middle = tile.pixels[:, 10:-10, 10:-10]
    by_name = dict(zip(tile.names, middle, strict=True))
    for name, pixels in by_name.items():
        if name not in ("height", "std"):
            assert np.isfinite(pixels).all(), name
    # Canopy height is masked over water, and a pixel of it hides its neighbours.
    assert np.isfinite(by_name["height"]).mean() > 0.5
    assert set(np.unique(by_name["label"])) <= set(range(1, 10))
    assert set(np.unique(by_name["Map"])) <= {
        10,
        20,
        30,
        40,
        50,
        60,
        70,
        80,
        90,
        95,
        100,
    }
    assert -40 < by_name["VV"].mean() < 10
    assert tile.pixels.dtype == np.float32


def test_the_climate_is_twelve_numbers(tile):
    assert len(tile.era5) == 12
    before, now, year = tile.era5[:4], tile.era5[4:8], tile.era5[8:]
    for mean, low, high, rain in (before, now, year):
        assert 240 < low <= mean <= high < 320
        assert rain > 0
    assert year[3] > before[3] + now[3]


@pytest.mark.parametrize("eco_index", [0, 1])
def test_tiles_are_made_by_random_points(served, eco_index):
    table = ee.FeatureCollection("RESOLVE/ECOREGIONS/2017")
    name = table.aggregate_array("ECO_NAME").getInfo()[eco_index]
    region = table.filter(ee.Filter.eq("ECO_NAME", name))

    def boxes(seed):
        points = ee.FeatureCollection.randomPoints(region.geometry(), 7, seed)
        made = points.map(lambda point: point.buffer(650).bounds())
        before = counted(served)
        features = made.getInfo()["features"]
        assert counted(served) - before == 1
        return [f["geometry"]["coordinates"][0] for f in features]

    first = boxes(3)
    assert len(first) == 7
    assert first == boxes(3)
    assert first != boxes(4)
    for corners in first:
        lons, lats = zip(*corners, strict=True)
        south, north = min(lats), max(lats)
        across = math.cos(math.radians((south + north) / 2)) * 111_320
        assert (north - south) * 111_320 == pytest.approx(1300, rel=0.02)
        assert (max(lons) - min(lons)) * across == pytest.approx(1300, rel=0.02)
        centre = [(min(lons) + max(lons)) / 2, (south + north) / 2]
        inside = region.geometry().contains(ee.Geometry.Point(centre), 100)
        assert inside.getInfo()


def test_an_emulator_of_the_class_counts_alike(served):
    """The counter used above sees every request, thumbnails included."""
    running = server.start(emulator.service())
    try:
        assert counted(running) == 0
        requests.get(f"{running.url}/v1/projects/p/algorithms", timeout=30)
        assert counted(running) == 1
    finally:
        running.close()

"""What MMEarth's downloader asks of Earth Engine for one tile.

The expressions follow the description of its published behaviour, and each ``getInfo``
of its is one here, so that requests can be counted. Where it ends with an error that
is no part of the expressions, it does not here: the order of its steps is what counts.
"""

import calendar
import hashlib
import io
import random

import ee
import rasterio
import requests

L2A = "COPERNICUS/S2_SR_HARMONIZED"
L1C = "COPERNICUS/S2_HARMONIZED"
S2_BANDS = {
    "l2a": [
        *("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8A", "B8", "B9", "B11", "B12"),
        *("SCL", "MSK_CLDPRB", "QA60"),
    ],
    "l1c": [
        *("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8A", "B8", "B9", "B10", "B11"),
        *("B12", "QA60"),
    ],
}
CATEGORICAL = ("SCL", "QA60")
YEARS = {
    2017: ("2017-01-01", "2017-12-31"),
    2018: ("2018-01-01", "2018-11-30"),
    2019: ("2018-12-01", "2019-12-31"),
    2020: ("2020-01-01", "2020-12-31"),
}
ERA5_BANDS = [
    "temperature_2m",
    "temperature_2m_min",
    "temperature_2m_max",
    "total_precipitation_sum",
]


def draw(lat, lon):
    """Returns the year, the level and the generator that goes on to draw an image."""
    digest = hashlib.sha256(f"{lat}_{lon}".encode()).hexdigest()
    generator = random.Random(int(digest, 16) % 100_000)
    year, level = generator.randint(2017, 2020), generator.randint(0, 1)
    return year, ("l2a", "l1c")[level], generator


class Tile:
    """One tile's stack, asked for as MMEarth's ``ee_set`` does.

    Attributes:
        level: ``l2a`` or ``l1c``, after the fall-back.
        bands: Names of the bands by modality, as the engine told them.
        era5: Twelve numbers.
        merged: The image that was downloaded; None if the tile was dropped.
        names: Of its bands.
        pixels: The GeoTIFF (bands, height, width).
        profile: Of the GeoTIFF.
    """

    def __init__(self, ring, year=None, level=None, index=None):
        """Asks for everything.

        Args:
            ring: Of the tile's polygon.
            year: Drawn if it is not given.
            level: Drawn if it is not given.
            index: Which of so many images; drawn if it is not given.
        """
        self.polygon = ee.Geometry.Polygon([ring])
        self.lon = self.polygon.centroid().coordinates().get(0).getInfo()
        self.lat = self.polygon.centroid().coordinates().get(1).getInfo()
        drawn_year, drawn_level, generator = draw(self.lat, self.lon)
        self.year, self.level = year or drawn_year, level or drawn_level
        self.pick = index or (lambda count: generator.randint(0, count - 1))
        self.bands, self.scenes, self.merged = {}, {}, None
        images = [self._sentinel2()]
        if images[0] is None:
            return
        images += self._sentinel1()
        images.append(self._aster())
        self._era5()
        images.append(self._dynamic_world())
        images.append(self._canopy())
        images.append(self._worldcover())
        self.merged = ee.Image.cat([image for image in images if image is not None])
        self._export()

    def _on_grid(self, image, bilinear):
        image = image.clip(self.polygon)
        if bilinear:
            image = image.float().resample("bilinear")
        return image.reproject(self.projection)

    def _scenes_of(self, level):
        return (
            ee.ImageCollection(L2A if level == "l2a" else L1C)
            .filterBounds(self.polygon)
            .filterDate(*YEARS[self.year])
            .filterMetadata("CLOUDY_PIXEL_PERCENTAGE", "less_than", 10)
        )

    def _containing(self):
        return ee.Filter.contains(leftField=".geo", rightValue=self.polygon.buffer(200))

    def _sentinel2(self):
        collection = self._scenes_of(self.level)
        if self.level == "l2a" and collection.size().getInfo() == 0:
            self.level = "l1c"
            collection = self._scenes_of("l1c")
        near = collection.filter(self._containing())
        count = near.size().getInfo()
        if count == 0:
            return None
        image = ee.Image(near.toList(count).get(self.pick(count)))
        wanted = S2_BANDS[self.level]
        if self.level == "l2a":
            there = image.bandNames().getInfo()
            wanted = [name for name in wanted if name in there]
        self.date = image.date().format("YYYY-MM-dd").getInfo()
        self.projection = image.select("B4").projection()
        self.crs = self.projection.getInfo()["crs"]
        self.polygon.getInfo()
        self.scenes["sentinel2"] = image
        smooth = [name for name in wanted if name not in CATEGORICAL]
        masks = [name for name in wanted if name in CATEGORICAL]
        merged = self._on_grid(image.select(smooth), True).addBands(
            self._on_grid(image.select(masks), False)
        )
        self.bands["sentinel2"] = merged.bandNames().getInfo()
        return merged

    def _sentinel1(self):
        day = ee.Date(self.date)

        def dated(image):
            apart = ee.Number(image.date().difference(day, "day")).abs()
            return image.set("date_difference", apart)

        collection = (
            ee.ImageCollection("COPERNICUS/S1_GRD")
            .filterDate("2017-01-01", "2020-12-31")
            .filterBounds(self.polygon)
            .filter(self._containing())
            .map(lambda image: image.clip(self.polygon))
            .filter(ee.Filter.eq("instrumentMode", "IW"))
            .map(dated)
            .sort("date_difference")
        )
        found = []
        for key, orbit in (("asc", "ASCENDING"), ("desc", "DESCENDING")):
            passes = ee.Filter.eq("orbitProperties_pass", orbit)
            image = collection.filter(passes).first()
            self.bands[f"sentinel1_{key}"] = None
            try:
                there = image.bandNames().getInfo()
            except ee.EEException:
                continue
            names = [name for name in there if name != "angle"]
            self.bands[f"sentinel1_{key}"] = names
            self.scenes[f"sentinel1_{key}"] = image
            found.append(self._on_grid(image.select(names), True))
        return found

    def _aster(self):
        gdem = ee.Image("projects/sat-io/open-datasets/ASTER/GDEM").select("b1")
        height = gdem.clip(self.polygon).float()
        both = height.addBands(ee.Terrain.slope(height))
        both = both.resample("bilinear").reproject(self.projection)
        self.bands["aster"] = both.bandNames().getInfo()
        return both

    def _era5(self):
        year, month = int(self.date[:4]), int(self.date[5:7])
        last = calendar.monthrange(year, month)[1]
        # Not padded, as it sends them.
        end = f"{year}-{month}-{last}"
        before = (year, month - 1) if month > 1 else (year - 1, 12)
        collection = ee.ImageCollection("ECMWF/ERA5_LAND/MONTHLY_AGGR")
        collection = collection.select(ERA5_BANDS)
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
                for name, reducer in zip(ERA5_BANDS, reducers, strict=True)
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
        if not label.bandNames().getInfo():
            return None
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

    def _export(self):
        ring = self.polygon.getInfo()["coordinates"]
        self.names = self.merged.bandNames().getInfo()
        url = self.merged.getDownloadURL(
            {
                "name": "merged",
                "scale": 10,
                "crs": self.crs,
                "region": ring,
                "format": "GeoTIFF",
                "bands": self.names,
            }
        )
        answer = requests.get(url, timeout=60)
        answer.raise_for_status()
        with rasterio.open(io.BytesIO(answer.content)) as tif:
            self.profile, self.pixels = tif.profile, tif.read()


def tile_seed(place, name, count, batch):
    """Returns the seed of a batch of tiles.

    Args:
        place: Of the ecoregion in its biome.
        name: Of the ecoregion.
        count: Of tiles in the batch.
        batch: Its number.
    """
    text = f"{place}{name}{count}{batch}".encode()
    return int(hashlib.sha256(text).hexdigest(), 16) % 100_000


def tile_batch(name, count, seed):
    """Returns the features of a batch of tiles in an ecoregion, by one request."""
    table = ee.FeatureCollection("RESOLVE/ECOREGIONS/2017")
    region = table.filter(ee.Filter.eq("ECO_NAME", name))
    points = ee.FeatureCollection.randomPoints(region, count, seed)
    made = points.map(lambda point: point.buffer(650).bounds())
    return made.getInfo()["features"]

"""Collections of local files, asked by the real client."""

from __future__ import annotations

import ee
import geopandas
import numpy as np
import pytest
import shapely
from shapely.geometry import box, mapping

import emulator.catalogue
from emulator.local import Layered, LocalFiles, digest
from emulator.local.outline import outline
from emulator.source import Collection, PixelGrid, Pyramidal, Scene, Sifting, Table
from tests.unit.emulator.local.conftest import UTM

ONE = np.ones((100, 100), "uint16")
HERE = ee.Geometry.Point


def indexes(collection):
    return collection.aggregate_array("system:index").getInfo()


@pytest.fixture
def scenes(files, serve):
    """Four scenes of one place, one elsewhere, one without a time."""
    for day, (cloud, east) in enumerate(
        [(40, 0), (5, 0), (60, 0), (20, 0), (1, 2e5)], 1
    ):
        a, b, x, d, e, y = UTM["transform"]
        moved = {"crs": "EPSG:32632", "transform": (a, b, x + east, d, e, y)}
        files.tif(f"my/s/d{day}.tif", ONE, **moved)
        files.json(
            f"my/s/d{day}.json",
            time_start=f"2019-06-{day:02d}T10:00:00Z",
            time_end=f"2019-06-{day:02d}T10:00:10Z",
            properties={"CLOUDY": cloud, "words": ["a", 1]},
        )
    files.tif("my/s/bare.tif", ONE, **UTM)
    return serve()


@pytest.mark.usefixtures("scenes")
class TestQueries:
    def test_order_is_by_time_what_has_none_comes_last(self):
        assert indexes(ee.ImageCollection("my/s")) == [
            "d1", "d2", "d3", "d4", "d5", "bare",
        ]  # fmt: skip

    def test_filter_date_takes_the_start_and_leaves_the_end(self):
        found = ee.ImageCollection("my/s").filterDate(
            "2019-06-02T10:00:00", "2019-06-04T10:00:00"
        )
        assert indexes(found) == ["d2", "d3"]
        late = ee.ImageCollection("my/s").filterDate("2019-06-05", "2030-01-01")
        assert indexes(late) == ["d5"]

    def test_filter_bounds_asks_the_rasters_where_they_lie(self):
        point = ee.Geometry.Point([9.978, 50.601])
        found = ee.ImageCollection("my/s").filterBounds(point)
        assert indexes(found) == ["d1", "d2", "d3", "d4", "bare"]
        away = ee.ImageCollection("my/s").filterBounds(ee.Geometry.Point([50, 5]))
        assert away.size().getInfo() == 0

    def test_properties_filter_sort_and_limit(self):
        found = ee.ImageCollection("my/s")
        assert indexes(found.filter(ee.Filter.lt("CLOUDY", 30))) == ["d2", "d4", "d5"]
        assert indexes(found.sort("CLOUDY").limit(2)) == ["d5", "d2"]
        best = found.sort("CLOUDY").first()
        assert best.get("CLOUDY").getInfo() == 1
        assert best.get("words").getInfo() == ["a", 1]
        assert best.id().getInfo() == "d5"

    def test_an_image_knows_its_times_place_and_id(self):
        image = ee.Image("my/s/d2")
        assert image.date().format("YYYY-MM-dd'T'HH:mm").getInfo() == "2019-06-02T10:00"
        info = image.getInfo()
        assert info["id"] == "my/s/d2"
        assert info["properties"]["system:time_end"] - 10_000 == 1559469600000
        ring = shapely.geometry.shape(info["properties"]["system:footprint"])
        west, south, east, north = ring.bounds
        assert 9.9 < west < east < 10.1
        assert 50.5 < south < north < 50.7
        assert image.geometry().area(1).getInfo() == pytest.approx(1e6, rel=2e-3)


def test_protocols_are_met(scenes):
    members: Collection = scenes.collection("my/s")
    scene: Scene = scenes.image("my/s/d1")
    assert isinstance(members, Sifting)
    assert isinstance(scene, Pyramidal)


def test_a_described_footprint_is_asked_without_opening(files, serve):
    path = files.path("c/far.tif")
    path.write_bytes(b"no raster")
    files.json("c/far.json", footprint=mapping(box(170, -10, 190, 10)))
    found = serve().collection("c")
    for bounds, count in (
        ((175, 0, 176, 1), 1),
        ((-175, 0, -174, 1), 1),
        ((0, 0, 1, 1), 0),
    ):
        assert len(list(found.scenes(bounds, None, None))) == count


def test_outlines_go_on_across_the_antimeridian():
    affine = (100.0, 0.0, 200000.0, 0.0, -100.0, 7000000.0)
    grid = PixelGrid("EPSG:32601", affine, 2000, 900)
    west, _, east, _ = outline(grid).bounds
    assert west < 180.0 < east
    assert east - west < 6.0


def test_a_raster_around_the_pole_is_at_all_longitudes():
    half = 2_000_000.0
    grid = PixelGrid("EPSG:3413", (1000.0, 0.0, -half, 0.0, -1000.0, half), 4000, 4000)
    west, south, east, north = outline(grid).bounds
    assert (west, east, north) == (-180.0, 180.0, 90.0)
    assert 62.0 < south < 72.0


def test_a_stac_item_describes_an_image(files, serve):
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "S2B_32UNB_20190615_0_L2A",
        "geometry": mapping(box(9.9, 50.5, 10.1, 50.7)),
        "properties": {
            "datetime": "2019-06-15T10:50:31.024Z",
            "eo:cloud_cover": 3.25,
            "proj:epsg": 32632,
            "providers": {"x": 1},
            "grid:code": None,
        },
        "assets": {
            "visual": {
                "href": "https://far.away/x/TCI.tif",
                "roles": ["visual"],
            },
            "many": {
                "href": "./both.tif",
                "eo:bands": [{"name": "B04"}, {"name": "B11"}],
            },
            "red": {
                "href": "https://far.away/x/B04.tif?sig=1",
                "eo:bands": [{"name": "B04"}],
                "roles": ["data"],
            },
            "nir": {"href": "B08.tif"},
            "scl": {
                "href": "SCL.tif",
                "bands": [{"name": "SCL"}],
                "classification:classes": [{"value": 4}],
            },
            "gone": {"href": "s3://bucket/B12.tif"},
            "meta": {"href": "mtd.xml"},
        },
    }
    place = "s/l2a/20190615T105031_x_T32UNB"
    files.json(f"{place}/S2B_32UNB_20190615_0_L2A.json", **item)
    files.json(
        "s/l2a/collection.json",
        images={"rename": {"eo:cloud_cover": "CLOUDY_PIXEL_PERCENTAGE"}},
    )
    for number, name in enumerate(("B04", "B08", "SCL"), 1):
        files.tif(f"{place}/{name}.tif", ONE * number, **UTM)
    files.tif(f"{place}/both.tif", np.stack([ONE * 8, ONE * 9]), **UTM)
    found = serve()
    scene = found.image(place)
    assert dict(scene.properties) == {
        "system:index": "20190615T105031_x_T32UNB",
        "system:time_start": 1560595831024,
        "id": "S2B_32UNB_20190615_0_L2A",
        "CLOUDY_PIXEL_PERCENTAGE": 3.25,
        "proj:epsg": 32632,
    }
    assert scene.footprint.bounds == (9.9, 50.5, 10.1, 50.7)
    values = {
        band.name: (scene.read(band.name, 5, 5, 1, 1)[0].item(), band.pyramiding)
        for band in scene.bands
    }
    assert values == {
        "B04": (1, "mean"), "nir": (2, "mean"), "SCL": (3, "mode"), "B11": (9, "mean"),
    }  # fmt: skip


def test_bands_of_stac_are_renamed_by_the_collection(files, serve):
    files.json(
        "c/one/item.json", type="Feature", id="x", geometry=None,
        properties={"datetime": None, "start_datetime": "2020-01-01T00:00:00Z",
                    "end_datetime": "2021-01-01T00:00:00Z"},
        assets={"red": {"href": "r.tif"}, "blue": {"href": "b.tif"}},
    )  # fmt: skip
    files.tif("c/one/r.tif", ONE * 4, **UTM)
    files.tif("c/one/b.tif", ONE * 2, **UTM)
    files.json("c/collection.json", images={"bands": {"B4": {"band": "red"}}})
    scene = serve().image("c/one")
    assert [band.name for band in scene.bands] == ["B4"]
    assert scene.read("B4", 0, 0, 1, 1)[0].item() == 4
    assert scene.properties["system:time_end"] == 1609459200000


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "parquet"])
def test_tables_are_vector_files_in_degrees(suffix, files, serve):
    frame = geopandas.GeoDataFrame(
        {
            "ECO_NAME": ["A", "B"],
            "BIOME_NUM": [1, 2],
            "share": [0.5, np.nan],
            "flag": [True, False],
        },
        geometry=[box(0, 0, 1, 1), box(10, 50, 11, 51)],
        crs="EPSG:4326",
    )
    if suffix != "geojson":
        frame = frame.to_crs("EPSG:3857")
    path = files.path(f"my/table.{suffix}")
    (frame.to_parquet if suffix == "parquet" else frame.to_file)(path)
    found = serve()
    table: Table = found.table("my/table")
    assert len(list(table.features())) == 2
    inside = ee.FeatureCollection("my/table").filterBounds(HERE([10.5, 50.5]))
    feature = inside.first().getInfo()
    assert feature["properties"] == {"ECO_NAME": "B", "BIOME_NUM": 2, "flag": 0}
    shape = shapely.geometry.shape(feature["geometry"])
    assert shape.bounds == pytest.approx((10, 50, 11, 51), abs=1e-7)


def test_a_table_that_cannot_be_read_is_named(files, serve):
    files.path("a/b.gpkg").write_bytes(b"nothing")
    serve()
    with pytest.raises(ee.EEException, match=r"a/b.gpkg: cannot be read"):
        ee.FeatureCollection("a/b").size().getInfo()


def test_local_assets_hide_the_planets_of_the_same_id_and_no_others(files):
    earth = emulator.catalogue.earth()
    height = "users/nlang/ETH_GlobalCanopyHeight_2020_10m_v1"
    spread = "users/nlang/ETH_GlobalCanopyHeightSD_2020_10m_v1"
    cover = "ESA/WorldCover/v100"
    files.tif(f"{height}.tif", ONE, **UTM)
    files.tif(f"{cover}/mine.tif", ONE, **UTM)
    files.json(f"{cover}/collection.json")
    files.tif("COPERNICUS/S1_GRD/B1.tif", ONE, **UTM)
    files.json("COPERNICUS/S1_GRD/image.json")
    both = Layered(LocalFiles.of(files.root), earth)
    assert [band.name for band in both.image(height).bands] == ["b1"]
    assert both.image(spread) is not None
    assert both.image(f"{cover}/mine") is not None
    assert earth.image(f"{cover}/2020") is not None
    assert both.image(f"{cover}/2020") is None
    assert len(list(both.collection(cover).scenes(None, None, None))) == 1
    # An image now, whatever the planet has under that name.
    assert both.collection("COPERNICUS/S1_GRD") is None
    assert both.collection("COPERNICUS/S2_HARMONIZED") is not None
    assert both.table("RESOLVE/ECOREGIONS/2017") is not None
    assert both.image("no/such") is None


def test_a_digest_tells_catalogues_apart_not_where_they_lie(files, tmp_path):
    files.tif("a/b.tif", ONE, **UTM)
    files.json("a/b.json", properties={"k": 1})
    first = digest(files.root)
    moved = files.root.rename(tmp_path / "moved")
    assert digest(moved) == first
    (moved / "a" / "b.json").write_text('{"properties": {"k": 2}}')
    second = digest(moved)
    assert second != first
    (moved / "a" / "b.tif").rename(moved / "a" / "c.tif")
    assert digest(moved) not in (first, second)

"""geedim 2: regions and composites as GeoTIFF and NumPy arrays."""

import ee
import geedim  # noqa: F401 (registers its accessors)
import numpy as np
import pytest
import rasterio
from geedim.stac import STACClient

from tests.strangers import stac
from tests.strangers.conftest import END, S2, START, same

BANDS = ["B2", "B3", "B4", "B8", "SCL"]


@pytest.fixture(scope="module", autouse=True)
def catalogue():
    """Where geedim finds the STAC catalogue that it asks for pixel sizes."""
    client = STACClient()
    with stac.served() as root:
        client._urls = {"ROOT": root}
        yield
    client._cache.clear()


def prepared(image, region, scale=10):
    return image.gd.prepareForExport(crs="EPSG:32632", region=region, scale=scale)


def truth(own, image):
    """Returns (bands, height, width) of an image prepared for export."""
    height, width = image.gd.shape
    pixels = own(image, image.gd.crs, image.gd.transform, width, height)
    return np.stack([pixels[name] for name in pixels.dtype.names])


def test_a_region_becomes_a_geotiff(scene, region, own, tmp_path):
    image = prepared(scene.select(BANDS), region)
    path = tmp_path / "region.tif"
    image.gd.toGeoTIFF(path)
    with rasterio.open(path) as tif:
        assert tif.crs.to_epsg() == 32632
        assert tuple(tif.transform)[:6] == pytest.approx(image.gd.transform)
        assert list(tif.descriptions) == BANDS
        read, masks = tif.read(), tif.read_masks()
    assert masks.all()
    same(read, truth(own, image))
    assert read[2].std() > 0


def test_tiles_of_a_large_region_join_without_a_seam(scene, region, own):
    image = prepared(scene.select(["B4"]), region)
    whole = image.gd.toNumPy()
    pieces = image.gd.toNumPy(max_tile_size=0.002)
    same(whole, pieces)
    same(whole[..., 0], truth(own, image)[0])


@pytest.mark.parametrize("method", ["mosaic", "median", "q-mosaic"])
def test_a_cloud_masked_composite_is_that_of_the_expression(method, region, own):
    found = ee.ImageCollection(S2).gd.filter(
        START, END, region, cloudless_portion=20, fill_portion=90
    )
    assert len(found.gd.properties) >= 2
    composite = found.gd.composite(method=method, mask=True, max_cloud_dist=600).select(
        ["B4", "B8"]
    )
    image = prepared(composite, region, 20)
    made = image.gd.toNumPy(masked=True)
    # No reflectance reaches it.
    expected = np.moveaxis(truth(own, image.unmask(65535)), 0, -1)
    same(made.mask, expected == 65535)
    same(made.filled(65535), expected)
    assert (~made.mask).mean() > 0.5


def test_search_tells_of_scenes_and_clouds(region):
    def search(cloudless):
        found = ee.ImageCollection(S2).gd.filter(
            START, END, region, cloudless_portion=cloudless, fill_portion=0
        )
        return {
            name: properties["CLOUDLESS_PORTION"]
            for name, properties in found.gd.properties.items()
        }

    portions = search(0)
    assert len(portions) > 5
    assert all(0 <= portion <= 100 for portion in portions.values())
    # Scenes without a clear pixel, and those half clear: geedim asks the engine.
    there = ee.ImageCollection(S2).filterBounds(region).filterDate(START, END)
    assert set(portions) <= set(there.aggregate_array("system:index").getInfo())
    assert search(50) == {k: v for k, v in portions.items() if v >= 50} != portions

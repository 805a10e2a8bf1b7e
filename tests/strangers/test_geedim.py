"""geedim 2: regions and composites as GeoTIFF and NumPy arrays."""

import ee
import geedim  # noqa: F401 (registers its accessors)
import numpy as np
import pytest
import rasterio

from tests.strangers.conftest import END, S2, START, same

BANDS = ["B2", "B3", "B4", "B8", "SCL"]


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
    composite = found.gd.composite(method=method, mask=True).select(["B4", "B8"])
    image = prepared(composite, region, 20)
    made = image.gd.toNumPy(masked=True)
    expected = np.moveaxis(truth(own, image.unmask(-9999)), 0, -1)
    same(made.mask, expected == -9999)
    same(made.filled(-9999), expected)
    assert (~made.mask).mean() > 0.5


def test_search_tells_of_scenes_and_clouds(region):
    found = ee.ImageCollection(S2).gd.filter(
        START, END, region, cloudless_portion=0, fill_portion=0
    )
    for name, properties in found.gd.properties.items():
        assert name.startswith(S2)
        assert 0 <= properties["CLOUDLESS_PORTION"] <= 100

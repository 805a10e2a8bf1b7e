"""cubexpress: a cube of Sentinel-2 as GeoTIFFs."""

import cubexpress
import ee
import numpy as np
import rasterio

from tests.strangers.conftest import LAT, LON, S2, same

BANDS = ["B2", "B3", "B4", "B8"]


def test_a_cube_of_scenes_is_that_of_the_catalogue(served, own, tmp_path):
    place = cubexpress.point_to_rt(LON, LAT, 64, 48, 10)
    found = cubexpress.discover_images(S2, place, "2020-05-01", "2020-05-16")
    table = found.with_bands(BANDS) if hasattr(found, "with_bands") else found
    made = cubexpress.express(table, tmp_path, nworkers=4, verbose=False)
    assert not made.failed
    assert len(made.paths) >= 2
    affine = (10.0, 0.0, place.translate_x, 0.0, -10.0, place.translate_y)
    rows = {row.id: row for row in table}
    for name, path in made.paths.items():
        with rasterio.open(path) as tif:
            assert (tif.width, tif.height) == (64, 48)
            assert tuple(tif.transform)[:6] == affine
            read = tif.read()
        image = ee.Image(rows[name].image).select(rows[name].bands)
        expected = own(image.unmask(0, False), place.crs, affine, 64, 48)
        same(read, np.stack([expected[band] for band in expected.dtype.names]))

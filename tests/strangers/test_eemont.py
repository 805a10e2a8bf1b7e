"""eemont: scaling, cloud masks and indices; thumbnails and regions beside."""

import io

import ee
import eemont  # noqa: F401 (extends the client's classes)
import numpy as np
import pytest
import requests
from PIL import Image

from tests.strangers.conftest import LAT, LON, same

CRS, TRANSFORM, SIZE = "EPSG:32632", (10.0, 0.0, 530000.0, 0.0, -10.0, 6206000.0), 64


def read(image):
    a, b, c, d, e, f = TRANSFORM
    return ee.data.computePixels(
        {
            "expression": image,
            "fileFormat": "NUMPY_NDARRAY",
            "grid": {
                "dimensions": {"width": SIZE, "height": SIZE},
                "affineTransform": {
                    "scaleX": a,
                    "shearX": b,
                    "translateX": c,
                    "shearY": d,
                    "scaleY": e,
                    "translateY": f,
                },
                "crsCode": CRS,
            },
        }
    )


def test_scaled_bands_are_reflectances(scene, own):
    scaled = scene.scaleAndOffset().select("B4")
    raw = read(scene.select("B4"))["B4"]
    found = read(scaled)["B4"]
    np.testing.assert_allclose(found, raw * 0.0001, rtol=1e-6)
    same(found, own(scaled, CRS, TRANSFORM, SIZE, SIZE)["B4"])


@pytest.mark.parametrize("index", ["NDVI", "EVI", "NDWI"])
def test_an_index_is_its_formula(scene, own, index):
    image = scene.scaleAndOffset().spectralIndices(index).select(index)
    found = read(image)[index].astype(float)
    bands = read(scene.scaleAndOffset().select(["B2", "B3", "B4", "B8"]))
    b, g, r, n = (bands[name].astype(float) for name in ("B2", "B3", "B4", "B8"))
    formula = {
        "NDVI": lambda: (n - r) / (n + r),
        "EVI": lambda: 2.5 * (n - r) / (n + 6 * r - 7.5 * b + 1),
        "NDWI": lambda: (g - n) / (g + n),
    }[index]()
    np.testing.assert_allclose(found, formula, rtol=1e-4, atol=1e-6)
    same(read(image)[index], own(image, CRS, TRANSFORM, SIZE, SIZE)[index])


@pytest.mark.parametrize("method", ["qa", "cloud_prob"])
def test_clouds_are_masked(scene, own, method):
    image = scene.maskClouds(method=method, dark=0.15).select("B4").unmask(-1, False)
    same(read(image)["B4"], own(image, CRS, TRANSFORM, SIZE, SIZE)["B4"])


def test_a_thumbnail_is_the_picture_asked_for(scene, region):
    url = scene.getThumbURL(
        {
            "region": region,
            "dimensions": "96x80",
            "bands": ["B4", "B3", "B2"],
            "min": 0,
            "max": 3000,
            "format": "png",
        }
    )
    answer = requests.get(url, timeout=60)
    answer.raise_for_status()
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.size == (96, 80)
    assert np.asarray(picture)[..., :3].std() > 1


def test_means_of_regions_are_those_of_their_pixels(scene):
    a, _, c, _, e, f = TRANSFORM
    squares = [
        ee.Geometry.Rectangle(
            [c + 10 * i, f - 200, c + 10 * i + 100, f - 100], CRS, evenOdd=False
        )
        for i in (0, 20)
    ]
    table = ee.FeatureCollection([ee.Feature(one) for one in squares])
    found = (
        scene.select("B4")
        .reduceRegions(table, ee.Reducer.mean(), crs=CRS, crsTransform=list(TRANSFORM))
        .aggregate_array("mean")
        .getInfo()
    )
    pixels = read(scene.select("B4"))["B4"].astype(float)
    wanted = [pixels[10:20, i : i + 10].mean() for i in (0, 20)]
    assert found == pytest.approx(wanted, rel=1e-9)
    assert a == -e


def test_a_place_is_where_it_is(scene):
    assert scene.geometry().contains(ee.Geometry.Point([LON, LAT])).getInfo()

"""Pixels by every call and in every format, held against the arrays behind them."""

import io
import zipfile

import ee
import numpy as np
import pytest
import rasterio
import requests
from PIL import Image

TRANSFORM = (10.0, 0.0, 500_000.0, 0.0, -10.0, 5_600_000.0)
REGION = {
    "type": "Polygon",
    "coordinates": [
        [
            [500_100.0, 5_599_900.0],
            [500_300.0, 5_599_900.0],
            [500_300.0, 5_599_800.0],
            [500_100.0, 5_599_800.0],
            [500_100.0, 5_599_900.0],
        ]
    ],
    "crs": {"type": "name", "properties": {"name": "EPSG:32632"}},
    "geodesic": False,
}
"""Rows 10 to 19, columns 10 to 29."""
INSIDE = np.s_[10:20, 10:30]


def grid(width, height, left=500_000.0, top=5_600_000.0):
    return {
        "dimensions": {"width": width, "height": height},
        "affineTransform": {
            "scaleX": 10.0,
            "translateX": left,
            "scaleY": -10.0,
            "translateY": top,
        },
        "crsCode": "EPSG:32632",
    }


def fetched(url):
    answer = requests.get(url, timeout=30)
    answer.raise_for_status()
    return answer


def opened(content):
    with rasterio.open(io.BytesIO(content)) as tif:
        return tif.read(), tif.profile, tif.descriptions


def test_get_pixels_gives_the_native_grid(door):
    got = ee.data.getPixels({"assetId": "c/s1", "fileFormat": "NUMPY_NDARRAY"})
    assert got.shape == (48, 64)
    assert got.dtype == np.dtype([("A", "<u2"), ("F", "<f4")])
    assert np.array_equal(got["A"][door.mask], door.A[door.mask])
    assert np.array_equal(got["F"], door.F)


def test_get_pixels_takes_bands_and_a_grid(door):
    got = ee.data.getPixels(
        {
            "assetId": "c/s1",
            "fileFormat": "NUMPY_NDARRAY",
            "bandIds": ["F"],
            "grid": grid(8, 4, left=500_050.0, top=5_599_970.0),
        }
    )
    assert got.dtype.names == ("F",)
    assert np.array_equal(got["F"], door.F[3:7, 5:13])


@pytest.mark.parametrize(
    "asked",
    [
        None,
        {"crsCode": "EPSG:32632"},
        {"affineTransform": grid(1, 1)["affineTransform"]},
    ],
)
def test_get_pixels_covers_a_region(door, asked):
    request = {"assetId": "c/s1", "fileFormat": "NUMPY_NDARRAY", "region": REGION}
    if asked is not None:
        request["grid"] = asked
    got = ee.data.getPixels(request)
    assert got.shape == (10, 20)
    assert np.array_equal(got["A"], door.A[INSIDE])


def test_a_grid_of_dimensions_only_divides_the_region(door):
    request = {"assetId": "c/s1", "fileFormat": "NUMPY_NDARRAY", "region": REGION}
    got = ee.data.getPixels(
        {**request, "grid": {"dimensions": {"width": 40, "height": 20}}}
    )
    assert np.array_equal(got["A"], np.kron(door.A[INSIDE], np.ones((2, 2), "uint16")))


def test_what_is_outside_of_the_region_is_masked(door):
    request = {"assetId": "c/s1", "fileFormat": "GEO_TIFF", "bandIds": ["F"]}
    content = ee.data.getPixels({**request, "region": REGION, "grid": grid(64, 48)})
    read, profile, _ = opened(content)
    wanted = np.full((48, 64), -np.inf, np.float32)
    wanted[INSIDE] = door.F[INSIDE]
    assert np.array_equal(read[0], wanted)
    assert profile["nodata"] == -np.inf


def test_a_large_window_is_whole(door):
    got = ee.data.getPixels(
        {
            "assetId": "c/s1",
            "fileFormat": "NUMPY_NDARRAY",
            "bandIds": ["A"],
            "grid": grid(3000, 2000, left=485_000.0, top=5_610_000.0),
        }
    )["A"]
    assert got.shape == (2000, 3000)
    here = got[1000:1048, 1500:1564]
    assert np.array_equal(here[door.mask], door.A[door.mask])
    assert len(np.unique(got)) == len(np.unique(door.A[door.mask])) + 1


def test_compute_pixels_as_geotiff_is_the_array_of_one_type(door):
    content = ee.data.computePixels(
        {"expression": ee.Image("c/s1"), "fileFormat": "GEO_TIFF", "grid": grid(64, 48)}
    )
    read, profile, names = opened(content)
    assert names == ("A", "F")
    assert profile["crs"].to_epsg() == 32632
    assert tuple(profile["transform"])[:6] == TRANSFORM
    assert profile["dtype"] == "float32"
    wanted = np.where(door.mask, door.A, -np.inf).astype(np.float32)
    assert np.array_equal(read, np.stack([wanted, door.F]))


def test_masked_integers_are_zero_or_the_least_in_geotiff(door):
    for kind, least in (("Uint8", 0), ("Int8", -128), ("Int16", -32768)):
        image = getattr(ee.Image("c/s1").select("A").mod(100), f"to{kind}")()
        content = ee.data.computePixels(
            {"expression": image, "fileFormat": "GEO_TIFF", "grid": grid(64, 48)}
        )
        read, profile, _ = opened(content)
        assert profile["nodata"] == least
        assert profile["dtype"] == kind.lower()
        assert np.array_equal(
            read[0], np.where(door.mask, (door.A % 100).astype("int16"), least)
        )


def look(content):
    picture = Image.open(io.BytesIO(content))
    return picture.format, np.asarray(picture)


def test_pictures_are_of_bytes_with_masked_pixels_transparent(door):
    image = ee.Image("c/s1").select("A").mod(256).toUint8()
    request = {"expression": image, "grid": grid(64, 48)}
    kind, png = look(ee.data.computePixels({**request, "fileFormat": "PNG"}))
    assert kind == "PNG"
    assert np.array_equal(png[..., 3] == 255, door.mask)
    assert np.array_equal(png[..., 0][door.mask], (door.A % 256)[door.mask])
    kind, _ = look(ee.data.computePixels({**request, "fileFormat": "AUTO_JPEG_PNG"}))
    assert kind == "PNG"
    whole = {**request, "expression": image.unmask(0, False)}
    kind, jpeg = look(ee.data.computePixels({**whole, "fileFormat": "AUTO_JPEG_PNG"}))
    assert kind == "JPEG"
    assert look(ee.data.computePixels({**whole, "fileFormat": "JPEG"}))[0] == "JPEG"
    assert jpeg.shape[:2] == (48, 64)


def test_a_picture_takes_visualisation_options(door):
    options = {
        "ranges": [{"min": 0, "max": 3071}],
        "paletteColors": ["000000", "ff8000"],
    }
    content = ee.data.computePixels(
        {
            "expression": ee.Image("c/s1").select("A"),
            "fileFormat": "PNG",
            "grid": grid(64, 48),
            "visualizationOptions": options,
        }
    )
    _, png = look(content)
    share = (door.A / 3071.0)[door.mask]
    for channel, end in ((0, 255), (1, 128), (2, 0)):
        found = png[..., channel][door.mask].astype(int)
        assert np.abs(found - share * end).max() <= 1


def test_a_download_is_a_zip_of_a_file_a_band_unless_told_otherwise(door):
    image = ee.Image("c/s1")
    with zipfile.ZipFile(
        io.BytesIO(fetched(image.getDownloadURL()).content)
    ) as archive:
        assert archive.namelist() == ["download.A.tif", "download.F.tif"]
        read, profile, _ = opened(archive.read("download.A.tif"))
    assert profile["dtype"] == "uint16"
    assert np.array_equal(read[0], np.where(door.mask, door.A, 0))
    together = image.getDownloadURL({"name": "mine", "filePerBand": False})
    with zipfile.ZipFile(io.BytesIO(fetched(together).content)) as archive:
        assert archive.namelist() == ["mine.tif"]
        assert opened(archive.read("mine.tif"))[2] == ("A", "F")


def test_a_download_takes_a_region_scale_and_bands(door):
    url = ee.Image("c/s1").getDownloadURL(
        {
            "region": ee.Geometry(REGION, opt_proj="EPSG:32632"),
            "scale": 10,
            "crs": "EPSG:32632",
            "bands": ["F"],
            "format": "GEO_TIFF",
        }
    )
    read, profile, names = opened(fetched(url).content)
    assert names == ("F",)
    assert (profile["transform"].c, profile["transform"].f) == (500_100.0, 5_599_900.0)
    assert np.array_equal(read[0], door.F[INSIDE])


def test_a_download_is_an_array_too_and_an_id_has_its_url(door):
    params = {"image": ee.Image("c/s1").select("F"), "format": "NPY"}
    made = ee.data.getDownloadId(params)
    answer = fetched(ee.data.makeDownloadUrl(made))
    assert np.array_equal(np.load(io.BytesIO(answer.content))["F"], door.F)
    lost = requests.get(
        f"{door.url}/v1/projects/emulator/thumbnails/0:getPixels", timeout=9
    )
    assert lost.status_code == 404


def test_a_thumbnail_is_styled_and_sized(door):
    image = ee.Image("c/s1").select("A")
    url = image.getThumbURL({"min": 0, "max": 3071, "dimensions": 32, "format": "png"})
    _, png = look(fetched(url).content)
    assert max(png.shape[:2]) == 32
    made = ee.data.getThumbId(
        {"image": image.visualize(min=0, max=3071), "format": "jpg"}
    )
    kind, _ = look(fetched(ee.data.makeThumbUrl(made)).content)
    assert kind == "JPEG"
    colour = ee.Image.cat([image, image, image]).getThumbURL(
        {
            "min": [0, 0, 0],
            "max": [3071, 6142, 3071],
            "region": ee.Geometry(REGION, opt_proj="EPSG:32632"),
            "dimensions": "20x10",
            "format": "png",
            "crs": "EPSG:32632",
        }
    )
    _, png = look(fetched(colour).content)
    assert png.shape[:2] == (10, 20)
    wanted = door.A[INSIDE] / 3071.0 * 255
    assert np.abs(png[..., 0].astype(int) - wanted).max() <= 1
    assert np.abs(png[..., 1].astype(int) - wanted / 2).max() <= 1

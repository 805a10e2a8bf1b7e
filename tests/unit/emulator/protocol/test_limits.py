"""Limits by the real client, with the messages that were seen of Earth Engine's."""

import ee
import pytest
import requests

from tests.unit.emulator.protocol.test_pixel_calls import grid


def refused(call):
    with pytest.raises(ee.EEException) as found:
        call()
    assert found.value.__context__.resp.status == 400
    return str(found.value)


def pixels(image, width, height):
    request = {"expression": image, "fileFormat": "NPY", "grid": grid(width, height)}
    return lambda: ee.data.computePixels(request)


def test_bytes_count_the_masks_and_the_message_is_earth_engine_s(door):
    image = ee.Image([1.5] * 48).toDouble()
    assert refused(pixels(image, 512, 256)) == (
        "Total request size (56623104 bytes) must be less than or equal to "
        "50331648 bytes."
    )
    # A byte of value and one of mask a pixel: a column more than fits.
    assert "(50343936 bytes)" in refused(pixels(ee.Image(1).toByte(), 4097, 6144))


@pytest.mark.parametrize("size", [(32769, 1), (1, 32769)])
def test_sides_end_at_32768(door, size):
    assert "32768" in refused(pixels(ee.Image(1).toByte(), *size))
    pixels(ee.Image(1).toByte(), *(min(side, 32768) for side in size))()


def test_bands_end_at_1024(door):
    def bands(count):
        return ee.Image.constant(ee.List.repeat(1, count))

    assert "1024" in refused(pixels(bands(1025), 1, 1))
    assert len(pixels(bands(1024), 1, 1)()) > 1024


def test_a_payload_ends_at_ten_megabytes(door):
    text = ee.String("x" * (10 * 1024 * 1024))
    assert "10485760" in refused(text.length().getInfo)
    assert ee.String("x" * (9 * 1024 * 1024)).length().getInfo() == 9 * 1024 * 1024


def test_a_list_ends_at_5000_elements(door):
    def features(count):
        table = ee.FeatureCollection.randomPoints(ee.Geometry.Point(0, 0), count)
        return table.getInfo

    assert len(features(5000)()["features"]) == 5000
    assert refused(features(5001)) == (
        "Collection query aborted after accumulating over 5000 elements."
    )


@pytest.mark.parametrize(
    "options, message",
    [
        # As the page of getDownloadURL says: 32 MB, and 10,000 pixels a side.
        ({"dimensions": "4000x4000"}, "must be less than or equal to 33554432 bytes."),
        ({"dimensions": "10001x10"}, "10000"),
    ],
)
def test_downloads_end_earlier(door, options, message):
    image = ee.Image("c/s1").select("A")
    url = image.getDownloadURL({"format": "GEO_TIFF", **options})
    answer = requests.get(url, timeout=30)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]

"""Programs that we did not write, over the emulator's HTTP door."""

import io
import json

import ee
import ee.deprecation
import numpy as np
import pytest
from google.auth.credentials import AnonymousCredentials
from numpy.lib import format as npy_format

import earthengine.session
import emulator
import emulator.catalogue
from emulator import server

S2 = "COPERNICUS/S2_SR_HARMONIZED"
LON, LAT = 9.5, 56.0
START, END = "2020-05-01", "2020-07-01"


@pytest.fixture(scope="module")
def served():
    """An emulator on a port of its own, and the client connected to it."""
    running = server.start(emulator.service())
    ee.Reset()
    # Empty, it would be fetched from Google, without a time limit.
    ee.deprecation.deprecated_assets = {"_": None}
    ee.Initialize(AnonymousCredentials(), project="emulator", url=running.url)
    ee.data.setMaxRetries(0)
    yield running
    ee.Reset()
    running.close()
    earthengine.session._session = None


@pytest.fixture(scope="module")
def own():
    """Evaluates an expression with an engine of our own, no client in between.

    Returns:
        A function of an image and a grid (crs, affine of six, width, height) to a
        structured array (height, width).
    """
    engine = emulator.Engine(emulator.catalogue.earth())

    def evaluate(image, crs, transform, width, height):
        a, b, c, d, e, f = transform
        affine = {"scaleX": a, "shearX": b, "translateX": c}
        affine |= {"shearY": d, "scaleY": e, "translateY": f}
        body = {
            "expression": ee.serializer.encode(image, for_cloud_api=True),
            "fileFormat": "NPY",
            "grid": {
                "dimensions": {"width": width, "height": height},
                "affineTransform": affine,
                "crsCode": crs,
            },
        }
        answer = engine.handle(
            "POST", "/v1/projects/own/image:computePixels", {}, json.dumps(body)
        )
        assert answer.status == 200, answer.body
        return _read(answer.body)

    return evaluate


def _read(body):
    return npy_format.read_array(io.BytesIO(body))


@pytest.fixture(scope="module")
def region(served):
    """A square kilometre of Denmark."""
    return ee.Geometry.Rectangle([LON, LAT, LON + 0.016, LAT + 0.009])


@pytest.fixture(scope="module")
def scene(region):
    """The least cloudy scene of two months there that covers it."""
    found = (
        ee.ImageCollection(S2)
        .filterBounds(region)
        .filterDate(START, END)
        .filter(ee.Filter.contains(".geo", region))
        .sort("CLOUDY_PIXEL_PERCENTAGE")
        .first()
    )
    return ee.Image(found.get("system:id").getInfo())


def same(left, right):
    """Asserts that two arrays agree in shape and in every value."""
    np.testing.assert_array_equal(np.asarray(left), np.asarray(right))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Fails what would be skipped: a stranger who was not there proves nothing."""
    return (yield from _never_skipped())


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Fails files that would be skipped."""
    return (yield from _never_skipped())


def _never_skipped():
    report = yield
    if report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = "Tests of strangers' clients may not be skipped."
    return report

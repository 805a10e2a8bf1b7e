"""Types, arithmetic, comparison and masks, pixel by pixel."""

import ee
import numpy as np
import pytest


@pytest.fixture
def one(world, utm):
    """Evaluates an image at one pixel: (value or None, dtype name)."""
    grid = world.crop(utm, 0, 0, 1, 1)

    def evaluate(image):
        image = ee.Image(image)
        got = world.pixels(image.addBands(image.mask().rename("m")), grid)
        name = got.dtype.names[0]
        valid = got["m"][0, 0]
        return (got[name][0, 0].item() if valid else None), got.dtype[name].name

    return evaluate


@pytest.mark.parametrize(
    ("value", "cast", "expected", "dtype"),
    [
        (300, "toUint8", 255, "uint8"),
        (-3, "toUint8", 0, "uint8"),
        (127.9, "toInt8", 127, "int8"),
        (-128.9, "toInt8", -128, "int8"),
        (-1.7, "toInt16", -1, "int16"),
        (70000, "toUint16", 65535, "uint16"),
        (3e9, "toInt32", 2**31 - 1, "int32"),
        (1e300, "toInt64", 2**63 - 1024, "int64"),
        (0.1, "toFloat", np.float32(0.1).item(), "float32"),
        (5, "toDouble", 5.0, "float64"),
    ],
)
def test_casts_truncate_and_clamp(one, value, cast, expected, dtype):
    method = cast if cast != "toInt64" else "toLong"
    assert one(getattr(ee.Image(value), method)()) == (expected, dtype)
    number = getattr(ee.Number(value), method)().getInfo()
    assert number == expected


@pytest.mark.parametrize(
    ("image", "expected", "dtype"),
    [
        (lambda: ee.Image(200).add(100), 300, "uint16"),
        (lambda: ee.Image(3).subtract(5), -2, "int8"),
        (lambda: ee.Image(7).divide(2), 3.5, "float32"),
        (lambda: ee.Image(7).divide(0), 0.0, "float32"),
        (lambda: ee.Image(-7).mod(3), -1, "int8"),
        (lambda: ee.Image(2).pow(10), 1024.0, "float64"),
        (lambda: ee.Image(2.5).multiply(2), 5.0, "float64"),
        (lambda: ee.Image(2).max(9), 9, "uint8"),
        (lambda: ee.Image(2).eq(2), 1, "uint8"),
        (lambda: ee.Image(2).And(0), 0, "uint8"),
        (lambda: ee.Image(2).Or(0), 1, "uint8"),
        (lambda: ee.Image(0).Not(), 1, "uint8"),
        (lambda: ee.Image(2.5).round(), 3.0, "float64"),
        (lambda: ee.Image(-2.5).round(), -3.0, "float64"),
        (lambda: ee.Image(0.49999999999999994).round(), 0.0, "float64"),
        (lambda: ee.Image(-2.5).floor(), -3.0, "float64"),
        (lambda: ee.Image(-2.5).ceil(), -2.0, "float64"),
        (lambda: ee.Image(-128).abs(), 128, "uint8"),
        (lambda: ee.Image(5).where(ee.Image(1), 9), 9, "uint8"),
        (lambda: ee.Image(5).where(ee.Image(0), 9), 5, "uint8"),
        (lambda: ee.Image(5).clamp(6, 8), 6, "uint8"),
        (lambda: ee.Image(5).updateMask(0), None, "uint8"),
        (lambda: ee.Image(5).updateMask(0).unmask(7), 7, "uint8"),
        (lambda: ee.Image(5).updateMask(0).unmask(-1.5), -1.5, "float64"),
        (lambda: ee.Image(0).selfMask(), None, "uint8"),
        (lambda: ee.Image(5).updateMask(0).add(1), None, "uint8"),
        (lambda: ee.Image(1).add(ee.Image(5).updateMask(0)), None, "uint8"),
        (lambda: ee.Image(5).where(ee.Image(1).updateMask(0), 9), 5, "uint8"),
    ],
)
def test_values_and_types(one, image, expected, dtype):
    assert one(image()) == (expected, dtype)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32", "float64"])
@pytest.mark.parametrize("operator", ["add", "subtract", "multiply"])
def test_arithmetic_does_not_overflow(world, utm, noise, dtype, operator):
    high = 256 if dtype == "uint8" else 30000
    a = noise((128, 128), high, dtype, seed=1)
    b = noise((128, 128), high, dtype, seed=2)
    world.add("a", {"x": (utm, a)})
    world.add("b", {"y": (utm, b)})
    got = world.pixels(getattr(ee.Image("a"), operator)(ee.Image("b")), utm)["x"]
    exact = getattr(np, operator)(a.astype(np.float64), b.astype(np.float64))
    np.testing.assert_allclose(got.astype(np.float64), exact, rtol=1e-6)


def names(image):
    return ee.Image(image).bandNames().getInfo()


def test_bands_are_matched_as_documented(world):
    image = ee.Image([1, 2, 3]).rename(["a", "b", "c"])
    assert names(image.add(ee.Image(1))) == ["a", "b", "c"]
    assert names(ee.Image(1).add(image)) == ["a", "b", "c"]
    swapped = ee.Image([10, 20]).rename(["b", "a"])
    point = ee.Geometry.Point([1, 1])
    summed = image.select(["a", "b"]).add(swapped)
    assert summed.reduceRegion(ee.Reducer.first(), point, 10).getInfo() == {
        "a": 21,
        "b": 12,
    }
    paired = image.select(["a", "b"]).add(ee.Image([10, 20]).rename(["x", "y"]))
    assert paired.reduceRegion(ee.Reducer.first(), point, 10).getInfo() == {
        "a": 11,
        "b": 22,
    }


def test_selecting_and_naming_bands(world):
    image = ee.Image([1, 2, 3]).rename(["B1", "B2", "QA"])
    assert names(image.select("B.*")) == ["B1", "B2"]
    assert names(image.select([2, 0], ["q", "one"])) == ["q", "one"]
    assert names(image.addBands(image)) == ["B1", "B2", "QA", "B1_1", "B2_1", "QA_1"]
    assert names(ee.Image.cat([image.select("QA")] * 3)) == ["QA", "QA_1", "QA_2"]
    assert names(image.addBands(ee.Image(9).rename("B2"), None, True)) == [
        "B1",
        "B2",
        "QA",
    ]
    assert names(ee.Image([1, 2])) == ["constant", "constant_1"]


def test_an_absent_band_is_named_with_those_there_are(world):
    image = ee.Image([1, 2]).rename(["B1", "B2"])
    with pytest.raises(ee.EEException, match=r"'HH'.*\[B1, B2\]"):
        image.select(["B1", "HH"]).getInfo()
    with pytest.raises(ee.EEException, match="2 bands but 1 names"):
        image.rename(["x"]).getInfo()


def test_properties_survive_what_the_documents_say(world, utm, noise):
    world.add("c/a", {"B": (utm, noise((128, 128)))}, time=86400000, cloud=3.5)
    image = ee.Image("c/a")
    assert image.select("B").resample("bilinear").get("cloud").getInfo() == 3.5
    assert image.unmask(0).date().format("YYYY-MM-dd").getInfo() == "1970-01-02"
    assert image.multiply(2).get("cloud").getInfo() is None
    assert image.multiply(2).get("system:index").getInfo() == "a"
    assert image.set("cloud", 4).get("cloud").getInfo() == 4


def test_an_image_describes_itself(world, utm, noise):
    world.add("c/a", {"B": (utm, noise((128, 128)))}, cloud=1)
    info = ee.Image("c/a").getInfo()
    assert info["id"] == "c/a"
    assert info["properties"]["cloud"] == 1
    assert info["bands"] == [
        {
            "id": "B",
            "data_type": {
                "type": "PixelType",
                "precision": "int",
                "min": 0,
                "max": 65535,
            },
            "dimensions": [128, 128],
            "crs": "EPSG:32632",
            "crs_transform": [10, 0, 568680, 0, -10, 5606460],
        }
    ]
    assert ee.Image("c/a").projection().nominalScale().getInfo() == 10

"""Which folders and files are which assets, and what is refused."""

from __future__ import annotations

import ee
import numpy as np
import pytest

from emulator.local import CatalogueError, LocalFiles
from emulator.protocol.assets import list_assets
from tests.unit.emulator.local.conftest import UTM

ONE = np.ones((4, 5), "uint16")


def names(scene):
    return [band.name for band in scene.bands]


def test_a_folder_is_an_image_with_a_band_a_file_in_natural_order(files, serve):
    for name in ("B10", "B2", "B8", "B8A"):
        files.tif(f"my/image/{name}.tif", ONE, **UTM)
    serve()
    image = ee.Image("my/image")
    assert image.bandNames().getInfo() == ["B2", "B8", "B8A", "B10"]
    assert image.get("system:index").getInfo() == "image"


def test_a_file_is_an_image_whose_descriptions_are_names(files, serve):
    two = np.stack([ONE, ONE])
    files.tif("users/me/described.tif", two, names=("height", "spread"), **UTM)
    files.tif("users/me/bare.tif", two, **UTM)
    files.tif("users/me/single.tif", ONE, **UTM)
    found = serve()
    assert names(found.image("users/me/described")) == ["height", "spread"]
    assert names(found.image("users/me/bare")) == ["b1", "b2"]
    assert names(found.image("users/me/single")) == ["b1"]


def test_a_folder_of_bare_files_is_what_it_is_asked_for_as(files, serve):
    files.tif("ESA/WorldCover/v100/2020.tif", ONE, names=("Map",), **UTM)
    serve()
    first = ee.ImageCollection("ESA/WorldCover/v100").first()
    assert first.bandNames().getInfo() == ["Map"]
    assert ee.Image("ESA/WorldCover/v100/2020").bandNames().getInfo() == ["Map"]
    assert ee.Image("ESA/WorldCover/v100").bandNames().getInfo() == ["2020"]


@pytest.mark.parametrize("told", ["collection.json", "one.json"])
def test_json_settles_that_files_are_images(told, files, serve):
    files.tif("a/set/one.tif", ONE, **UTM)
    files.tif("a/set/two.tif", ONE, **UTM)
    files.json(f"a/set/{told}")
    found = serve()
    assert found.image("a/set") is None
    assert len(found.collection("a/set")) == 2


def test_json_in_a_folder_makes_it_an_image_whatever_lies_in_it(files, serve):
    files.tif("a/image/deep/down/T32_B04.tif", ONE, **UTM)
    files.json("a/image/image.json", bands={"B4": {"file": "**/*_B04.tif"}})
    found = serve()
    assert names(found.image("a/image")) == ["B4"]
    assert found.image("a/image/deep/down") is None


def test_sub_folders_that_are_images_are_a_collection(files, serve):
    for day in ("d1", "d2"):
        files.tif(f"some/scenes/{day}/B4.tif", ONE, **UTM)
    found = serve()
    ids = [
        scene.id for scene in found.collection("some/scenes").scenes(None, None, None)
    ]
    assert ids == ["some/scenes/d1", "some/scenes/d2"]
    assert found.collection("some") is None


def test_a_collection_says_what_is_common_to_its_images(files, serve):
    files.json(
        "s/c/collection.json",
        properties={"title": "Mine"},
        images={
            "properties": {"sensor": "X", "cloud": 50},
            "rename": {"eo:cloud_cover": "cloud"},
            "bands": {"red": {"file": "*_B04.tif"}, "nir": {"file": "*_B08.tif"}},
        },
    )
    for day in ("one", "two"):
        for band in ("B04", "B08"):
            files.tif(f"s/c/{day}/T32_{band}.tif", ONE, **UTM)
    files.json("s/c/two/image.json", properties={"eo:cloud_cover": 3})
    serve()
    found = ee.ImageCollection("s/c")
    assert found.get("title").getInfo() == "Mine"
    assert found.aggregate_array("cloud").getInfo() == [50, 3]
    assert found.aggregate_array("sensor").getInfo() == ["X", "X"]
    assert ee.Image("s/c/two").bandNames().getInfo() == ["red", "nir"]


def test_hidden_files_and_others_are_passed_over(files, serve):
    files.tif("a/b.tif", ONE, **UTM)
    files.path("a/.hidden.tif").write_text("nothing")
    files.path("a/b.tif.aux.xml").write_text("<x/>")
    files.path("README.md").write_text("mine")
    assert list(serve().index.images) == ["a/b", "a"]


def test_no_raster_is_opened_by_looking_through(files, serve):
    files.path("a/broken.tif").write_bytes(b"no GeoTIFF")
    files.tif("a/good.tif", ONE, **UTM)
    found = serve()
    assert ee.Image("a/good").bandNames().getInfo() == ["b1"]
    with pytest.raises(ee.EEException, match=r"broken.tif: cannot be opened"):
        ee.Image("a/broken").bandNames().getInfo()
    with pytest.raises(CatalogueError) as caught:
        _ = found.image("a/broken").bands
    assert caught.value.code == 400


def test_getting_an_asset_describes_it(files, serve):
    files.tif("a/set/one.tif", ONE, names=("Map",), **UTM)
    files.json("a/set/one.json", time_start="2020-01-01", properties={"k": 7})
    found = serve()
    asset = ee.data.getAsset("a/set/one")
    assert asset["type"] == "IMAGE"
    assert asset["startTime"] == "2020-01-01T00:00:00.000Z"
    assert asset["properties"] == {"k": 7}
    assert asset["bands"][0]["grid"]["crsCode"] == "EPSG:32632"
    assert ee.data.getAsset("a/set")["type"] == "IMAGE_COLLECTION"
    listed = list_assets(found, "a/set", {})["assets"]
    assert [one["id"] for one in listed] == ["a/set/one"]


BAD = {
    "no folder": (lambda f: None, "no such folder"),
    "nothing in it": (lambda f: f.path("x/y.txt").write_text(""), "no asset in it"),
    "no JSON": (lambda f: f.path("a/a.json").write_text("{"), r"a/a.json: no JSON"),
    "a list": (lambda f: f.path("a/a.json").write_text("[]"), "an object is wanted"),
    "unknown key": (
        lambda f: f.json("a/image.json", propertys={}),
        r"a/image.json: propertys: unknown key; there are: properties, ",
    ),
    "unknown key of a band": (
        lambda f: f.json("a/image.json", bands={"B4": {"fil": "x"}}),
        r"image.json: bands.B4.fil: unknown key",
    ),
    "wrong policy": (
        lambda f: f.json("a/image.json", bands={"B4": {"pyramiding": "max"}}),
        r"bands.B4.pyramiding: 'max' is none of mean, mode, sample",
    ),
    "wrong number": (
        lambda f: f.json("a/image.json", bands={"B4": {"band": 0}}),
        r"bands.B4.band: bands are counted from 1",
    ),
    "remote file": (
        lambda f: f.json("a/image.json", bands={"B4": {"file": "https://x/B4.tif"}}),
        r"bands.B4.file: 'https://x/B4.tif' is no local file",
    ),
    "wrong time": (
        lambda f: f.json("a/image.json", time_start="last week"),
        r"image.json: time_start: 'last week' is no time",
    ),
    "wrong order": (
        lambda f: f.json("a/image.json", time_start=5, time_end=4),
        "time_end: it lies before time_start",
    ),
    "wrong footprint": (
        lambda f: f.json("a/image.json", footprint={"type": "Square"}),
        r"image.json: footprint: no GeoJSON geometry",
    ),
    "wrong property": (
        lambda f: f.json("a/image.json", properties={"k": {}}),
        r"properties.k: a string, a number or a list is wanted, not an object",
    ),
    "time as a property": (
        lambda f: f.json("a/image.json", properties={"system:time_start": 5}),
        r"properties.system:time_start: .* keys of their own",
    ),
    "no raster": (lambda f: f.json("a/image.json"), "no GeoTIFF beside it"),
    "empty member": (
        lambda f: (f.json("c/collection.json"), f.path("c/empty/x.txt").write_text("")),
        r"c/empty: no GeoTIFF in it",
    ),
    "two descriptions": (
        lambda f: (
            f.tif("a/B4.tif", ONE, **UTM), f.json("a/image.json"), f.json("a/item.json")
        ),
        "more than one JSON describes it: image.json, item.json",
    ),
    "an image and a collection": (
        lambda f: (
            f.tif("a/B4.tif", ONE, **UTM), f.json("a/image.json"), f.json("a/B4.json")
        ),
        r"a/B4.json: image.json makes the folder an image",
    ),
    "two of one name": (
        lambda f: (f.tif("a/B4.tif", ONE, **UTM), f.tif("a/B4.tiff", ONE, **UTM)),
        r"a/B4.tiff: B4.tif lies beside it",
    ),
    "file and folder": (
        lambda f: (f.tif("a/x.tif", ONE, **UTM), f.tif("a/x/B4.tif", ONE, **UTM)),
        "there are two assets a/x",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named_with_its_file(case, files):
    make, message = BAD[case]
    make(files)
    with pytest.raises(CatalogueError, match=message):
        LocalFiles.of(files.root)


LATER = {
    "two files": ({"B4": {"file": "*.tif"}}, "means 2 files, not one: x.tif, y.tif"),
    "no file": ({"B4": {"file": "z*.tif"}}, r"bands.B4.file: there is no 'z\*.tif'"),
    "no such name": ({"B4": {"band": "z"}}, r"no band 'z'; there are: x, y"),
    "no such number": ({"B4": {"file": "x.tif", "band": 9}}, "no band 9; there are: 1"),
}


@pytest.mark.parametrize("case", LATER)
def test_bands_that_are_not_there_are_named_when_asked_for(case, files, serve):
    bands, message = LATER[case]
    files.tif("a/x.tif", ONE, **UTM)
    files.tif("a/y.tif", ONE, **UTM)
    files.json("a/image.json", bands=bands)
    serve()
    with pytest.raises(ee.EEException, match=message):
        ee.Image("a").bandNames().getInfo()


def test_files_without_a_place_are_refused(files, serve):
    files.tif("a/x.tif", ONE, crs=None, transform=UTM["transform"])
    serve()
    with pytest.raises(ee.EEException, match="no coordinate reference system"):
        ee.Image("a/x").bandNames().getInfo()

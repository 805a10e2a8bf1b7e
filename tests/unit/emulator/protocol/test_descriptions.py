"""Images, collections and assets as the client hears of them."""

import ee
import pytest

AFFINE = [10.0, 0.0, 500_000.0, 0.0, -10.0, 5_600_000.0]


def test_an_image_is_described_with_bands_types_grids_and_properties(door):
    info = ee.Image("c/s1").getInfo()
    assert info["type"] == "Image"
    assert info["id"] == "c/s1"
    assert info["bands"] == [
        {
            "id": "A",
            "data_type": {
                "type": "PixelType",
                "precision": "int",
                "min": 0,
                "max": 65535,
            },
            "dimensions": [64, 48],
            "crs": "EPSG:32632",
            "crs_transform": AFFINE,
        },
        {
            "id": "F",
            "data_type": {"type": "PixelType", "precision": "float"},
            "dimensions": [64, 48],
            "crs": "EPSG:32632",
            "crs_transform": AFFINE,
        },
    ]
    properties = info["properties"]
    footprint = properties.pop("system:footprint")
    assert footprint["type"] == "LinearRing"
    assert len(footprint["coordinates"]) == 5
    assert properties == {
        "cloud": 10,
        "name": "n1",
        "system:index": "s1",
        "system:time_start": 86_400_000,
    }


def test_what_is_chosen_of_an_image_keeps_its_id_and_arithmetic_does_not(door):
    image = ee.Image("c/s1")
    assert image.select("F").getInfo()["id"] == "c/s1"
    assert image.set("a", 1).getInfo()["id"] == "c/s1"
    assert image.get("system:id").getInfo() == "c/s1"
    assert {"system:id", "system:footprint", "cloud"} <= set(
        image.propertyNames().getInfo()
    )
    computed = image.select("A").add(1).getInfo()
    assert "id" not in computed
    assert computed["properties"] == {"system:index": "s1"}
    renamed = computed["bands"][0]
    assert renamed["crs_transform"] == AFFINE


def test_a_copied_id_and_an_id_that_was_set_are_the_image_s(door):
    image = ee.Image("c/s1")
    copied = image.multiply(2).copyProperties(image, image.propertyNames())
    assert ee.Image(copied).getInfo()["id"] == "c/s1"
    assert ee.Image(1).set("system:id", "mine").getInfo()["id"] == "mine"


def test_a_collection_is_described_with_its_images(door):
    info = ee.ImageCollection("c").filterDate("1970-01-02", "1970-01-04").getInfo()
    assert (info["type"], info["id"]) == ("ImageCollection", "c")
    assert info["properties"] == {"date_range": [0, 432_000_000]}
    assert [one["id"] for one in info["features"]] == ["c/s1", "c/s2"]
    assert [band["id"] for band in info["features"][0]["bands"]] == ["A", "F"]
    mapped = ee.ImageCollection("c").map(lambda image: image.add(1))
    assert mapped.get("system:id").getInfo() == "c"


def test_a_table_is_described_as_geojson(door):
    info = ee.FeatureCollection("t").filter(ee.Filter.lt("number", 2)).getInfo()
    assert (info["type"], info["id"]) == ("FeatureCollection", "t")
    assert [f["properties"] for f in info["features"]] == [{"number": 0}, {"number": 1}]
    assert {f["geometry"]["type"] for f in info["features"]} == {"Polygon"}


def test_assets_are_described_in_the_form_of_the_rest_api(door):
    image = ee.data.getAsset("c/s1")
    assert image == ee.data.getInfo("c/s1")
    assert (image["type"], image["id"]) == ("IMAGE", "c/s1")
    assert image["name"] == "projects/earthengine-public/assets/c/s1"
    assert image["startTime"] == "1970-01-02T00:00:00.000Z"
    assert image["properties"] == {"cloud": 10, "name": "n1"}
    assert image["bands"][0] == {
        "id": "A",
        "dataType": {"precision": "INT", "range": {"min": 0, "max": 65535}},
        "grid": {
            "crsCode": "EPSG:32632",
            "affineTransform": {
                "scaleX": 10.0,
                "translateX": 500_000.0,
                "scaleY": -10.0,
                "translateY": 5_600_000.0,
            },
            "dimensions": {"width": 64, "height": 48},
        },
        "pyramidingPolicy": "MEAN",
    }
    collection = ee.data.getAsset("c")
    assert collection["type"] == "IMAGE_COLLECTION"
    assert collection["endTime"] == "1970-01-06T00:00:00.000Z"
    assert ee.data.getAsset("t")["type"] == "TABLE"


def test_an_asset_that_is_not_there_is_a_404_and_none(door):
    with pytest.raises(ee.EEException, match="Asset 'no/such' not found") as refused:
        ee.data.getAsset("no/such")
    assert refused.value.__context__.resp.status == 404
    assert ee.data.getInfo("no/such") is None
    with pytest.raises(ee.EEException, match="not found") as refused:
        ee.Image("no/such").getInfo()
    assert refused.value.__context__.resp.status == 400


def ids(answer):
    return [one["id"] for one in answer["images"]]


@pytest.mark.parametrize(
    "wanted, found",
    [
        ({}, "01234"),
        ({"startTime": "1970-01-03T00:00:00Z"}, "234"),
        ({"endTime": "1970-01-03T00:00:00Z"}, "01"),
        ({"properties": ["cloud>=20", "cloud<40"]}, "23"),
        ({"properties": ['name="n1"']}, "13"),
        ({"region": {"type": "Point", "coordinates": [9.005, 50.545]}}, "01234"),
        ({"region": {"type": "Point", "coordinates": [10.0, 50.545]}}, ""),
        ({"region": "POINT (9.005 50.545)", "properties": ["cloud=30"]}, "3"),
    ],
)
def test_images_are_listed_by_time_place_and_property(door, wanted, found):
    answer = ee.data.listImages({"parent": "c", **wanted})
    assert ids(answer) == [f"c/s{i}" for i in found]


def test_lists_come_by_pages_and_in_brief(door):
    first = ee.data.listImages({"parent": "c", "pageSize": 2})
    assert ids(first) == ["c/s0", "c/s1"]
    rest = {"parent": "c", "pageSize": 2, "pageToken": first["nextPageToken"]}
    assert ids(ee.data.listImages(rest)) == ["c/s2", "c/s3"]
    brief = ee.data.listAssets({"parent": "c", "view": "BASIC"})["assets"]
    assert set(brief[0]) == {"type", "name", "id"}
    with pytest.raises(ee.EEException, match="Invalid filter"):
        ee.data.listImages({"parent": "c", "filter": "what is this"})
    with pytest.raises(ee.EEException, match="not found"):
        ee.data.listImages("no/such")


def test_features_are_computed_by_pages(door):
    table = ee.FeatureCollection("t").map(
        lambda f: f.set("double", f.getNumber("number").multiply(2))
    )
    first = ee.data.computeFeatures({"expression": table, "pageSize": 3})
    assert first["type"] == "FeatureCollection"
    assert [f["properties"]["double"] for f in first["features"]] == [0, 2, 4]
    frame = ee.data.computeFeatures(
        {"expression": table, "pageSize": 2, "fileFormat": "PANDAS_DATAFRAME"}
    )
    assert list(frame["double"]) == [0, 2, 4, 6, 8]


def test_features_are_in_degrees_with_planar_edges(door):
    square = ee.Geometry.Rectangle([500_000, 0, 500_100, 100], "EPSG:32632", False)
    table = ee.FeatureCollection([ee.Feature(square)])
    (feature,) = ee.data.computeFeatures({"expression": table})["features"]
    assert "crs" not in feature["geometry"]
    for lon, lat in feature["geometry"]["coordinates"][0]:
        assert (lon, lat) == pytest.approx((9.0, 0.0), abs=0.001)


def test_features_of_a_table_are_listed(door):
    def numbers(**more):
        answer = ee.data.listFeatures({"assetId": "t", **more})
        return [f["properties"]["number"] for f in answer["features"]], answer

    assert numbers()[0] == [0, 1, 2, 3, 4]
    assert numbers(filter="properties.number>=3")[0] == [3, 4]
    point = '{"type": "Point", "coordinates": [2.5, 0.5]}'
    assert numbers(region=point)[0] == [2]
    found, answer = numbers(pageSize=4)
    assert found == [0, 1, 2, 3]
    assert numbers(pageSize=4, pageToken=answer["nextPageToken"])[0] == [4]
    frame = ee.data.listFeatures(
        {"assetId": "t", "pageSize": 2, "fileFormat": "PANDAS_DATAFRAME"}
    )
    assert list(frame["number"]) == [0, 1, 2, 3, 4]
    with pytest.raises(ee.EEException, match="not found"):
        numbers(assetId="no/such")


def test_images_of_a_collection_are_computed(door):
    collection = ee.ImageCollection("c").select("A")
    answer = ee.data.computeImages({"expression": collection, "pageSize": 2})
    assert ids(answer) == ["c/s0", "c/s1"]
    assert [band["id"] for band in answer["images"][0]["bands"]] == ["A"]
    assert answer["nextPageToken"]

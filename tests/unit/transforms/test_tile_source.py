"""Tile files: what is read from them, and how each fault is told."""

import json
import math
import re
from pathlib import Path

import geopandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, shape

from modalities.tile import Tile, tile_id_of
from transforms import json_stream
from transforms.tile_error import TileInputError
from transforms.tile_formats import read_features
from transforms.tile_source import read_tiles

TAIGA = "Boreal Forests/Taiga"


def box(lon, lat, half=0.01):
    w, e, s, n = lon - half, lon + half, lat - half, lat + half
    return [[[w, s], [e, s], [e, n], [w, n], [w, s]]]


def feature(lon=12.0, lat=55.0, geometry=None, **properties):
    if geometry is None:
        geometry = {"type": "Polygon", "coordinates": box(lon, lat)}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def polygon(*ring):
    return {"type": "Polygon", "coordinates": [[list(p) for p in ring]]}


def collection(*features, **members):
    return {"type": "FeatureCollection", **members, "features": list(features)}


def read(path, need_biome=False, need_eco_region=False):
    return list(
        read_tiles(path, need_biome=need_biome, need_eco_region=need_eco_region)
    )


def fault(path, **needs):
    with pytest.raises(TileInputError) as caught:
        read(path, **needs)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    return message


@pytest.fixture
def write(tmp_path):
    def write_(content, name="tiles.geojson"):
        path = tmp_path / name
        if not isinstance(content, bytes | str):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_


# What is read


def test_a_polygon_is_the_place_of_its_centroid(write):
    triangle = polygon((0, 0), (3, 0), (0, 3), (0, 0))
    path = write(collection(feature(geometry=triangle, tile_id="a", biome=TAIGA)))
    (tile,) = read(path)
    assert (tile.lon, tile.lat) == pytest.approx((1.0, 1.0))
    assert tile == Tile("a", tile.lon, tile.lat, 0, TAIGA, None)


def test_a_point_is_its_own_place(write):
    point = {"type": "Point", "coordinates": [7.25, -3.5, 812.0]}
    (tile,) = read(write(collection(feature(geometry=point, tile_id="p"))))
    assert (tile.lon, tile.lat) == (7.25, -3.5)


def test_an_integer_id_is_its_decimal_text(write):
    assert read(write(collection(feature(tile_id=70))))[0].tile_id == "70"


def test_a_tile_without_id_is_named_after_its_place(write):
    point = {"type": "Point", "coordinates": [-121.7726, 38.7944]}
    for properties in ({}, {"tile_id": None}):
        path = write(collection(feature(geometry=point, **properties)))
        assert read(path)[0].tile_id == "+38.79440-121.77260"


def test_null_properties_are_none(write):
    value = {**feature(), "properties": None}
    assert read(write(collection(value)))[0].biome is None


def test_positions_count_from_zero(write):
    path = write(collection(*(feature(lon=i) for i in range(5))))
    assert [t.position for t in read(path)] == [0, 1, 2, 3, 4]


def test_members_may_come_in_any_order(write):
    text = json.dumps(
        {
            "features": [feature(tile_id="a")],
            "name": "tiles",
            "bbox": [1, 2, 3, 4],
            "crs": {
                "type": "name",
                "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"},
            },
            "type": "FeatureCollection",
        }
    )
    assert [t.tile_id for t in read(write(text))] == ["a"]


def test_a_byte_order_mark_is_skipped(write):
    text = json.dumps(collection(feature(tile_id="å")), ensure_ascii=False)
    for name in ("a.geojson", "a.ndjson"):
        content = text if name == "a.geojson" else json.dumps(feature(tile_id="å"))
        path = write(b"\xef\xbb\xbf" + content.encode(), name)
        assert [t.tile_id for t in read(path)] == ["å"]


@pytest.mark.parametrize("name", ["tiles.ndjson", "tiles.json"])
@pytest.mark.parametrize("separator", ["", "\x1e"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\n\n"])
def test_newline_delimited_geojson_is_found(write, name, separator, newline):
    lines = [json.dumps(feature(lon=i, tile_id=str(i))) for i in range(3)]
    path = write("".join(separator + line + newline for line in lines), name)
    assert [t.tile_id for t in read(path)] == ["0", "1", "2"]


@pytest.mark.parametrize(
    "geometry",
    [
        polygon((179, 10), (181, 10), (181, 12), (179, 12), (179, 10)),
        polygon((-181, 10), (-179, 10), (-179, 12), (-181, 12), (-181, 10)),
        polygon((179, 10), (-179, 10), (-179, 12), (179, 12), (179, 10)),
        {
            "type": "MultiPolygon",
            "coordinates": [
                [[[179, 10], [180, 10], [180, 12], [179, 12], [179, 10]]],
                [[[-180, 10], [-179, 10], [-179, 12], [-180, 12], [-180, 10]]],
            ],
        },
    ],
    ids=["beyond 180", "beyond -180", "jumping", "cut"],
)
def test_a_polygon_across_the_antimeridian_has_its_centre_there(write, geometry):
    (tile,) = read(write(collection(feature(geometry=geometry, tile_id="a"))))
    assert (tile.lon, tile.lat) == pytest.approx((-180.0, 11.0))


@given(lon=st.floats(-360, 360), lat=st.floats(-84, 84))
@example(lon=math.nextafter(-180, -181), lat=0.0)
@example(lon=180.0, lat=84.0)
@example(lon=-180.0, lat=-84.0)
def test_longitudes_come_into_the_half_open_turn(tmp_path_factory, lon, lat):
    path = tmp_path_factory.getbasetemp() / "point.geojson"
    point = {"type": "Point", "coordinates": [lon, lat]}
    path.write_text(json.dumps(collection(feature(geometry=point))))
    (tile,) = read(path)
    assert -180 <= tile.lon < 180
    assert tile.lat == lat
    turn = (tile.lon - lon) / 360
    assert turn == pytest.approx(round(turn), abs=1e-12)


def test_a_multipolygon_of_one_part_is_a_polygon(write):
    geometry = {"type": "MultiPolygon", "coordinates": [box(4, 5)]}
    (tile,) = read(write(collection(feature(geometry=geometry, tile_id="a"))))
    assert (tile.lon, tile.lat) == pytest.approx((4, 5))


def test_a_biome_that_nobody_needs_is_not_judged(write):
    path = write(collection(feature(biome="Jungle", eco_region=7)))
    assert (read(path)[0].biome, read(path)[0].eco_region) == (None, None)


# The three formats

ids = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
places = st.tuples(st.floats(-179, 179), st.floats(-83, 83))
tiles_wanted = st.lists(
    st.tuples(places, ids, st.sampled_from([TAIGA, "Tundra", None])),
    min_size=1,
    max_size=12,
    unique_by=lambda t: t[1],
)


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(wanted=tiles_wanted, chunk=st.integers(1, 400))
def test_the_three_formats_say_the_same(tmp_path, monkeypatch, wanted, chunk):
    monkeypatch.setattr(json_stream, "_READ_BYTES", chunk)
    features = [
        feature(lon, lat, tile_id=tile_id, biome=biome, eco_region="Tepuis")
        for (lon, lat), tile_id, biome in wanted
    ]
    geojson = tmp_path / "a.geojson"
    geojson.write_text(json.dumps(collection(*features), indent=chunk % 3 or None))
    ndjson = tmp_path / "a.ndjson"
    ndjson.write_text(
        "".join(json.dumps(f, ensure_ascii=False) + "\n" for f in features), "utf-8"
    )
    parquet = tmp_path / "a.parquet"
    geopandas.GeoDataFrame(
        [f["properties"] for f in features],
        geometry=[shape(f["geometry"]) for f in features],
        crs="EPSG:4326",
    ).to_parquet(parquet, row_group_size=5)

    tiles = read(geojson)
    assert tiles == read(ndjson) == read(parquet)
    assert [t.tile_id for t in tiles] == [tile_id for _, tile_id, _ in wanted]
    assert [t.biome for t in tiles] == [biome for _, _, biome in wanted]
    for tile, ((lon, lat), _, _) in zip(tiles, wanted, strict=True):
        assert (tile.lon, tile.lat) == pytest.approx((lon, lat), abs=1e-6)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ids,
        lambda inner: st.lists(inner) | st.dictionaries(ids, inner),
    ),
    chunk=st.integers(1, 30),
)
@example(value=1.5e300, chunk=1)
@example(value=[-1.5e-300, "\U0001f30d \\", True], chunk=1)
def test_any_json_may_stand_beside_the_tiles(tmp_path, monkeypatch, value, chunk):
    """Text cut anywhere by the reading window is read as if it were whole."""
    monkeypatch.setattr(json_stream, "_READ_BYTES", chunk)
    path = tmp_path / "any.geojson"
    one = feature(tile_id="a", other=value)
    path.write_text(json.dumps({"note": value, **collection(one)}))
    (read_back,) = read_features(path)
    assert read_back.properties == one["properties"]


def test_parquet_reads_the_primary_column_and_integer_ids(tmp_path):
    frame = geopandas.GeoDataFrame(
        {
            "tile_id": [5, 6],
            "wrong": geopandas.GeoSeries([Point(0, 0)] * 2, crs="OGC:CRS84"),
            "right": geopandas.GeoSeries([Point(1, 2), Point(3, 4)], crs="OGC:CRS84"),
        },
        geometry="right",
    )
    frame.to_parquet(tmp_path / "tiles")
    assert read(tmp_path / "tiles") == [
        Tile("5", 1.0, 2.0, 0),
        Tile("6", 3.0, 4.0, 1),
    ]


# Faults of the file


def test_a_file_that_is_not_there_is_a_fault(tmp_path):
    assert "cannot be read: No such file" in fault(tmp_path / "none.geojson")


@pytest.mark.parametrize("name", ["a.geojson", "a.ndjson"])
@pytest.mark.parametrize("content", ["", " \n", "\ufeff"])
def test_an_empty_file_is_a_fault(write, name, content):
    assert "the file is empty" in fault(write(content, name))


def test_a_collection_of_nothing_is_a_fault(write):
    assert "has no features" in fault(write(collection()))


def test_parquet_without_rows_is_a_fault(tmp_path):
    path = tmp_path / "a.parquet"
    geopandas.GeoDataFrame({"tile_id": []}, geometry=[], crs=4326).to_parquet(path)
    assert "has no features" in fault(path)


@pytest.mark.parametrize("chunk", [7, 1 << 18])
@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ('{"type": "FeatureCollection",\n "features": [\n@', "line 3, column 1"),
        ('{"type": "FeatureCollection",\n "features": [', "line 2, column 15"),
        ('{"type": "FeatureCollection" "features"', "line 1, column 30"),
        ('{"type": "FeatureCollection", 7: 8}', "line 1, column 31"),
        ('{"type": "FeatureCollection", "features": []}x', "line 1, column 46"),
        ('{"type": "FeatureCollection", "features": [],}', "line 1, column 46"),
    ],
)
def test_invalid_json_is_told_with_its_place(write, monkeypatch, chunk, broken, place):
    monkeypatch.setattr(json_stream, "_READ_BYTES", chunk)
    message = fault(write(broken))
    assert "is not valid JSON" in message
    assert place in message


@pytest.mark.parametrize("chunk", [11, 1 << 18])
@pytest.mark.parametrize("name", ["a.geojson", "a.ndjson"])
def test_invalid_json_in_a_feature_names_the_feature(write, monkeypatch, chunk, name):
    monkeypatch.setattr(json_stream, "_READ_BYTES", chunk)
    lines = [json.dumps(feature(lon=i, tile_id=f"t{i}")) for i in range(4)]
    lines[2] = lines[2].replace('"properties":', '"properties"')
    column = lines[2].index('"properties"') + len('"properties" {')
    text = "\n".join(lines)
    if name == "a.geojson":
        text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "]}"
    message = fault(write(text, name))
    line = 4 if name == "a.geojson" else 3
    assert f"Expecting ':' delimiter at line {line}, column {column}" in message
    assert "feature 3" in message


def test_a_truncated_file_is_a_fault(write):
    whole = json.dumps(collection(feature(tile_id="a"), feature(lon=1, tile_id="b")))
    for end in range(1, len(whole)):
        message = fault(write(whole[:end]))
        assert re.search(r"is not valid JSON: .* at line 1, column \d+", message)


def test_json_nested_too_deeply_is_a_fault(write):
    text = '{"type": "FeatureCollection", "x": ' + "[" * 200_000
    assert "nested too deeply" in fault(write(text))


def test_bytes_that_are_not_utf8_are_told_with_their_place(write):
    head = b'{"type": "FeatureCollection", "name": "'
    assert f"not UTF-8 at byte {len(head)}" in fault(write(head + b'\xe5"}'))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"type": "Topology", "features": [feature()]}, "its type is 'Topology'"),
        ({"features": [feature()]}, "its type is None"),
        ({"type": "FeatureCollection"}, "no array of features"),
        ({"type": "FeatureCollection", "features": None}, "no array of features"),
    ],
)
def test_json_of_another_kind_is_a_fault(write, value, found):
    message = fault(write(value))
    assert "is not a GeoJSON FeatureCollection" in message
    assert found in message


def test_text_of_another_kind_is_a_fault(write):
    assert "it begins with 'i'" in fault(write("id,lon,lat\n1,2,3\n", "a.csv"))
    assert "it begins with '['" in fault(write([feature()]))


def test_a_collection_named_as_lines_is_told(write):
    message = fault(write(collection(feature()), "a.ndjson"))
    assert "name the file .geojson" in message


@pytest.mark.parametrize("value", [None, 3, {"type": "Polygon"}])
def test_a_feature_that_is_none_is_told(write, value):
    message = fault(write(collection(feature(), value)))
    assert "feature 2 is not a GeoJSON Feature" in message


def test_properties_of_another_kind_are_told(write):
    message = fault(write(collection({**feature(), "properties": [1]})))
    assert "feature 1: its properties are [1]" in message


@pytest.mark.parametrize("first", [True, False])
def test_another_crs_is_refused(write, first):
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}}
    value = collection(feature())
    value = {"crs": crs, **value} if first else {**value, "crs": crs}
    message = fault(write(value))
    assert "declares the CRS urn:ogc:def:crs:EPSG::32632" in message
    assert "reproject" in message


def test_another_crs_in_parquet_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    frame = geopandas.GeoDataFrame(geometry=[Point(5e5, 6e6)], crs=32632)
    frame.to_parquet(path)
    assert "declares the CRS WGS 84 / UTM zone 32N" in fault(path)
    frame.set_crs(None, allow_override=True).to_parquet(path)
    assert "declares the CRS null (unknown)" in fault(path)


def test_parquet_without_geometry_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"tile_id": ["a"]}), path)
    assert "no 'geo' metadata" in fault(path)


def test_damaged_parquet_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    geopandas.GeoDataFrame(geometry=[Point(5, 6)], crs=4326).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-10])
    assert "is not readable as Parquet" in fault(path)
    path.write_text("{}")
    assert "is named like Parquet but is not" in fault(path)


def test_damaged_wkb_names_the_feature(tmp_path):
    path = tmp_path / "a.parquet"
    geo = {
        "version": "1.1.0",
        "primary_column": "g",
        "columns": {"g": {"encoding": "WKB", "geometry_types": []}},
    }
    table = pa.table({"g": [shapely.to_wkb(Point(1, 2)), b"\x01\x02"]})
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    assert "feature 2: its geometry is not WKB" in fault(path)


# Faults of a feature


BOWTIE = polygon((0, 0), (1, 1), (1, 0), (0, 1), (0, 0))


@pytest.mark.parametrize(
    ("geometry", "told"),
    [
        ({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, "type 'LineString'"),
        ({"type": "GeometryCollection", "geometries": []}, "type 'GeometryCollection'"),
        ([1, 2], "is not an object"),
        ({"type": "Point", "coordinates": []}, "Point is empty"),
        ({"type": "Point"}, "Point is empty"),
        ({"type": "Point", "coordinates": ["1", "2"]}, "its coordinates hold"),
        ({"type": "Polygon", "coordinates": []}, "Polygon is empty"),
        ({"type": "Polygon", "coordinates": [[]]}, "Polygon is empty"),
        ({"type": "Polygon", "coordinates": None}, "not nested arrays"),
        ({"type": "Polygon", "coordinates": [[1, 2], [3, 4]]}, "not nested arrays"),
        ({"type": "MultiPolygon", "coordinates": []}, "MultiPolygon is empty"),
        (polygon((0, 0), (1, 1), (0, 0)), "a ring of 3 positions"),
        (polygon((0, 0), (1, 0), (1, 1), (0, 1)), "not closed"),
        (BOWTIE, "Self-intersection"),
        (polygon((0, 0), (0, 0), (0, 0), (0, 0)), "not valid"),
        ({"type": "Point", "coordinates": [38.79, -121.77]}, "axes swapped?"),
        ({"type": "Point", "coordinates": [5e5, 6.1e6]}, "not projected metres"),
        ({"type": "Point", "coordinates": [5e5, 61]}, "out of range"),
        ({"type": "Point", "coordinates": [math.nan, 1]}, "not finite"),
        ({"type": "Point", "coordinates": [1, -math.inf]}, "not finite"),
        ({"type": "Point", "coordinates": [10**400, 1]}, "not finite"),
        ({"type": "Point", "coordinates": [0, 84.001]}, "beyond 84°"),
        ({"type": "Point", "coordinates": [0, -90]}, "beyond 84°"),
        (
            {"type": "MultiPolygon", "coordinates": [box(1, 1), box(3, 3)]},
            "has 2 parts",
        ),
    ],
)
def test_an_unfit_geometry_names_the_feature(write, geometry, told):
    bad = feature(geometry=geometry, tile_id="bad one")
    message = fault(write(collection(feature(tile_id="good"), bad)))
    assert "feature 2 (tile_id 'bad one'): " in message
    assert told in message


def test_a_missing_geometry_names_the_feature(write):
    bad = {"type": "Feature", "properties": {}}
    message = fault(write(collection(feature(), bad, {**bad, "geometry": None})))
    assert "feature 2: has no geometry" in message


def test_unfit_geometries_in_parquet_name_the_feature(tmp_path):
    path = tmp_path / "a.parquet"
    for bad, told in [
        (None, "has no geometry"),
        (Polygon(), "Polygon is empty"),
        (shape(BOWTIE), "Self-intersection"),
        (Point(math.nan, 3), "not finite"),
    ]:
        geopandas.GeoDataFrame(
            {"tile_id": ["a", "b"]}, geometry=[Point(1, 2), bad], crs=4326
        ).to_parquet(path)
        message = fault(path)
        assert "feature 2 (tile_id 'b'): " in message
        assert told in message


@pytest.mark.parametrize(
    ("tile_id", "told"),
    [
        ("", "tile_id is empty"),
        ("  ", "tile_id is empty"),
        ("a\0b", "unprintable character U+0000"),
        ("a\nb", "unprintable character U+000A"),
        ("a\x7fb", "unprintable character U+007F"),
        ("a\ud800", "unprintable character U+D800"),
        ("å" * 51, "102 bytes of UTF-8"),
        (1.5, "tile_id is a float"),
        (True, "tile_id is a bool"),
        (["a"], "tile_id is a list"),
    ],
)
def test_an_unfit_id_names_the_feature(write, tile_id, told):
    message = fault(write(collection(feature(), feature(lon=1, tile_id=tile_id))))
    assert f"{told}" in message
    assert ": feature 2 (tile_id " in message
    message.encode()  # fit for any terminal and log


def test_an_id_of_100_bytes_is_fit(write):
    assert read(write(collection(feature(tile_id="å" * 50))))[0].tile_id == "å" * 50


def test_a_repeated_id_names_both_features(write):
    names = ["a", "b", "c", "b", "a"]
    features = [feature(lon=i, tile_id=name) for i, name in enumerate(names)]
    message = fault(write(collection(*features)))
    assert "features 2 and 4 have the same tile_id 'b'" in message


def test_a_text_and_a_number_may_be_the_same_id(write):
    message = fault(write(collection(feature(tile_id=7), feature(lon=1, tile_id="7"))))
    assert "features 1 and 2 have the same tile_id '7'" in message


def test_a_repeated_place_without_id_names_both_features(write):
    places = [feature(lon=1), feature(lon=2), feature(lon=1)]
    message = fault(write(collection(*places)))
    assert "features 1 and 3 have no tile_id and are the same place" in message
    assert tile_id_of(1, 55) in message


def test_the_same_place_may_have_two_ids(write):
    assert len(read(write(collection(feature(tile_id="a"), feature(tile_id="b"))))) == 2


def test_colliding_hashes_are_no_duplicates(write, monkeypatch):
    monkeypatch.setattr("transforms.tile_source._digest", lambda tile_id: len(tile_id))
    path = write(collection(feature(tile_id="a"), feature(tile_id="b")))
    assert [t.tile_id for t in read(path)] == ["a", "b"]


def test_a_missing_biome_is_a_fault_where_it_is_needed(write):
    path = write(collection(feature(biome=TAIGA), feature(lon=1, tile_id="b")))
    assert "feature 2 (tile_id 'b'): has no biome" in fault(path, need_biome=True)


def test_an_unknown_biome_is_told_with_the_closest(write):
    path = write(collection(feature(tile_id="b", biome="Boreal forest / taiga")))
    message = fault(path, need_biome=True)
    assert "feature 1 (tile_id 'b'): its biome 'Boreal forest / taiga'" in message
    assert f"the closest are: {TAIGA!r}" in message


def test_a_biome_like_no_other_is_told_with_all(write):
    message = fault(write(collection(feature(biome=12))), need_biome=True)
    assert "the names are: 'Tundra', " in message


def test_a_missing_ecoregion_is_a_fault_where_it_is_needed(write):
    path = write(collection(feature(tile_id="b")))
    message = fault(path, need_eco_region=True)
    assert "feature 1 (tile_id 'b'): has no eco_region" in message


def test_reading_is_lazy(tmp_path):
    """The first tile is out before the file's end has been looked at."""
    path = Path(tmp_path) / "a.geojson"
    one = json.dumps(feature(tile_id="a"))
    path.write_text('{"type": "FeatureCollection", "features": [' + one + ", @@@")
    tiles = read_tiles(path, need_biome=False, need_eco_region=False)
    assert next(tiles).tile_id == "a"
    with pytest.raises(TileInputError, match="feature 2"):
        next(tiles)

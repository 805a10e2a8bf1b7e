"""Whatever is wrong with a tile file is told before anything is asked or made."""

from __future__ import annotations

import gzip
import json
import math
import os
from pathlib import PosixPath

import geopandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from shapely.geometry import Point

TUNDRA = {"biome": "Tundra", "eco_region": "Canadian High Arctic tundra"}


def point(*position, **properties):
    geometry = {"type": "Point", "coordinates": list(position)}
    return feature(geometry, **properties)


def feature(geometry, **properties):
    properties = {"tile_id": "bad", **TUNDRA, **properties}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def polygon(*ring):
    return feature({"type": "Polygon", "coordinates": [[list(p) for p in ring]]})


def cells(*boxes):
    parts = [[[[w, s], [e, s], [e, n], [w, n], [w, s]]] for (w, s, e, n) in boxes]
    return feature({"type": "MultiPolygon", "coordinates": parts})


def collection(*features, **members):
    good = point(-62.45, 82.47, tile_id="good")
    return {"type": "FeatureCollection", **members, "features": [good, *features]}


WHOLE = json.dumps(collection(point(9.5, 56))).encode()

# Files that are none.

FILES = {
    "empty": (b"", "the file is empty; give it tiles"),
    "blank": (b" \r\n\t", "the file is empty; give it tiles"),
    "a mark alone": (b"\xef\xbb\xbf", "the file is empty; give it tiles"),
    "gzip": (gzip.compress(WHOLE), "compressed by gzip"),
    "zip": (b"PK\x03\x04" + bytes(60), "a ZIP archive"),
    "UTF-16": (WHOLE.decode().encode("utf-16"), "UTF-16"),
    "UTF-16 BE": (b"\xfe\xff" + WHOLE.decode().encode("utf-16-be"), "UTF-16"),
    "UTF-16 without mark": (WHOLE.decode().encode("utf-16-le"), "UTF-16"),
    "UTF-32": (WHOLE.decode().encode("utf-32"), "UTF-16"),
    "Latin-1": (WHOLE.replace(b"good", b"g\xf6\xf6d"), "not UTF-8 at byte"),
    "binary": (b"\x80\x81\x82" * 500, "not UTF-8 at byte 0"),
    "zeros": (bytes(500), "begins with '\\x00'"),
    "GeoPackage": (b"SQLite format 3\0" + bytes(90), "GeoPackage, not GeoJSON"),
    "shapefile": (b"\x00\x00\x27\x0a" + bytes(90), "a shapefile"),
    "KML": (b"<?xml version='1.0'?><kml/>", "XML, such as KML"),
    "CSV": (b"lon,lat\n1,2\n", "begins with 'l', at line 1, column 1"),
    "a number": (b"1", "begins with '1'"),
    "null": (b"null", "begins with 'n'"),
    "a list": (b"[]", "begins with '['"),
    "an object": (b"{}", "its type is None"),
    "a geometry": (b'{"type": "Point", "coordinates": [1, 2]}', "type is 'Point'"),
    "TopoJSON": (b'{"type": "Topology"}', "type is 'Topology'"),
    "no features": (b'{"type": "FeatureCollection"}', "no array of features"),
    "none of them": (
        b'{"type": "FeatureCollection", "features": []}',
        "has no features; give it tiles",
    ),
    "cut in a feature": (WHOLE[:-40], "is not valid JSON"),
    "cut in a string": (WHOLE[: WHOLE.index(b"Arctic") + 3], "Unterminated string"),
    "two documents": (WHOLE + WHOLE, "extra data at line 1"),
    "a comma too many": (WHOLE[:-2] + b",]}", "a comma with nothing behind it"),
    "comments": (b"// mine\n" + WHOLE, "begins with '/'"),
    "single quotes": (WHOLE.replace(b'"', b"'"), "is not valid JSON"),
    "nested too deeply": (
        b'{"type": "FeatureCollection", "features": [' + b"[" * 100_000,
        "nested too deeply",
    ),
    "an endless integer": (
        b'{"type": "FeatureCollection", "features": [' + b"9" * 5000 + b"]}",
        "an integer of thousands of digits",
    ),
    "Parquet in name": (b"PAR1" + bytes(100) + b"PAR1", "not readable as Parquet"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_of_another_kind_is_refused(case, refused, tmp_path):
    content, words = FILES[case]
    (tmp_path / "t.geojson").write_bytes(content)
    told = refused(
        "--tiles", "t.geojson", "--output", "out", words=("t.geojson: ", words)
    )
    assert ";" in told  # and what to do


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nowhere.geojson", "No such file"),
        ("directory", "Is a directory"),
        ("good.geojson/below", "Not a directory"),
        ("x" * 300, "File name too long"),
        ("pipe", "is no regular file"),
        ("/dev/null", "is no regular file"),
        ("/dev/zero", "is no regular file"),
    ],
)
def test_what_is_no_file_is_refused(path, words, refused, tmp_path):
    (tmp_path / "directory").mkdir()
    (tmp_path / "good.geojson").write_bytes(WHOLE)
    os.mkfifo(tmp_path / "pipe")
    refused("--tiles", path, "--output", "out", words=(f"{path}: ", words))


def test_a_file_that_may_not_be_read_is_refused(refused, tmp_path, monkeypatch):
    """Tests may run as root, who may read everything."""

    class Locked(PosixPath):
        def open(self, *_, **__):
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("transforms.tile_formats.Path", Locked)
    (tmp_path / "t.geojson").write_bytes(WHOLE)
    refused(
        "--tiles", "t.geojson", "--output", "out",
        words=("t.geojson: cannot be read: Permission denied",),
    )  # fmt: skip


@pytest.mark.parametrize(
    "middle", ['{"type": Feature}', "", '{"type": "Feature", ', "7"]
)
def test_one_bad_line_among_lines_is_told(middle, refused, tmp_path):
    lines = [json.dumps(point(i, 50, tile_id=f"t{i}")) for i in range(5)]
    lines[2] = middle or '"'
    (tmp_path / "t.ndjson").write_text("\n".join(lines))
    refused("--tiles", "t.ndjson", "--output", "out", words=("t.ndjson: ", "feature 3"))


# Features that are no tiles.

UTM = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}}
CAP = [(-180, 85), (-90, 85), (0, 85), (90, 85), (180, 85), (-180, 85)]
POLE = [(-180, 80), (180, 80), (180, 90), (-180, 90), (-180, 80)]
SOUTH = [(-180, -90), (180, -90), (180, -70), (-180, -70), (-180, -90)]

FEATURES = {
    "no feature": (7, "is not a GeoJSON Feature"),
    "null": (None, "is not a GeoJSON Feature"),
    "no geometry": ({**point(1, 2), "geometry": None}, "has no geometry"),
    "WKT": ({**point(1, 2), "geometry": "POINT(1 2)"}, "is not an object"),
    "list of properties": ({**point(1, 2), "properties": [1]}, "properties are [1]"),
    "strings": (point("9.5", "56"), "its coordinates hold"),
    "booleans": (point(True, False), "its coordinates hold"),
    "one ordinate": (point(9.5), "its coordinates hold"),
    "too deep": (point([9.5, 56]), "its coordinates hold"),
    "height in words": (point(9.5, 56, "low"), "its coordinates hold"),
    "NaN": (point(math.nan, 56), "not finite"),
    "Infinity": (point(9.5, -math.inf), "not finite"),
    "NaN in a ring": (polygon((0, 0), (1, 0), (math.nan, 1), (0, 0)), "not finite"),
    "an integer of 400 digits": (point(10**399, 1), "not finite"),
    "swapped axes": (point(56, -121.7), "are the axes swapped?"),
    "metres": (point(5e5, 6.1e6), "not projected metres"),
    "metres of a ring": (
        polygon((5e5, 6e6), (5e5 + 9, 6e6), (5e5 + 9, 6e6 + 9), (5e5, 6e6)),
        "not projected metres",
    ),
    "two turns east": (point(361, 5), "out of range"),
    "north pole": (point(0, 90), "beyond 84° where UTM ends; leave this place out"),
    "south pole": (point(0, -90), "beyond 84° where UTM ends"),
    "just beyond UTM": (point(0, 84.0001), "beyond 84° where UTM ends"),
    "ring around a pole": (polygon(*CAP), "holds a pole"),
    "box over a pole": (polygon(*POLE), "holds a pole"),
    "box over the south": (polygon(*SOUTH), "holds a pole"),
    "self-crossing": (
        polygon((0, 0), (1, 1), (1, 0), (0, 1), (0, 0)),
        "Self-intersection",
    ),
    "zero area": (polygon((1, 1), (1, 1), (1, 1), (1, 1)), "is not valid"),
    "collinear": (polygon((0, 0), (1, 1), (2, 2), (0, 0)), "is not valid"),
    "subnormal": (polygon((0, 0), (5e-324, 0), (0, 5e-324), (0, 0)), "is not valid"),
    "open ring": (polygon((0, 0), (1, 0), (1, 1), (0, 1)), "is not closed"),
    "short ring": (polygon((0, 0), (1, 1), (0, 0)), "a ring of 3 positions"),
    "empty ring": (polygon(), "Polygon is empty"),
    "hole outside": (
        feature(
            {
                "type": "Polygon",
                "coordinates": [
                    [[0, 0], [1, 0], [1, 1], [0, 0]],
                    [[5, 5], [6, 5], [6, 6], [5, 5]],
                ],
            }
        ),
        "Hole lies outside shell",
    ),
    "two places": (cells((0, 0, 1, 1), (3, 3, 4, 4)), "has 2 parts"),
    "three parts at the antimeridian": (
        cells((179, 0, 180, 1), (-180, 0, -179, 1), (0, 0, 1, 1)),
        "has 3 parts",
    ),
    "two latitudes at the antimeridian": (
        cells((179, 0, 180, 1), (-180, 5, -179, 6)),
        "has 2 parts",
    ),
    "a line": (
        feature({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}),
        "'LineString'",
    ),
    "a collection": (
        feature({"type": "GeometryCollection", "geometries": []}),
        "'GeometryCollection'",
    ),
    "a type that is a list": (
        feature({"type": ["Point"], "coordinates": [1, 2]}),
        "of type ['Point']",
    ),
    "id of 200 characters": (point(1, 2, tile_id="x" * 200), "is 200 bytes"),
    "id of 102 bytes": (point(1, 2, tile_id="å" * 51), "is 102 bytes"),
    "empty id": (point(1, 2, tile_id=""), "tile_id is empty"),
    "id of spaces": (point(1, 2, tile_id="\u3000 "), "tile_id is empty"),
    "id with NUL": (point(1, 2, tile_id="a\0b"), "U+0000"),
    "id with a line's end": (point(1, 2, tile_id="a\nb"), "U+000A"),
    "id with escapes": (point(1, 2, tile_id="\x1b[2J"), "U+001B"),
    "id from right to left": (point(1, 2, tile_id="a\u202eb"), "U+202E"),
    "id with a mark": (point(1, 2, tile_id="\u200fa"), "U+200F"),
    "id of half a character": (point(1, 2, tile_id="\ud83d"), "U+D83D"),
    "id that is a number": (point(1, 2, tile_id=1.5), "tile_id is a float"),
    "id that is a boolean": (point(1, 2, tile_id=True), "tile_id is a bool"),
    "id that is an object": (point(1, 2, tile_id={}), "tile_id is a dict"),
    "no biome": (point(1, 2, biome=None), "has no biome"),
    "unknown biome": (point(1, 2, biome="Jungle"), "biome 'Jungle' is not a RESOLVE"),
    "biome of another case": (point(1, 2, biome="tundra"), "closest are: 'Tundra'"),
    "biome that is a number": (point(1, 2, biome=11), "biome '11' is not a RESOLVE"),
    "no ecoregion": (point(1, 2, eco_region=None), "has no eco_region"),
    "ecoregion of half a character": (point(1, 2, eco_region="\ud83d"), "is no name"),
    "ecoregion of a novel": (point(1, 2, eco_region="x" * 10**6), "is no name"),
    "ecoregion that is a list": (point(1, 2, eco_region=["x"]), "is no name"),
}


@pytest.mark.parametrize("suffix", [".geojson", ".ndjson"])
@pytest.mark.parametrize("case", FEATURES)
def test_a_feature_that_is_no_tile_is_named(case, suffix, refused, tmp_path):
    bad, words = FEATURES[case]
    whole = collection(bad, point(3, 4, tile_id="behind"))
    lines = "\n".join(json.dumps(value) for value in whole["features"])
    path = tmp_path / f"t{suffix}"
    path.write_text(json.dumps(whole) if suffix == ".geojson" else lines)
    told = refused(
        "--tiles", path.name, "--output", "out",
        words=(f"{path.name}: feature 2", words),
    )  # fmt: skip
    assert ";" in told  # and what to do
    assert len(told) < 1000


COLLECTIONS = {
    "metres by their CRS": (collection(point(5e5, 61), crs=UTM), "EPSG::32632"),
    "CRS in short": (collection(crs="EPSG:32632"), "EPSG:32632"),
    "CRS behind a link": (collection(crs={"type": "link"}), "declares the CRS"),
    "same id": (collection(point(1, 2), point(1, 2)), "features 2 and 3 have the same"),
    "same id far apart": (
        collection(
            point(1, 2),
            *(point(i, 9, tile_id=f"{i}") for i in range(50)),
            point(99, -2),
        ),
        "features 2 and 53 have the same tile_id 'bad'",
    ),
    "same id as text and number": (
        collection(point(1, 2, tile_id=7), point(3, 4, tile_id="7")),
        "features 2 and 3 have the same tile_id '7'",
    ),
    "same place without id": (
        collection(point(1, 2, tile_id=None), point(361 - 360, 2, tile_id=None)),
        "features 2 and 3 have no tile_id and are the same place",
    ),
}


@pytest.mark.parametrize("case", COLLECTIONS)
def test_features_that_do_not_go_together_are_refused(case, refused, tmp_path):
    value, words = COLLECTIONS[case]
    (tmp_path / "t.geojson").write_text(json.dumps(value))
    refused("--tiles", "t.geojson", "--output", "out", words=("t.geojson: ", words))


# GeoParquet.


def _geo(tmp_path, *, crs=4326, **columns):
    frame = geopandas.GeoDataFrame(
        {"tile_id": ["a", "b"], "biome": ["Tundra"] * 2, "eco_region": ["x"] * 2}
        | columns,
        geometry=columns.get("geometry", [Point(1, 2), Point(3, 4)]),
        crs=crs,
    )
    path = tmp_path / "t.parquet"
    frame.to_parquet(path)
    return path


def _raw(tmp_path, geo, **columns):
    table = pa.table({"tile_id": ["a"], **columns})
    if geo is not None:
        table = table.replace_schema_metadata({"geo": geo})
    pq.write_table(table, tmp_path / "t.parquet")


def _wkb(encoding="WKB"):
    column = {"encoding": encoding, "geometry_types": []}
    return json.dumps(
        {"version": "1.1.0", "primary_column": "g", "columns": {"g": column}}
    )


def _cut(tmp_path, keep):
    path = _geo(tmp_path)
    path.write_bytes(keep(path.read_bytes()))


ONE = [shapely.to_wkb(Point(1, 2))]
PARQUETS = {
    "no 'geo'": (lambda d: _raw(d, None), "has no 'geo' metadata"),
    "'geo' that is no JSON": (lambda d: _raw(d, "{", g=ONE), "metadata is damaged"),
    "'geo' that is a list": (lambda d: _raw(d, "[]", g=ONE), "metadata is damaged"),
    "columns that are null": (
        lambda d: _raw(d, '{"primary_column": "g", "columns": null}', g=ONE),
        "metadata is damaged",
    ),
    "column without encoding": (
        lambda d: _raw(d, '{"primary_column": "g", "columns": {"g": 3}}', g=ONE),
        "metadata is damaged",
    ),
    "no such column": (lambda d: _raw(d, _wkb()), "column 'g' is missing"),
    "GeoArrow": (lambda d: _raw(d, _wkb("point"), g=ONE), "is encoded as 'point'"),
    "another CRS": (lambda d: _geo(d, crs=32632), "UTM zone 32N"),
    "no known CRS": (lambda d: _geo(d, crs=None), "null (unknown)"),
    "cut footer": (lambda d: _cut(d, lambda b: b[:-9]), "not readable as Parquet"),
    "broken footer": (
        lambda d: _cut(d, lambda b: b[:-60] + b"\xff" * 52 + b[-8:]),
        "not readable as Parquet",
    ),
    "broken pages": (
        lambda d: _cut(d, lambda b: b[:4] + b"\xff" * 300 + b[304:]),
        "not readable as Parquet",
    ),
    "text for WKB": (lambda d: _raw(d, _wkb(), g=["POINT(1 2)"]), "feature 1"),
    "numbers for WKB": (lambda d: _raw(d, _wkb(), g=[7]), "feature 1"),
    "cut WKB": (lambda d: _raw(d, _wkb(), g=[ONE[0][:9]]), "feature 1: its geometry"),
    "null geometry": (
        lambda d: _geo(d, geometry=[Point(1, 2), None]),
        "feature 2 (tile_id 'b'): has no geometry",
    ),
    "ids of floats": (lambda d: _geo(d, tile_id=[1.5, 2.5]), "tile_id is a float"),
    "ids of lists": (lambda d: _geo(d, tile_id=[[1], [2]]), "tile_id is a list"),
    "ids of bytes": (lambda d: _geo(d, tile_id=[b"a", b"b"]), "tile_id is a bytes"),
    "biomes of numbers": (lambda d: _geo(d, biome=[1, 2]), "biome '1' is not"),
    "no rows": (
        lambda d: _raw(
            d, _wkb(), tile_id=pa.array([], "string"), g=pa.array([], "binary")
        ),
        "has no features",
    ),
}


@pytest.mark.parametrize("case", PARQUETS)
def test_parquet_that_holds_no_tiles_is_refused(case, refused, tmp_path):
    make, words = PARQUETS[case]
    make(tmp_path)
    refused("--tiles", "t.parquet", "--output", "out", words=("t.parquet: ", words))

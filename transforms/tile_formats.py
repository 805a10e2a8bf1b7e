"""Reads the features of a tile file, whatever of the three formats it has.

GeoJSON FeatureCollections (RFC 7946), newline-delimited GeoJSON (with or without
the record separators of RFC 8142) and GeoParquet (1.0 and 1.1) come out alike, one
feature at a time; nothing is held but a window of text or one batch of rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from transforms.json_stream import JsonStream, JsonStreamError
from transforms.tile_error import TileInputError

_HEAD_BYTES = 1 << 20
_BATCH_ROWS = 4096
_RECORD_SEPARATOR = "\x1e"
_PARQUET_MAGIC = b"PAR1"
_PARQUET_SUFFIXES = (".parquet", ".geoparquet", ".pq")
_LINE_SUFFIXES = (".ndjson", ".jsonl", ".geojsonl", ".geojsons", ".geojsonseq")
_COLUMNS = ("tile_id", "biome", "eco_region")
_WGS84_NAMES = frozenset(
    {
        "crs84",
        "ogc:crs84",
        "urn:ogc:def:crs:ogc:1.3:crs84",
        "urn:ogc:def:crs:ogc::crs84",
        "http://www.opengis.net/def/crs/ogc/1.3/crs84",
        "https://www.opengis.net/def/crs/ogc/1.3/crs84",
        "epsg:4326",
        "urn:ogc:def:crs:epsg::4326",
        "http://www.opengis.net/def/crs/epsg/0/4326",
        "https://www.opengis.net/def/crs/epsg/0/4326",
    }
)
_WGS84_TITLES = frozenset({"wgs 84", "wgs84", "wgs 84 (crs84)"})

_REWRITE = "write it as GeoJSON, with geopandas: read_file(...).to_file"
_FOREIGN = (
    (b"\x1f\x8b", "compressed by gzip", "unpack it first"),
    (b"PK\x03\x04", "a ZIP archive", "unpack it first"),
    (b"\xff\xfe", "UTF-16", "write it as UTF-8"),
    (b"\xfe\xff", "UTF-16", "write it as UTF-8"),
    (b"SQLite format 3\0", "a database, such as GeoPackage", _REWRITE),
    (b"\x00\x00\x27\x0a", "a shapefile", _REWRITE),
    (b"<?xml", "XML, such as KML", _REWRITE),
)


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature as the file has it, not yet judged.

    Attributes:
        number: Place in the file, from 1.
        properties: Its properties; empty if it has none.
        geometry: A GeoJSON geometry, or whatever stands in its place.
    """

    number: int
    properties: dict[str, Any]
    geometry: object


def read_features(path: str | Path) -> Iterator[Feature]:
    """Yields the features of a tile file in their order.

    The format is found from the content; the suffix decides only for text whose
    first line does not.

    Args:
        path: A file of GeoJSON, newline-delimited GeoJSON or GeoParquet.

    Raises:
        TileInputError: It cannot be read, is of no such format, is damaged, or
            declares a CRS other than WGS 84.
    """
    path = Path(path)
    try:
        # Opening a pipe would wait; the file is read again to find duplicates.
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise TileInputError(
                f"{path}: is no regular file, and it is read more than once; save the "
                "tiles as a file first"
            )
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            file.seek(0)
            if head.startswith(_PARQUET_MAGIC):
                yield from _parquet_features(file, path)
            elif path.suffix.lower() in _PARQUET_SUFFIXES:
                raise TileInputError(
                    f"{path}: is named like Parquet but is not; write it again, or "
                    "give it the suffix of what it is (.geojson, .ndjson)"
                )
            elif (what := _foreign(head)) is not None:
                raise TileInputError(f"{path}: {what}")
            elif not head.strip(b"\xef\xbb\xbf \t\r\n\x1e"):
                raise TileInputError(f"{path}: the file is empty; give it tiles")
            elif _is_sequence(head, path):
                yield from _sequence_features(file, path)
            else:
                yield from _collection_features(file, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise TileInputError(
            f"{path}: cannot be read: {reason}; give a file of tiles"
        ) from error


def _foreign(head: bytes) -> str | None:
    """Says what a file is that is often given by mistake, and what to do."""
    for magic, name, cure in _FOREIGN:
        if head.startswith(magic):
            return f"is {name}, not GeoJSON or GeoParquet; {cure}"
    if head[:1] == b"{" and head[1:2] == b"\0":
        return "is UTF-16 without a byte order mark; write it as UTF-8"
    return None


def _is_sequence(head: bytes, path: Path) -> bool:
    """Whether the text is one Feature after another."""
    if path.suffix.lower() in _LINE_SUFFIXES:
        return True
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(_RECORD_SEPARATOR.encode()):
        return True
    try:
        first = json.loads(text.split(b"\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and first.get("type") == "Feature"


def _sequence_features(file: BinaryIO, path: Path) -> Iterator[Feature]:
    stream = JsonStream(file, separators=_RECORD_SEPARATOR)
    number = 0
    while True:
        number += 1
        try:
            if not stream.peek():
                return
            value = stream.value()
        except JsonStreamError as error:
            raise _not_json(path, number, error) from error
        if isinstance(value, dict):
            if value.get("type") == "FeatureCollection":
                raise TileInputError(
                    f"{path}: line-delimited GeoJSON holds a FeatureCollection at "
                    f"feature {number}; write one Feature a line, or name the file "
                    ".geojson"
                )
            _check_geojson_crs(value.get("crs"), path)
        yield _geojson_feature(value, number, path)


def _collection_features(file: BinaryIO, path: Path) -> Iterator[Feature]:
    stream = JsonStream(file)
    number = 0
    kind: object = None
    has_features = False
    try:
        if stream.peek() != "{":
            raise TileInputError(
                f"{path}: is not a GeoJSON FeatureCollection, newline-delimited "
                f"GeoJSON or GeoParquet; it begins with {stream.peek()!r}, at "
                f"{stream.where()}; write it as one of these, with geopandas: to_file"
            )
        stream.take("{")
        while stream.peek() != "}":
            place = stream.where()
            key = stream.value()
            if not isinstance(key, str):
                raise JsonStreamError(f"expected the name of a member at {place}")
            stream.take(":")
            if key == "features" and stream.peek() == "[":
                has_features = True
                stream.take("[")
                while stream.peek() != "]":
                    number += 1
                    yield _geojson_feature(stream.value(), number, path)
                    if stream.peek() != "]":
                        stream.take(",]")
                        _refuse_trailing_comma(stream, "]")
                stream.take("]")
            else:
                value = stream.value()
                if key == "type":
                    kind = value
                elif key == "crs":
                    _check_geojson_crs(value, path)
            if stream.peek() != "}":
                stream.take(",}")
                _refuse_trailing_comma(stream, "}")
        stream.take("}")
        if stream.peek():
            raise JsonStreamError(f"extra data at {stream.where()}")
    except JsonStreamError as error:
        raise _not_json(path, number, error) from error
    if kind != "FeatureCollection" or not has_features:
        what = f"its type is {kind!r}" if kind != "FeatureCollection" else ""
        raise TileInputError(
            f"{path}: is not a GeoJSON FeatureCollection: "
            f"{what or 'it has no array of features'}; put the tiles as Features into "
            '{"type": "FeatureCollection", "features": [...]}'
        )


def _refuse_trailing_comma(stream: JsonStream, closing_char: str) -> None:
    if stream.peek() == closing_char:
        raise JsonStreamError(f"a comma with nothing behind it at {stream.where()}")


def _not_json(path: Path, number: int, error: JsonStreamError) -> TileInputError:
    place = f" (at or after feature {number})" if number else ""
    return TileInputError(
        f"{path}: is not valid JSON: {error}{place}; repair the file or write it again"
    )


def _geojson_feature(value: object, number: int, path: Path) -> Feature:
    if not isinstance(value, dict) or value.get("type") != "Feature":
        what = (
            f"its type is {value.get('type')!r}"
            if isinstance(value, dict)
            else f"it is {_shortened(value)}"
        )
        raise TileInputError(
            f"{path}: feature {number} is not a GeoJSON Feature: {what}; give an "
            'object with "type": "Feature", "geometry" and "properties"'
        )
    properties = value.get("properties")
    if properties is None:
        properties = {}
    if not isinstance(properties, dict):
        raise TileInputError(
            f"{path}: feature {number}: its properties are {_shortened(properties)}; "
            "give an object or null"
        )
    return Feature(number, properties, value.get("geometry"))


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _check_geojson_crs(crs: object, path: Path) -> None:
    """Refuses the ``crs`` member of GeoJSON 2008 unless it names WGS 84."""
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str) or name.lower() not in _WGS84_NAMES:
        raise _wrong_crs(path, name if isinstance(name, str) else _shortened(crs))


def _wrong_crs(path: Path, found: str) -> TileInputError:
    return TileInputError(
        f"{path}: declares the CRS {found}; tiles are given as WGS 84 longitude and "
        "latitude: reproject it, with geopandas: to_crs('OGC:CRS84')"
    )


def _parquet_features(file: BinaryIO, path: Path) -> Iterator[Feature]:
    try:
        with closing(pq.ParquetFile(file)) as parquet:
            geometry = _geometry_column(parquet, path)
            present = [c for c in _COLUMNS if c in parquet.schema_arrow.names]
            number = 0
            for batch in parquet.iter_batches(
                _BATCH_ROWS, columns=[geometry, *present]
            ):
                columns = {name: batch.column(name).to_pylist() for name in present}
                for row, wkb in enumerate(batch.column(geometry).to_pylist()):
                    number += 1
                    properties = {name: columns[name][row] for name in present}
                    yield Feature(number, properties, _from_wkb(wkb, number, path))
    except (pa.ArrowException, OSError) as error:
        raise TileInputError(
            f"{path}: is not readable as Parquet: {error}; write it again"
        ) from error


def _geometry_column(parquet: Any, path: Path) -> str:
    """Returns the primary geometry column, after its encoding and CRS are checked."""
    cure = "write it with geopandas: GeoDataFrame.to_parquet(path)"
    metadata = parquet.schema_arrow.metadata or {}
    if b"geo" not in metadata:
        raise TileInputError(
            f"{path}: is Parquet but not GeoParquet, for it has no 'geo' metadata; "
            f"{cure}"
        )
    try:
        geo = json.loads(metadata[b"geo"])
        name = geo["primary_column"]
        column = geo["columns"][name]
        encoding = column["encoding"]
    except (ValueError, KeyError, TypeError) as error:
        raise TileInputError(
            f"{path}: its 'geo' metadata is damaged ({error!r}); {cure}"
        ) from error
    if name not in parquet.schema_arrow.names:
        raise TileInputError(
            f"{path}: its primary geometry column {name!r} is missing; {cure}"
        )
    if encoding != "WKB":
        raise TileInputError(
            f"{path}: its geometry is encoded as {encoding!r}; {cure}, which writes WKB"
        )
    # A missing CRS means CRS84; a null one means that it is unknown.
    if "crs" in column and not _is_wgs84(column["crs"]):
        crs = column["crs"]
        found = crs.get("name") if isinstance(crs, dict) else crs
        raise _wrong_crs(path, "null (unknown)" if crs is None else str(found))
    return str(name)


def _is_wgs84(projjson: object) -> bool:
    if not isinstance(projjson, dict):
        return False
    identity = projjson.get("id")
    if isinstance(identity, dict):
        name = f"{identity.get('authority')}:{identity.get('code')}"
        return name.lower() in _WGS84_NAMES
    return (
        projjson.get("type") == "GeographicCRS"
        and str(projjson.get("name")).lower() in _WGS84_TITLES
    )


def _from_wkb(wkb: object, number: int, path: Path) -> object:
    if wkb is None:
        return None
    try:
        # Whether it is valid is judged later, alike for every format.
        return shapely.geometry.mapping(shapely.from_wkb(wkb))
    except (shapely.errors.ShapelyError, TypeError, ValueError) as error:
        raise TileInputError(
            f"{path}: feature {number}: its geometry is not WKB ({error}); write the "
            "file again"
        ) from error

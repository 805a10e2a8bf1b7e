"""Assets in the REST API's form (resource ``EarthEngineAsset``)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator import source
from emulator.evaluator import pixeltype
from emulator.evaluator.encode import encode
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.image import Image
from emulator.evaluator.pixeltype import PixelType
from emulator.source import Affine6

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def asset_name(asset_id: str) -> str:
    """Returns an asset's resource name."""
    root = asset_id.partition("/")[0]
    if root == "projects" and asset_id.split("/")[2:3] == ["assets"]:
        return asset_id
    owner = "legacy" if root in ("users", "projects") else "public"
    return f"projects/earthengine-{owner}/assets/{asset_id}"


def iso_time(millis: float) -> str:
    """Returns milliseconds since 1970 as RFC 3339."""
    moment = _EPOCH + timedelta(milliseconds=millis)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _times(properties: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for key, name in (
        ("system:time_start", "startTime"),
        ("system:time_end", "endTime"),
    ):
        if isinstance(properties.get(key), int | float):
            found[name] = iso_time(properties[key])
    return found


def _plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    hidden = ("system:index", "system:time_start", "system:time_end")
    return {k: encode(v) for k, v in properties.items() if k not in hidden}


def _band(
    name: str, kind: PixelType, crs: str, transform: Affine6, size: Any, policy: str
) -> dict[str, Any]:
    data_type: dict[str, Any] = {"precision": kind.precision.upper()}
    if kind.precision == "int":
        data_type["range"] = {"min": kind.low, "max": kind.high}
    a, b, c, d, e, f = transform
    affine = {
        "scaleX": a,
        "shearX": b,
        "translateX": c,
        "shearY": d,
        "scaleY": e,
        "translateY": f,
    }
    grid: dict[str, Any] = {
        "crsCode": crs,
        "affineTransform": {k: v for k, v in affine.items() if v != 0.0},
    }
    if size is not None:
        grid["dimensions"] = {"width": size[0], "height": size[1]}
    return {
        "id": name,
        "dataType": data_type,
        "grid": grid,
        "pyramidingPolicy": policy.upper(),
    }


def image(scene: source.Scene) -> dict[str, Any]:
    """Describes a stored image."""
    properties = dict(scene.properties)
    json: dict[str, Any] = {
        "type": "IMAGE",
        "name": asset_name(scene.id),
        "id": scene.id,
        **_times(properties),
        "properties": _plain(properties),
        "bands": [
            _band(
                info.name,
                pixeltype.of_dtype(info.dtype),
                info.grid.crs,
                info.grid.transform,
                (info.grid.width, info.grid.height),
                info.pyramiding,
            )
            for info in scene.bands
        ],
    }
    if scene.footprint is not None:
        json["geometry"] = Geometry(scene.footprint, geodesic=False).geojson()
    return json


def computed_image(made: Image) -> dict[str, Any]:
    """Describes an image that was computed."""
    json: dict[str, Any] = {"type": "IMAGE"}
    if made.id is not None:
        json |= {"name": asset_name(made.id), "id": made.id}
    properties = dict(made.properties)
    json |= {
        **_times(properties),
        "properties": _plain(properties),
        "bands": [
            _band(
                band.name,
                band.type,
                band.projection.crs,
                band.projection.transform,
                band.size,
                "mean",
            )
            for band in made.bands
        ],
    }
    place = made.geometry()
    if place is not None:
        json["geometry"] = place.geojson()
    return json


def collection(found: source.Collection) -> dict[str, Any]:
    """Describes a stored image collection."""
    properties = dict(found.properties)
    json: dict[str, Any] = {
        "type": "IMAGE_COLLECTION",
        "name": asset_name(found.id),
        "id": found.id,
        "properties": _plain(properties),
    }
    span = properties.get("date_range")
    if span:
        json |= {
            "startTime": iso_time(span[0]),
            "endTime": iso_time(span[1]),
            "updateTime": iso_time(span[1]),
        }
    return json


def table(found: source.Table) -> dict[str, Any]:
    """Describes a stored table."""
    return {"type": "TABLE", "name": asset_name(found.id), "id": found.id}

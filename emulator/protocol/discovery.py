"""The discovery document from which Google's client builds its methods.

Written by hand from the methods that clients 1.7.35 and newer call; methods without
an answer here are listed all the same, so that building requests does not fail.
"""

from __future__ import annotations

import functools
import json
from typing import Any

VERSION = "v1"

_RESERVED = (
    "alt",
    "callback",
    "fields",
    "key",
    "oauth_token",
    "prettyPrint",
    "quotaUser",
    "uploadType",
    "upload_protocol",
    "access_token",
    "$.xgafv",
)


def _method(
    resource: str, name: str, verb: str, path: str, *query: str, body: bool = False
) -> dict[str, Any]:
    """Returns a method's entry.

    Args:
        resource: Path of resources, dots between.
        name: The method's name.
        verb: HTTP verb.
        path: With ``{+name}`` for its one path parameter.
        *query: Names of query parameters; ``int:`` before numbers, ``bool:`` before
            truth values, ``list:`` before repeated ones.
        body: Whether it takes a JSON body.
    """
    parameter = path.partition("{+")[2].partition("}")[0]
    parameters: dict[str, Any] = {
        parameter: {"type": "string", "required": True, "location": "path"}
    }
    for entry in query:
        kind, _, plain = entry.rpartition(":")
        json_type = {"int": "integer", "bool": "boolean"}.get(kind, "string")
        parameters[plain] = {"type": json_type, "location": "query"}
        if kind == "list":
            parameters[plain]["repeated"] = True
    method: dict[str, Any] = {
        "id": f"earthengine.{resource}.{name}",
        "path": f"v1/{path}",
        "flatPath": f"v1/{path}",
        "httpMethod": verb,
        "parameters": parameters,
        "parameterOrder": [parameter],
        # A client makes "..._next" only where a page names the one after it.
        "response": {"$ref": "Page" if "pageToken" in parameters else "Any"},
    }
    if body:
        method["request"] = {"$ref": "Any"}
    return method


def _resource(path: str, *methods: tuple[Any, ...]) -> dict[str, Any]:
    """Returns a resource's entry; a method with a body ends in ``True``."""
    entries = {}
    for name, verb, url, *rest in methods:
        body = bool(rest) and rest[-1] is True
        query = rest[:-1] if body else rest
        entries[name] = _method(path, name, verb, url, *query, body=body)
    return {"methods": entries}


def _computed(path: str, parent: str, *names: tuple[str, str]) -> dict[str, Any]:
    return _resource(
        path,
        *(
            (name, "POST", f"{{+project}}/{parent}:{verb}", True)
            for name, verb in names
        ),
    )


def _projects() -> dict[str, Any]:
    create = ("create", "POST")
    pixels = ("getPixels", "GET", "{+name}:getPixels")
    projects = _resource(
        "projects",
        ("getConfig", "GET", "{+name}"),
        ("updateConfig", "PATCH", "{+name}", "updateMask", True),
        ("listAssets", "GET", "{+parent}", "int:pageSize", "pageToken", "view"),
    )
    assets = _resource(
        "projects.assets",
        ("get", "GET", "{+name}"),
        (
            "listAssets",
            "GET",
            "{+parent}:listAssets",
            "int:pageSize",
            "pageToken",
            "filter",
            "view",
        ),
        (
            "listFeatures",
            "GET",
            "{+asset}:listFeatures",
            "int:pageSize",
            "pageToken",
            "region",
            "filter",
        ),
        ("getPixels", "POST", "{+name}:getPixels", True),
        (*create, "{+parent}/assets", "assetId", "bool:overwrite", True),
        ("patch", "PATCH", "{+name}", True),
        ("delete", "DELETE", "{+name}"),
        ("copy", "POST", "{+sourceName}:copy", True),
        ("move", "POST", "{+sourceName}:move", True),
        ("getIamPolicy", "POST", "{+resource}:getIamPolicy", True),
        ("setIamPolicy", "POST", "{+resource}:setIamPolicy", True),
        ("testIamPermissions", "POST", "{+resource}:testIamPermissions", True),
    )
    made = {
        "assets": assets,
        "algorithms": _resource(
            "projects.algorithms", ("list", "GET", "{+parent}/algorithms")
        ),
        "value": _computed("projects.value", "value", ("compute", "compute")),
        "image": _computed(
            "projects.image",
            "image",
            ("computePixels", "computePixels"),
            ("export", "export"),
            ("import", "import"),
        ),
        "imageCollection": _computed(
            "projects.imageCollection",
            "imageCollection",
            ("computeImages", "computeImages"),
        ),
        "table": _computed(
            "projects.table",
            "table",
            ("computeFeatures", "computeFeatures"),
            ("export", "export"),
            ("import", "import"),
        ),
        "map": _computed("projects.map", "map", ("export", "export")),
        "video": _computed("projects.video", "video", ("export", "export")),
        "videoMap": _computed("projects.videoMap", "videoMap", ("export", "export")),
        "model": _computed("projects.model", "model", ("export", "export")),
        "classifier": _computed(
            "projects.classifier", "classifier", ("export", "export")
        ),
        "thumbnails": _resource(
            "projects.thumbnails",
            (*create, "{+parent}/thumbnails", "workloadTag", True),
            pixels,
        ),
        "videoThumbnails": _resource(
            "projects.videoThumbnails",
            (*create, "{+parent}/videoThumbnails", True),
            pixels,
        ),
        "filmstripThumbnails": _resource(
            "projects.filmstripThumbnails",
            (*create, "{+parent}/filmstripThumbnails", True),
            pixels,
        ),
        "maps": _resource(
            "projects.maps", (*create, "{+parent}/maps", "workloadTag", True)
        ),
        "tables": _resource(
            "projects.tables", (*create, "{+parent}/tables", "workloadTag", True)
        ),
        "featureView": _resource(
            "projects.featureView", (*create, "{+parent}/featureView", True)
        ),
        "operations": _resource(
            "projects.operations",
            (
                "list",
                "GET",
                "{+name}/operations",
                "int:pageSize",
                "pageToken",
                "filter",
            ),
            ("get", "GET", "{+name}"),
            ("cancel", "POST", "{+name}:cancel", True),
        ),
    }
    return {**projects, "resources": made}


@functools.lru_cache(maxsize=1)
def discovery_json() -> bytes:
    """Returns the document."""
    document = {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": f"earthengine:{VERSION}",
        "name": "earthengine",
        "version": VERSION,
        "title": "Earth Engine API, emulated",
        "protocol": "rest",
        "rootUrl": "https://earthengine.googleapis.com/",
        "servicePath": "",
        "baseUrl": "https://earthengine.googleapis.com/",
        "batchPath": "batch",
        "parameters": {
            name: {
                "type": "boolean" if name == "prettyPrint" else "string",
                "location": "query",
            }
            for name in _RESERVED
        },
        "schemas": {
            "Any": {
                "id": "Any",
                "type": "object",
                "additionalProperties": {"type": "any"},
            },
            "Page": {
                "id": "Page",
                "type": "object",
                "properties": {"nextPageToken": {"type": "string"}},
                "additionalProperties": {"type": "any"},
            },
        },
        "resources": {"projects": _projects()},
    }
    return json.dumps(document, separators=(",", ":")).encode()

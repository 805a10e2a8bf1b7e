"""Every recorded request asked again of the emulator, and the two answers compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.engine import Engine
from emulator.protocol import routes
from emulator.recordings.asked import Asked
from emulator.recordings.decoded import Pixels, decoded
from emulator.recordings.differences import (
    RTOL,
    Part,
    json_part,
    masked_of,
    pixel_parts,
)
from emulator.recordings.store import Entry
from emulator.service import Response
from emulator.source import Catalogue

_DOCUMENTS = frozenset({routes.DISCOVERY, routes.ALGORITHMS})
_NPY_KINDS = frozenset({routes.PIXELS, routes.ASSET_PIXELS})
_LOADS = {"id", "tableId"}
"""Arguments by which expressions name assets."""


@dataclass(frozen=True)
class Row:
    """One request compared.

    Attributes:
        kind: Of the request.
        file_format: Of the pixels that were asked for; empty for other requests.
        key: Of the request.
        label: The assets that it names.
        theirs: Status of the recorded answer.
        ours: Status of the emulator's.
        identical: Whether status and body are equal, byte for byte.
        parts: What was compared.
        message: The emulator's complaint, if it has one; empty otherwise.
    """

    kind: str
    file_format: str
    key: str
    label: str
    theirs: int
    ours: int
    identical: bool
    parts: tuple[Part, ...]
    message: str = ""

    @property
    def counts(self) -> bool:
        """Whether it is an answer of the engine, and no document about it."""
        return self.kind not in _DOCUMENTS

    @property
    def fidelity(self) -> float:
        """Mean share of what is equal over the parts; between 0 and 1."""
        shares = [part.share for part in self.parts if part.count]
        return sum(shares) / len(shares) if shares else 1.0


class Comparison:
    """Compares recorded answers with those of the emulator over a catalogue."""

    def __init__(self, catalogue: Catalogue, rtol: float = RTOL) -> None:
        """Makes one.

        Args:
            catalogue: What the emulator serves.
            rtol: Relative difference of floating-point numbers that still are equal.
        """
        # NPY tells no masks: where two engines differ that differ in nothing but
        # what they put under a mask, there is one.
        self._plain = Engine(catalogue, poison=False)
        self._wild = Engine(catalogue, poison=True)
        self._rtol = rtol

    def row(self, entry: Entry) -> Row:
        """Asks the emulator what was recorded, and compares."""
        asked, theirs = entry.asked, entry.response
        ours = self._answer(asked)
        failed = ours.status != 200
        body = asked.canonical.get("body", {})
        return Row(
            asked.kind,
            str(body.get("fileFormat", "")),
            asked.key,
            ", ".join(sorted(assets_of(asked.canonical))),
            theirs.status,
            ours.status,
            (theirs.status, theirs.body) == (ours.status, ours.body),
            tuple(self._parts(asked, theirs, ours)),
            str(_error(ours)["message"]) if failed else "",
        )

    def _answer(self, asked: Asked) -> Response:
        response = asked.ask(self._plain)
        if asked.kind == routes.THUMBNAIL and response.status == 200:
            # Only refusals of it are recorded; the emulator may refuse later.
            name = json.loads(response.body)["name"]
            body = json.dumps(asked.body)
            return self._plain.handle("GET", f"/v1/{name}:getPixels", {}, body)
        return response

    def _parts(self, asked: Asked, theirs: Response, ours: Response) -> list[Part]:
        if theirs.status != 200 and ours.status != 200:
            part = json_part(_error(theirs), _error(ours), self._rtol)
            return [part]
        if theirs.status != ours.status:
            said = _error(ours if theirs.status == 200 else theirs)["message"]
            where = "here" if theirs.status == 200 else "there"
            return [Part("", 1, 0, notes=(f"refused {where}: {said}",))]
        there, here = decoded(theirs.body), decoded(ours.body)
        if there is not None and here is not None:
            masked = self._masked(asked, here)
            return pixel_parts(there, here, masked, self._rtol)
        if there is not None or here is not None:
            return [Part("", 1, 0, notes=("pixels in one answer only",))]
        reduce = _REDUCED.get(asked.kind, _as_it_is)
        there_json, here_json = json.loads(theirs.body), json.loads(ours.body)
        return [json_part(reduce(there_json), reduce(here_json), self._rtol)]

    def _masked(
        self, asked: Asked, plain: Pixels
    ) -> Mapping[str, npt.NDArray[np.bool_]]:
        if asked.kind not in _NPY_KINDS:
            return {}
        if any(band.valid is not None for band in plain.bands.values()):
            return {}
        wild = decoded(asked.ask(self._wild).body)
        return {} if wild is None else masked_of(plain, wild)


def fidelity(rows: list[Row]) -> float:
    """Returns the mean fidelity of all requests but those for documents."""
    shares = [row.fidelity for row in rows if row.counts]
    return sum(shares) / len(shares) if shares else 1.0


def assets_of(canonical: Mapping[str, Any]) -> set[str]:
    """Returns the assets that a request names."""
    found = {canonical["asset"]} if "asset" in canonical else set()
    expression = (canonical.get("body") or {}).get("expression")
    left: list[Any] = [expression]
    while left:
        node = left.pop()
        if isinstance(node, list):
            left.extend(node)
        elif isinstance(node, dict):
            left.extend(node.values())
            for name in _LOADS & node.keys():
                value = node[name]
                constant = isinstance(value, dict) and value.get("constantValue")
                if isinstance(constant, str):
                    found.add(constant)
    return found


def _error(response: Response) -> dict[str, Any]:
    """Returns status and message of an error, in whatever form it came."""
    try:
        error = json.loads(response.body)["error"]
        return {"code": response.status, "message": str(error["message"])}
    except (ValueError, LookupError, TypeError):
        text = response.body[:200].decode("utf-8", "replace")
        return {"code": response.status, "message": text}


def _as_it_is(tree: Any) -> Any:
    return tree


def _methods(document: Any) -> dict[str, Any]:
    """Returns what clients build from a discovery document: methods by id."""
    found: dict[str, Any] = {}
    left = [document]
    while left:
        resource = left.pop()
        left.extend(resource.get("resources", {}).values())
        for method in resource.get("methods", {}).values():
            found[method["id"]] = {
                "verb": method["httpMethod"],
                "path": method["path"],
                "parameters": sorted(method.get("parameters", {})),
            }
    return found


def _signatures(document: Any) -> dict[str, Any]:
    """Returns algorithms by name without their descriptions."""
    return {
        one["name"].removeprefix("algorithms/"): {
            "returns": one.get("returnType"),
            "arguments": [
                {key: value for key, value in argument.items() if key != "description"}
                for argument in one.get("arguments", ())
            ],
        }
        for one in document["algorithms"]
    }


_REDUCED = {routes.DISCOVERY: _methods, routes.ALGORITHMS: _signatures}

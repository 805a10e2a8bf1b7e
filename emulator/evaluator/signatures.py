"""Signatures of Earth Engine's algorithms, read from the installed client.

The wheel of ``earthengine-api`` ships the answer of ``algorithms.list`` among its
test data. Reading it from there keeps signatures and client at one version.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Argument:
    """One argument of an algorithm.

    Attributes:
        name: As in the graph, such as ``bandSelectors``.
        type: Declared type, such as ``List<Object>``.
        optional: Whether it may be left out.
        default: JSON value used then.
    """

    name: str
    type: str
    optional: bool
    default: Any


@dataclass(frozen=True)
class Signature:
    """An algorithm's name, arguments in order and return type."""

    name: str
    arguments: tuple[Argument, ...]
    returns: str


@functools.lru_cache(maxsize=1)
def algorithms_json() -> bytes:
    """Returns the body of ``algorithms.list`` as the installed client knows it.

    Raises:
        FileNotFoundError: ``earthengine-api`` is not installed or is stripped.
    """
    spec = importlib.util.find_spec("ee")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package earthengine-api is not installed")
    return (Path(spec.origin).parent / "tests" / "algorithms.json").read_bytes()


@functools.lru_cache(maxsize=1)
def signatures() -> Mapping[str, Signature]:
    """Returns every algorithm of the installed client by name."""
    found = {}
    for entry in json.loads(algorithms_json())["algorithms"]:
        name = entry["name"].removeprefix("algorithms/")
        arguments = tuple(
            Argument(
                argument["argumentName"],
                argument["type"],
                bool(argument.get("optional")),
                argument.get("defaultValue"),
            )
            for argument in entry.get("arguments", [])
        )
        found[name] = Signature(name, arguments, entry["returnType"])
    return found

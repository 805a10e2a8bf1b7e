"""Plans from YAML, with errors that name the key and the allowed ones."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_type_hints

import yaml

from emulator.faults.plan import (
    Clock,
    Latency,
    Plan,
    PlanError,
    Quota,
    Restricted,
    Rule,
    Tokens,
)


def load(path: Path) -> Plan:
    """Reads a plan from a file.

    Raises:
        PlanError: It is not a plan; the message begins with the file's name.
        OSError: It cannot be read.
    """
    try:
        return read(path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise PlanError(f"{path}: not UTF-8 text") from None
    except PlanError as error:
        raise PlanError(f"{path}: {error}") from None


def read(text: str) -> Plan:
    """Reads a plan from YAML.

    Raises:
        PlanError: It is not a plan.
    """
    try:
        value = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise PlanError(f"not YAML: {' '.join(str(error).split())}") from None
    plan: Plan = _record(Plan, {} if value is None else value, "")
    return plan


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice: YAML would take the last one silently."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Builds one mapping."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise PlanError(f"the key '{key}' is there twice")
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


def _record(of: type[Any], value: Any, where: str) -> Any:
    """Returns a dataclass of this module's plan from a mapping."""
    known = {field.name: field for field in fields(of)}
    allowed = ", ".join(known)
    at = f"{where}: " if where else ""
    if not isinstance(value, Mapping):
        raise PlanError(f"{at}must be a mapping with any of the keys {allowed}")
    for key in value:
        if key not in known:
            raise PlanError(f"{at}unknown key '{key}'; allowed: {allowed}")
    for name, field in known.items():
        if field.default is MISSING and name not in value:
            raise PlanError(f"{at}the key '{name}' is missing")
    hints = get_type_hints(of)
    under = f"{where}." if where else ""
    read_values = {
        key: _READERS[hints[key]](one, f"{under}{key}") for key, one in value.items()
    }
    try:
        return of(**read_values)
    except PlanError as error:
        raise PlanError(f"{at}{error}") from None


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PlanError(f"{where}: must be a number, not {value!r}")
    if math.isinf(value):
        raise PlanError(f"{where}: must be finite")
    return float(value)


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise PlanError(f"{where}: must be a whole number, not {value!r}")
    return value


def _text(value: Any, where: str) -> str:
    # Kinds such as 429 are numbers to YAML.
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise PlanError(f"{where}: must be text, not {value!r}")
    return str(value)


def _names(value: Any, where: str) -> frozenset[str]:
    if not isinstance(value, list) or not value:
        raise PlanError(f"{where}: must be a list of kinds of requests")
    return frozenset(_text(one, where) for one in value)


def _many(of: type[Any], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise PlanError(f"{where}: must be a list")
    return tuple(_record(of, one, f"{where}[{i}]") for i, one in enumerate(value))


_READERS: dict[Any, Callable[[Any, str], Any]] = {
    float: _number,
    int: _whole,
    int | None: _whole,
    str: _text,
    str | None: _text,
    Clock: _text,
    frozenset[str]: _names,
    tuple[Rule, ...]: functools.partial(_many, Rule),
    tuple[Latency, ...]: functools.partial(_many, Latency),
    Quota | None: functools.partial(_record, Quota),
    Tokens | None: functools.partial(_record, Tokens),
    Restricted | None: functools.partial(_record, Restricted),
}
"""By a field's type: what reads it."""

"""The one door to the emulator: the default engine, started in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

from earthengine.engine import Engine
from earthengine.errors import EngineError
from earthengine.transport import Transport, is_loopback


def emulator_transport(engine: Engine) -> Transport:
    """Returns a transport to this process's emulator.

    Raises:
        EngineError: The folder of local files that it is to serve is not in order.
    """
    # Imported here: a run on Google's engine never loads the emulator.
    import emulator

    return emulator.Transport(_emulator(engine))


def _emulator(engine: Engine) -> Any:
    import emulator

    if not engine.catalog:
        return emulator.default_engine(engine.latency)
    from emulator.local import CatalogueError

    try:
        return emulator.default_engine(
            engine.latency, Path(engine.catalog), catalog_only=engine.catalog_only
        )
    except CatalogueError as error:
        raise EngineError("bad_request", error.message) from error


def catalog_digest(folder: str) -> str:
    """Returns what tells catalogues of local files apart, wherever they lie.

    Raises:
        ValueError: There is no such folder, or something in it is wrong.
    """
    from emulator.local import CatalogueError, LocalFiles, digest

    try:
        LocalFiles.of(Path(folder))
        return digest(Path(folder).resolve())
    except CatalogueError as error:
        raise ValueError(f"--catalog: {error.message}") from error


def engine_stats(engine: Engine) -> dict[str, Any] | None:
    """Returns what an emulator counted since it began, by kind of request.

    Google's engine does not tell; nor do emulators in other processes without an
    address.
    """
    if engine.kind == "emulator":
        return _with_total(_emulator(engine).stats())
    if engine.kind != "url":
        return None
    try:
        with requests.Session() as session:
            session.trust_env = not is_loopback(engine.url)
            answer = session.get(f"{engine.url}/stats", timeout=5)
        return _with_total(answer.json())
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return None


def _with_total(stats: dict[str, Any]) -> dict[str, Any] | None:
    """Adds the sum of all kinds; None if nothing came in this process's way."""
    total = sum(stats["requests"].values())
    return {**stats, "total": total} if total else None

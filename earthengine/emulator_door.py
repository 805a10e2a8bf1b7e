"""The one door to the emulator: the default engine, started in this process."""

from __future__ import annotations

from typing import Any

import requests

from earthengine.engine import Engine
from earthengine.transport import Transport, is_loopback


def emulator_transport(latency: float) -> Transport:
    """Returns a transport to this process's emulator.

    Args:
        latency: Seconds that each request waits, to stand for Google's.
    """
    # Imported here: a run on Google's engine never loads the emulator.
    import emulator

    return emulator.Transport(emulator.default_engine(latency))


def engine_stats(engine: Engine) -> dict[str, Any] | None:
    """Returns what an emulator counted since it began, by kind of request.

    Google's engine does not tell; nor do emulators in other processes without an
    address.
    """
    if engine.kind == "emulator":
        import emulator

        return _with_total(emulator.default_engine(engine.latency).stats())
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

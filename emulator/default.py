"""The emulator of this process, over the synthetic Earth."""

from __future__ import annotations

import os
import threading

from emulator import stack
from emulator.service import Service

_LOCK = threading.Lock()
_ENGINES: dict[tuple[int, float], Service] = {}


def _forget() -> None:
    """Drops what a forked child inherited: its lock may be held by no one left."""
    global _LOCK
    _LOCK = threading.Lock()
    _ENGINES.clear()


os.register_at_fork(after_in_child=_forget)


def default_engine(latency_s: float = 0.0) -> Service:
    """Returns this process's emulator of the synthetic Earth, made on first use.

    Args:
        latency_s: Seconds that each value and pixel request lasts longer; there is
            one emulator for each such number.
    """
    with _LOCK:
        key = (os.getpid(), latency_s)
        if key not in _ENGINES:
            _ENGINES[key] = stack.service(stack.Setup(latency_s=latency_s))
        return _ENGINES[key]

"""The engine of this process, over the synthetic Earth."""

from __future__ import annotations

import os
import threading

from emulator.engine import Engine

_LOCK = threading.Lock()
_ENGINES: dict[int, Engine] = {}


def _forget() -> None:
    """Drops what a forked child inherited: its lock may be held by no one left."""
    global _LOCK
    _LOCK = threading.Lock()
    _ENGINES.clear()


os.register_at_fork(after_in_child=_forget)


def default_engine() -> Engine:
    """Returns this process's engine over the synthetic Earth, made on first use."""
    with _LOCK:
        pid = os.getpid()
        if pid not in _ENGINES:
            import emulator.catalogue

            _ENGINES[pid] = Engine(emulator.catalogue.earth())
        return _ENGINES[pid]

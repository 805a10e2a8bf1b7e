"""The emulators of this process: over the synthetic Earth, or over local files."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from emulator import stack
from emulator.service import Service

_LOCK = threading.Lock()
_ENGINES: dict[tuple[int, stack.Setup], Service] = {}


def _forget() -> None:
    """Drops what a forked child inherited: its lock may be held by no one left."""
    global _LOCK
    _LOCK = threading.Lock()
    _ENGINES.clear()


os.register_at_fork(after_in_child=_forget)


def default_engine(
    latency_s: float = 0.0, catalog: Path | None = None, *, catalog_only: bool = False
) -> Service:
    """Returns this process's emulator, made on first use; one for each set of options.

    Args:
        latency_s: Seconds that each value and pixel request lasts longer.
        catalog: A folder of local files, served over the synthetic Earth.
        catalog_only: Whether they are served without it.

    Raises:
        EngineError: Something in the folder is wrong.
    """
    setup = stack.Setup(latency_s=latency_s, catalog=catalog, catalog_only=catalog_only)
    with _LOCK:
        key = (os.getpid(), setup)
        if key not in _ENGINES:
            _ENGINES[key] = stack.service(setup)
        return _ENGINES[key]

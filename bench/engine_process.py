"""Starts the canned engine in a process of its own, and asks what it counted."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


@dataclass(frozen=True)
class EngineProcess:
    """A canned engine that runs.

    Attributes:
        url: Its address.
    """

    url: str

    def stats(self) -> dict[str, Any]:
        """Returns its counts since it began."""
        # No proxy of the environment may come between.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}/stats", timeout=30.0) as answer:
            stats: dict[str, Any] = json.load(answer)
            return stats


@contextmanager
def canned_engine(latency: float = 0.0) -> Iterator[EngineProcess]:
    """Runs an engine for the length of a block.

    Args:
        latency: Seconds before each answer.
    """
    command = [
        sys.executable,
        str(HERE / "canned_engine.py"),
        "--latency",
        f"{latency}",
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            raise RuntimeError("the canned engine did not start")
        try:
            yield EngineProcess(url)
        finally:
            process.stdin.close()

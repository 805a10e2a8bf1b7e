"""Whole runs against the emulator, small enough for every test run."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs ``python -m pipeline`` in a process of its own, as users do."""

    def call(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipeline", *map(str, arguments)],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return call


@pytest.fixture(scope="session")
def features() -> list[dict]:
    """The bundled tiles; the first fourteen are of all biomes."""
    return json.loads((ROOT / "tiles.geojson").read_text("utf-8"))["features"]


@pytest.fixture(scope="session")
def write_tiles() -> Callable[[Path, list[dict]], Path]:
    """Writes features as a FeatureCollection."""

    def write(path: Path, chosen: list[dict]) -> Path:
        path.write_text(json.dumps({"type": "FeatureCollection", "features": chosen}))
        return path

    return write


def digests(directory: Path, name: str) -> dict[str, str]:
    """Returns the SHA-256 of all files that must not depend on how they were made."""
    files = [
        f"{name}.h5",
        f"{name}_band_stats.json",
        f"{name}_splits.json",
        f"{name}_tile_info.json",
    ]
    return {
        file: hashlib.sha256((directory / name / file).read_bytes()).hexdigest()
        for file in files
    }

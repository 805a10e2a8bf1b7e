"""Whole runs against the emulator, small enough for every test run."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.exits import BAD_INPUT

ROOT = Path(__file__).resolve().parents[2]
NAME = "data_sample_v001"
ACCOUNTS = ("run.json", "requests.parquet")
"""What tells of the run, not of the data, and so may differ."""
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


def snapshot(directory: Path) -> dict[str, tuple[int, str] | None]:
    """Returns all that lies in a directory: times and digests of files."""
    found: dict[str, tuple[int, str] | None] = {}
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        # The lock comes and goes, which a directory's own time shows.
        found[name] = None
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[name] = (path.stat().st_mtime_ns, digest)
    return found


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys) -> Callable[..., str]:
    """Runs a command in this process, and makes sure that it refuses, cleanly.

    It must end with exit code 2 and one message that holds all the words given,
    print no traceback, ask the engine for nothing, and leave everything under the
    test's directory, and under ``kept``, as it was.
    """

    def begun(*_: object, **__: object) -> None:
        raise AssertionError("the run went on")

    monkeypatch.setattr("pipeline.prepare.connect", begun)
    monkeypatch.setattr("pipeline.run._run_graph", begun)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object, words: tuple[str, ...], kept: Path | None = None):
        before = [snapshot(place) for place in (tmp_path, kept) if place]
        capsys.readouterr()
        code = main(list(map(str, arguments)))
        told = capsys.readouterr().err
        assert code == BAD_INPUT, told
        assert told.count("earthloom: ") == 1
        assert told.startswith("earthloom: ")
        assert "Traceback" not in told
        for word in words:
            assert word in told
        assert [snapshot(place) for place in (tmp_path, kept) if place] == before
        told.encode()  # fit for any terminal
        return told

    return call


@pytest.fixture(scope="session")
def earlier(tmp_path_factory, run, features, write_tiles) -> Path:
    """A dataset of two tiles, with the tile file beside it; tests change neither."""
    folder = tmp_path_factory.mktemp("earlier")
    tiles = write_tiles(folder / "t.geojson", features[:2])
    done = run(
        "--tiles", tiles, "--output", folder, "--image_size", 8, "--modalities", "aster"
    )
    assert done.returncode == 0, done.stderr
    return folder


def data_digests(output: Path) -> dict[str, str]:
    """Returns the SHA-256 of every file of a dataset that tells of the data."""
    folder = output / NAME
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name not in ACCOUNTS
    }

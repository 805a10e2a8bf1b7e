"""Another package with one of our names is found out, in plain words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def start(folder, *path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    return subprocess.run(
        [sys.executable, "-c", "import pipeline"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_package_that_shadows_ours_is_named(tmp_path):
    other = tmp_path / "modalities"
    other.mkdir()
    (other / "__init__.py").write_text("")
    done = start(tmp_path, tmp_path, ROOT)
    assert done.returncode == 1
    assert str(other) in done.stderr
    assert str(ROOT / "modalities") in done.stderr
    assert "virtual environment" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_clean_environment_starts(tmp_path):
    assert start(tmp_path, ROOT).returncode == 0

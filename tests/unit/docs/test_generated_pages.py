"""The pages that follow from the registry are true."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from modalities import registry

ROOT = Path(__file__).resolve().parents[3]


def test_pages_are_up_to_date():
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_modality_has_a_page():
    pages = {path.stem for path in (ROOT / "docs" / "modalities").glob("*.md")}
    assert pages == {*registry.names(), "README"}

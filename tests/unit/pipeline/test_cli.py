"""Help and wrong options come at once: they do not wait for Beam to import."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--tiles", "x", "--image_size", "0"], ["nonsense"]]
)
def test_beam_is_not_imported(arguments):
    script = (
        "import sys\n"
        "from pipeline.cli import main\n"
        "try:\n"
        f"    main({arguments!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        "sys.exit('apache_beam' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_help_explains_itself_without_beam_words():
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    for word in ("--tiles", "--project", "--modalities", "exit codes", "examples"):
        assert word in done.stdout
    for word in ("PCollection", "DoFn", "PTransform", "ParDo"):
        assert word not in done.stdout

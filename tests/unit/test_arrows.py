"""The arrows between the rooms point one way only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "pipeline",
    "transforms",
    "modalities",
    "earthengine",
    "dataset",
    "emulator",
    "runners",
)
MAY_IMPORT = {
    "modalities": set(),
    "emulator": set(),
    "earthengine": {"modalities"},
    "dataset": {"modalities"},
    "runners": {"modalities", "earthengine", "dataset"},
    "transforms": {"modalities", "earthengine", "dataset"},
    "pipeline": {"modalities", "earthengine", "dataset", "transforms", "runners"},
}
DOORS = {"earthengine/emulator_door.py": {"emulator"}}


def imported(tree):
    """Yields the top-level name of every import, at whatever depth of the code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            yield str(node.module).split(".")[0]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_its_arrows_allow(room):
    sources = sorted((ROOT / room).rglob("*.py"))
    assert sources
    for source in sources:
        where = source.relative_to(ROOT).as_posix()
        allowed = MAY_IMPORT[room] | {room} | DOORS.get(where, set())
        tree = ast.parse(source.read_text("utf-8"), where)
        others = set(imported(tree)) & set(ROOMS) - allowed
        assert not others, f"{where} imports {', '.join(sorted(others))}"


def test_imports_are_found_wherever_they_hide():
    text = "import os\ndef f():\n    import emulator.source\n    from dataset import x"
    assert set(imported(ast.parse(text))) == {"os", "emulator", "dataset"}


def test_doors_exist():
    assert all((ROOT / door).is_file() for door in DOORS)


def loaded(statement):
    """Returns the top-level modules that a fresh interpreter has loaded after it."""
    code = f"{statement}\nimport sys\nprint(*{{m.split('.')[0] for m in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(done.stdout.split())


def test_help_does_not_wait_for_beam():
    assert "apache_beam" not in loaded("import pipeline.cli, pipeline.options")


def test_a_run_on_google_never_loads_the_emulator():
    names = loaded("import earthengine.session, modalities.registry")
    assert "earthengine" in names
    assert not names & {"emulator", "apache_beam"}

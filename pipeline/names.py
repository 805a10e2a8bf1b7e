"""Finds out when another installed package shadows one of our top-level names."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

ROOMS = (
    "transforms",
    "modalities",
    "earthengine",
    "dataset",
    "emulator",
    "runners",
)


def check_names() -> None:
    """Exits with plain words if a room of ours is not the one beside us.

    Names such as ``modalities`` are also names of other distributions on PyPI, and
    pip overwrites one by the other without a word.
    """
    ours = Path(__file__).resolve().parents[1]
    wrong = {name: place for name in ROOMS if (place := _place(name)) != ours / name}
    if wrong:
        sys.exit(_message(ours, wrong))


def _message(ours: Path, wrong: dict[str, Path | None]) -> str:
    lines = [
        f"  {name}: {place or 'not found'}, expected {ours / name}"
        for name, place in wrong.items()
    ]
    return "\n".join(
        [
            "earthloom: another installed package has the name of one of ours:",
            *lines,
            "Use a virtual environment of its own ('make run' makes one), or "
            "uninstall the other package there and install earthloom again.",
        ]
    )


def _place(name: str) -> Path | None:
    spec: ModuleSpec | None = find_spec(name)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).resolve().parent

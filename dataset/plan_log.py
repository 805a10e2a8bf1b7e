"""Plans on the disk: what a run has planned it need not ask for again.

Lines in files that are only ever appended to, one file a writer: a checksum and JSON.
A line that a kill cut short, or that a disk has altered, is left out: its tile is
planned again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path

import deflate

from dataset import files
from modalities.plan import Choice

PATTERN = "plans-*.jsonl"

Choices = Mapping[str, Choice]


class PlanLog:
    """Appends plans to a file of its own, made with the first. One thread at a time."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / f"plans-{secrets.token_hex(8)}.jsonl"

    def add(self, plans: Iterable[tuple[str, Choices]]) -> None:
        """Keeps plans by tile_id.

        Raises:
            OSError: The disk is full, or the like.
        """
        lines = "".join(map(_line, plans))
        if lines:
            # Without its parents: an output that vanished is not made anew.
            self._path.parent.mkdir(exist_ok=True)
            with self._path.open("a", encoding="utf-8", newline="") as file:
                file.write(lines)


def read_plans(
    directory: Path, wanted: Container[str] | None = None
) -> dict[str, Choices]:
    """Reads plans by tile_id.

    Args:
        directory: Of :class:`PlanLog`.
        wanted: Ids of tiles; others are passed over, and cost no memory. None for
            all.
    """
    found: dict[str, Choices] = {}
    for path in files.list_files(directory, PATTERN):
        for tile_id, choices in _read(path, wanted):
            found[tile_id] = choices
    return found


def compact(directory: Path, plans: Mapping[str, Choices]) -> None:
    """Keeps these plans alone, in one file."""
    old = files.list_files(directory, PATTERN)
    if plans:
        new = directory / f"plans-{secrets.token_hex(8)}.jsonl"
        files.write_text(new, map(_line, plans.items()))
    for path in old:
        files.remove(path)


def _line(plan: tuple[str, Choices]) -> str:
    tile_id, choices = plan
    values = {name: choice.to_json() for name, choice in choices.items()}
    text = files.to_json([tile_id, values])
    return f"{deflate.crc32(text.encode()):08x} {text}\n"


def _read(path: Path, wanted: Container[str] | None) -> Iterator[tuple[str, Choices]]:
    with path.open("rb") as lines:
        for line in lines:
            crc, _, text = line.removesuffix(b"\n").partition(b" ")
            if crc != b"%08x" % deflate.crc32(text):
                continue
            tile_id, values = json.loads(text)
            if wanted is None or tile_id in wanted:
                yield tile_id, {k: Choice.from_json(v) for k, v in values.items()}

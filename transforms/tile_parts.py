"""Takes in a whole tile file before any request is made.

One streaming pass checks every feature and writes the tiles as small part files, so
that workers read little and a fault in the last feature costs no request.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from modalities.tile import Tile
from transforms.tile_source import read_tiles

_PATTERN = "tiles-*.jsonl"


@dataclass(frozen=True, slots=True)
class Ingest:
    """What :func:`ingest` took in.

    Attributes:
        count: Tiles.
        parts: Paths of the part files; one after another they hold the tiles in
            the order of the input.
        sha256: Hex digest of all lines of all parts: the same for the same tiles,
            whatever the input's format and the size of the parts.
    """

    count: int
    parts: list[str]
    sha256: str


def ingest(
    path: str | Path,
    directory: str | Path,
    *,
    part_tiles: int,
    need_biome: bool,
    need_eco_region: bool,
) -> Ingest:
    """Checks a tile file and writes it as parts ``tiles-00000.jsonl``, ...

    The parts come into ``directory`` only when the whole input is known good, and
    take the place of those of an earlier call; a bad input changes nothing. They are
    not synced to the disk: after a loss of power, take the input in again.

    Args:
        path: The tile file: see :func:`transforms.tile_source.read_tiles`.
        directory: Where the parts go; made if it is not there.
        part_tiles: Tiles a part, the last one fewer; at least 1.
        need_biome: Whether every feature must have a valid ``biome``.
        need_eco_region: Whether every feature must have an ``eco_region``.

    Raises:
        TileInputError: Anything is wrong with the input.
        ValueError: ``part_tiles`` is less than 1.
        OSError: The parts cannot be written.
    """
    if part_tiles < 1:
        raise ValueError(f"part_tiles must be at least 1, not {part_tiles}")
    directory = Path(directory)
    tiles = read_tiles(path, need_biome=need_biome, need_eco_region=need_eco_region)
    # A fault in the first feature or before needs no directory at all.
    tiles = chain([next(tiles)], tiles)
    made = [p for p in (directory, *directory.parents) if not p.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".tiles-", dir=directory))
    try:
        staged = write_parts(tiles, staging, part_tiles)
        names = [Path(part).name for part in staged.parts]
        for name in names:
            (staging / name).replace(directory / name)
        for stale in set(directory.glob(_PATTERN)) - {directory / n for n in names}:
            stale.unlink()
    except BaseException:
        shutil.rmtree(staging)
        with suppress(OSError):  # someone else has put something there since
            for parent in made:
                parent.rmdir()
        raise
    staging.rmdir()
    parts = [str(directory / name) for name in names]
    return Ingest(staged.count, parts, staged.sha256)


def read_part(path: str | Path) -> Iterator[Tile]:
    """Yields the tiles of one part file in their order."""
    with Path(path).open(encoding="utf-8") as lines:
        for line in lines:
            yield Tile.from_json(json.loads(line))


def write_parts(
    tiles: Iterator[Tile], directory: str | Path, part_tiles: int
) -> Ingest:
    """Writes tiles, known good, as parts ``tiles-00000.jsonl``, ...

    Args:
        tiles: In their order.
        directory: Where the parts go; made if it is not there.
        part_tiles: Tiles a part, the last one fewer.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    count = 0
    parts: list[str] = []
    for first in tiles:
        part = directory / f"tiles-{len(parts):05d}.jsonl"
        with part.open("wb") as file:
            for tile in chain([first], islice(tiles, part_tiles - 1)):
                line = _line(tile)
                digest.update(line)
                file.write(line)
                count += 1
        parts.append(str(part))
    return Ingest(count, parts, digest.hexdigest())


def _line(tile: Tile) -> bytes:
    text = json.dumps(
        tile.to_json(), ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )
    return f"{text}\n".encode()

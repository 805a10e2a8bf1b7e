"""Assembly against a plain copy of the same bytes, in the same run."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dataset.assembly import assemble
from dataset.paths import DatasetPaths
from dataset.shard import PATTERN, Shard

_ROUNDS = 3


@dataclass(frozen=True)
class Assembling:
    """What an assembly is worth.

    Attributes:
        tiles: In the file.
        logical_mb: Of the arrays, decoded.
        stored_mb: Of the file.
        seconds: Of the assembly, the least of some rounds.
        copy_seconds: Of a plain copy of the file, likewise.
    """

    tiles: int
    logical_mb: float
    stored_mb: float
    seconds: float
    copy_seconds: float


def assembling(paths: DatasetPaths) -> Assembling:
    """Assembles a finished run's shards anew beside its dataset, which it needs.

    Both the assembly and the copy end with the bytes on the disk (fsync); both read
    from the page cache.

    Args:
        paths: Of a finished run, shards and all.
    """
    shards = sorted(paths.shards.glob(PATTERN))
    refs: list[tuple[Path, int]] = []
    names: list[tuple[str, str]] = []
    for path in shards:
        with Shard(path) as shard:
            specs, size = shard.specs, shard.size
            for row in shard.rows():
                refs.append((path, row["slot"]))
                names.append((row["tile"]["tile_id"], ""))
    made, copied = paths.output / "assembled.h5", paths.output / "copied.h5"
    least = {assemble: float("inf"), _copy: float("inf")}
    for _ in range(_ROUNDS):
        spent = _timed(
            lambda: assemble(
                refs, len(refs), specs, size, made, metadata=names, attributes={}
            )
        )
        least[assemble] = min(least[assemble], spent)
        least[_copy] = min(least[_copy], _timed(lambda: _copy(made, copied)))
    row_bytes = sum(
        int(np.prod(spec.row_shape(size))) * np.dtype(spec.storage.dtype).itemsize
        for spec in specs
    )
    stored = made.stat().st_size
    made.unlink()
    copied.unlink()
    return Assembling(
        tiles=len(refs),
        logical_mb=len(refs) * row_bytes / 1e6,
        stored_mb=stored / 1e6,
        seconds=least[assemble],
        copy_seconds=least[_copy],
    )


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("wb") as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)
        writer.flush()
        os.fsync(writer.fileno())


def _timed(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun

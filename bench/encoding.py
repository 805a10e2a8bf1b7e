"""Our encoder against h5py's own gzip filter, on the same arrays in the same run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy.typing as npt

from dataset.codec import encode_chunk
from modalities.spec import Spec

Arrays = dict[str, npt.NDArray[Any]]

_ROUNDS = 3


@dataclass(frozen=True)
class Encoding:
    """What encoding costs.

    Attributes:
        ms: CPU time a tile, the least of some rounds.
        bytes: A tile, encoded.
    """

    ms: float
    bytes: float


def encodings(tiles: Sequence[Arrays], specs: Sequence[Spec]) -> dict[str, Encoding]:
    """Encodes the pixels of tiles in four ways, in turn, one thread.

    What h5py does besides the filter, it does uncompressed too; that share is taken
    off its time, so that filter is held against filter.

    Args:
        tiles: Arrays as stored, by modality.
        specs: Of the modalities.
    """
    pixels = [spec for spec in specs if spec.pixels]
    plain: dict[str, Any] = {}
    gzip = {"compression": "gzip", "compression_opts": 4}
    ways: dict[str, Callable[[], int]] = {
        "ours": lambda: _ours(tiles, pixels),
        "h5py uncompressed": lambda: _h5py(tiles, pixels, plain),
        "h5py gzip-4": lambda: _h5py(tiles, pixels, gzip),
        "h5py gzip-4 + shuffle": lambda: _h5py(
            tiles, pixels, {**gzip, "shuffle": True}
        ),
    }
    seconds = dict.fromkeys(ways, float("inf"))
    sizes = dict.fromkeys(ways, 0)
    for _ in range(_ROUNDS):
        for name, encode in ways.items():
            begun = time.process_time()
            sizes[name] = encode()
            seconds[name] = min(seconds[name], time.process_time() - begun)
    writing = seconds.pop("h5py uncompressed")
    for name in seconds:
        seconds[name] -= writing if name.startswith("h5py") else 0.0
    count = len(tiles)
    return {
        name: Encoding(1000.0 * spent / count, sizes[name] / count)
        for name, spent in seconds.items()
    }


def _ours(tiles: Sequence[Arrays], pixels: Sequence[Spec]) -> int:
    return sum(len(encode_chunk(tile[spec.name])) for tile in tiles for spec in pixels)


def _h5py(
    tiles: Sequence[Arrays], pixels: Sequence[Spec], options: dict[str, Any]
) -> int:
    """Writes a file in memory, and returns how many bytes its chunks take."""
    with tempfile.TemporaryDirectory(prefix="earthloom-bench-") as directory:
        path = Path(directory) / "never-written.h5"
        with h5py.File(path, "w", driver="core", backing_store=False) as file:
            for spec in pixels:
                shape = tiles[0][spec.name].shape
                data = file.create_dataset(
                    spec.name,
                    shape=(len(tiles), *shape),
                    dtype=spec.storage.dtype,
                    chunks=(1, *shape),
                    **options,
                )
                for row, tile in enumerate(tiles):
                    data[row] = tile[spec.name]
            file.flush()
            return sum(file[spec.name].id.get_storage_size() for spec in pixels)

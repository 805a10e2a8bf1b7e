"""The land as layers on fixed blocks of the planet's lattice, computed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.planet import cover, relief
from emulator.planet.noise import HALO, SIZE, BlockNoise
from emulator.recent import Recent

Layer = npt.NDArray[Any]
Block = dict[str, Layer]
Key = tuple[int, int, int]
"""A block's zoom, column and row."""

LAYERS: dict[str, str] = {
    "height": "float32",
    "east": "float32",
    "north": "float32",
    "warmth": "float32",
    "swing": "float32",
    "cover": "uint8",
    "canopy": "uint8",
    "spread": "uint8",
    "texture": "int8",
    "vigour": "uint8",
    "plot": "uint8",
    "beat": "int8",
    "dry": "uint8",
    "sea": "uint8",
}
"""Layers and dtypes.

height: m; east, north: slope in m/m; warmth: mean annual °C; swing: half the yearly
range in °C, negative in the south; cover .. beat: see
:class:`emulator.planet.cover.Growth`; dry: 0 wet to 255 desert; sea: 0 land and
inland water, 1 near the shore, 2 open sea.
"""

PIXEL = sum(np.dtype(dtype).itemsize for dtype in LAYERS.values())
"""Bytes of all layers of a pixel."""

_CAPACITY = 384
_TOGETHER = 6
"""Blocks computed at once: more would not fit a core's own cache."""


def compute(zoom: int, column: int, row: int) -> Block:
    """Computes one block (64, 64) of every layer, anew."""
    return compute_side_by_side(zoom, [column], row)[0]


def compute_side_by_side(zoom: int, columns: Sequence[int], row: int) -> list[Block]:
    """Computes blocks of one row, each the same as alone."""
    block = BlockNoise(zoom, columns, row)
    ground = relief.survey(block)
    growth = cover.grow(block, ground)
    inner = slice(HALO, HALO + SIZE)
    side = np.clip(ground.latitude / np.float32(8.0), -1, 1)[:, None]
    dry = np.clip(255 - ground.traits["rain"] / np.float32(4.0), 0, 255)
    sea = (ground.shore <= 0).astype(np.uint8) + (ground.shore <= -0.3)
    arrays = {
        "height": ground.height,
        "east": ground.east,
        "north": ground.north,
        "warmth": ground.warmth,
        "swing": ground.traits["swing"] * side,
        "cover": growth.cover,
        "canopy": growth.canopy,
        "spread": growth.spread,
        "texture": growth.texture,
        "vigour": growth.vigour,
        "plot": growth.plot,
        "beat": growth.beat,
        "dry": dry,
        "sea": sea,
    }
    return [
        {
            # A copy: a view would keep its neighbours and halos in memory.
            name: array[k, inner, inner].astype(LAYERS[name], order="C")
            for name, array in arrays.items()
        }
        for k in range(len(columns))
    ]


_BLOCKS: Recent[Key, Block] = Recent(
    _CAPACITY, 48 << 20, lambda block: sum(layer.nbytes for layer in block.values())
)
"""The most recently used."""


def blocks(keys: Sequence[Key]) -> list[Block]:
    """Returns blocks, those that are missing computed side by side."""
    found: dict[Key, Block] = {}
    missing: dict[tuple[int, int], list[int]] = {}
    for key in keys:
        block = _BLOCKS.find(key)
        if block is not None:
            found[key] = block
        else:
            zoom, column, row = key
            missing.setdefault((zoom, row), []).append(column)
    for (zoom, row), columns in missing.items():
        for i in range(0, len(columns), _TOGETHER):
            some = columns[i : i + _TOGETHER]
            made = compute_side_by_side(zoom, some, row)
            for column, block in zip(some, made, strict=True):
                found[zoom, column, row] = block
                _BLOCKS.keep((zoom, column, row), block)
    return [found[key] for key in keys]


class Layers(Mapping[str, Layer]):
    """Layers at pixels of one zoom, each gathered when it is first asked for."""

    def __init__(
        self, zoom: int, column: npt.NDArray[np.int64], row: npt.NDArray[np.int64]
    ) -> None:
        """Looks up the blocks.

        Args:
            zoom: The lattice's zoom.
            column: Pixel columns, wrapped; any shape.
            row: Pixel rows, of the same shape.
        """
        count = 2**zoom // SIZE
        across, down = column // SIZE, row // SIZE
        # Blocks as numbered from the first pixel's, around the world if need be.
        east = (across - across.flat[0] + count // 2) % count
        west, north = int(east.min()), int(down.min())
        width = int(east.max()) - west + 1
        number = (down - north) * width + (east - west)
        used = np.flatnonzero(np.bincount(number.ravel()))
        first = int(across.flat[0]) - count // 2 + west
        self._blocks = blocks(
            [
                (zoom, (first + one % width) % count, north + one // width)
                for one in used.tolist()
            ]
        )
        slot = np.zeros(int(used[-1]) + 1, np.int64)
        slot[used] = np.arange(used.size)
        within = (row % SIZE) * SIZE + column % SIZE
        self._index = slot[number] * (SIZE * SIZE) + within
        self._found: Block = {}

    def __getitem__(self, name: str) -> Layer:
        found = self._found.get(name)
        if found is None:
            parts = [block[name].ravel() for block in self._blocks]
            whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
            found = whole[self._index]
            found.setflags(write=False)
            self._found[name] = found
        return found

    @property
    def nbytes(self) -> int:
        """Most bytes that it comes to hold of its own."""
        own = int(self._index.size) * (8 + PIXEL)
        return own + len(self._blocks) * SIZE * SIZE * PIXEL

    def __iter__(self) -> Iterator[str]:
        return iter(LAYERS)

    def __len__(self) -> int:
        return len(LAYERS)

"""The land as layers on fixed blocks of the planet's lattice, computed once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.planet import cover, relief
from emulator.planet.noise import HALO, SIZE, BlockNoise

Layer = npt.NDArray[Any]
Block = dict[str, Layer]

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

_CAPACITY = 96


def compute(zoom: int, column: int, row: int) -> Block:
    """Computes one block (128, 128) of every layer, anew."""
    block = BlockNoise(zoom, column, row)
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
    return {
        name: np.ascontiguousarray(array[inner, inner].astype(LAYERS[name]))
        for name, array in arrays.items()
    }


class _Cache:
    """The most recently used blocks (29 bytes a pixel, under 50 MB in all)."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._blocks: OrderedDict[tuple[int, int, int], Block] = OrderedDict()

    def get(self, key: tuple[int, int, int]) -> Block:
        with self._lock:
            found = self._blocks.get(key)
            if found is not None:
                self._blocks.move_to_end(key)
                return found
        made = compute(*key)
        with self._lock:
            self._blocks[key] = made
            while len(self._blocks) > self._capacity:
                self._blocks.popitem(last=False)
        return made


_CACHE = _Cache(_CAPACITY)


def sample(
    zoom: int,
    column: npt.NDArray[np.int64],
    row: npt.NDArray[np.int64],
    layers: Sequence[str],
) -> dict[str, Layer]:
    """Gathers layers at pixels of one zoom.

    Args:
        zoom: The lattice's zoom.
        column: Pixel columns, wrapped; any shape.
        row: Pixel rows, of the same shape.
        layers: Names in :data:`LAYERS`.

    Returns:
        An array of that shape for each layer.
    """
    out: dict[str, Layer] = {
        name: np.empty(column.shape, LAYERS[name]) for name in layers
    }
    count = 2**zoom // SIZE
    block = (row // SIZE) * count + column // SIZE
    within = (row % SIZE) * SIZE + column % SIZE
    wanted = np.unique(block)
    for number in wanted.tolist():
        arrays = _CACHE.get((zoom, number % count, number // count))
        if wanted.size == 1:
            for name in layers:
                out[name] = arrays[name].ravel()[within]
            return out
        here = np.nonzero(block == number)
        inside = within[here]
        for name in layers:
            out[name][here] = arrays[name].ravel()[inside]
    return out

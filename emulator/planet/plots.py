"""Farmland's pattern: patchworks of fields, each with an angle and a size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emulator.planet.noise import (
    HALO,
    SIZE,
    BlockNoise,
    Floats,
    hash_pairs,
    hashed,
    mix_all,
)

_REACH = 9
_PATCH = 2.0**_REACH
"""Pixels (6 m to 12 m) across one patchwork."""


@dataclass(frozen=True)
class Plots:
    """Fields of blocks with their halos (n, 66, 66).

    Attributes:
        number: A hash of each field.
        edge: Metres to the field's nearest edge.
    """

    number: npt.NDArray[np.uint32]
    edge: Floats


def _fraction(hashes: npt.NDArray[np.uint32], salt: int) -> Floats:
    """Returns numbers in [0, 1) made of hashes."""
    mixed = mix_all(hashes + np.uint32(salt))
    return (mixed >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def plough(block: BlockNoise, small: Floats) -> Plots:
    """Lays out the fields of blocks.

    Args:
        block: The blocks.
        small: 0 where fields are wide to 1 where they are narrow strips.
    """
    span = SIZE + 2 * HALO
    # Warped patchwork cells: a pixel belongs to one, and takes its angle and sizes.
    bend_x = block.octave(block.zoom - 8, 21) * np.float32(60.0)
    bend_y = block.octave(block.zoom - 8, 22) * np.float32(60.0)
    index = np.arange(span, dtype=np.float64) - HALO + 0.5
    x = (block.columns[:, None, None] * SIZE + index) + bend_x
    y = (block.row * SIZE + index)[:, None] + bend_y
    cell_x = np.floor(x / _PATCH)
    cell_y = np.floor(y / _PATCH)
    patch = hash_pairs(
        cell_x.astype(np.int64) % (2 ** (block.zoom - _REACH)),
        cell_y.astype(np.int64),
        hashed(23, block.zoom),
    )
    metre = np.float32(block.pixel)
    right = (x - (cell_x + 0.5) * _PATCH).astype(np.float32) * metre
    below = (y - (cell_y + 0.5) * _PATCH).astype(np.float32) * metre
    angle = _fraction(patch, 1) * np.float32(np.pi)
    cosine, sine = np.cos(angle), np.sin(angle)
    along = right * cosine + below * sine
    aside = below * cosine - right * sine
    scale = np.float32(1.0) - np.float32(0.72) * small
    long = (np.float32(260.0) + np.float32(420.0) * _fraction(patch, 2)) * scale
    wide = (np.float32(110.0) + np.float32(240.0) * _fraction(patch, 3)) * scale
    # Sizes must be one number a patch, or edges would drift across it.
    long = np.exp2(np.rint(np.log2(long) * 2) / 2)
    wide = np.exp2(np.rint(np.log2(wide) * 2) / 2)
    lane = np.floor(aside / wide)
    lane_hash = mix_all(patch + lane.astype(np.int64).astype(np.uint32) * np.uint32(77))
    shifted = along / long + _fraction(lane_hash, 4)
    place = np.floor(shifted)
    number = mix_all(
        lane_hash ^ (place.astype(np.int64).astype(np.uint32) * np.uint32(40503))
    )
    across = (aside / wide - lane) * wide
    length = (shifted - place) * long
    edge = np.minimum(
        np.minimum(across, wide - across), np.minimum(length, long - length)
    )
    return Plots(number, edge)

"""Distances to pixels that are not zero, and connected pixels, by arrays only."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

EUCLIDEAN, MANHATTAN, CHEBYSHEV = "squared_euclidean", "manhattan", "chebyshev"


def farther(reach: int, metric: str) -> float:
    """Returns what stands for "none within reach": beyond a square's corners."""
    return {EUCLIDEAN: 2.0 * (reach + 1) ** 2, MANHATTAN: 2.0 * (reach + 1)}.get(
        metric, reach + 1.0
    )


def nearest(hits: Mask, reach: int, metric: str) -> Floats:
    """Returns the distance to the nearest hit within a square.

    Args:
        hits: (height + 2 reach, width + 2 reach).
        reach: Half a square's side without its middle, in pixels.
        metric: ``squared_euclidean``, ``manhattan`` or ``chebyshev``.

    Returns:
        Distances in pixels (height, width); :func:`farther` where there is none.
    """
    height, width = (side - 2 * reach for side in hits.shape)
    rows = np.arange(hits.shape[0])[:, None]
    above = np.maximum.accumulate(np.where(hits, rows, -(4 * reach + 4)), axis=0)
    below = np.where(hits, rows, hits.shape[0] + 4 * reach + 4)
    below = np.minimum.accumulate(below[::-1], axis=0)[::-1]
    down = np.minimum(rows - above, below - rows)[reach : reach + height]
    far = farther(reach, metric)
    best = np.full((height, width), far)
    for step in range(-reach, reach + 1):
        column = down[:, reach + step : reach + step + width].astype(np.float64)
        across = abs(step)
        if metric == EUCLIDEAN:
            distance = column**2 + across**2
        elif metric == MANHATTAN:
            distance = column + across
        else:
            distance = np.maximum(column, across)
        np.minimum(best, np.where(column <= reach, distance, far), out=best)
    return best


def along(hits: Mask, reach: int, angle: float, north_up: bool) -> tuple[Floats, Mask]:
    """Returns the distance to the first hit in a direction.

    Args:
        hits: (height + 2 reach, width + 2 reach).
        reach: How far to look, in pixels.
        angle: Degrees counter-clockwise from the east.
        north_up: Whether rows go south.

    Returns:
        Distances in pixels (height, width), and where there is one.
    """
    height, width = (side - 2 * reach for side in hits.shape)
    best, found = np.zeros((height, width)), np.zeros((height, width), np.bool_)
    east, north = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    for step in range(reach + 1):
        col = round(step * east)
        row = round(-step * north if north_up else step * north)
        there = np.s_[
            reach + row : reach + row + height, reach + col : reach + col + width
        ]
        new = hits[there] & ~found
        best[new] = math.hypot(row, col)
        found |= new
    return best, found


def component_sizes(
    values: npt.NDArray[Any], mask: Mask, diagonal: bool
) -> npt.NDArray[np.int64]:
    """Returns the size of each pixel's patch of equal values; 0 where masked.

    Args:
        values: (height, width).
        mask: Where they are valid.
        diagonal: Whether corners connect, too.
    """
    height, width = values.shape
    label = np.arange(height * width).reshape(height, width)
    joins: list[tuple[Any, Any]] = [
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[1:], np.s_[:-1]),
    ]
    if diagonal:
        joins.append((np.s_[1:, 1:], np.s_[:-1, :-1]))
        joins.append((np.s_[1:, :-1], np.s_[:-1, 1:]))
    one, two = [], []
    for a, b in joins:
        same = (values[a] == values[b]) & mask[a] & mask[b]
        one.append(label[a][same])
        two.append(label[b][same])
    roots = _joined(label.size, np.concatenate(one), np.concatenate(two))
    sizes = np.bincount(roots[mask.ravel()], minlength=label.size)
    return np.where(mask, sizes[roots].reshape(height, width), 0)


def _joined(
    count: int, one: npt.NDArray[np.int64], two: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Returns each node's root after joining pairs: hook to the less, then jump."""
    root = np.arange(count)
    while True:
        a, b = root[one], root[two]
        apart = a != b
        if not apart.any():
            return root
        low, high = np.minimum(a, b)[apart], np.maximum(a, b)[apart]
        np.minimum.at(root, high, low)
        while True:
            jumped = root[root]
            if np.array_equal(jumped, root):
                break
            root = jumped

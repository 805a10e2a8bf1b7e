"""``projects/sat-io/open-datasets/ASTER/GDEM``: elevation in metres, 1 arc-second."""

from __future__ import annotations

import numpy as np

from emulator.catalogue.base import StillImage, Window, degrees_grid
from emulator.planet import places
from emulator.source import BandInfo

ID = "projects/sat-io/open-datasets/ASTER/GDEM"
_STEP = 1.0 / 3600.0
_EDGE = 7 * 3600  # rows north of 83° N, and south of 83° S, hold nothing


def _read(
    band: str, row: int, col: int, height: int, width: int, shrink: int
) -> Window:
    layers = places.geographic_land(_STEP * shrink, col, row, width, height)
    metres = np.rint(layers["height"].astype(np.float32)).astype(np.int16)
    rows = (row + np.arange(height) + 0.5) * shrink
    covered = (rows >= _EDGE) & (rows < 180 * 3600 - _EDGE)
    # The real model has no tiles over the open sea.
    valid = covered[:, None] & (layers["sea"] < 2)
    return metres, valid


def image() -> StillImage:
    """Returns the image."""
    return StillImage(
        ID,
        {"system:index": "GDEM"},
        None,
        (BandInfo("b1", "int16", degrees_grid(_STEP), "mean"),),
        _read,
    )

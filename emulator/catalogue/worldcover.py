"""``ESA/WorldCover/v100``: land cover of 2020; the open sea is masked."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from emulator.catalogue.base import SmallCollection, StillImage, Window, degrees_grid
from emulator.planet import places
from emulator.source import BandInfo

ID = "ESA/WorldCover/v100"
_STEP = 1.0 / 12_000.0
_TOP, _BOTTOM = 7 * 12_000, 150 * 12_000  # 83° N and 60° S


def _read(
    band: str, row: int, col: int, height: int, width: int, shrink: int
) -> Window:
    layers = places.geographic_land(_STEP * shrink, col, row, width, height)
    rows = (row + np.arange(height) + 0.5) * shrink
    mapped = (rows >= _TOP) & (rows < _BOTTOM)
    valid = mapped[:, None] & (layers["sea"] < 2)
    return layers["cover"].astype(np.uint8), valid


def collection() -> SmallCollection:
    """Returns the collection of one image, ``2020``."""
    start = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000)
    end = int(datetime(2021, 1, 1, tzinfo=UTC).timestamp() * 1000)
    image = StillImage(
        f"{ID}/2020",
        {
            "system:index": "2020",
            "system:time_start": start,
            "system:time_end": end,
        },
        None,
        (BandInfo("Map", "uint8", degrees_grid(_STEP), "mode"),),
        _read,
    )
    return SmallCollection(ID, {"title": "ESA WorldCover 10m v100"}, (image,))

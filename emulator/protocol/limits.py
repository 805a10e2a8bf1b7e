"""Limits of a pixel request, with Earth Engine's messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from emulator.evaluator.errors import EngineError

MAX_REQUEST_BYTES = 50331648
"""48 MiB of pixels; each band's pixel counts its mask's byte, too."""
MAX_DIMENSION = 32768
MAX_BANDS = 1024


def check_pixel_request(
    width: int, height: int, dtypes: Sequence[np.dtype[Any]]
) -> None:
    """Refuses a request that is too large.

    Args:
        width: Columns.
        height: Rows.
        dtypes: Of the bands.

    Raises:
        EngineError: Too many bytes, pixels a side or bands.
    """
    if not dtypes:
        raise EngineError("Image has no bands.")
    if len(dtypes) > MAX_BANDS:
        raise EngineError(
            f"Total number of bands ({len(dtypes)}) must be less than or equal to "
            f"{MAX_BANDS}."
        )
    if min(width, height) < 1:
        raise EngineError(f"Pixel grid dimensions ({width}x{height}) must be positive.")
    if max(width, height) > MAX_DIMENSION:
        raise EngineError(
            f"Pixel grid dimensions ({width}x{height}) must be less than or equal to "
            f"{MAX_DIMENSION}."
        )
    total = width * height * sum(dtype.itemsize + 1 for dtype in dtypes)
    if total > MAX_REQUEST_BYTES:
        raise EngineError(
            f"Total request size ({total} bytes) must be less than or equal to "
            f"{MAX_REQUEST_BYTES} bytes."
        )

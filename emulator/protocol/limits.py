"""Limits of requests, with Earth Engine's messages where they were observed.

Observed: the message of the total size, of the payload and of the elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emulator.evaluator.errors import EngineError
from emulator.unconfirmed import BANDS_TEXT, SIDE_TEXT

MAX_REQUEST_BYTES = 50331648
"""48 MiB of pixels; each band's pixel counts its mask's byte, too."""
MAX_DIMENSION = 32768
MAX_BANDS = 1024
MAX_PAYLOAD_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Of one pixel request.

    Attributes:
        size: Bytes of pixels with their masks' bytes.
        side: Pixels.
    """

    size: int = MAX_REQUEST_BYTES
    side: int = MAX_DIMENSION


COMPUTE = Limits()
DOWNLOAD = Limits(32 * 1024 * 1024, 10_000)
"""Of ``getDownloadURL``, as its page in the API reference says."""


def check_payload(body: bytes | str | None) -> None:
    """Refuses a request whose body is too large.

    Raises:
        EngineError: It is.
    """
    if body is not None and len(body) > MAX_PAYLOAD_BYTES:
        raise EngineError(
            f"Request payload size exceeds the limit: {MAX_PAYLOAD_BYTES} bytes."
        )


def check_pixel_request(
    width: int, height: int, dtypes: Sequence[np.dtype[Any]], limits: Limits = COMPUTE
) -> None:
    """Refuses a request that is too large.

    Args:
        width: Columns.
        height: Rows.
        dtypes: Of the bands.
        limits: What is allowed.

    Raises:
        EngineError: Too many bytes, pixels a side or bands.
    """
    if not dtypes:
        raise EngineError("Image has no bands.")
    if len(dtypes) > MAX_BANDS:
        raise EngineError(BANDS_TEXT.format(count=len(dtypes), limit=MAX_BANDS))
    if min(width, height) < 1:
        raise EngineError(f"Pixel grid dimensions ({width}x{height}) must be positive.")
    if max(width, height) > limits.side:
        raise EngineError(
            SIDE_TEXT.format(width=width, height=height, limit=limits.side)
        )
    total = width * height * sum(dtype.itemsize + 1 for dtype in dtypes)
    if total > limits.size:
        raise EngineError(
            f"Total request size ({total} bytes) must be less than or equal to "
            f"{limits.size} bytes."
        )

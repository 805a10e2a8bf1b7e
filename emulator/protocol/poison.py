"""What masked pixels come back as in NPY.

What Earth Engine writes there is not documented, so nobody should read it: these
values are chosen to be found out. Unmask in the expression instead.
"""

from __future__ import annotations

from typing import Any

import numpy as np

POISON: dict[str, Any] = {
    "uint8": 0xDE,
    "int8": -0x22,
    "uint16": 0xDEAD,
    "int16": -0x2153,
    "uint32": 0xDEADBEEF,
    "int32": -0x21524111,
    "int64": -0x2152411035014542,
    "float32": -7.7e33,
    "float64": -7.7e33,
}
"""By dtype: the words 0xDE, 0xDEAD, 0xDEADBEEF, ... in two's complement."""


def poison_of(dtype: np.dtype[Any]) -> Any:
    """Returns the dtype's poison."""
    return POISON[dtype.name]

"""What nobody outside of Google knows, in one place.

Where no document, and no answer of Google's engine that somebody published, says what
Earth Engine does, the emulator has to choose. Each such choice is a constant of this
file, used from here, with a line on what is chosen and one on why. The day somebody
has an account, these are the places to look at. ``docs/emulator.md`` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")


@dataclass(frozen=True)
class Choice:
    """A choice of ours.

    Attributes:
        name: Of the constant in this file; empty if it is a rule spread over code.
        what: What the emulator does.
        why: What speaks for it, and what is known.
    """

    name: str
    what: str
    why: str


_CHOICES: list[Choice] = []


def _chosen(name: str, value: T, what: str, why: str) -> T:
    _CHOICES.append(Choice(name, what, why))
    return value


def choices() -> tuple[Choice, ...]:
    """Returns every choice, in the order of this file."""
    return tuple(_CHOICES)


POISON: Mapping[str, Any] = _chosen(
    "POISON",
    {
        "uint8": 0xDE,
        "int8": -0x22,
        "uint16": 0xDEAD,
        "int16": -0x2153,
        "uint32": 0xDEADBEEF,
        "int32": -0x21524111,
        "int64": -0x2152411035014542,
        "float32": -7.7e33,
        "float64": -7.7e33,
    },
    "masked pixels in NPY hold a wild value for each dtype, such as 0xDEAD",
    "undocumented; a value that stands out finds whoever forgets to unmask",
)


def poison_of(dtype: np.dtype[Any]) -> Any:
    """Returns what masked pixels of a dtype hold in NPY."""
    return POISON[dtype.name]


NPY_KEEPS_DTYPES: bool = _chosen(
    "NPY_KEEPS_DTYPES",
    True,
    "each band in an NPY answer has its own dtype",
    "Google's samples and Xee view the fields as one dtype only where all agree; "
    "mixed fields were never published",
)

FROM_IMAGES_KEEPS_INDEX: bool = _chosen(
    "FROM_IMAGES_KEEPS_INDEX",
    True,
    "a collection made of a list of images leaves each its system:index if it has one",
    "undocumented; geedim and eemont match such images with others by their index",
)

QUALITY_TIE_IS_FIRST: bool = _chosen(
    "QUALITY_TIE_IS_FIRST",
    True,
    "qualityMosaic takes the first of images of the same quality",
    "undocumented; a reducer to the maximum keeps what it has until it sees more",
)

DEFAULT_STRETCH: tuple[float, float] = _chosen(
    "DEFAULT_STRETCH",
    (0.0, 1.0),
    "visualize without min and max shows 0 to 1 of floating point, and an integer's "
    "whole range",
    "the guide gives no default range for computed types",
)

JPEG_QUALITY: int = _chosen(
    "JPEG_QUALITY",
    90,
    "JPEG answers have quality 90",
    "undocumented; high enough that pictures look like their pixels",
)

PICTURE_SIDE: int = _chosen(
    "PICTURE_SIDE",
    512,
    "a picture without size or scale is 512 pixels along its longer side",
    "the reference gives 512 for videos and 'a reasonable default' for pictures",
)

REGION_MASKS: bool = _chosen(
    "REGION_MASKS",
    True,
    "a region in getPixels masks what is outside; a grid without a size covers it",
    "the reference calls it the region of data to return, no more",
)

BANDS_TEXT: str = _chosen(
    "BANDS_TEXT",
    "Total number of bands ({count}) must be less than or equal to {limit}.",
    "the words of the refusal of more than 1,024 bands",
    "the limit is documented, the words never published; they follow those of the size",
)

SIDE_TEXT: str = _chosen(
    "SIDE_TEXT",
    "Pixel grid dimensions ({width}x{height}) must be less than or equal to {limit}.",
    "the words of the refusal of more than 32,768 pixels a side, 10,000 in downloads",
    "the limits are documented; cubexpress looks for 'must be less than or equal to'",
)

MAX_PAGE: int = _chosen(
    "MAX_PAGE",
    1000,
    "at most 1,000 assets, features or images a page",
    "the REST reference names 1,000 for listFeatures and computeFeatures only",
)

PYRAMID_ROUNDS: bool = _chosen(
    "PYRAMID_ROUNDS",
    True,
    "the mean of integer pixels in a pyramid is rounded to the nearest, once, from the "
    "native pixels",
    "the guide says mean and nothing of rounding; levels keep the band's type",
)

NAN_IS_MASKED: bool = _chosen(
    "NAN_IS_MASKED",
    True,
    "pixels of a GeoTIFF that are not a number are masked, declared as no-data or not",
    "nothing says so of an upload; NaN that takes part in arithmetic helps nobody",
)

CUBIC: float = _chosen(
    "CUBIC",
    -0.5,
    "bicubic is cubic convolution with a = -0.5 (Catmull-Rom), as GDAL's",
    "the reference names bicubic only; -0.5 is exact for quadratics",
)

WEIGHTED_REDUCERS: frozenset[str] = _chosen(
    "WEIGHTED_REDUCERS",
    frozenset({"median", "mode", "percentile", "stdDev", "variance"}),
    "over regions median, mode, percentile, stdDev and variance weigh pixels, too; "
    "all others but mean and sum take those whose centre is inside",
    "the reference says weighted of mean and sum; the rest are known to be made of "
    "weighted histograms and moments, or of single values",
)

BEST_EFFORT_STEP: int = _chosen(
    "BEST_EFFORT_STEP",
    2,
    "bestEffort doubles the scale until the region has few enough pixels",
    "the reference says 'a larger scale which would allow the operation to succeed'",
)

QUOTA_COUNTS_REFUSED: bool = _chosen(
    "QUOTA_COUNTS_REFUSED",
    False,
    "requests that a quota refuses do not count against its rates",
    "the usage guide says how many requests are allowed, not which ones count",
)

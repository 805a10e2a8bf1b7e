"""How a modality lies in the dataset: bands, dtype, no-data, shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Statistics = Literal["none", "all", "by_level"]
"""What ``band_stats.json`` holds of a modality: nothing, one entry, or one for
each Sentinel-2 level (``<name>_l2a`` and ``<name>_l1c``)."""


@dataclass(frozen=True, slots=True)
class Band:
    """One band, declared once.

    Attributes:
        name: As the dataset names it, such as ``B8A``.
        units: Units of the stored value, ``1`` if it has none.
        description: What it is, in a few words.
    """

    name: str
    units: str
    description: str


@dataclass(frozen=True, slots=True)
class Storage:
    """How values are stored in one layout.

    Attributes:
        dtype: NumPy dtype name.
        no_data: The stored value that means "no data"; None if every value counts.
    """

    dtype: str
    no_data: float | None


@dataclass(frozen=True, slots=True)
class Spec:
    """One HDF5 dataset of the output.

    Attributes:
        name: Name of the modality and of its HDF5 dataset.
        bands: In channel order.
        storage: Dtype and no-data.
        pixels: True for ``(N, bands, size, size)``, False for ``(N, bands)``.
        statistics: What ``band_stats.json`` holds of it.
        sources: Earth Engine asset ids, or the documents that values come from.
    """

    name: str
    bands: tuple[Band, ...]
    storage: Storage
    pixels: bool
    statistics: Statistics
    sources: tuple[str, ...]

    def row_shape(self, size: int) -> tuple[int, ...]:
        """Returns the shape of one row for tiles of ``size`` pixels."""
        count = len(self.bands)
        return (count, size, size) if self.pixels else (count,)

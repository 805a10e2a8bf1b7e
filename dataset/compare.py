"""A tile's stack against its row in the HDF5 file, byte by byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from modalities.spec import Spec


@dataclass(frozen=True)
class Difference:
    """What one modality's arrays have in common.

    Attributes:
        name: The modality.
        bands: Pixels (or the one value) that differ, by band; only bands that do.
        trouble: Why they could not be compared; empty if they could.
    """

    name: str
    bands: Mapping[str, int]
    trouble: str = ""

    @property
    def equal(self) -> bool:
        """Whether all bytes are the same."""
        return not self.bands and not self.trouble


def compare_row(
    h5: Path, row: int, arrays: Mapping[str, npt.NDArray[Any]], specs: Sequence[Spec]
) -> Iterator[Difference]:
    """Yields a comparison a modality.

    Args:
        h5: The dataset's HDF5 file.
        row: Of the tile.
        arrays: By modality, as stored: (bands, size, size), or (bands,).
        specs: The modalities to compare.

    Raises:
        OSError: The file cannot be opened.
    """
    with h5py.File(h5, "r", locking=False) as file:
        for spec in specs:
            try:
                stored = file[spec.name][row]
            except (KeyError, OSError, ValueError, IndexError) as error:
                yield Difference(spec.name, {}, f"can't be read: {error}")
                continue
            yield _difference(spec, stored, arrays[spec.name])


def _difference(
    spec: Spec, stored: npt.NDArray[Any], fetched: npt.NDArray[Any]
) -> Difference:
    if stored.dtype != fetched.dtype or stored.shape != fetched.shape:
        trouble = (
            f"{stored.dtype} {stored.shape} in the dataset, "
            f"{fetched.dtype} {fetched.shape} now"
        )
        return Difference(spec.name, {}, trouble)
    counts = {
        band.name: _count(a, b)
        for band, a, b in zip(spec.bands, stored, fetched, strict=True)
    }
    return Difference(spec.name, {name: n for name, n in counts.items() if n})


def _count(a: Any, b: Any) -> int:
    """Counts values whose bytes differ: -0.0 is not 0.0, and a NaN is itself."""
    left, right = np.ascontiguousarray(a), np.ascontiguousarray(b)
    width = left.dtype.itemsize
    octets = left.view(np.uint8) != right.view(np.uint8)
    return int(octets.reshape(-1, width).any(axis=1).sum())

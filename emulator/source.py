"""What a catalogue offers the evaluator: scenes with bands on their own grids.

The evaluator knows nothing of the planet, and the planet nothing of expressions:
both meet in the few types of this file. A catalogue of local GeoTIFFs or of
recorded answers is another implementation of the same protocols.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

Affine6 = tuple[float, float, float, float, float, float]
"""``(a, b, c, d, e, f)``: x = a·col + b·row + c, y = d·col + e·row + f."""

Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees; west ≤ east."""


Range = tuple[str, float, float]
"""A property's name, and the least and the greatest of its values."""


@dataclass(frozen=True)
class PixelGrid:
    """A pixel grid: CRS, affine and size.

    Attributes:
        crs: Authority code, such as ``EPSG:32632`` or ``EPSG:4326``.
        transform: Pixel corner (col, row) to CRS coordinates.
        width: Columns.
        height: Rows.
    """

    crs: str
    transform: Affine6
    width: int
    height: int

    def __hash__(self) -> int:
        """Returns a hash, worked out once: grids are keys all over an evaluation."""
        return self._hash

    @functools.cached_property
    def _hash(self) -> int:
        return hash((self.crs, self.transform, self.width, self.height))

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the hash behind: another process's strings hash differently."""
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class BandInfo:
    """One band of a scene.

    Attributes:
        name: As the real collection spells it, such as ``B8A``.
        dtype: NumPy dtype name of the stored pixels: ``uint8``, ``uint16``,
            ``int16``, ``float32``, ``float64``, ...
        grid: The band's own grid; bands of one scene may differ (10, 20, 60 m).
        pyramiding: How Earth Engine reduces it below native resolution:
            ``mean``, ``mode`` or ``sample``.
    """

    name: str
    dtype: str
    grid: PixelGrid
    pyramiding: str = "mean"


class Scene(Protocol):
    """One catalogue image. Reading its properties costs no pixel."""

    @property
    def id(self) -> str:
        """Full asset id, ending in ``system:index`` for members of a collection."""

    @property
    def properties(self) -> Mapping[str, Any]:
        """Properties with ``system:index``, ``system:time_start`` (ms), ...

        ``system:footprint`` is not among them: see :attr:`footprint`.
        """

    @property
    def footprint(self) -> BaseGeometry | None:
        """Where there is data, as lon/lat degrees; None if unbounded."""

    @property
    def bands(self) -> Sequence[BandInfo]:
        """Bands in catalogue order."""

    def read(
        self, band: str, row: int, col: int, height: int, width: int
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
        """Reads a window of one band on the band's own grid.

        The window may lie partly or wholly outside the grid; what is outside is
        masked. The pixels of a window equal the crop of a larger window, bit for
        bit.

        Returns:
            The values (height, width) in the band's dtype, and where they are valid.
        """


@runtime_checkable
class Pyramidal(Protocol):
    """What a scene may offer more: levels of a pyramid below native resolution.

    Level 0 is the band's own grid. Level n has the same upper left corner, pixels
    2**n times as large on a side, and ceil(size / 2**n) of them: a pixel of a level
    sums up the two by two below it, as the band's ``pyramiding`` says. The
    evaluator builds the levels of scenes without this out of native reads.
    """

    def read_level(
        self, band: str, level: int, row: int, col: int, height: int, width: int
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
        """Reads a window of one level, as :meth:`Scene.read` does of the native one.

        Args:
            band: The band.
            level: 0 or more; any number is answered.
            row: First row, in pixels of the level; may lie outside.
            col: First column.
            height: Rows.
            width: Columns.

        Returns:
            The values (height, width) in the band's dtype, and where they are valid:
            those of a window equal the crop of a larger window's, bit for bit.
        """


class Collection(Protocol):
    """An image collection."""

    @property
    def id(self) -> str:
        """Asset id, such as ``COPERNICUS/S2_HARMONIZED``."""

    @property
    def properties(self) -> Mapping[str, Any]:
        """Properties of the collection itself."""

    def scenes(
        self, bounds: Bounds | None, start_ms: int | None, end_ms: int | None
    ) -> Iterator[Scene]:
        """Yields members in catalogue order (by time, then by index).

        Args:
            bounds: Only those whose footprint's box meets it (a superset of the
                truth is fine: the evaluator filters again); None for everywhere.
            start_ms: Only those with ``system:time_start`` at or after it.
            end_ms: Only those before it.

        Raises:
            ValueError: Both ends are open on a collection too large to list.
        """


@runtime_checkable
class Sifting(Protocol):
    """What a collection may offer more: to leave members out before making them."""

    def sift(
        self,
        bounds: Bounds | None,
        start_ms: int | None,
        end_ms: int | None,
        ranges: Sequence[Range],
    ) -> Iterator[Scene]:
        """Yields members as :meth:`Collection.scenes` does, or fewer.

        Args:
            bounds: See there.
            start_ms: See there.
            end_ms: See there.
            ranges: Members with a property outside its range, or without it, may
                be left out; the evaluator filters again.

        Raises:
            ValueError: See there.
        """


@dataclass(frozen=True)
class TableFeature:
    """One row of a table asset."""

    id: str
    geometry: BaseGeometry
    properties: Mapping[str, Any]


class Table(Protocol):
    """A table asset (a FeatureCollection)."""

    @property
    def id(self) -> str:
        """Asset id, such as ``RESOLVE/ECOREGIONS/2017``."""

    def features(self) -> Iterator[TableFeature]:
        """Yields the rows in table order."""


class Catalogue(Protocol):
    """All assets of an engine. Each look-up returns None for an unknown id."""

    def image(self, asset_id: str) -> Scene | None:
        """Returns the image, a member of a collection or one of its own."""

    def collection(self, asset_id: str) -> Collection | None:
        """Returns the image collection."""

    def table(self, asset_id: str) -> Table | None:
        """Returns the table."""

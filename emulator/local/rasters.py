"""Raster files: what they hold, and windows of their pixels."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import rasterio
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.windows import Window

from emulator.local.errors import CatalogueError
from emulator.local.handles import Handles
from emulator.source import PixelGrid
from emulator.unconfirmed import NAN_IS_MASKED

Pixels = tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]

_SUMMED = {"mean": ("AVERAGE",), "mode": ("MODE",), "sample": ("NEAREST",)}
"""How overviews must have been made to serve as a policy's levels."""


@dataclass(frozen=True, slots=True)
class RasterBand:
    """One band of a file.

    Attributes:
        number: From 1.
        dtype: NumPy's name.
        name: Its description, empty if there is none.
        palette: Whether its values are classes with colours.
        whole: Whether none of its pixels can be masked.
        alpha: A band that masks it, of which GDAL does not know: it knows those of 8
            and 16 bits where there is no no-data value; 0 for none.
        overviews: By level, which overview has pixels of 2**level native ones, and
            how it was made; empty if the file does not say.
    """

    number: int
    dtype: str
    name: str
    palette: bool
    whole: bool
    alpha: int
    overviews: tuple[tuple[int, int, str], ...]

    def overview(self, level: int, policy: str, wanted: bool | None) -> tuple[int, int]:
        """Returns the highest level up to one that has an overview, and which.

        Args:
            level: The level that is wanted.
            policy: How its pixels are to be summed up.
            wanted: Whether overviews are to be used; None if they were made so.

        Returns:
            A level and its overview; level 0 and -1 if the native pixels must do.
        """
        best = (0, -1)
        if wanted is False:
            return best
        for at, index, made in self.overviews:
            # Before GDAL 3.6 files did not say; most were averages.
            known = made in _SUMMED[policy] or (not made and policy == "mean")
            if at <= level and at > best[0] and (wanted or known):
                best = (at, index)
        return best


@dataclass(frozen=True, slots=True)
class RasterFile:
    """What a file holds.

    Attributes:
        path: Where it is.
        grid: Of all its bands.
        bands: In file order, without alpha.
    """

    path: str
    grid: PixelGrid
    bands: tuple[RasterBand, ...]


class Rasters:
    """The raster files of a catalogue. Safe for threads, and after a fork."""

    def __init__(self, handles: Handles | None = None) -> None:
        """Takes a pool of open files, or makes one."""
        self.handles = handles or Handles()
        self.look = functools.lru_cache(maxsize=4096)(self._look)

    def _look(self, path: str) -> RasterFile:
        """Returns what a file holds.

        Raises:
            CatalogueError: It is no raster with a place on the Earth.
        """
        with self.handles.dataset(path) as dataset:
            grid = _grid(path, dataset)
            bands = tuple(
                _band(path, dataset, number)
                for number, meaning in enumerate(dataset.colorinterp, 1)
                if meaning is not ColorInterp.alpha
            )
        return RasterFile(
            path, grid, tuple(self._levelled(path, grid, b) for b in bands)
        )

    def _levelled(self, path: str, grid: PixelGrid, band: RasterBand) -> RasterBand:
        """Returns a band with the overviews that fit levels of a pyramid.

        An overview is of a level if the level's pixels divide the image without rest:
        GDAL stretches the others a little.
        """
        with self.handles.dataset(path) as dataset:
            factors = dataset.overviews(band.number)
        fitting = []
        for index, factor in enumerate(factors):
            level = factor.bit_length() - 1
            rest = grid.width % factor or grid.height % factor
            if factor != 1 << level or rest or level == 0:
                continue
            with self.handles.dataset(path, index) as dataset:
                size = (dataset.width, dataset.height)
                made = dataset.tags(band.number).get("RESAMPLING", "")
            if size == (grid.width // factor, grid.height // factor):
                fitting.append((level, index, made.upper()))
        return replace(band, overviews=tuple(fitting))

    def read(
        self,
        file: RasterFile,
        band: RasterBand,
        at: tuple[int, int],
        row: int,
        col: int,
        height: int,
        width: int,
    ) -> Pixels:
        """Reads a window, masked outside.

        Args:
            file: The file.
            band: Its band.
            at: The level and the overview to read from; see
                :meth:`RasterBand.overview`.
            row: First row, of that level.
            col: First column.
            height: Rows.
            width: Columns.

        Returns:
            The values as the file has them, and where they are valid.

        Raises:
            CatalogueError: The file is damaged.
        """
        level, overview = at
        top, left = max(row, 0), max(col, 0)
        bottom = min(row + height, file.grid.height >> level)
        right = min(col + width, file.grid.width >> level)
        values = np.zeros((height, width), band.dtype)
        valid = np.zeros((height, width), np.bool_)
        if top >= bottom or left >= right:
            return values, valid
        window = Window(left, top, right - left, bottom - top)
        there = np.s_[top - row : bottom - row, left - col : right - col]
        index = overview if level else None
        try:
            with self.handles.dataset(file.path, index) as dataset:
                values[there] = dataset.read(band.number, window=window)
                if band.whole:
                    valid[there] = True
                else:
                    valid[there] = dataset.read_masks(band.number, window=window) != 0
                if band.alpha:
                    valid[there] &= dataset.read(band.alpha, window=window) != 0
        except rasterio.errors.RasterioError as error:
            cause = error.__cause__ or error
            raise CatalogueError(file.path, f"cannot be read ({cause})") from error
        if NAN_IS_MASKED and values.dtype.kind == "f":
            valid &= ~np.isnan(values)
        return values, valid


def _grid(path: str, dataset: Any) -> PixelGrid:
    if dataset.crs is None:
        raise CatalogueError(path, "it has no coordinate reference system")
    a, b, c, d, e, f = dataset.transform[:6]
    if a * e - b * d == 0.0 or not all(map(math.isfinite, (a, b, c, d, e, f))):
        raise CatalogueError(path, "its affine transform is singular")
    return PixelGrid(
        crs_code(dataset.crs.to_wkt()),
        (a, b, c, d, e, f),
        dataset.width,
        dataset.height,
    )


@functools.lru_cache(maxsize=512)
def crs_code(wkt: str) -> str:
    """Returns a CRS as ``EPSG:32632`` if it is exactly that, else as WKT."""
    crs = pyproj.CRS.from_wkt(wkt)
    found = crs.to_authority(min_confidence=70)
    if found is not None:
        code = ":".join(found)
        if crs.equals(pyproj.CRS.from_user_input(code), ignore_axis_order=True):
            return code
    return wkt


def _band(path: str, dataset: Any, number: int) -> RasterBand:
    dtype = dataset.dtypes[number - 1]
    if np.dtype(dtype).kind not in "iuf":
        raise CatalogueError(path, f"pixels of {dtype} cannot be served")
    flags, meanings = dataset.mask_flag_enums[number - 1], dataset.colorinterp
    unknown = ColorInterp.alpha in meanings and MaskFlags.alpha not in flags
    return RasterBand(
        number,
        dtype,
        dataset.descriptions[number - 1] or "",
        meanings[number - 1] is ColorInterp.palette,
        MaskFlags.all_valid in flags,
        meanings.index(ColorInterp.alpha) + 1 if unknown else 0,
        (),
    )

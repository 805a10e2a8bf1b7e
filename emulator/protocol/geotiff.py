"""Pixels as GeoTIFF, and as GeoTIFFs in a zip.

A file has one dtype for all its bands. Masked pixels hold the least value of integers
and minus infinity of floating point, which the file declares as no-data; 64-bit
integers become float64. (geedim's documentation tells so of Earth Engine's.)
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import Affine

from emulator.protocol.raster import Raster


def nodata_of(dtype: np.dtype[Any]) -> float:
    """Returns what masked pixels hold."""
    return -np.inf if dtype.kind == "f" else float(np.iinfo(dtype).min)


def common_dtype(dtypes: Iterable[np.dtype[Any]]) -> np.dtype[Any]:
    """Returns the one dtype of a file with bands of several."""
    found = np.result_type(*dtypes)
    return np.dtype("float64") if found == np.dtype("int64") else found


def geotiff(raster: Raster, poison: bool = False) -> bytes:
    """Returns an LZW-compressed GeoTIFF, bands named by their descriptions."""
    dtype = common_dtype(values.dtype for values in raster.values)
    nodata = nodata_of(dtype)
    grid = raster.grid
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=grid.width,
            height=grid.height,
            count=len(raster.names),
            dtype=dtype.name,
            crs=rasterio.crs.CRS.from_user_input(grid.crs),
            transform=Affine(*grid.transform),
            nodata=nodata,
            compress="lzw",
            tiled=True,
            blockxsize=256,
            blockysize=256,
            interleave="band",
        ) as tif:
            for i, (values, mask) in enumerate(
                zip(raster.values, raster.masks, strict=True), 1
            ):
                shown = values.astype(dtype, copy=False)
                if not mask.all():
                    shown = np.where(mask, shown, np.asarray(nodata, dtype))
                tif.write(shown, i)
            tif.descriptions = tuple(raster.names)
        found: bytes = memory.read()
    return found


def zipped(rasters: Iterable[tuple[str, Raster]]) -> bytes:
    """Returns a zip of GeoTIFFs by name; the same bytes at any time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, raster in rasters:
            archive.writestr(zipfile.ZipInfo(f"{name}.tif"), geotiff(raster))
    return buffer.getvalue()

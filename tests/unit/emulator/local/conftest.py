"""Catalogues of GeoTIFFs that the tests make, and the real client over them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio
from affine import Affine

import emulator
from emulator.local import LocalFiles


class Files:
    """Writes a catalogue."""

    def __init__(self, root):
        self.root = root

    def path(self, place):
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def tif(self, place, values, *, crs, transform, mask=None, names=(), **more):
        """Writes a GeoTIFF of (height, width) or (bands, height, width)."""
        values = np.asarray(values)
        values = values[None] if values.ndim == 2 else values
        count, height, width = values.shape
        path = self.path(place)
        with (
            rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
            rasterio.open(
                path, "w", driver="GTiff", width=width, height=height, count=count,
                dtype=values.dtype.name, crs=crs, transform=Affine(*transform), **more,
            ) as file,
        ):  # fmt: skip
            file.write(values)
            if mask is not None:
                file.write_mask(mask)
            for number, name in enumerate(names, 1):
                file.set_band_description(number, name)
        return path

    def json(self, place, **values):
        path = self.path(place)
        path.write_text(json.dumps(values))
        return path


@pytest.fixture
def files(tmp_path):
    """Writes a catalogue."""
    return Files(tmp_path / "catalog")


@pytest.fixture
def serve(_client, files):
    """Lets the client talk to the catalogue that was written."""

    def call():
        found = LocalFiles.of(files.root)
        _client.engine = emulator.Engine(found)
        return found

    return call


UTM = {"crs": "EPSG:32632", "transform": (10.0, 0.0, 568680.0, 0.0, -10.0, 5606460.0)}
"""10 m pixels in the middle of Germany."""

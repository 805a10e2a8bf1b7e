"""A tiny catalogue of NumPy arrays, and the real client over it."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import ee
import ee.deprecation
import numpy as np
import pytest
from google.auth.credentials import AnonymousCredentials
from shapely.geometry import box

import earthengine.session
import emulator
from emulator.evaluator import interpreter
from emulator.evaluator.registry import Algorithm
from emulator.source import BandInfo, PixelGrid, TableFeature


@dataclass
class ArrayScene:
    """A scene of arrays; counts the windows read from it."""

    id: str
    properties: dict
    arrays: dict
    footprint: object = None
    pyramiding: str = "mean"
    reads: list = field(default_factory=list)

    @property
    def bands(self):
        return [
            BandInfo(name, values.dtype.name, grid, self.pyramiding)
            for name, (grid, values, _) in self.arrays.items()
        ]

    def read(self, band, row, col, height, width):
        self.reads.append((band, row, col, height, width))
        _, values, mask = self.arrays[band]
        out = np.zeros((height, width), values.dtype)
        valid = np.zeros((height, width), np.bool_)
        top, left = max(row, 0), max(col, 0)
        bottom = min(row + height, values.shape[0])
        right = min(col + width, values.shape[1])
        if top < bottom and left < right:
            there = np.s_[top - row : bottom - row, left - col : right - col]
            here = np.s_[top:bottom, left:right]
            out[there], valid[there] = values[here], mask[here]
        return out, valid


@dataclass
class ArrayCollection:
    """A collection of such scenes; remembers what it was asked for."""

    id: str
    members: list
    asked: list = field(default_factory=list)
    properties: dict = field(default_factory=dict)

    def scenes(self, bounds, start_ms, end_ms):
        self.asked.append((bounds, start_ms, end_ms))
        for scene in self.members:
            time = scene.properties["system:time_start"]
            if start_ms is not None and time < start_ms:
                continue
            if end_ms is not None and time >= end_ms:
                continue
            near = scene.footprint is None or bounds is None
            if near or scene.footprint.intersects(box(*bounds)):
                yield scene


@dataclass
class ArrayTable:
    id: str
    rows: list

    def features(self):
        return iter(self.rows)


class World:
    """A catalogue to be filled by a test."""

    def __init__(self):
        self.images, self.collections, self.tables = {}, {}, {}
        self.looked_up = []

    def image(self, asset_id):
        self.looked_up.append(asset_id)
        return self.images.get(asset_id)

    def collection(self, asset_id):
        return self.collections.get(asset_id)

    def table(self, asset_id):
        return self.tables.get(asset_id)

    @staticmethod
    def grid(crs, left, top, pixel, width, height):
        return PixelGrid(crs, (pixel, 0.0, left, 0.0, -pixel, top), width, height)

    def add(
        self,
        asset_id,
        bands,
        *,
        time=0,
        footprint=None,
        pyramiding="mean",
        **properties,
    ):
        """Adds a scene of {name: (grid, values) or (grid, values, mask)}."""
        arrays = {}
        for name, (grid, values, *mask) in bands.items():
            values = np.asarray(values)
            valid = mask[0] if mask else np.ones(values.shape, np.bool_)
            arrays[name] = (grid, values, valid)
        index = asset_id.rpartition("/")[2]
        known = {"system:index": index, "system:time_start": time, **properties}
        scene = self.images[asset_id] = ArrayScene(
            asset_id, known, arrays, footprint, pyramiding
        )
        return scene

    def gather(self, collection_id, scenes):
        made = self.collections[collection_id] = ArrayCollection(collection_id, scenes)
        return made

    def tabulate(self, table_id, rows):
        made = [TableFeature(str(i), g, p) for i, (g, p) in enumerate(rows)]
        self.tables[table_id] = ArrayTable(table_id, made)

    @staticmethod
    def pixels(image, grid, **more):
        """Returns an image's structured array through the real client."""
        a, b, c, d, e, f = grid.transform
        affine = {"scaleX": a, "shearX": b, "translateX": c}
        affine |= {"shearY": d, "scaleY": e, "translateY": f}
        size = {"width": grid.width, "height": grid.height}
        return ee.data.computePixels(
            {
                "expression": image,
                "fileFormat": "NUMPY_NDARRAY",
                "grid": {
                    "dimensions": size,
                    "affineTransform": affine,
                    "crsCode": grid.crs,
                },
                **more,
            }
        )

    @staticmethod
    def crop(grid, row, col, height, width):
        a, b, c, d, e, f = grid.transform
        return PixelGrid(
            grid.crs, (a, b, c + a * col, d, e, f + e * row), width, height
        )


@pytest.fixture(scope="module")
def _client():
    """The real client, initialised once over an engine that tests replace."""
    transport = emulator.Transport(emulator.around(emulator.Engine(World())))
    ee.Reset()
    # Empty, it would be fetched from Google, without a time limit.
    ee.deprecation.deprecated_assets = {"_": None}
    ee.Initialize(AnonymousCredentials(), project="emulator", http_transport=transport)
    ee.data.setMaxRetries(0)
    yield transport
    ee.Reset()
    # The client's state is global: no session opened before it is good any more.
    earthengine.session._session = None


@pytest.fixture
def world(_client):
    """An empty catalogue that ``ee`` talks to."""
    made = World()
    _client.engine = made.engine = emulator.around(emulator.Engine(made))
    return made


@pytest.fixture
def utm():
    """A 10 m grid of 128 by 128 pixels in the middle of Germany."""
    return World.grid("EPSG:32632", 568680.0, 5606460.0, 10.0, 128, 128)


@pytest.fixture
def noise():
    """Returns a maker of reproducible whole numbers below a limit."""

    def make(shape, high=10_000, dtype="uint16", seed=0):
        return np.random.default_rng(seed).integers(0, high, shape).astype(dtype)

    return make


@pytest.fixture
def degrees():
    """Returns a maker of square lon/lat grids around a place."""

    def make(lon, lat, pixel, size):
        left = math.floor((lon - pixel * size / 2) / pixel) * pixel
        top = math.ceil((lat + pixel * size / 2) / pixel) * pixel
        return World.grid("EPSG:4326", left, top, pixel, size, size)

    return make


CALLED = set()
"""Names of all algorithms that answered something while tests ran."""


@pytest.fixture(scope="session", autouse=True)
def _remember_calls():
    """Remembers which algorithms answered, for ``test_registry``."""
    call, lookup = Algorithm.call, interpreter.registry.lookup

    def remembered(self, arguments, context):
        value = call(self, arguments, context)
        CALLED.add(self.name)
        return value

    def looked_up(name):
        found = lookup(name)
        if found.lazy:
            CALLED.add(name)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Algorithm, "call", remembered)
        patch.setattr(interpreter.registry, "lookup", looked_up)
        yield


def pytest_collection_modifyitems(items):
    """Puts the tests of what other tests did last."""
    items.sort(key=lambda item: item.get_closest_marker("afterwards") is not None)


@pytest.fixture
def whole(request):
    """Skips a test unless every test of this folder runs, and before it."""
    folder = Path(__file__).parent
    here = [item for item in request.session.items if folder in item.path.parents]
    files = {item.path for item in here}
    missing = set(folder.glob("test_*.py")) - files
    if missing or request.config.option.keyword or request.config.option.markexpr:
        pytest.skip("only some of the tests run")
    if any("::" in argument for argument in request.config.args):
        pytest.skip("only some of the tests run")

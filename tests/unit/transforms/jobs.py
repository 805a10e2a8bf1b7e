"""Jobs and sessions for transforms, without an engine."""

import threading

import numpy as np

from earthengine.engine import Budget, Engine, Patience
from earthengine.errors import EngineError
from earthengine.gate import Gate
from modalities import registry
from modalities.recipe import Context, Recipe
from tests.unit.dataset.plans import milliseconds
from transforms.job import Job

VERSIONS = {"earthloom": "1.2", "earthengine-api": "1.7.50", "recipe": "0123abcd"}
NAMES = ("sentinel2", "sentinel2_scl", "sentinel1", "aster", "lat", "month")


def make_job(modalities=NAMES, size=16, plan_batch=4, **recipe):
    context = Context(Recipe(registry_names(modalities), size, **recipe))
    return Job(
        engine=Engine(),
        budget=Budget(8, 1e6),
        patience=Patience(),
        context=context,
        recipe_hash="0123abcd",
        plan_batch=plan_batch,
    )


def registry_names(names):
    """Puts names in the registry's order, as the command line does."""
    return tuple(modality.name for modality in registry.resolve(names))


def facts(level="l2a", radar=True):
    """Returns what the engine tells of one tile, all rounds together."""
    time = milliseconds("2019-06-15T10:30:00")
    scene = ["X_T32TMT", time, 3.5]
    both = {"l1c": [], "l2a": [], level: [scene]}
    up = [["UP", time + 1000, "ASCENDING", ["VV", "VH"]]] if radar else []
    return {"sentinel2": both, "sentinel1": up}


class FakeSession:
    """Answers planning by tile and pixels by number; refuses what it is told to.

    Attributes:
        by_lon: Facts of a tile by its longitude; default facts elsewhere.
        poison: Longitudes that make any planning request fail, with the error.
        pixel_errors: Errors of pixel requests, by the west of the grid.
    """

    def __init__(self, by_lon=None, poison=None, pixel_errors=None, fill=None):
        self.gate = Gate(Budget(8, 1e6))
        self.by_lon = by_lon or {}
        self.poison = poison or {}
        self.pixel_errors = pixel_errors or {}
        self.fill = fill
        self.sizes = []
        self.asked_pixels = 0
        self._lock = threading.Lock()

    def compute(self, sites, usage, accept):
        """Takes the sites where a real session takes an expression."""
        with self._lock:
            usage.requests += 1
            usage.bytes += 100
            usage.last_status = 200
            self.sizes.append(len(sites))
        for site in sites:
            if site.tile.lon in self.poison:
                raise self.poison[site.tile.lon]
        return accept([self.by_lon.get(site.tile.lon, facts()) for site in sites])

    def pixels(self, image, grid, dtype, usage):
        with self._lock:
            usage.requests += 1
            usage.bytes += 5000
            usage.last_status = 200
            self.asked_pixels += 1
        west = grid["affineTransform"]["translateX"]
        if west in self.pixel_errors:
            raise self.pixel_errors[west]
        shape = (grid["dimensions"]["height"], grid["dimensions"]["width"])
        array = np.zeros(shape, dtype)
        for number, name in enumerate(dtype.names):
            array[name] = number + 1 if self.fill is None else self.fill
        return array


def too_large():
    return EngineError("too_large", "User memory limit exceeded.", 400)

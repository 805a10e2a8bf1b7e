"""A small catalogue behind the HTTP door, and the real client at it."""

import ee
import ee.deprecation
import numpy as np
import pytest
from google.auth.credentials import AnonymousCredentials
from shapely.geometry import box

import earthengine.session
import emulator
from emulator import server
from tests.unit.emulator.conftest import World

DAY = 86_400_000


@pytest.fixture(scope="package")
def door():
    """A catalogue that the client asks over HTTP.

    ``c`` is a collection of five scenes of a day each, 64 by 48 pixels of 10 m in
    Germany, with bands A (uint16, its first row masked) and F (float32); ``t`` a table
    of five squares of a degree.
    """
    world = World()
    world.A = np.arange(64 * 48).reshape(48, 64).astype(np.uint16)
    world.F = (world.A / 7).astype(np.float32)
    world.mask = np.ones((48, 64), np.bool_)
    world.mask[0] = False
    world.place = world.grid("EPSG:32632", 500_000.0, 5_600_000.0, 10.0, 64, 48)
    footprint = box(9.0, 50.54, 9.01, 50.551)
    scenes = [
        world.add(
            f"c/s{i}",
            {"A": (world.place, world.A, world.mask), "F": (world.place, world.F)},
            time=i * DAY,
            footprint=footprint,
            cloud=i * 10,
            name=f"n{i % 2}",
        )
        for i in range(5)
    ]
    world.gather("c", scenes).properties = {"date_range": [0, 5 * DAY]}
    world.tabulate("t", [(box(i, 0, i + 1, 1), {"number": i}) for i in range(5)])
    running = server.start(emulator.around(emulator.Engine(world)))
    world.url = running.url
    ee.Reset()
    ee.deprecation.deprecated_assets = {"_": None}
    ee.Initialize(AnonymousCredentials(), project="emulator", url=running.url)
    ee.data.setMaxRetries(0)
    yield world
    ee.Reset()
    running.close()
    earthengine.session._session = None

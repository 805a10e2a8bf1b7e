"""Plain inputs of modalities: a site, a recipe, a chosen Sentinel-2 scene."""

from datetime import UTC, datetime

import ee
import pytest

from modalities import registry
from modalities.grid import grid_of
from modalities.plan import Choice, Scene, Site
from modalities.recipe import Context, Recipe
from modalities.tile import Tile

ASSETS = {"l1c": "COPERNICUS/S2_HARMONIZED", "l2a": "COPERNICUS/S2_SR_HARMONIZED"}


def milliseconds(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def ms():
    """Turns ISO text, UTC, into milliseconds since 1970."""
    return milliseconds


@pytest.fixture
def make_site():
    def make(tile_id="a", lon=8.6, lat=47.4, size=128, **more):
        return Site(Tile(tile_id, lon, lat, 0, **more), grid_of(lon, lat, size))

    return make


@pytest.fixture
def make_context():
    def make(tables=None, **recipe):
        recipe.setdefault("modalities", registry.names())
        return Context(Recipe(**recipe), tables or {})

    return make


@pytest.fixture
def scene():
    """Returns the choices of a tile whose Sentinel-2 scene is of a given time."""

    def make(time="2019-06-15T10:30:00", level="l2a", zone=32):
        index = f"20190615T103031_20190615T103456_T{zone:02d}TMT"
        bands = tuple(
            band.name
            for band in registry.get("sentinel2").bands
            if level == "l1c" or band.name != "B10"
        )
        choice = Choice(
            bands=bands,
            scenes=(Scene(f"{ASSETS[level]}/{index}", milliseconds(time)),),
            values={"level": level, "index": index, "cloud": 3.5},
        )
        return {"sentinel2": choice}

    return make


@pytest.fixture
def calls(offline_client):
    """Lists (function, arguments) of all calls in a serialised expression."""

    def walk(node):
        if isinstance(node, dict):
            call = node.get("functionInvocationValue")
            if call is not None and "functionName" in call:
                yield call["functionName"], call["arguments"]
            for value in node.values():
                yield from walk(value)
        elif isinstance(node, list):
            for item in node:
                yield from walk(item)

    return lambda expression: list(
        walk(ee.serializer.encode(expression, for_cloud_api=True))
    )

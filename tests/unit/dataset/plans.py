"""Plans and rows made by hand, as the pipeline would make them."""

from datetime import UTC, datetime

import numpy as np

from dataset.partials import partial
from dataset.row import Failure, failed_row, made_row
from dataset.stack import encode_stack
from modalities.grid import grid_of
from modalities.plan import Choice, Plan, Scene, Site
from modalities.tile import Tile

VERSIONS = {"earthloom": "1.2", "earthengine-api": "1.7.50", "recipe": "0123abcd"}
S2_BANDS = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8A", "B8", "B9", "B11", "B12")
L1C_BANDS = (*S2_BANDS[:10], "B10", *S2_BANDS[10:])


def milliseconds(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def usage(requests=1, octets=1000, seconds=0.5, status=200):
    return {
        "requests": requests,
        "bytes": octets,
        "seconds": seconds,
        "last_status": status,
    }


def make_site(number=0, lon=8.6, lat=47.4, size=16):
    tile = Tile(f"tile-{number}", lon, lat, number, "Tundra", "Late tundra")
    return Site(tile, grid_of(lon, lat, size))


def make_plan(number=0, level="l2a", complete=True, **place):
    """Makes a plan of every modality; an incomplete one lacks what may be lacking."""
    l2a = level == "l2a"
    scene = Scene(
        f"COPERNICUS/S2{'_SR' if l2a else ''}_HARMONIZED/X_T32TMT",
        milliseconds("2019-06-15T10:30:31.024"),
    )
    values = {"level": level, "index": "X_T32TMT", "cloud": 3.5}
    nothing = Choice(missing="there is none")
    radar = [
        Scene("COPERNICUS/S1_GRD/UP", milliseconds("2019-06-16T05:00:00"), "asc"),
        Scene("COPERNICUS/S1_GRD/DOWN", milliseconds("2019-06-14T17:00:00"), "desc"),
    ]
    both = ("asc_VV", "asc_VH", "desc_HH")
    month1, month2, year = [280.5, 270, 290, 0.01], [281, 271, 291, 0.02], [1, 2, 3, 4]
    months = {"month1": month1, "month2": month2, "year": year}
    choices = {
        "sentinel2": Choice(S2_BANDS if l2a else L1C_BANDS, (scene,), values),
        "sentinel2_cloudmask": Choice(("QA60",), (scene,)),
        "sentinel2_cloudprod": (
            Choice(("MSK_CLDPRB",), (scene,)) if l2a and complete else nothing
        ),
        "sentinel2_scl": Choice(("SCL",), (scene,)) if l2a else nothing,
        "sentinel1": (
            Choice(both, tuple(radar), {"days": {"asc": 0.771, "desc": -0.729}})
            if complete
            else Choice(both[2:], (radar[1],), {"days": {"desc": -0.729}})
        ),
        "aster": Choice(("b1", "slope")),
        "era5": (
            Choice(("x",) * 12, values={**months, "months": ["201905", "201906"]})
            if complete
            else nothing
        ),
        "dynamic_world": Choice(("label",)) if complete else nothing,
        "canopy_height_eth": Choice(("height", "std")),
        "esa_worldcover": Choice(("Map",)),
        "lat": Choice(("sin", "cos")),
        "lon": Choice(("sin", "cos")),
        "month": Choice(("sin", "cos"), values={"month": 6}),
        "biome": Choice(("Tundra",), values={"label": 0}),
        "eco_region": Choice(("eco_003",), values={"label": 3}),
    }
    return Plan(make_site(number, **place), choices)


def make_made(number=0, statistics=None, stored=None, **plan):
    made = make_plan(number, **plan)
    names = tuple(made.choices) if stored is None else stored
    both = {"plan": usage(2, 500, 1.0), "fetch": usage()}
    return made_row(made, names, statistics or {}, both, VERSIONS)


def make_arrays(number, specs, size=16):
    """Draws the arrays of a tile from its number, a fifth of the pixels no-data."""
    rng = np.random.default_rng(number)
    arrays = {}
    for spec in specs:
        shape, dtype = spec.row_shape(size), np.dtype(spec.storage.dtype)
        values = rng.normal(100.0, 40.0, shape).clip(0, 250).astype(dtype)
        if spec.storage.no_data is not None and spec.pixels:
            values[rng.random(shape) < 0.2] = spec.storage.no_data
        arrays[spec.name] = values
    return arrays


def make_stack(number, specs, size=16, **plan):
    """Encodes a tile with its statistics."""
    arrays = make_arrays(number, specs, size)
    statistics = {
        spec.name: partial(arrays[spec.name], spec.storage.no_data)
        for spec in specs
        if spec.statistics != "none"
    }
    names = [spec.name for spec in specs]
    row = make_made(number, statistics, names, size=size, **plan)
    return encode_stack(arrays, row, specs, size)


def make_failed(number=0, kind="no_data", **place):
    failure = Failure(kind, "sentinel2: no scene é", "plan")
    both = {"plan": usage(0, 0, 0.0, None), "fetch": usage(3, 0, 12.5, 429)}
    return failed_row(make_site(number, **place), failure, both, VERSIONS)

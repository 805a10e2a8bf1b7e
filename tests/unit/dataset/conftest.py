import math

import numpy as np
import pytest

from modalities.spec import Band, Spec, Storage

SIZE = 16


def bands(*names):
    return tuple(Band(name, "m", f"what {name} is") for name in names)


@pytest.fixture
def specs():
    """A few modalities that differ in all that matters to storage."""
    return (
        Spec(
            "optical", bands("B1", "B2"), Storage("uint16", 0), True, "by_level", ("o",)
        ),
        Spec("radar", bands("VV"), Storage("float32", -math.inf), True, "all", ("r",)),
        Spec("classes", bands("map"), Storage("uint8", 255), True, "none", ("c",)),
        Spec("lat", bands("sin", "cos"), Storage("float32", None), False, "all", ()),
        Spec(
            "region", bands("é0", "1", "2"), Storage("uint16", None), False, "none", ()
        ),
    )


@pytest.fixture
def make_arrays():
    """Returns the arrays of a tile, drawn from its number."""

    def make(number):
        rng = np.random.default_rng(number)
        shape = (SIZE, SIZE)
        return {
            "optical": rng.integers(0, 9000, (2, *shape)).astype(np.uint16),
            "radar": rng.normal(size=(1, *shape)).astype(np.float32),
            "classes": rng.integers(0, 12, (1, *shape)).astype(np.uint8),
            "lat": rng.normal(size=2).astype(np.float32),
            "region": rng.integers(0, 2, 3).astype(np.uint16),
        }

    return make


@pytest.fixture
def make_row():
    def make(number, status="made", **more):
        tile = {"tile_id": f"tile-{number}", "position": number}
        return {"tile": tile, "status": status, **more}

    return make

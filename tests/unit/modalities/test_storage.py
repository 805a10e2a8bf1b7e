"""From the wire to storage: absent channels, no-data, casts, in both layouts."""

import numpy as np
import pytest

from modalities import registry
from modalities.plan import Choice

LAYOUTS = ("standard", "mmearth-v001")


def store(name, layout, bands, wire):
    modality = registry.get(name)
    storage = modality.spec(layout).storage
    wire = np.asarray(wire, modality.wire)
    return modality.stored(wire, Choice(bands=bands), storage)


def row(*values):
    """Makes one band of one row of pixels."""
    return [list(values)]


# Modality, bands, wire, stored by us, stored in the release's dtypes.
INF = np.inf
CASES = [
    (
        "aster",
        ("b1", "slope"),
        [row(-9999.0, 431.7, -12.7), row(1.5, -9999.0, 89.9)],
        [row(-INF, 431.7, -12.7), row(1.5, -INF, 89.9)],
        [row(-32768, 431, -12), row(1, -32768, 89)],
    ),
    (
        "canopy_height_eth",
        ("height", "std"),
        [row(0, 127, 128, 254, 255), row(5, 255, 9, 1, 200)],
        [row(0, 127, 128, 254, 255), row(5, 255, 9, 1, 200)],
        [row(0, 127, 127, 127, -128), row(5, -128, 9, 1, 127)],
    ),
    ("esa_worldcover", ("Map",), [row(10, 255, 100)], [row(10, 255, 100)], None),
    (
        "esa_worldcover",
        ("Map",),
        [row(10, 255, 100)],
        None,
        [row(10, 0, 100)],
    ),
    (
        "sentinel2_cloudprod",
        ("MSK_CLDPRB",),
        [row(0, 100, 255)],
        [row(0, 100, 65535)],
        [row(0, 100, 65535)],
    ),
    ("sentinel2_scl", ("SCL",), [row(1, 11, 255)], [row(1, 11, 255)], None),
    ("sentinel2_cloudmask", ("QA60",), [row(0, 1024, 65535)], None, None),
    ("dynamic_world", ("label",), [row(0, 1, 9)], [row(0, 1, 9)], [row(0, 1, 9)]),
]


@pytest.mark.parametrize(("name", "bands", "wire", "ours", "released"), CASES)
def test_fill_becomes_no_data(name, bands, wire, ours, released):
    for layout, expected in zip(LAYOUTS, (ours, released), strict=True):
        stored = store(name, layout, bands, wire)
        dtype = registry.get(name).spec(layout).storage.dtype
        assert stored.dtype == dtype
        if expected is not None:
            np.testing.assert_array_equal(stored, np.array(expected, dtype))


# All channels of modalities that have nothing.
ABSENT = {
    "sentinel2_cloudprod": (65535, 65535),
    "sentinel2_scl": (255, 255),
    "sentinel1": (-INF, -INF),
    "dynamic_world": (0, 0),
    "canopy_height_eth": (255, -128),
    "aster": (-INF, -32768),
    "esa_worldcover": (255, 0),
}


@pytest.mark.parametrize("name", ABSENT)
def test_what_is_missing_is_all_no_data(name):
    modality = registry.get(name)
    for layout, value in zip(LAYOUTS, ABSENT[name], strict=True):
        stored = store(name, layout, (), np.empty((0, 4, 4)))
        assert stored.shape == (len(modality.bands), 4, 4)
        assert (stored == value).all()


def test_bands_go_to_the_channel_of_their_name():
    wire = np.arange(12 * 4).reshape(12, 2, 2) + 1
    bands = tuple(b.name for b in registry.get("sentinel2").bands if b.name != "B10")
    stored = store("sentinel2", "standard", bands, wire)
    assert (stored[10] == 0).all()  # B10
    np.testing.assert_array_equal(np.delete(stored, 10, 0), wire)

    stored = store(
        "sentinel1",
        "standard",
        ("asc_HH", "desc_VV", "desc_VH"),
        np.stack([np.full((2, 2), v) for v in (-11.5, -9999.0, -17.25)]),
    )
    expected = [-INF, -INF, -11.5, -INF, -INF, -17.25, -INF, -INF]
    assert stored[:, 0, 0].tolist() == expected

"""One image of all bands of a tile, and its pixels taken apart again."""

import json

import numpy as np
import pytest

from modalities import registry
from modalities.plan import Choice, Plan
from modalities.stack import stack_image, take_apart, wire_dtype


@pytest.fixture
def plan(make_site, scene):
    """An L2A tile with one radar orbit, without Dynamic World."""
    choices = dict(scene())
    choices["sentinel2_scl"] = Choice(
        bands=("SCL",), scenes=choices["sentinel2"].scenes
    )
    choices["dynamic_world"] = Choice(missing="no scene in 2019")
    choices["aster"] = Choice(bands=("b1", "slope"))
    choices["lat"] = Choice(bands=("sin", "cos"))
    return Plan(make_site(size=4, lat=30.0), choices)


NAMES = ("sentinel2", "sentinel2_scl", "aster", "dynamic_world", "lat")


def test_the_wire_has_a_field_a_band_with_its_own_dtype(plan):
    dtype = wire_dtype(plan, registry.resolve(NAMES))
    assert len(dtype.names) == 12 + 1 + 2
    assert "sentinel2_B10" not in dtype.names
    assert dtype["sentinel2_B8A"] == "<u2"
    assert dtype["sentinel2_scl_SCL"] == "u1"
    assert dtype["aster_slope"] == "<f4"
    assert dtype.names[-2:] == ("aster_b1", "aster_slope")


def test_everything_is_filled_cast_and_named(calls, plan, make_context):
    modalities = registry.resolve(NAMES)
    found = calls(stack_image(plan, modalities, make_context()))
    fills = [arguments for name, arguments in found if name == "Image.unmask"]
    assert len(fills) == 3  # Sentinel-2, its classes, elevation
    for arguments in fills:
        # Where the image has no footprint, too.
        assert arguments["sameFootprint"] == {"constantValue": False}
        assert "value" in arguments
    names = [name for name, _ in found]
    for cast in ("Image.toUint16", "Image.toUint8", "Image.toFloat"):
        assert names.count(cast) == 1
    assert "Image.clip" not in names
    assert "Image.reproject" not in names
    text = stack_image(plan, modalities, make_context()).serialize()
    for band in wire_dtype(plan, modalities).names:
        assert f'"{band}"' in text
    assert "DYNAMICWORLD" not in text


def test_an_answer_is_laid_out_by_name(plan, make_context):
    modalities = registry.resolve(NAMES)
    dtype = wire_dtype(plan, modalities)
    pixels = np.zeros((4, 4), dtype)
    for number, name in enumerate(dtype.names):
        pixels[name] = 10 * (number + 1) + np.arange(16).reshape(4, 4) // 2
    arrays = take_apart(pixels, plan, modalities, make_context())
    assert tuple(arrays) == tuple(m.name for m in modalities)
    assert arrays["sentinel2"].shape == (13, 4, 4)
    np.testing.assert_array_equal(arrays["sentinel2"][7], pixels["sentinel2_B8A"])
    np.testing.assert_array_equal(arrays["sentinel2"][12], pixels["sentinel2_B12"])
    assert (arrays["sentinel2"][10] == 0).all()
    np.testing.assert_array_equal(arrays["aster"][1], pixels["aster_slope"])
    assert (arrays["dynamic_world"] == 0).all()
    np.testing.assert_allclose(arrays["lat"], [0.5, 0.75**0.5], rtol=1e-6)
    for modality in modalities:
        spec = modality.spec("standard")
        assert arrays[spec.name].dtype == spec.storage.dtype
        assert arrays[spec.name].shape == spec.row_shape(4)


def test_plans_survive_json(plan):
    again = Plan.from_json(json.loads(json.dumps(plan.to_json())))
    assert again.site == plan.site
    assert again.choices == plan.choices

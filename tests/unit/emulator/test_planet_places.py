"""Where pixels lie on the planet's lattice, against PROJ."""

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.planet import mercator, places

ZONES = [("EPSG:32632", 9.5, 56.0), ("EPSG:32720", -63.0, -3.0),
         ("EPSG:32633", 15.0, 79.0), ("EPSG:32701", -179.9, -17.0)]  # fmt: skip


def corner(crs, longitude, latitude):
    to = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = to.transform(longitude, latitude)
    return x // 60 * 60, y // 60 * 60


@pytest.mark.parametrize(("crs", "longitude", "latitude"), ZONES)
def test_utm_pixels_lie_where_proj_puts_them_to_a_small_part_of_a_pixel(
    crs, longitude, latitude
):
    near = 0.05 if abs(latitude) < 60 else 0.5
    x0, y0 = corner(crs, longitude, latitude)
    x, y = places.metric(crs, x0, y0, 10.0, 130, 150)
    back = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    east, north = back.transform(x * 360.0 - 180.0, mercator.latitude_of(y))
    want_x = x0 + (np.arange(130) + 0.5) * 10.0
    want_y = y0 - (np.arange(150) + 0.5) * 10.0
    assert np.abs(east - want_x[None, :]).max() < near
    assert np.abs(north - want_y[:, None]).max() < near


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.integers(0, 90),
    st.integers(0, 90),
    st.integers(1, 60),
    st.integers(1, 60),
)
def test_a_windows_places_equal_the_crop_of_a_larger_windows(
    zone, col, row, width, height
):
    crs, longitude, latitude = zone
    x0, y0 = corner(crs, longitude, latitude)
    whole = places.metric(crs, x0, y0, 20.0, 150, 150)
    part = places.metric(crs, x0 + col * 20.0, y0 - row * 20.0, 20.0, width, height)
    for large, small in zip(whole, part, strict=True):
        crop = large[row : row + height, col : col + width]
        # Across the antimeridian x may differ by whole turns.
        assert np.array_equal(crop - np.rint(crop - small), small)


def test_degree_pixels_lie_where_mercators_formula_puts_them():
    step = 1.0 / 3600.0
    x, y = places.geographic(-180.0, 90.0, step, 700_000, 200_000, 50, 300)
    longitude = -180.0 + (700_000 + np.arange(50) + 0.5) * step
    latitude = 90.0 - (200_000 + np.arange(300) + 0.5) * step
    assert np.allclose(x * 360.0 - 180.0, longitude, atol=1e-11)
    assert np.allclose(mercator.latitude_of(y), latitude, atol=1e-7)


@pytest.mark.parametrize("latitude", [0.0, 30.0, 48.0, 56.0, -60.0, 72.0, 83.0])
def test_lattice_pixels_are_between_six_and_thirteen_metres(latitude):
    zoom = mercator.zoom_at(latitude)
    width = mercator.EQUATOR * np.cos(np.radians(latitude)) / 2**zoom
    assert 6.25 < width <= 12.5
    y = mercator.y_of(np.array([latitude]))
    assert mercator.zooms_of(y)[0] == zoom

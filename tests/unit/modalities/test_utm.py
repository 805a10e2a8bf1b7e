"""UTM coordinates are PROJ's, without PROJ."""

from functools import lru_cache

import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modalities.grid import utm_zone
from modalities.utm import from_utm, to_utm


@lru_cache
def projection(epsg):
    return pyproj.Transformer.from_crs("EPSG:4326", f"EPSG:{epsg}", always_xy=True)


@given(
    st.floats(-180, 179.999), st.floats(-84, 84), st.floats(-0.03, 0.03), st.booleans()
)
def test_places_lie_where_proj_has_them(lon, lat, beyond, south):
    epsg = (32700 if south else 32600) + utm_zone(lon, lat)
    lon += beyond  # a tile's corners may lie in the next zone
    x, y = to_utm(lon, lat, epsg)
    assert (x, y) == pytest.approx(projection(epsg).transform(lon, lat), abs=1e-6)
    back = from_utm(x, y, epsg)
    assert back[1] == pytest.approx(lat, abs=1e-10)
    assert (back[0] - lon + 180) % 360 - 180 == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("lon", "lat", "epsg"), [(11.9, 60.0, 32632), (8.9, 78.0, 32631)]
)
def test_widened_zones_are_as_exact(lon, lat, epsg):
    assert to_utm(lon, lat, epsg) == pytest.approx(
        projection(epsg).transform(lon, lat), abs=1e-6
    )

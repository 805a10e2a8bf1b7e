"""Shortcuts for speed: they give what the long way gives."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.catalogue import dynamic_world, passes, skies
from emulator.evaluator.stacks import mode
from emulator.planet import climate, cover, land, mercator, noise, places, weather
from emulator.planet.atlas import atlas
from emulator.planet.sun import months


@pytest.mark.parametrize("layers", [1, 7, 255, 256, 300])
@pytest.mark.parametrize("classes", [range(9), (3, 250, 255), range(0, 256, 5)])
def test_mode_is_the_least_of_the_most_frequent_valid_values(layers, classes):
    rng = np.random.default_rng(layers)
    values = rng.choice(np.array(classes, np.uint8), (layers, 5, 41))
    mask = rng.random(values.shape) < rng.choice([0.0, 0.02, 0.5, 1.0], (5, 41))
    got, some = mode(values, mask)
    for i, j in np.ndindex(5, 41):
        counts = Counter(values[mask[:, i, j], i, j].tolist())
        assert some[i, j] == bool(counts)
        if counts:
            most = max(counts.values())
            assert got[i, j] == min(v for v, n in counts.items() if n == most)


def test_mode_counts_more_than_a_byte_of_equal_layers():
    values = np.full((600, 2, 2), 4, np.uint8)
    values[:280] = 2
    got, some = mode(values, np.ones(values.shape, np.bool_))
    assert (got == 4).all()
    assert some.all()


@given(row=st.integers(0, 10_000), col=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_dynamic_world_masks_what_is_in_cloud_or_in_its_shadow(row, col):
    found = dynamic_world.DynamicWorld().scenes(
        (9.4, 55.9, 9.6, 56.1), 1_556_668_800_000, 1_567_296_000_000
    )
    window = (row, col, 40, 56)
    for scene in list(found)[:12]:
        seen = scene.seen
        _, valid = scene.read("label", *window)
        clear = seen.clouds(10.0, *window) <= 0.25
        lit = seen.shadows(10.0, *window) <= 0.3
        x = seen.square.x0 + (col + np.arange(56) + 0.5) * 10.0
        y = seen.square.y0 - (row + np.arange(40) + 0.5) * 10.0
        swath = np.ones((40, 56), np.bool_)
        for a, b, c in seen.strip.sides:
            swath &= a * x[None, :] + b * y[:, None] + c > 0
        inside = (row + np.arange(40) < 10_980)[:, None] & (
            col + np.arange(56) < 10_980
        )
        assert np.array_equal(valid, swath & clear & lit & inside)


def test_some_scenes_are_partly_hidden_and_some_are_not():
    found = dynamic_world.DynamicWorld().scenes(
        (9.4, 55.9, 9.6, 56.1), 1_556_668_800_000, 1_567_296_000_000
    )
    shares = [one.read("label", 5000, 5000, 128, 128)[1].mean() for one in found]
    assert any(0.05 < share < 0.95 for share in shares)
    assert any(share == 1.0 for share in shares)


@pytest.mark.parametrize(
    ("place", "some", "none"),
    [((10.0, 46.5), True, True), ((169.0, -44.5), True, True),
     ((101.0, 73.2), True, True), ((-60.0, -4.0), False, True)],
)  # fmt: skip
def test_snow_lies_on_open_land_where_the_day_is_colder_than_frost(place, some, none):
    lon, lat = place
    found = dynamic_world.DynamicWorld().scenes(
        (lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1),
        1_546_300_800_000,
        1_577_836_800_000,
    )
    shares = []
    for scene in list(found)[::3]:
        square = scene.seen.square
        labels, _ = scene.read("label", 5000, 5000, 64, 64)
        layers = places.metric_land(
            square.crs, square.x0 + 50_000.0, square.y0 - 50_000.0, 10.0, 64, 64
        )
        month = months(scene.seen.time_ms)
        summer = np.float32(np.cos(2 * np.pi * (month - 6.6) / 12))
        day = layers["warmth"] + layers["swing"] * summer
        closed = np.isin(cover.LABEL[layers["cover"]], (0, 1, 6))
        snow = (day < np.float32(-1.5 - scene.seen.chill)) & ~closed
        always = np.isin(8, [cover.LABEL[layers["cover"]]])
        assert (labels[snow] == 8).all()
        if not always:
            assert not (labels[~snow] == 8).any()
        shares.append(snow.mean())
    assert any(share > 0.02 for share in shares) == some
    assert any(share == 0.0 for share in shares) == none


@pytest.mark.parametrize("column", [0, 1, 127, -1])
def test_layers_around_the_antimeridian_are_the_blocks_pixels(column):
    zoom = mercator.zoom_at(67.6)
    size = 2**zoom
    row = int(mercator.y_of(np.array([67.6]))[0] * size)
    columns = (column + np.arange(-90, 90)[None, :]) % size
    rows = row + np.arange(140)[:, None]
    columns, rows = np.broadcast_arrays(columns, rows)
    got = land.Layers(zoom, columns, rows)
    assert set(got) == set(land.LAYERS)
    for name in ("height", "cover"):
        truth = np.empty(columns.shape, got[name].dtype)
        blocks = {
            (c, r): land.compute(zoom, c, r)[name]
            for c in np.unique(columns // land.SIZE).tolist()
            for r in np.unique(rows // land.SIZE).tolist()
        }
        for i, j in np.ndindex(truth.shape):
            c, r = int(columns[i, j]), int(rows[i, j])
            block = blocks[c // land.SIZE, r // land.SIZE]
            truth[i, j] = block[r % land.SIZE, c % land.SIZE]
        assert np.array_equal(got[name], truth)


def test_positions_do_not_depend_on_the_window_across_the_antimeridian():
    x, y = places.metric("EPSG:32660", 626_960.0, 7_502_360.0, 10.0, 128, 128)
    u, v = places.metric("EPSG:32660", 627_960.0, 7_502_000.0, 10.0, 20, 30)
    assert x.min() < 1.0 < x.max()
    assert np.array_equal(x[36:66, 100:120], u)
    assert np.array_equal(y[36:66, 100:120], v)


@pytest.mark.parametrize("nodes", [6, 21, 69])
def test_products_of_blocks_are_numpy_s_and_the_same_in_any_company(nodes):
    rng = np.random.default_rng(3)
    left = rng.normal(size=(66, nodes)).astype(np.float32)
    right = rng.normal(size=(5, nodes, 66)).astype(np.float32)
    got = noise.product(left, right)
    truth = left.astype(np.float64) @ right.astype(np.float64)
    np.testing.assert_allclose(got, truth, atol=1e-4)
    for k in range(5):
        assert np.array_equal(noise.product(left, right[k : k + 1])[0], got[k])


def _octave(block, level, seed):
    """An octave by its definition: a spline over hashed nodes, in float64."""
    pixel = np.arange(-1, noise.SIZE + 1) + 0.5
    scale = 2.0 ** (level - block.zoom)
    salt = level * 0x3C6EF
    y0, down = noise.spline_rows((block.row * noise.SIZE + pixel) * scale)
    rows = np.arange(y0, y0 + down.shape[1]) + salt
    found = []
    for column in block.columns.tolist():
        x0, across = noise.spline_rows((column * noise.SIZE + pixel) * scale)
        columns = np.arange(x0, x0 + across.shape[1]) % 2**level + salt
        hashes = noise.hash_pairs(columns[None, :], rows[:, None], seed)
        found.append(down @ ((hashes / 2.0**31 - 1.0) * 3.6) @ across.T)
    return np.stack(found)


@pytest.mark.parametrize("zoom", [18, 20, 22])
def test_noise_is_a_sum_of_splines_whatever_way_it_is_added_up(zoom):
    last = 2**zoom // noise.SIZE - 1
    block = noise.BlockNoise(zoom, [last, 0, 1, 1234], 2987)
    for level in (4, zoom - 7, zoom - 6, zoom - 5, zoom):
        truth = _octave(block, level, 3)
        np.testing.assert_allclose(block.octave(level, 3), truth, atol=2e-6)
    for longest, shortest in ((60_000.0, 350.0), (9_000.0, 36.0), (160.0, 9.0)):
        levels = block.levels(longest, shortest)
        waves = [block.wavelength(level) for level in levels]
        gains = np.array(
            [
                min(1.0, 2.0 * (1.0 - wave / longest) + 1e-3)
                * 0.6 ** np.log2(longest / wave)
                for wave in waves
            ]
        )
        gains /= np.sqrt((gains**2).sum())
        truth = sum(
            gain * _octave(block, level, 5)
            for gain, level in zip(gains, levels, strict=True)
        )
        got = block.fractal(5, longest, shortest, 0.6)
        np.testing.assert_allclose(got, truth, atol=4e-6)


@pytest.mark.parametrize("place", [(10.1, 56.2), (86.9, 27.9), (-60.0, -3.0)])
def test_blocks_are_the_same_alone_and_side_by_side(place):
    zoom = mercator.zoom_at(place[1])
    count = 2**zoom // noise.SIZE
    column = int((place[0] + 180.0) / 360.0 * count)
    row = int(mercator.y_of(np.array([place[1]]))[0] * count)
    columns = [column, column + 1, column + 2, column + 9, (column + 3000) % count]
    together = land.compute_side_by_side(zoom, columns, row)
    for one, made in zip(columns, together, strict=True):
        alone = land.compute(zoom, one, row)
        for name, array in alone.items():
            assert np.array_equal(array, made[name]), name


def test_rasters_at_nodes_are_the_rasters_smoothed():
    world = atlas()
    longitude = np.array([[-180.2, -179.9, 10.0], [7.0, 7.01, 179.99]])
    latitude = np.array([56.0, 55.9, -89.9])
    for raster, tables in ((world.land, None), (world.zone, climate.table())):
        got = raster.nodes(longitude, latitude, tables)
        for k, i in np.ndindex(2, 3):
            for j in range(3):
                x, y = longitude[k, i : i + 1], latitude[j : j + 1]
                truth = raster.smooth(x, y, tables)
                np.testing.assert_allclose(got[..., k, j, i], truth[..., 0, 0])


def test_windows_outside_a_swath_are_masked_and_inside_are_not():
    found = passes.passes_in(
        (8.0, 55.0, 12.0, 57.0), 1_559_347_200_000, 1_561_939_200_000
    )
    seen = next(one for one in found if one.strip.sides)
    whole = seen.inside(600.0, 0, 0, 183, 183)
    assert whole.any()
    assert not whole.all()
    x = seen.square.x0 + (np.arange(183) + 0.5) * 600.0
    y = seen.square.y0 - (np.arange(183) + 0.5) * 600.0
    truth = np.ones(whole.shape, np.bool_)
    for a, b, c in seen.strip.sides:
        truth &= a * x[None, :] + b * y[:, None] + c > 0
    assert np.array_equal(whole, truth)
    for row, col in np.ndindex(12, 12):
        part = seen.inside(600.0, 15 * row, 15 * col, 15, 15)
        cropped = whole[15 * row : 15 * row + 15, 15 * col : 15 * col + 15]
        assert np.array_equal(part, cropped)


def _clouds(seed, column, row, width, height):
    """Cloud noise by its definition: seven octaves of splines, in float64."""
    total = np.zeros((height, width))
    for octave in range(7):
        cell, salt = 4.0 * 2.0**octave, octave * 1_000_003
        x0, across = noise.spline_rows((column + np.arange(width) + 0.5) / cell)
        y0, down = noise.spline_rows((row + np.arange(height) + 0.5) / cell)
        x, y = x0 + np.arange(across.shape[1]) + salt, y0 + np.arange(down.shape[1])
        hashes = noise.hash_pairs(x[None, :], y[:, None], seed)
        gain = 0.7 ** (6 - octave)
        total += gain * (down @ (hashes / 2.0**31 - 1.0) @ across.T)
    return total * 3.6 / np.sqrt(sum(0.7 ** (2 * k) for k in range(7)))


whole_numbers = st.integers(-(2**20), 2**20)


@given(st.integers(0, 2**31), whole_numbers, whole_numbers, st.data())
@settings(max_examples=30, deadline=None)
def test_clouds_are_a_sum_of_splines_in_any_window_and_company(seed, column, row, data):
    width, height = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    seeds = np.array([seed, 5, seed])
    columns = np.array([column, 77, column - 3])
    rows = np.array([row, -9, row - 2])
    got = weather.fields(seeds, columns, rows, width + 5, height + 4)
    truth = _clouds(seed, column, row, width + 5, height + 4)
    np.testing.assert_allclose(got[0], truth, atol=4e-6)
    left, top = data.draw(st.integers(0, 5)), data.draw(st.integers(0, 4))
    alone = weather.fields(
        np.array([seed]),
        np.array([column + left]),
        np.array([row + top]),
        width,
        height,
    )[0]
    assert np.array_equal(alone, got[0, top : top + height, left : left + width])
    assert np.array_equal(got[2, 2:, 3:], got[0, :-2, :-3])


def test_a_sky_is_the_same_whoever_was_asked_before():
    found = passes.passes_in(
        (9.4, 55.9, 9.6, 56.1), 1_546_300_800_000, 1_577_836_800_000
    )
    seen = [one for one in found if 0.02 < one.share < 0.6][:12]
    assert len(seen) == 12
    window = (10.0, 5000, 5000, 90, 110)
    limits = {"cloud": 0.25, "shadow": 0.3, "cloudiest": 0.6}
    after = [one.hidden(*window, **limits) for one in seen]
    assert any(hidden is None for hidden in after)
    assert any(hidden is not None for hidden in after)
    for one, hidden in zip(seen, after, strict=True):
        sky = skies.Sky(one.square, *window)
        alone = sky.hidden(one, 0.25, 0.3, list)
        assert (alone is None) == (hidden is None)
        assert hidden is None or np.array_equal(alone, hidden)

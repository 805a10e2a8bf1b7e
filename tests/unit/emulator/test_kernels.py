"""Kernels, and images computed over neighbourhoods."""

import ee
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emulator.algorithms import kernels
from emulator.evaluator import distances
from emulator.evaluator.registry import registered

WHOLE = registered()


def weights(name, **arguments):
    kernel = WHOLE[f"Kernel.{name}"].call(arguments, None)
    return kernel.at(1.0).values


@pytest.mark.parametrize(
    ("name", "count"),
    [("circle", 29), ("octagon", 37), ("diamond", 25), ("square", 49), ("plus", 13)],
)
def test_shapes_are_those_of_the_reference(name, count):
    # The reference prints radius 3: equal weights that sum to 1, in 7 by 7.
    found = weights(name, radius=3)
    assert found.shape == (7, 7)
    assert found[found > 0] == pytest.approx(np.full(count, 1 / count))
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(found, found[::-1])


def test_an_octagon_has_the_corners_of_the_reference():
    rows = ["0011100", "0111110", "1111111", "1111111", "1111111", "0111110", "0011100"]
    expected = [[int(c) for c in row] for row in rows]
    np.testing.assert_array_equal(weights("octagon", radius=3) > 0, expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("prewitt", [[1, 0, -1]] * 3),
        ("kirsch", [[5, -3, -3], [5, 0, -3], [5, -3, -3]]),
        ("compass", [[1, 1, -1], [1, -2, -1], [1, 1, -1]]),
        ("roberts", [[1, 0], [0, -1]]),
    ],
)
def test_edge_kernels_are_those_of_the_reference(name, expected):
    np.testing.assert_array_equal(weights(name), expected)


def test_a_kernel_in_metres_depends_on_the_pixels():
    kernel = kernels.named("square", 30, "meters")
    assert kernel.at(10.0).values.shape == (7, 7)
    assert kernel.at(30.0).values.shape == (3, 3)


def test_a_distance_kernel_in_metres_tells_metres():
    corner = kernels.named("euclidean", 30, "meters", normalise=False).at(10.0)
    assert corner.values[0, 0] == pytest.approx(np.hypot(30, 30))


def test_four_quarters_are_a_whole_turn():
    call = WHOLE["Kernel.rotate"].call
    kernel = WHOLE["Kernel.fixed"].call(
        {"weights": [[1, 2, 3], [4, 5, 6]], "x": 0}, None
    )
    once = call({"kernel": kernel, "rotations": 1}, None).at(1.0)
    np.testing.assert_array_equal(once.values, [[4, 1], [5, 2], [6, 3]])
    # The focus stays on its weight.
    assert once.values[once.row, once.col] == 4
    back = call({"kernel": kernel, "rotations": 4}, None).at(1.0)
    np.testing.assert_array_equal(back.values, kernel.at(1.0).values)


def _windows(padded, size):
    return np.lib.stride_tricks.sliding_window_view(padded, (size, size))


def test_focal_and_convolution_are_those_of_numpy(world, utm, noise):
    values = noise((128, 128), high=200, dtype="uint8")
    world.add("one", {"b": (utm, values)})
    image = ee.Image("one")
    kernel = ee.Kernel.square(1)
    fixed = ee.Kernel.fixed(3, 3, [[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    made = ee.Image.cat(
        image.focalMin(1, "square"),
        image.focal_max(1, "square"),
        image.focalMean(kernel=kernel),
        image.focalMedian(1, "square"),
        image.focalMode(1, "square"),
        image.convolve(fixed),
        image.reduceNeighborhood(ee.Reducer.stdDev(), kernel),
        image.reduceNeighborhood(ee.Reducer.sum(), kernel),
        image.entropy(kernel),
    ).rename(list("abcdefghi"))
    # Away from the edge of the image, where neighbours are missing.
    inside = world.crop(utm, 8, 16, 32, 40)
    found = world.pixels(made, inside)
    window = _windows(values[7:41, 15:57].astype(float), 3)
    flat = window.reshape(32, 40, 9)
    np.testing.assert_array_equal(found["a"], flat.min(axis=2))
    np.testing.assert_array_equal(found["b"], flat.max(axis=2))
    np.testing.assert_allclose(found["c"], flat.mean(axis=2))
    np.testing.assert_array_equal(found["d"], np.median(flat, axis=2))
    modes = [np.bincount(v.astype(int)).argmax() for v in flat.reshape(-1, 9)]
    np.testing.assert_array_equal(found["e"].ravel(), modes)
    np.testing.assert_allclose(found["f"], flat @ np.arange(1, 10), rtol=1e-6)
    np.testing.assert_allclose(found["g"], flat.std(axis=2), atol=1e-9)
    # The kernel is normalised, and its weights count.
    np.testing.assert_allclose(found["h"], flat.mean(axis=2))
    shares = [np.unique(v, return_counts=True)[1] / 9 for v in flat.reshape(-1, 9)]
    bits = [-(p * np.log2(p)).sum() for p in shares]
    np.testing.assert_allclose(found["i"].ravel(), bits, atol=1e-6)


def test_masked_pixels_are_filled_by_focal_filters_only(world, utm):
    values = np.full((128, 128), 7, np.uint8)
    mask = np.ones(values.shape, bool)
    mask[20, 20] = False
    world.add("hole", {"b": (utm, values, mask)})
    image = ee.Image("hole")
    made = ee.Image.cat(
        image.focalMean(1, "square"),
        image.reduceNeighborhood(ee.Reducer.mean(), ee.Kernel.square(1)),
        image.reduceNeighborhood(
            ee.Reducer.mean(), ee.Kernel.square(1), skipMasked=False
        ),
    ).rename(["focal", "skipped", "kept"])
    found = world.pixels(made.unmask(-1, False), world.crop(utm, 20, 20, 1, 1))
    values = [found[name].item() for name in found.dtype.names]
    assert values == pytest.approx([7, -1, 7])


def _changed(image):
    return ee.Image.cat(
        image.focalMax(25, "circle", "meters"),
        image.gt(150).fastDistanceTransform(6),
        image.gt(190).directionalDistanceTransform(30, 9).unmask(-1, False),
        image.gt(120).connectedPixelCount(8),
        image.reduceNeighborhood(ee.Reducer.median(), ee.Kernel.circle(2)),
        image.neighborhoodToBands(ee.Kernel.plus(1)).select(0),
    ).rename(list("abcdef"))


def test_a_window_is_the_crop_of_a_larger_one(world, utm, noise):
    world.add("one", {"b": (utm, noise((128, 128), high=200, dtype="uint8"))})
    made = _changed(ee.Image("one"))
    whole = world.pixels(made, utm)
    part = world.pixels(made, world.crop(utm, 40, 3, 16, 30))
    for name in whole.dtype.names:
        np.testing.assert_array_equal(part[name], whole[name][40:56, 3:33])


@settings(deadline=None, max_examples=30)
@given(
    hnp.arrays(bool, (11, 12), elements=st.booleans()),
    st.sampled_from(["squared_euclidean", "manhattan", "chebyshev"]),
)
def test_nearest_is_the_least_of_all_distances(hits, metric):
    reach = 3
    found = distances.nearest(hits, reach, metric)
    measure = {
        "squared_euclidean": lambda y, x: y * y + x * x,
        "manhattan": lambda y, x: abs(y) + abs(x),
        "chebyshev": lambda y, x: max(abs(y), abs(x)),
    }[metric]
    span = range(-reach, reach + 1)
    for i in range(found.shape[0]):
        for j in range(found.shape[1]):
            near = [
                measure(y, x)
                for y in span
                for x in span
                if hits[i + reach + y, j + reach + x]
            ]
            assert found[i, j] == min(near, default=distances.farther(reach, metric))


def test_no_hit_is_farther_than_the_farthest_hit():
    for metric in ("squared_euclidean", "manhattan", "chebyshev"):
        hits = np.zeros((9, 9), bool)
        hits[0, 0] = True
        corner = distances.nearest(hits, 4, metric)[0, 0]
        assert distances.farther(4, metric) > corner


@pytest.mark.parametrize(
    ("angle", "row", "col"), [(0, 4, 6), (90, 2, 4), (180, 4, 2), (270, 6, 4)]
)
def test_directions_turn_from_east_to_north(angle, row, col):
    hits = np.zeros((9, 9), bool)
    hits[row, col] = True
    best, found = distances.along(hits, 4, angle, north_up=True)
    assert found[0, 0]
    assert best[0, 0] == 2


@settings(deadline=None, max_examples=30)
@given(hnp.arrays(np.uint8, (7, 8), elements=st.integers(0, 2)), st.booleans())
def test_patches_are_those_of_a_flood(values, diagonal):
    mask = values != 2
    found = distances.component_sizes(values, mask, diagonal)
    near = [(0, 1), (1, 0), (0, -1), (-1, 0)]
    near += [(1, 1), (1, -1), (-1, 1), (-1, -1)] if diagonal else []
    for start in np.ndindex(values.shape):
        if not mask[start]:
            assert found[start] == 0
            continue
        seen, todo = {start}, [start]
        while todo:
            i, j = todo.pop()
            for y, x in near:
                n = i + y, j + x
                inside = 0 <= n[0] < 7 and 0 <= n[1] < 8
                if inside and n not in seen and mask[n] and values[n] == values[start]:
                    seen.add(n)
                    todo.append(n)
        assert found[start] == len(seen)

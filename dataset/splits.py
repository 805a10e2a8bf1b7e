"""Splits a dataset by place, so that what is learnt is not what is tested."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

NAMES = ("train", "val", "test")
"""The splits, in the order of ``splits.json``."""

_Integers = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]

_SEMI_MAJOR, _FLATTENING = 6378137.0, 1 / 298.257223563  # WGS 84, m
_KM_A_DEGREE = 111.195  # of a great circle on the mean sphere
_UTM_SLACK = 1.01  # more than any UTM scale that a tile can have
_SNAP_SLACK = 20.0  # m; a grid's centre lies up to 7.1 m from the place asked for
_PAIRS_AT_ONCE = 1 << 20


def make_splits(
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    tile_ids: Sequence[str],
    *,
    fractions: tuple[float, float, float],
    seed: int,
    block_km: float,
    tile_m: float,
    grids: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike] | None = None,
) -> dict[str, list[int]]:
    """Splits tiles by blocks, keeping together whatever overlaps.

    The Earth is cut into blocks of about ``block_km`` by ``block_km``; blocks are
    dealt, in an order drawn from the seed, to the split that lacks most tiles.
    Tiles that overlap, in one block or over a border, in one step or through a
    chain of others, follow the one among them with the smallest id.

    Two tiles with the same CRS overlap if their grids do, in metres of that CRS, so
    tiles that only touch are apart and a gapless mosaic can still be split. Tiles
    of different CRS, whose sides are not parallel, and all tiles if there are no
    ``grids``, count as overlapping if they could at any angle: if their centres
    are closer than the diagonal.

    The split of a tile depends on all tiles, but not on their order. Time is
    n log n as long as tiles do not lie in heaps; 1.2 million take some seconds.

    Args:
        lon: Longitudes of the centres, degrees east, any turn, shape (n,).
        lat: Latitudes of the centres, degrees north, shape (n,).
        tile_ids: Unique, n of them.
        fractions: Of tiles in train, val and test; they sum to 1. The first block
            goes to train if its fraction is not 0, so train is not empty.
        seed: Another seed deals the blocks otherwise.
        block_km: Side of a block, km.
        tile_m: Side of a tile, m.
        grids: EPSG code, west (m) and north (m) of each tile's grid, shapes (n,).

    Returns:
        ``train``, ``val`` and ``test``: ascending indices, each index once.

    Raises:
        ValueError: Lengths differ, ids repeat, or a number is out of its range.
    """
    places = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    shares = np.asarray(fractions, np.float64)
    _check(places, tile_ids, shares, block_km, tile_m)
    count = len(tile_ids)
    if not count:
        return {name: [] for name in NAMES}
    crs = None
    if grids is not None:
        crs = np.stack([np.asarray(values, np.int64) for values in grids])
        if crs.shape != (3, count):
            raise ValueError(f"grids have shape {crs.shape}, not (3, {count})")
    components = overlapping(*places, tile_m, crs)

    # In order of id, the first tile met of each component is its leader.
    order = np.array(sorted(range(count), key=tile_ids.__getitem__), np.int64)
    _, first, member = np.unique(
        components[order], return_index=True, return_inverse=True
    )
    leader = np.empty(count, np.int64)
    leader[order] = order[first][member]
    blocks = _blocks(*places, block_km)[leader]
    names, block, sizes = np.unique(blocks, return_inverse=True, return_counts=True)
    split = _deal(names, sizes, shares, seed)[block]
    return {name: np.flatnonzero(split == i).tolist() for i, name in enumerate(NAMES)}


def _check(
    places: tuple[_Floats, _Floats],
    tile_ids: Sequence[str],
    shares: _Floats,
    block_km: float,
    tile_m: float,
) -> None:
    lon, lat = places
    if lon.shape != (len(tile_ids),) or lat.shape != lon.shape:
        raise ValueError(f"{lon.shape} and {lat.shape} for {len(tile_ids)} tiles")
    if not (np.isfinite(lon).all() and (np.abs(lat) <= 90.0).all()):
        raise ValueError("a place is not on Earth")
    if len(set(tile_ids)) != len(tile_ids):
        raise ValueError("tile ids repeat")
    if shares.shape != (3,) or not (shares >= 0).all() or abs(shares.sum() - 1) > 1e-9:
        raise ValueError("fractions are three numbers from 0 that sum to 1")
    if not (0 < block_km < np.inf and 0 < tile_m < np.inf):
        raise ValueError("sides of blocks and tiles are positive")


def _blocks(lon: _Floats, lat: _Floats, block_km: float) -> _Integers:
    """Numbers the block of each place: rows of latitude, cut into equal parts."""
    step = block_km / _KM_A_DEGREE
    rows = max(1, round(180.0 / step))
    row = np.minimum(((lat + 90.0) / 180.0 * rows).astype(np.int64), rows - 1)
    middle = np.radians((np.arange(rows) + 0.5) * 180.0 / rows - 90.0)
    columns = np.maximum(1, np.rint(360.0 / step * np.cos(middle))).astype(np.int64)
    turn = (lon + 180.0) % 360.0 / 360.0
    column = np.minimum((turn * columns[row]).astype(np.int64), columns[row] - 1)
    starts = np.concatenate(([0], np.cumsum(columns)))
    result: _Integers = starts[row] + column
    return result


def _deal(names: _Integers, sizes: _Integers, shares: _Floats, seed: int) -> _Integers:
    """Deals blocks to splits, each to the one that lacks most tiles."""

    def draw(i: int) -> bytes:
        text = f"{seed}/{names[i]}".encode()
        return hashlib.blake2b(text, digest_size=16).digest()

    split = np.empty(len(names), np.int64)
    lack = (shares * sizes.sum()).tolist()
    for turn, i in enumerate(sorted(range(len(names)), key=draw)):
        chosen = 0 if turn == 0 and shares[0] > 0 else lack.index(max(lack))
        split[i] = chosen
        lack[chosen] -= int(sizes[i])
    return split


def overlapping(
    lon: _Floats, lat: _Floats, side: float, crs: _Integers | None
) -> _Integers:
    """Returns for each tile the first of those that it overlaps.

    Tiles overlap in one step or through a chain of others: see :func:`make_splits`.

    Args:
        lon: Longitudes of the centres, shape (n,).
        lat: Latitudes of the centres, shape (n,).
        side: Of a tile, m.
        crs: EPSG code, west and north of each tile's grid, shape (3, n); None if
            they are not known.

    Returns:
        Indices, shape (n,): equal for tiles that belong together, itself for a tile
        that overlaps none.
    """
    points = _ecef(lon, lat)
    reach = side * np.sqrt(2.0) * _UTM_SLACK + _SNAP_SLACK
    root = np.arange(len(points))
    for a, b in _near_pairs(points, reach):
        apart = points[a] - points[b]
        joined = np.einsum("ij,ij->i", apart, apart) < reach * reach
        if crs is not None:
            same = crs[0, a] == crs[0, b]
            shift = np.abs(crs[1:, a] - crs[1:, b])
            joined &= ~same | (shift < side).all(axis=0)
        root = _join(root, a[joined], b[joined])
    return root


def _ecef(lon: _Floats, lat: _Floats) -> _Floats:
    """Returns places on the ellipsoid as x, y, z in metres, shape (n, 3).

    In space there is neither an antimeridian nor a pole.
    """
    phi, lam = np.radians(lat), np.radians(lon)
    squeeze = _FLATTENING * (2.0 - _FLATTENING)
    radius = _SEMI_MAJOR / np.sqrt(1.0 - squeeze * np.sin(phi) ** 2)
    x = radius * np.cos(phi) * np.cos(lam)
    y = radius * np.cos(phi) * np.sin(lam)
    return np.stack([x, y, radius * (1.0 - squeeze) * np.sin(phi)], axis=1)


def _near_pairs(points: _Floats, reach: float) -> Iterator[tuple[_Integers, _Integers]]:
    """Yields, in batches, all pairs closer than ``reach``, and some farther ones.

    Space is cut into cubes of at least ``reach``; a pair lies in one cube or in two
    that touch.
    """
    # 21 bits an axis make one int64; no smaller cube is needed to tell tiles apart.
    width = max(reach, 16.0)
    cell = np.floor(points / width).astype(np.int64) + (1 << 20)
    key = (cell[:, 0] << 42) | (cell[:, 1] << 21) | cell[:, 2]
    order = np.argsort(key, kind="stable")
    cubes, starts, counts = np.unique(key[order], return_index=True, return_counts=True)
    half = [
        (x << 42) + (y << 21) + z
        for x in (-1, 0, 1)
        for y in (-1, 0, 1)
        for z in (-1, 0, 1)
        if (x, y, z) >= (0, 0, 0)
    ]
    for shift in half:
        at = np.minimum(np.searchsorted(cubes, cubes + shift), len(cubes) - 1)
        met = np.flatnonzero(cubes[at] == cubes + shift)
        if shift == 0:
            met = met[counts[met] > 1]
        for a, b in _products(starts, counts, met, at[met]):
            # Within a cube every pair comes twice, and each tile with itself.
            keep = slice(None) if shift else a < b
            yield order[a[keep]], order[b[keep]]


def _products(
    starts: _Integers, counts: _Integers, left: _Integers, right: _Integers
) -> Iterator[tuple[_Integers, _Integers]]:
    """Yields all pairs of members of the cubes ``left[i]`` and ``right[i]``."""
    # One entry a member of a left cube, so that a batch is cut between members.
    repeats = counts[left]
    member = _ranges(starts[left], repeats)
    other_start = np.repeat(starts[right], repeats)
    other_count = np.repeat(counts[right], repeats)
    batch = np.cumsum(other_count) // _PAIRS_AT_ONCE
    edges = np.flatnonzero(np.diff(batch)) + 1
    for part in np.split(np.arange(len(member)), edges):
        if len(part):
            sizes = other_count[part]
            yield np.repeat(member[part], sizes), _ranges(other_start[part], sizes)


def _ranges(starts: _Integers, lengths: _Integers) -> _Integers:
    """Returns ``starts[i], starts[i] + 1, ...``, ``lengths[i]`` of them, for all i."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    result: _Integers = np.arange(total) + np.repeat(starts - ends + lengths, lengths)
    return result


def _join(root: _Integers, a: _Integers, b: _Integers) -> _Integers:
    """Adds edges to a graph.

    Args:
        root: The smallest member of each node's component so far.
        a: One end of each edge.
        b: The other.

    Returns:
        The smallest member of each node's component now.
    """
    while True:
        open_edges = root[a] != root[b]
        a, b = a[open_edges], b[open_edges]
        if not len(a):
            return root
        low, high = np.minimum(root[a], root[b]), np.maximum(root[a], root[b])
        root = root.copy()
        np.minimum.at(root, high, low)
        # Each node points at a smaller one or at itself; follow to the end.
        while not np.array_equal(following := root[root], root):
            root = following

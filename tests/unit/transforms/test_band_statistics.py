"""Statistics of every valid pixel, the same however the work was cut."""

import itertools
import json

import apache_beam as beam
import numpy as np
import pytest

from dataset.shard_writer import ShardWriter
from dataset.statistics import band_statistics
from modalities import registry
from tests.unit.dataset.plans import make_arrays, make_failed, make_stack
from transforms.band_statistics import BandStatistics, BandStatisticsFn, read_partials
from transforms.unique_rows import list_rows

NAMES = ("sentinel2", "sentinel2_scl", "sentinel1", "aster", "era5", "lat")
SPECS = tuple(registry.get(name).spec("standard") for name in NAMES)
KEYS = {"sentinel2_l2a", "sentinel2_l1c", "sentinel1", "aster", "era5", "lat"}


def level_of(number):
    return "l2a" if number % 3 else "l1c"


def write(directory, *groups):
    """Writes tiles in shards; returns the references of all rows."""
    refs = []
    for numbers in groups:
        writer = ShardWriter(directory, SPECS, 16, {})
        for number in numbers:
            writer.add(make_stack(number, SPECS, level=level_of(number)))
        writer.add_failure(make_failed(100 + len(refs)))
        refs += [ref for _, ref in list_rows(str(writer.close()))]
    return refs


def truth(numbers):
    """Computes the statistics from the pixels in two passes of float64."""
    arrays = {n: make_arrays(n, SPECS) for n in numbers}
    expected = {}
    for key in KEYS:
        name = key.removesuffix("_l2a").removesuffix("_l1c")
        spec = registry.get(name).spec("standard")
        level = key[-3:] if key != name else None
        tiles = [
            arrays[n][name].reshape(len(spec.bands), -1)
            for n in numbers
            if level in (None, level_of(n))
        ]
        table = {k: [] for k in ("mean", "std", "min", "max", "count")}
        for band in np.concatenate(tiles, axis=1).astype(np.float64):
            no_data = spec.storage.no_data
            valid = band[np.isfinite(band)]
            if no_data is not None:
                valid = valid[valid != no_data]
            table["count"].append(valid.size)
            table["mean"].append(valid.mean())
            table["std"].append(valid.std())
            table["min"].append(valid.min())
            table["max"].append(valid.max())
        expected[key] = table
    return expected


@pytest.fixture
def run(collect):
    def call(refs, reshuffle=False):
        (found,) = collect(
            lambda pipeline: (
                pipeline
                | beam.Create(refs, reshuffle=reshuffle)
                | BandStatistics(SPECS)
            )
        )
        return found

    return call


def test_statistics_are_those_of_all_pixels(run, tmp_path):
    found = run(write(tmp_path, (0, 1, 2), (3, 4), (5, 6, 7, 8, 9)))
    assert set(found) == KEYS
    expected = truth(range(10))
    for key, table in expected.items():
        assert found[key]["count"] == table["count"]
        for figure in ("mean", "std", "min", "max"):
            np.testing.assert_allclose(
                found[key][figure], table[figure], rtol=1e-13, err_msg=key
            )
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("groups", [((9, 0, 4, 2), (1, 3, 5, 6, 7, 8)), ((2, 3),)])
def test_however_the_tiles_are_cut_the_bits_are_the_same(run, tmp_path, groups):
    numbers = list(itertools.chain(*groups))
    refs = write(tmp_path / "a", *groups)
    found = run(refs[::-1], reshuffle=True)
    # The same tiles, one to a shard, merged as a lopsided tree by hand.
    combine = BandStatisticsFn()
    whole = combine.create_accumulator()
    for _, path, row, _ in sorted(
        r for r in write(tmp_path / "b", *([n] for n in numbers)) if r[0] == 0
    ):
        part = combine.create_accumulator()
        for element in read_partials((path, [row]), SPECS):
            part = combine.add_input(part, element)
        whole = combine.merge_accumulators([part, whole, {}])
    assert found == band_statistics(combine.extract_output(whole), SPECS)


def test_merging_leaves_its_inputs_as_they_are(tmp_path):
    refs = write(tmp_path, (0, 1))
    combine = BandStatisticsFn()
    parts = []
    for _, path, row, _ in refs[:2]:
        part = combine.create_accumulator()
        for element in read_partials((path, [row]), SPECS):
            part = combine.add_input(part, element)
        parts.append(part)
    merged = [combine.merge_accumulators(parts) for _ in range(2)]
    assert merged[0]["aster"].finish() == merged[1]["aster"].finish()
    assert merged[0]["aster"].finish()["count"] > parts[0]["aster"].finish()["count"]


def test_only_the_rows_that_count_are_read(run, tmp_path):
    refs = write(tmp_path, (0, 1, 2, 4))
    found = run([refs[0], refs[3], refs[4]])
    for key, table in truth([0, 4]).items():
        assert found[key]["count"] == table["count"]


def test_without_a_tile_figures_do_nothing(run):
    found = run([])
    assert set(found) == KEYS
    for table in found.values():
        assert set(table["mean"]) == {0.0}
        assert set(table["std"]) == {1.0}
        assert set(table["count"]) == {0}

"""BandStatistics: per-band statistics over every valid pixel of every tile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam

from dataset.partials import Partial
from dataset.row import level_of
from dataset.shard import read_rows
from dataset.statistics import BandAccumulator, band_statistics, stats_key
from modalities.spec import Spec


@dataclass
class BandStatistics(beam.PTransform):
    """Merges the partial statistics that rows carry.

    ``PCollection[RowRef]`` to one dictionary, the content of ``band_stats.json``.

    Attributes:
        specs: Modalities of the dataset.
    """

    specs: Sequence[Spec]

    def expand(self, refs: Any) -> Any:
        """Reads each shard once and merges."""
        specs = list(self.specs)
        return (
            refs
            | "OnlyMade" >> beam.Filter(lambda ref: ref[0] == 0)
            | "ByShard"
            >> beam.Map(lambda ref: (ref[1], ref[2])).with_output_types(tuple[str, int])
            | "Gather" >> beam.GroupByKey()
            | "ReadPartials" >> beam.FlatMap(read_partials, specs)
            | "Merge" >> beam.CombineGlobally(BandStatisticsFn())
            | "Finish" >> beam.Map(band_statistics, specs)
        )


class BandStatisticsFn(beam.CombineFn):
    """Merges partial statistics exactly: order and bundling leave no trace."""

    def create_accumulator(self) -> dict[str, BandAccumulator]:
        """Returns no statistics."""
        return {}

    def add_input(
        self, accumulator: dict[str, BandAccumulator], element: tuple[str, Partial]
    ) -> dict[str, BandAccumulator]:
        """Adds the partial statistics of one tile under their key."""
        key, partial = element
        accumulator.setdefault(key, BandAccumulator()).add(partial)
        return accumulator

    def merge_accumulators(
        self, accumulators: Iterable[dict[str, BandAccumulator]]
    ) -> dict[str, BandAccumulator]:
        """Adds accumulators up into a new one."""
        whole: dict[str, BandAccumulator] = {}
        for accumulator in accumulators:
            for key, bands in accumulator.items():
                whole.setdefault(key, BandAccumulator()).merge(bands)
        return whole

    def extract_output(
        self, accumulator: dict[str, BandAccumulator]
    ) -> dict[str, BandAccumulator]:
        """Returns the accumulators by key."""
        return accumulator


def read_partials(
    shard: tuple[str, Iterable[int]], specs: Sequence[Spec]
) -> Iterator[tuple[str, Partial]]:
    """Yields (key, partial statistics) of some rows of a shard.

    Args:
        shard: Its path and the numbers of the rows that count.
        specs: Modalities of the dataset.
    """
    path, numbers = shard
    wanted = set(numbers)
    for number, row in enumerate(read_rows(Path(path))):
        if number not in wanted:
            continue
        level = level_of(row)
        for spec in specs:
            key = stats_key(spec, level)
            if key is not None:
                yield key, row["statistics"][spec.name]

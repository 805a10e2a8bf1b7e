"""UniqueRows: one row a tile, whatever bundles were replayed or runs resumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam

from dataset.shard import read_rows

RowRef = tuple[int, str, int, int]
"""Rank (0 made, 1 failed), shard, number of the row in it, position in the input.
The least one of a tile is the one that counts: a tile that was made anywhere is
made."""


@dataclass
class UniqueRows(beam.PTransform):
    """Finds the row that counts: ``PCollection[str]`` of shards to ``[RowRef]``."""

    def expand(self, shards: Any) -> Any:
        """Reads the rows' names, and keeps the best of each tile."""
        return (
            shards
            | "OneOfEach" >> beam.Distinct()
            | "ListRows"
            >> beam.FlatMap(list_rows).with_output_types(tuple[str, RowRef])
            | "Best" >> beam.CombinePerKey(min)
            | "DropIds" >> beam.Values()
        )


def list_rows(shard: str) -> Iterator[tuple[str, RowRef]]:
    """Yields (tile_id, reference) for each row of a shard."""
    for number, row in enumerate(read_rows(Path(shard))):
        rank = 0 if row["status"] == "made" else 1
        tile = row["tile"]
        yield tile["tile_id"], (rank, shard, number, tile["position"])

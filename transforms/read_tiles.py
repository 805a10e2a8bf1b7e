"""ReadTiles: small checked part files to tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from modalities.tile import Tile
from transforms.tile_parts import read_part


@dataclass
class ReadTiles(beam.PTransform):
    """Reads the parts that ``tile_parts.ingest`` made, to ``PCollection[Tile]``.

    Only the parts' names are shuffled, so that workers share the tiles and no
    runner holds them all.

    Attributes:
        parts: Paths of part files.
    """

    parts: Sequence[str]

    def expand(self, pipeline: Any) -> Any:
        """Reads."""
        return (
            pipeline
            | "Parts" >> beam.Create(list(self.parts), reshuffle=False)
            | "ShareOut" >> beam.Reshuffle()
            | "ReadPart" >> beam.FlatMap(read_part).with_output_types(Tile)
        )

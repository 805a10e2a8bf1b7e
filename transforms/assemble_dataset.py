"""AssembleDataset: the rows that count, to the files that users get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import apache_beam as beam

from dataset.finish import SplitRule, finish_dataset
from dataset.paths import DatasetPaths
from modalities.spec import Spec


@dataclass
class AssembleDataset(beam.PTransform):
    """Assembles: ``PCollection[RowRef]`` to one dictionary of counts.

    One worker does it, for an HDF5 file has one writer; it copies encoded chunks.

    Attributes:
        paths: Where the files go.
        specs: Modalities.
        size: Pixels a side.
        statistics: Single-element PCollection, the content of ``band_stats.json``.
        split_rule: How tiles are split.
        attributes: Of the HDF5 file.
    """

    paths: DatasetPaths
    specs: Sequence[Spec]
    size: int
    statistics: Any
    split_rule: SplitRule
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def expand(self, refs: Any) -> Any:
        """Collects the references and writes."""
        return (
            refs
            | "Collect" >> beam.combiners.ToList()
            | "Finish"
            >> beam.Map(
                _finish,
                statistics=beam.pvalue.AsSingleton(self.statistics),
                paths=self.paths,
                specs=list(self.specs),
                size=self.size,
                split_rule=self.split_rule,
                attributes=dict(self.attributes),
            )
        )


def _finish(refs: list[tuple[int, str, int, int]], **rest: Any) -> dict[str, Any]:
    return finish_dataset(refs=refs, **rest)

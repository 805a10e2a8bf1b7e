"""The graph: the whole way from tiles to dataset, in one screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from dataset.finish import SplitRule
from dataset.paths import DatasetPaths
from transforms.assemble_dataset import AssembleDataset
from transforms.band_statistics import BandStatistics
from transforms.fetch_stacks import FetchStacks
from transforms.job import Job
from transforms.plan_tiles import PlanTiles
from transforms.read_tiles import ReadTiles
from transforms.unique_rows import UniqueRows
from transforms.write_result import WriteResult
from transforms.write_shards import WriteShards


@dataclass(frozen=True)
class Work:
    """What one run of the graph has to do.

    Attributes:
        job: What every worker must know.
        paths: Where the dataset goes.
        parts: Part files of tiles to make.
        shards: Shards that earlier runs finished.
        shard_tiles: Rows of a shard.
        shard_seconds: Age at which a shard closes.
        split_rule: How tiles are split.
        attributes: Of the HDF5 file.
        result: File for the counts.
    """

    job: Job
    paths: DatasetPaths
    parts: Sequence[str]
    shards: Sequence[str]
    shard_tiles: int
    shard_seconds: float
    split_rule: SplitRule
    attributes: Mapping[str, Any]
    result: str


def build(pipeline: beam.Pipeline, work: Work) -> None:
    """Adds the whole job to a pipeline."""
    job, specs = work.job, work.job.specs
    new_shards = (
        pipeline
        | "ReadTiles" >> ReadTiles(work.parts)
        | "PlanTiles" >> PlanTiles(job, str(work.paths.plans))
        | "FetchStacks" >> FetchStacks(job)
        | "WriteShards"
        >> WriteShards(
            job, str(work.paths.shards), work.shard_tiles, work.shard_seconds
        )
    )
    old_shards = pipeline | "EarlierShards" >> beam.Create(list(work.shards))
    rows = (
        (new_shards, old_shards)
        | "AllShards" >> beam.Flatten()
        | "UniqueRows" >> UniqueRows()
    )
    statistics = rows | "BandStatistics" >> BandStatistics(specs)
    _ = (
        rows
        | "AssembleDataset"
        >> AssembleDataset(
            work.paths,
            specs,
            job.context.recipe.image_size,
            statistics,
            work.split_rule,
            work.attributes,
        )
        | "WriteResult" >> WriteResult(work.result)
    )

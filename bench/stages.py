"""Where the client's CPU time goes, stage by stage, in one thread of this process."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import ee
import numpy.typing as npt
from engine_process import EngineProcess
from tiles_of import write_tiles

from dataset.partials import partial
from dataset.row import made_row
from dataset.shard_writer import ShardWriter
from dataset.stack import EncodedStack, encode_stack
from earthengine.engine import Budget, Engine, Patience
from earthengine.request import Usage
from earthengine.session import Session
from modalities import registry
from modalities.recipe import Context, Recipe
from modalities.stack import stack_image, take_apart, wire_dtype
from modalities.tile import Tile
from transforms.job import Job
from transforms.plan_tiles import Planned, plan_batch
from transforms.tile_source import read_tiles

T = TypeVar("T")
Arrays = dict[str, npt.NDArray[Any]]

_WARM_UP = 25


@dataclass(frozen=True)
class StageTimes:
    """CPU time of each stage, and what came of it.

    Attributes:
        tiles: Measured.
        cpu_ms: By stage, milliseconds a tile.
        arrays: Some tiles' arrays as stored.
        job: What they were made by.
    """

    tiles: int
    cpu_ms: dict[str, float]
    arrays: list[Arrays]
    job: Job


class _Clock:
    """Adds up CPU time of this thread by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.thread_time()
        yield
        spent = time.thread_time() - begun
        self.seconds[name] = self.seconds.get(name, 0.0) + spent


def stage_times(engine: EngineProcess, count: int, kept: int) -> StageTimes:
    """Makes tiles one after the other, as the pipeline's own functions do.

    Encoding the graph happens inside the client library, in the call that sends it;
    it is measured apart and taken off that call.

    Args:
        engine: Without latency.
        count: Tiles to measure.
        kept: Tiles whose arrays are wanted.
    """
    job, session = _job(engine)
    with tempfile.TemporaryDirectory(prefix="earthloom-bench-") as directory:
        tiles = _tiles(Path(directory), count + _WARM_UP)
        _make(tiles[:_WARM_UP], job, session, _Clock(), Path(directory), 0)
        clock = _Clock()
        arrays = _make(tiles[_WARM_UP:], job, session, clock, Path(directory), kept)
    seconds = clock.seconds
    seconds["send and receive"] -= seconds["encode the graph"]
    cpu_ms = {name: 1000.0 * spent / count for name, spent in seconds.items()}
    return StageTimes(count, cpu_ms, arrays, job)


def _make(
    tiles: list[Tile],
    job: Job,
    session: Session,
    clock: _Clock,
    directory: Path,
    kept: int,
) -> list[Arrays]:
    held: list[Arrays] = []
    size = job.context.recipe.image_size
    writer = ShardWriter(directory, job.specs, size, {})
    for start in range(0, len(tiles), job.plan_batch):
        with clock.stage("plan"):
            batch = plan_batch(tiles[start : start + job.plan_batch], job, session)
        for planned in batch:
            arrays, stack = _make_one(planned, job, session, clock)
            with clock.stage("write to the shard"):
                writer.add(stack)
            if len(held) < kept:
                held.append(arrays)
    with clock.stage("write to the shard"):
        writer.close()
    return held


def _make_one(
    planned: Planned, job: Job, session: Session, clock: _Clock
) -> tuple[Arrays, EncodedStack]:
    plan, context = planned.plan, job.context
    with clock.stage("build the graph"):
        dtype = wire_dtype(plan, job.stored)
        image = stack_image(plan, job.stored, context)
    with clock.stage("encode the graph"):
        ee.serializer.encode(image, for_cloud_api=True)
    usage = Usage()
    with clock.stage("send and receive"):
        pixels = session.pixels(image, plan.site.grid.to_request(), dtype, usage)
    with clock.stage("take apart"):
        arrays = take_apart(pixels, plan, job.stored, context)
    with clock.stage("statistics"):
        statistics = {
            spec.name: partial(arrays[spec.name], spec.storage.no_data)
            for spec in job.specs
            if spec.statistics != "none"
        }
    with clock.stage("encode the chunks"):
        names = [spec.name for spec in job.specs]
        used = {"plan": planned.usage.to_json(), "fetch": usage.to_json()}
        row = made_row(plan, names, statistics, used, job.versions)
        stack = encode_stack(arrays, row, job.specs, context.recipe.image_size)
    return arrays, stack


def _job(engine: EngineProcess) -> tuple[Job, Session]:
    """Opens a session, and asks for the tables as a run does."""
    recipe = Recipe(tuple(registry.names()))
    budget = Budget(concurrent=40, per_second=1e6)
    job = Job(
        engine=Engine("url", url=engine.url),
        budget=budget,
        patience=Patience(attempts=1),
        context=Context(recipe),
        recipe_hash="bench",
    )
    session = job.session()
    tables = {}
    for modality in job.stored:
        asked = modality.table()
        if asked is not None:
            tables[modality.name] = session.compute(asked, Usage(), _unchanged)
    return replace(job, context=Context(recipe, tables)), session


def _tiles(directory: Path, count: int) -> list[Tile]:
    path = directory / "tiles.geojson"
    write_tiles(path, count)
    return list(read_tiles(path, need_biome=True, need_eco_region=True))


def _unchanged(answer: T) -> T:
    return answer

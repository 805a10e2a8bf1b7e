"""FetchStacks: plans to stacks, one computePixels request a tile."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
from apache_beam.utils.windowed_value import WindowedValue

from dataset.partials import partial
from dataset.row import Failure, failed_row, made_row
from dataset.stack import EncodedStack, encode_stack
from earthengine.errors import FATAL, EngineError, FatalEngineError
from earthengine.request import Usage
from earthengine.session import Session
from modalities.modality import PixelModality
from modalities.stack import stack_image, take_apart, wire_dtype
from transforms.inflight import InFlight
from transforms.job import Job
from transforms.monitor import Monitor
from transforms.plan_tiles import Planned
from transforms.windows import in_global_window

_HANDS = threading.BoundedSemaphore(2)
"""Threads that work on graphs and arrays at once. Dozens wait for answers, but if all
that have one took it up together, they would only fight for the interpreter's lock."""


@dataclass
class FetchStacks(beam.PTransform):
    """Fetches: ``PCollection[Planned]`` to ``PCollection[EncodedStack]``.

    Every tile comes out, made or failed. Stacks are encoded in the thread that
    fetched them; what follows must be fused with it, for pixels never cross a
    shuffle.

    Attributes:
        job: What to fetch, and from which engine.
    """

    job: Job

    def expand(self, planned: Any) -> Any:
        """Fetches."""
        return planned | "FetchInParallel" >> beam.ParDo(_FetchInParallel(self.job))


class _FetchInParallel(beam.DoFn):
    """Keeps as many requests in flight as the budget allows."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._calls: InFlight[Planned, EncodedStack] | None = None
        self._monitor: Monitor | None = None

    def setup(self) -> None:
        """Connects, once a process."""
        job = self._job
        session = job.session()
        self._monitor = Monitor(session.gate, job.progress, job.max_failure_rate)
        # What is there now stays: the collector need not walk it with every tile.
        gc.collect()
        gc.freeze()
        # More threads than slots: they encode while others wait for answers. With a
        # few only, a burst of answers leaves slots empty until it is encoded.
        threads = job.share.concurrent * 3 // 2 + 4
        self._calls = InFlight(
            lambda planned: make_stack(planned, job, session), threads, threads + 4
        )

    def process(self, planned: Planned) -> Iterator[EncodedStack]:
        """Begins a fetch, and yields those that have finished."""
        assert self._calls is not None
        assert self._monitor is not None
        for stack in self._calls.submit(planned):
            yield stack
            self._monitor.watch(stack.row)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Waits for all fetches of the bundle."""
        assert self._calls is not None
        assert self._monitor is not None
        for stack in self._calls.drain():
            yield in_global_window(stack)
            self._monitor.watch(stack.row)
        self._monitor.report(now=True)

    def teardown(self) -> None:
        """Ends the threads."""
        if self._calls is not None:
            self._calls.close()


def make_stack(planned: Planned, job: Job, session: Session) -> EncodedStack:
    """Fetches and encodes one tile; a failure is a stack without pixels.

    Raises:
        FatalEngineError: The engine refuses us altogether.
    """
    fetch = Usage()
    if planned.failure is not None:
        return _failed(planned, planned.failure, fetch, job)
    try:
        pixels = fetch_pixels(planned, job, session, fetch)
    except EngineError as error:
        if error.kind in FATAL:
            raise FatalEngineError(str(error)) from error
        message = f"{_what(planned, job)}: {error}"
        failure = Failure(error.kind, message, "fetch", _assets(planned, job))
        return _failed(planned, failure, fetch, job)
    with _HANDS:
        return _finish(pixels, planned, fetch, job)


def _finish(
    pixels: npt.NDArray[Any], planned: Planned, fetch: Usage, job: Job
) -> EncodedStack:
    """Makes a stack of an answer: laid out, summed up, encoded."""
    plan = planned.plan
    arrays = take_apart(pixels, plan, job.stored, job.context)
    empty = _empty(arrays, planned, job)
    if empty is not None:
        return _failed(planned, empty, fetch, job)
    statistics = {
        spec.name: partial(arrays[spec.name], spec.storage.no_data)
        for spec in job.specs
        if spec.statistics != "none"
    }
    names = [spec.name for spec in job.specs]
    usage = _usage(planned.usage, fetch)
    row = made_row(plan, names, statistics, usage, job.versions)
    size = job.context.recipe.image_size
    return encode_stack(arrays, row, job.specs, size)


def fetch_pixels(
    planned: Planned, job: Job, session: Session, usage: Usage
) -> npt.NDArray[Any]:
    """Fetches all bands of a tile in one request.

    Returns:
        (size, size), structured as ``wire_dtype``.

    Raises:
        EngineError: They could not be had.
    """
    plan, grid = planned.plan, planned.site.grid
    dtype = wire_dtype(plan, job.stored)
    if not dtype.names:
        return np.empty((grid.size, grid.size), dtype)
    with _HANDS:
        image = stack_image(plan, job.stored, job.context)
    return session.pixels(image, grid.to_request(), dtype, usage)


def _empty(
    arrays: dict[str, npt.NDArray[Any]], planned: Planned, job: Job
) -> Failure | None:
    """Finds a tile whose scene turns out to hold nothing."""
    for modality in job.stored:
        if not (isinstance(modality, PixelModality) and modality.required):
            continue
        no_data = modality.spec(job.context.recipe.layout).storage.no_data
        if not (arrays[modality.name] != no_data).any():
            scenes = planned.choices[modality.name].scenes
            assets = tuple(scene.asset for scene in scenes)
            message = (
                f"{modality.name}: all pixels of {' and '.join(assets)} are masked here"
            )
            return Failure("no_data", message, "fetch", assets)
    return None


def _what(planned: Planned, job: Job) -> str:
    """Names what was being fetched: the scene, or the modalities."""
    choice = planned.choices.get("sentinel2")
    if choice is not None and choice.scenes:
        return f"pixels of {choice.scenes[0].asset} and its companions"
    return f"pixels of {', '.join(spec.name for spec in job.specs if spec.pixels)}"


def _assets(planned: Planned, job: Job) -> tuple[str, ...]:
    """Names what was being asked for: the scene that leads, or all sources."""
    choice = planned.choices.get("sentinel2")
    if choice is not None and choice.scenes:
        return tuple(scene.asset for scene in choice.scenes)
    sources = (source for m in job.stored if m.pixels for source in m.sources)
    return tuple(dict.fromkeys(sources))


def _failed(planned: Planned, failure: Failure, fetch: Usage, job: Job) -> EncodedStack:
    usage = _usage(planned.usage, fetch)
    row = failed_row(planned.site, failure, usage, job.versions)
    return EncodedStack(row=row, chunks={}, values={})


def _usage(plan: Usage, fetch: Usage) -> dict[str, Any]:
    return {"plan": plan.to_json(), "fetch": fetch.to_json()}

"""The main job: tiles in, a dataset out."""

from __future__ import annotations

import json
import logging
import re
import shutil
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.console import say, start_logging
from pipeline.exits import ALL_MADE, SOME_FAILED, BadInputError, RunStoppedError
from pipeline.options import RunOptions, parse

if TYPE_CHECKING:
    from pipeline.prepare import Prepared

_logger = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    """Runs the main job.

    Raises:
        BadInputError: Options or input are wrong.
        RunStoppedError: The run could not go on.
    """
    options = parse(arguments)
    start_logging(verbose=options.verbose)
    say(f"earthloom: asking {options.engine.describe()}")
    return run(options)


def run(options: RunOptions) -> int:
    """Makes the dataset, and returns the exit code."""
    # Beam takes seconds to import: a wrong option should not wait for it.
    from dataset import files
    from earthengine.emulator_door import engine_stats
    from pipeline.beam_flags import check_beam_flags
    from pipeline.prepare import prepare
    from pipeline.record import run_record
    from pipeline.summary import summary
    from runners import direct

    begun = time.time()
    if options.runner not in direct.NAMES:
        raise BadInputError(
            f"--runner {options.runner}: this version runs on DirectRunner"
        )
    try:
        flags, processes = direct.arguments(options.runner, options.beam)
    except ValueError as error:
        raise BadInputError(str(error)) from error
    check_beam_flags(flags)
    prepared = prepare(options, processes)
    resumed = prepared.asked - prepared.pending
    say(
        f"{prepared.asked} tiles asked for, {resumed} already made, "
        f"{prepared.pending} to make"
    )
    _run_graph(options, prepared, flags)
    result = json.loads(options.paths.result.read_text("utf-8"))
    record = run_record(options, prepared, result, begun, engine_stats(options.engine))
    files.write_json(options.paths.run, record)
    _tidy(options)
    say(summary(options.paths, record))
    return SOME_FAILED if result["failed"] else ALL_MADE


def _run_graph(options: RunOptions, prepared: Prepared, flags: Sequence[str]) -> None:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    from pipeline.graph import Work, build
    from transforms.inflight import abandon_all

    job = prepared.job
    work = Work(
        job=job,
        paths=options.paths,
        parts=prepared.parts,
        shards=prepared.shards,
        shard_tiles=options.shard_tiles,
        shard_seconds=options.shard_minutes * 60,
        split_rule=options.split_rule,
        attributes={
            "title": f"{options.paths.name}, made by earthloom",
            "recipe": json.dumps(options.recipe.to_json(), sort_keys=True),
            "recipe_hash": job.recipe_hash,
        },
        result=str(options.paths.result),
    )
    try:
        with beam.Pipeline(options=PipelineOptions(list(flags))) as pipeline:
            build(pipeline, work)
    except Exception as error:  # runners wrap whatever a worker raised
        abandon_all()
        raise RunStoppedError(_explain(error, options)) from error


def _explain(error: Exception, options: RunOptions) -> str:
    """Finds the cause in what the runner made of it."""
    from pipeline.prepare import refusal

    text = str(error)
    fatal = re.search(r"FatalEngineError: (.*?)(?: \[while running|\n|$)", text)
    if fatal:
        return refusal(fatal.group(1), options)
    if "KeyboardInterrupt" in text:
        return "interrupted; the same command goes on from what was finished"
    last = [line for line in text.strip().splitlines() if line.strip()]
    _logger.debug("the runner's error", exc_info=error)
    return (
        f"the run stopped: {last[-1] if last else type(error).__name__}\n"
        "What was finished is kept; the same command goes on from there."
    )


def _tidy(options: RunOptions) -> None:
    shutil.rmtree(options.paths.pending, ignore_errors=True)
    if options.delete_shards:
        shutil.rmtree(options.paths.shards, ignore_errors=True)

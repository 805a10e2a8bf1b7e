"""The main job: tiles in, a dataset out."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.console import complain, say, start_logging
from pipeline.exits import ALL_MADE, SOME_FAILED, BadInputError, RunStoppedError
from pipeline.interrupts import Interrupts, interruptible
from pipeline.lock import only_run
from pipeline.options import RunOptions, parse

if TYPE_CHECKING:
    from pipeline.prepare import Prepared

_logger = logging.getLogger(__name__)

_DAMAGES = 3
"""Times that a run begins again because a shard turned out to be damaged."""


class DamagedShardError(Exception):
    """A shard is not what was written.

    Attributes:
        shard: Its path.
    """

    def __init__(self, shard: Path, message: str) -> None:
        super().__init__(message)
        self.shard = shard


def main(arguments: Sequence[str]) -> int:
    """Runs the main job.

    Raises:
        BadInputError: Options or input are wrong.
        RunStoppedError: The run could not go on.
    """
    options = parse(arguments)
    start_logging(verbose=options.verbose)
    say(f"earthloom: asking {options.engine.describe()}")
    return run(options, arguments)


def run(options: RunOptions, arguments: Sequence[str]) -> int:
    """Makes the dataset, and returns the exit code.

    Args:
        options: What the user asked for.
        arguments: The same as it was given, for messages and ``retry``.
    """
    # Beam takes seconds to import: a wrong option should not wait for it.
    from pipeline.beam_flags import check_beam_flags
    from runners import direct

    if options.runner not in direct.NAMES:
        raise BadInputError(
            f"--runner {options.runner}: this version runs on DirectRunner"
        )
    try:
        flags, processes = direct.arguments(options.runner, options.beam)
    except ValueError as error:
        raise BadInputError(str(error)) from error
    check_beam_flags(flags)
    with interruptible(arguments) as interrupts, only_run(options.paths.lock):
        try:
            for _ in range(_DAMAGES):
                try:
                    return _run_once(options, arguments, flags, processes, interrupts)
                except DamagedShardError as error:
                    _make_again(error)
        except OSError as error:
            raise RunStoppedError(
                f"can't write or read {error.filename or options.paths.directory}: "
                f"{error.strerror or error}\n"
                "What was finished is kept; the same command goes on from there."
            ) from error
    raise RunStoppedError(
        f"shards of {options.paths.shards} turned out to be damaged again and again: "
        "check the disk"
    )


def _make_again(error: DamagedShardError) -> None:
    from pipeline.earlier import put_aside

    name = put_aside(error.shard).name
    complain(f"{error}\nIt is put aside as {name}, and its tiles are made again.")


def _run_once(
    options: RunOptions,
    arguments: Sequence[str],
    flags: Sequence[str],
    processes: int,
    interrupts: Interrupts,
) -> int:
    from dataset import files
    from earthengine.emulator_door import engine_stats
    from pipeline.earlier import tidy
    from pipeline.prepare import gate_file, prepare
    from pipeline.record import run_record
    from pipeline.summary import summary

    begun = time.time()
    prepared = prepare(options, processes)
    files.write_json(
        options.paths.command,
        {
            "arguments": list(arguments),
            "directory": str(Path.cwd()),
            "begun": begun,
            "asked": prepared.asked,
            "made_before": prepared.made,
            "to_make": prepared.pending,
        },
    )
    given_up = prepared.asked - prepared.made - prepared.pending
    kept = f", {given_up} failed before and are left" if given_up else ""
    say(
        f"{prepared.asked} tiles asked for, {prepared.made} already made, "
        f"{prepared.pending} to make{kept}"
    )
    try:
        _run_graph(options, prepared, flags, interrupts)
    finally:
        files.remove(gate_file(options.paths))
    result = json.loads(options.paths.result.read_text("utf-8"))
    record = run_record(options, prepared, result, begun, engine_stats(options.engine))
    files.write_json(options.paths.run, record)
    tidy(options.paths, result, shards=options.delete_shards)
    say(summary(options.paths, record))
    return SOME_FAILED if result["failed"] else ALL_MADE


def _run_graph(
    options: RunOptions,
    prepared: Prepared,
    flags: Sequence[str],
    interrupts: Interrupts,
) -> None:
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
        attributes=_attributes(options, job.recipe_hash),
        result=str(options.paths.result),
    )
    try:
        with beam.Pipeline(options=PipelineOptions(list(flags))) as pipeline:
            build(pipeline, work)
    except Exception as error:  # runners wrap whatever a worker raised
        abandon_all()
        if interrupts.came:
            interrupts.leave()
        raise _explained(error, options) from error


def _attributes(options: RunOptions, recipe_hash: str) -> Mapping[str, Any]:
    return {
        "title": f"{options.paths.name}, made by earthloom",
        "recipe": json.dumps(options.recipe.to_json(), sort_keys=True),
        "recipe_hash": recipe_hash,
    }


def _explained(error: Exception, options: RunOptions) -> Exception:
    """Finds the cause in what the runner made of it."""
    from pipeline.prepare import refusal

    # The runner may leave the type of an error as it is, or tell of it in its message.
    text = f"{type(error).__name__}: {error}"
    fatal = re.search(r"FatalEngineError: (.*?)(?: \[while running|\n|$)", text)
    if fatal:
        return RunStoppedError(refusal(fatal.group(1), options))
    damaged = re.search(r"ShardError: (.*?\.h5)(.*?)(?: \[while running|\n|$)", text)
    if damaged and (shard := Path(damaged.group(1))).parent == options.paths.shards:
        return DamagedShardError(shard, damaged.group(1) + damaged.group(2))
    last = [line for line in text.strip().splitlines() if line.strip()]
    rate = re.search(r"FailureRateError: (.*?)(?: \[while running|\n|$)", text)
    cause = rate.group(1) if rate else last[-1] if last else type(error).__name__
    _logger.debug("the runner's error", exc_info=error)
    return RunStoppedError(
        f"the run stopped: {cause}\n"
        "What was finished is kept; the same command goes on from there."
    )

"""WriteShards: stacks to shards on the disk; only their names go on."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.utils.windowed_value import WindowedValue

from dataset.shard_writer import ShardWriter
from dataset.stack import EncodedStack
from transforms.job import Job
from transforms.windows import in_global_window

_logger = logging.getLogger(__name__)


@dataclass
class WriteShards(beam.PTransform):
    """Writes: ``PCollection[EncodedStack]`` to ``PCollection[str]``, shard paths.

    A shard closes when it is full or old enough, whatever the bundle does: on the
    DirectRunner a whole stage is one bundle, and what Beam has not committed must
    still survive a kill.

    Attributes:
        job: What the stacks are of.
        directory: Where shards go.
        tiles: Rows after which a shard closes.
        seconds: Age at which it closes, looked at when a stack comes.
    """

    job: Job
    directory: str
    tiles: int = 256
    seconds: float = 600.0

    def expand(self, stacks: Any) -> Any:
        """Writes."""
        writer = _WriteShards(self.job, self.directory, self.tiles, self.seconds)
        return stacks | "Write" >> beam.ParDo(writer).with_output_types(str)


class _WriteShards(beam.DoFn):
    def __init__(self, job: Job, directory: str, tiles: int, seconds: float) -> None:
        self._job = job
        self._directory = directory
        self._tiles = tiles
        self._seconds = seconds
        self._writer: ShardWriter | None = None
        self._begun = 0.0

    def start_bundle(self) -> None:
        """Keeps what a failed bundle has left open."""
        self._keep()

    def process(self, stack: EncodedStack) -> Iterator[str]:
        """Adds a stack, and yields a shard when it closes."""
        writer = self._writer or self._open()
        if stack.row["status"] == "made":
            writer.add(stack)
        else:
            writer.add_failure(stack.row)
        age = time.monotonic() - self._begun
        if writer.count >= self._tiles or age >= self._seconds:
            yield from self._close()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Closes the last shard."""
        yield from map(in_global_window, self._close())

    def teardown(self) -> None:
        """Keeps what is open, and leaves no temporary file."""
        self._keep()

    def _open(self) -> ShardWriter:
        job = self._job
        self._begun = time.monotonic()
        self._writer = ShardWriter(
            Path(self._directory),
            job.specs,
            job.context.recipe.image_size,
            job.shard_attributes,
        )
        return self._writer

    def _close(self) -> Iterator[str]:
        writer, self._writer = self._writer, None
        if writer is not None and (path := writer.close()) is not None:
            yield str(path)

    def _keep(self) -> None:
        """Completes an open shard that nobody will hear of.

        All stacks in it are whole, so the next run finds them, and a tile that is
        made again counts once.
        """
        writer = self._writer
        try:
            list(self._close())
        except OSError as error:
            _logger.warning("a shard is left as a journal for the next run: %s", error)
            if writer is not None:
                writer.abort()

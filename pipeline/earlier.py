"""What earlier runs left: shards, journals, plans; and what is to be made again."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dataset import files, plan_log
from dataset.paths import DatasetPaths
from dataset.shard import PATTERN, ShardError, read_rows
from dataset.shard_writer import recover
from earthengine.errors import MAY_PASS
from transforms.job import Job

_logger = logging.getLogger(__name__)

BAD = ".bad"
"""Stands at the end of the name of a shard that is put aside."""


@dataclass(frozen=True)
class Earlier:
    """What earlier runs of the same recipe did.

    Attributes:
        shards: Their shards.
        made: Tiles in them, by id.
        failed: Tiles that failed and are in no shard as made, with the kind of
            failure that was noted last.
    """

    shards: list[str] = field(default_factory=list)
    made: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)

    def done(self, retry: str) -> set[str]:
        """Returns the tiles that are not to be asked for again.

        Args:
            retry: Which failures to try again, of :data:`pipeline.exits.RETRIES`:
                ``transient`` ones are those of kinds that may pass.
        """
        given_up = {
            tile_id
            for tile_id, kind in self.failed.items()
            if retry == "none" or (retry == "transient" and kind not in MAY_PASS)
        }
        return self.made | given_up


def find_earlier(paths: DatasetPaths, job: Job) -> Earlier:
    """Finds finished work; sweeps away what is not, and puts aside what is damaged.

    Journals that killed runs left become shards first.

    Args:
        paths: Of the dataset.
        job: The run; its recipe is that of the earlier ones.

    Raises:
        OSError: The disk is full, or the like.
    """
    for left in (
        *files.list_temporaries(paths.shards),
        *files.list_temporaries(paths.state),
        *files.list_temporaries(paths.plans),
        *files.list_temporaries(paths.directory),
    ):
        files.remove(left)
    # A run killed while it took its input in leaves a directory of parts.
    for scratch in paths.state.glob(f"*{files.TEMPORARY_MARK}*"):
        shutil.rmtree(scratch, ignore_errors=True)
    size = job.context.recipe.image_size
    recover(paths.shards, job.specs, size, job.shard_attributes)
    found = Earlier()
    for path in files.list_files(paths.shards, PATTERN):
        try:
            rows = list(read_rows(path))
        except ShardError as error:
            _logger.warning(
                "%s; it is put aside as %s, and its tiles are made again",
                error,
                put_aside(path).name,
            )
            continue
        found.shards.append(str(path))
        for row in rows:
            tile_id = row["tile"]["tile_id"]
            if row["status"] == "made":
                found.made.add(tile_id)
            else:
                found.failed[tile_id] = row["failure"]["kind"]
    for tile_id in found.made & found.failed.keys():
        del found.failed[tile_id]
    return found


def keep_plans(paths: DatasetPaths, made: set[str]) -> None:
    """Forgets the plans of tiles that were made."""
    known = plan_log.read_plans(paths.plans)
    plan_log.compact(paths.plans, {k: v for k, v in known.items() if k not in made})


def put_aside(shard: Path) -> Path:
    """Renames a damaged shard, so that nothing reads it and somebody may look at it.

    Returns:
        Its new name. ``--overwrite`` removes it.

    Raises:
        OSError: The file system refused.
    """
    return shard.replace(shard.with_name(shard.name + BAD))


def tidy(paths: DatasetPaths, counts: Mapping[str, int], *, shards: bool) -> None:
    """Removes what a whole dataset needs no more.

    Args:
        paths: Of the dataset.
        counts: With ``failed``: plans of failed tiles stay for another try.
        shards: Whether the shards go, too.
    """
    shutil.rmtree(paths.pending, ignore_errors=True)
    shutil.rmtree(paths.progress, ignore_errors=True)
    if not counts["failed"]:
        shutil.rmtree(paths.plans, ignore_errors=True)
    if shards:
        shutil.rmtree(paths.shards, ignore_errors=True)

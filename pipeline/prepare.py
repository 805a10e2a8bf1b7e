"""Before the first tile: input checked, recipe settled, earlier work found."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataset import files
from dataset.paths import DatasetPaths
from earthengine.errors import EngineError
from earthengine.request import Usage
from earthengine.session import connect
from modalities import registry
from modalities.modality import Modality
from modalities.recipe import Context, recipe_hash
from modalities.tile import Tile
from pipeline.earlier import find_earlier, keep_plans
from pipeline.exits import BadInputError, RunStoppedError
from pipeline.options import RunOptions
from transforms.job import Job
from transforms.tile_error import TileInputError
from transforms.tile_parts import Ingest, ingest, read_part, write_parts

_logger = logging.getLogger(__name__)

_PARTS_A_WORKER = 8
_LARGEST_PART = 500
_STATE: dict[str, type] = {
    "recipe": dict,
    "engine": str,
    "tables": dict,
    "recipe_hash": str,
    "tiles_sha256": str,
}
"""What ``recipe.json`` holds."""


@dataclass(frozen=True)
class Prepared:
    """What a run has to do, known good.

    Attributes:
        job: What every worker must know.
        asked: Tiles of the input.
        tiles_sha256: Of all tiles.
        parts: Part files of the tiles that are not made yet.
        pending: How many those are.
        shards: Shards of earlier runs.
        made: Tiles in them.
        requests: That preparing cost.
    """

    job: Job
    asked: int
    tiles_sha256: str
    parts: list[str]
    pending: int
    shards: list[str]
    made: int
    requests: int


def prepare(options: RunOptions, processes: int) -> Prepared:
    """Checks everything and finds what is left to do.

    Args:
        options: What the user asked for.
        processes: That will talk to the engine.

    Raises:
        BadInputError: Input or options are wrong; nothing was touched.
        RunStoppedError: The engine can't be reached or refuses us.
    """
    paths = options.paths
    try:
        options.budget.share(processes)
    except ValueError as error:
        raise BadInputError(str(error)) from error
    stored = registry.resolve(options.recipe.modalities)
    kept = None if options.overwrite else _read_state(paths.recipe)
    if kept is None and not options.overwrite:
        _refuse_foreign_dataset(paths)
    _refuse_other_recipe(kept, options)
    scratch = files.temporary_name(paths.tiles)
    new = [d for d in (paths.state, *paths.state.parents) if not d.exists()]
    try:
        taken = _take_in(options, stored, scratch)
        _refuse_other_tiles(kept, taken, options)
        requests, tables = _tables(options, stored, kept)
        job = _job(options, processes, stored, Context(options.recipe, tables))
        _refuse_other_definitions(kept, job, options)
        _check_tiles(taken, stored, job.context, options.tiles)
        if options.overwrite:
            clear(paths)
        _replace_directory(scratch, paths.tiles)
    except OSError as error:
        raise BadInputError(
            f"can't write to {paths.directory}: {error.strerror or error}; "
            "choose another --output"
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        _remove_empty(new)
    state = {
        "recipe": options.recipe.to_json(),
        "recipe_hash": job.recipe_hash,
        "engine": options.engine.kind,
        "tables": dict(tables),
        "tiles_sha256": taken.sha256,
    }
    files.write_json(paths.recipe, state)
    earlier = find_earlier(paths, job)
    done = earlier.done(options.retry)
    # Those of failed tiles stay, whether they are tried now or in a later run.
    keep_plans(paths, earlier.made)
    tiles = _all_tiles(str(paths.tiles / Path(part).name) for part in taken.parts)
    shutil.rmtree(paths.pending, ignore_errors=True)
    pending = write_parts(
        (tile for tile in tiles if tile.tile_id not in done),
        paths.pending,
        _part_tiles(options.plan_batch, taken.count - len(done), processes),
    )
    return Prepared(
        job=job,
        asked=taken.count,
        tiles_sha256=taken.sha256,
        parts=pending.parts,
        pending=pending.count,
        shards=earlier.shards,
        made=len(earlier.made),
        requests=requests,
    )


def clear(paths: DatasetPaths) -> None:
    """Removes a dataset's files, and nothing else that lies beside them."""
    for path in (
        paths.h5,
        paths.band_stats,
        paths.splits,
        paths.tile_info,
        paths.index,
        paths.failures,
        paths.run,
        paths.requests,
        paths.recipe,
        paths.command,
    ):
        files.remove(path)
    for directory in (
        paths.shards,
        paths.tiles,
        paths.pending,
        paths.plans,
        paths.progress,
    ):
        shutil.rmtree(directory, ignore_errors=True)


def _job(
    options: RunOptions,
    processes: int,
    stored: Sequence[Modality],
    context: Context,
) -> Job:
    alone = processes == 1
    return Job(
        engine=options.engine,
        budget=options.budget,
        patience=options.patience,
        context=context,
        recipe_hash=recipe_hash(context, fingerprints(stored)),
        plan_batch=options.plan_batch,
        processes=processes,
        gate_file="" if alone else str(gate_file(options.paths)),
        progress=str(options.paths.progress),
        max_failure_rate=options.max_failure_rate,
    )


def fingerprints(stored: Sequence[Modality]) -> dict[str, Any]:
    """Describes the modalities of a dataset, and those that they depend on."""
    return {m.name: m.fingerprint() for m in registry.with_needs(stored)}


def gate_file(paths: DatasetPaths) -> Path:
    """Returns where this machine's processes share the gate of a run.

    It is on the machine's own disk: shared ones need not know locks.
    """
    place = hashlib.sha256(str(paths.directory.resolve()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"earthloom-{os.getuid()}" / f"{place}.gate"


def _take_in(options: RunOptions, stored: Sequence[Modality], scratch: Path) -> Ingest:
    """Checks the tile file, and writes its parts to a scratch directory."""
    names = {m.name for m in stored}
    try:
        return ingest(
            options.tiles,
            scratch,
            part_tiles=_LARGEST_PART,
            need_biome="biome" in names,
            need_eco_region="eco_region" in names,
        )
    except TileInputError as error:
        raise BadInputError(str(error)) from error


def _part_tiles(batch: int, count: int, processes: int) -> int:
    """Sizes parts: whole planning batches, and some parts for every worker."""
    fair = count / (processes * _PARTS_A_WORKER)
    largest = max(1, _LARGEST_PART // batch)
    return batch * min(largest, max(1, round(fair / batch)))


def _all_tiles(parts: Iterable[str]) -> Iterator[Tile]:
    for part in parts:
        yield from read_part(part)


def _check_tiles(
    taken: Ingest, stored: Sequence[Modality], context: Context, source: Path
) -> None:
    """Lets every modality look at every tile."""
    for tile in _all_tiles(taken.parts):
        for modality in stored:
            if wrong := modality.check(tile, context):
                raise BadInputError(
                    f"{source}: feature {tile.position + 1} (tile_id "
                    f"{tile.tile_id!r}): {wrong}"
                )


def _tables(
    options: RunOptions,
    stored: Sequence[Modality],
    kept: Mapping[str, Any] | None,
) -> tuple[int, Mapping[str, Any]]:
    """Asks once what modalities want to know for the whole run."""
    tables: dict[str, Any] = {}
    if options.eco_region_labels is not None:
        tables["eco_region"] = _read_labels(options.eco_region_labels)
    elif kept is not None:
        return 0, kept["tables"]
    usage = Usage()
    try:
        # First of all: without a session the client can't build an expression.
        session = connect(options.engine, options.budget, options.patience)
        for modality in stored:
            if modality.name in tables or (asked := modality.table()) is None:
                continue
            tables[modality.name] = session.compute(asked, usage, lambda value: value)
    except EngineError as error:
        raise RunStoppedError(refusal(error, options)) from error
    return usage.requests, tables


def refusal(error: EngineError | str, options: RunOptions) -> str:
    """Words a failure of the engine that no tile would get past."""
    return (
        f"{options.engine.describe()}: {error}\n"
        "Check the project's registration for Earth Engine, its API and your "
        "roles; 'python -m pipeline check --project ...' fetches a single tile."
        if options.engine.kind == "google"
        else f"{options.engine.describe()}: {error}"
    )


def _read_labels(path: Path) -> dict[str, int]:
    """Reads ecoregion labels as MMEarth publishes them: name to number."""
    try:
        labels = json.loads(path.read_text("utf-8"))
    except OSError as error:
        reason = error.strerror or error
        raise BadInputError(
            f"--eco_region_labels {path}: can't be read: {reason}; give a JSON file"
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadInputError(
            f"--eco_region_labels {path}: is not JSON: {error}"
        ) from error
    size = len(registry.get("eco_region").bands)
    if not isinstance(labels, dict) or not all(
        type(v) is int and 0 <= v < size for v in labels.values()
    ):
        raise BadInputError(
            f"--eco_region_labels {path}: not a JSON object of name to label, "
            f"0 to {size - 1}"
        )
    return labels


def _read_state(path: Path) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads(path.read_text("utf-8"))
        for key, kind in _STATE.items():
            if not isinstance(state[key], kind):
                raise TypeError(f"{key} is {state[key]!r}")
    except FileNotFoundError:
        if files.list_files(path.parent / "shards"):
            raise BadInputError(
                f"{path} is gone, and with it what the shards beside it were made by; "
                "put it back, or --overwrite to begin anew"
            ) from None
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInputError(
            f"{path} can't be read ({error}); give another --name, or --overwrite to "
            "begin anew"
        ) from error
    return state


def _refuse_foreign_dataset(paths: DatasetPaths) -> None:
    """Keeps what another program, or a copy, left under the names of our files."""
    for file in (paths.h5, paths.band_stats, paths.splits, paths.tile_info):
        if file.exists():
            raise BadInputError(
                f"{file} is there, but not {paths.recipe}: it is not known what made "
                "it; give another --name, or --overwrite to lose it"
            )


def _refuse_other_recipe(kept: Mapping[str, Any] | None, options: RunOptions) -> None:
    if kept is None:
        return
    new = json.loads(files.to_json(options.recipe.to_json()))
    old = dict(kept["recipe"])
    old["engine"], new["engine"] = kept["engine"], options.engine.kind
    changes = [
        f"  {key}: {old.get(key)} before, {new.get(key)} now"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]
    if changes:
        raise BadInputError(
            "\n".join(
                [
                    f"{options.paths.directory} was made by another recipe:",
                    *changes,
                    "Give another --name, or --overwrite to begin anew.",
                ]
            )
        )


def _refuse_other_definitions(
    kept: Mapping[str, Any] | None, job: Job, options: RunOptions
) -> None:
    if kept is not None and kept["recipe_hash"] != job.recipe_hash:
        raise BadInputError(
            f"{options.paths.directory} was made by other definitions of its "
            "modalities; give another --name, or --overwrite to begin anew"
        )


def _refuse_other_tiles(
    kept: Mapping[str, Any] | None, taken: Ingest, options: RunOptions
) -> None:
    if kept is not None and kept["tiles_sha256"] != taken.sha256:
        raise BadInputError(
            f"{options.paths.directory} was made from other tiles than "
            f"{options.tiles} holds now; give another --name, or --overwrite to "
            "begin anew"
        )


def _replace_directory(new: Path, old: Path) -> None:
    shutil.rmtree(old, ignore_errors=True)
    new.replace(old)


def _remove_empty(directories: Iterable[Path]) -> None:
    """Removes directories that we made and that nothing came into."""
    for directory in directories:
        try:
            directory.rmdir()
        except OSError:
            return

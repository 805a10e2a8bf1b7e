"""``refetch``: fetch a tile of a dataset again by its plan, and compare the bytes.

The plan is the tile's row in index.parquet. On the same engine the bytes are the
same; where they are not, the bands and the number of pixels are told.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.arguments import Parser, add_engine_arguments
from pipeline.console import say, start_logging
from pipeline.exits import ALL_MADE, STOPPED, BadInputError, RunStoppedError

if TYPE_CHECKING:
    from dataset.paths import DatasetPaths
    from earthengine.session import Session
    from modalities.recipe import Recipe


def main(arguments: Sequence[str]) -> int:
    """Fetches and compares; returns 1 if anything differs.

    Raises:
        BadInputError: There is no such dataset or tile, or options are wrong.
        RunStoppedError: The engine does not give the tile.
    """
    from dataset.compare import compare_row
    from earthengine.engine import Patience
    from earthengine.errors import EngineError
    from earthengine.request import Usage
    from earthengine.session import connect
    from modalities import registry
    from modalities.recipe import Context, recipe_hash
    from modalities.stack import take_apart
    from pipeline.options import budget_of, catalog_of, engine_of
    from pipeline.prepare import fingerprints
    from transforms.fetch_stacks import fetch_pixels
    from transforms.job import Job
    from transforms.plan_tiles import Planned

    args = _parser().parse_args(list(arguments))
    paths = _paths(Path(args.dataset))
    columns, plan = _look_up(paths, args.tile)
    recipe, tables = _recipe(paths)
    try:
        engine, budget, catalog = engine_of(args), budget_of(args), catalog_of(args)
        registry.load_modules(recipe.modality_modules)
        stored = registry.resolve(recipe.modalities)
    except ValueError as error:
        raise BadInputError(str(error)) from error
    if catalog != recipe.catalog:
        raise BadInputError(
            "the dataset was made with other local files: give the --catalog (and "
            "--catalog_only) that it was made with"
        )
    start_logging()
    say(f"earthloom: asking {engine.describe()}")
    try:
        session = connect(engine, budget, Patience())
        known = tables if tables is not None else _ask_tables(stored, session)
        context = Context(recipe, known)
        digest = recipe_hash(context, fingerprints(stored))
        if digest != columns["recipe"]:
            say(
                f"note: recipe and definitions are {digest} now, {columns['recipe']} "
                "when the tile was made"
            )
        job = Job(engine, budget, Patience(), context, digest)
        planned = Planned(plan.site, plan.choices)
        pixels = fetch_pixels(planned, job, session, Usage())
    except EngineError as error:
        raise RunStoppedError(f"{engine.describe()}: {error}") from error
    arrays = take_apart(pixels, plan, stored, context)
    if args.out:
        _save(Path(args.out), arrays)
    try:
        found = list(compare_row(paths.h5, columns["row"], arrays, job.specs))
    except OSError as error:
        raise BadInputError(f"{paths.h5} can't be read: {error}") from error
    for one in found:
        parts = ", ".join(f"{band} {n}" for band, n in one.bands.items())
        differs = one.trouble or f"values that differ: {parts}"
        say(f"{one.name:20} {'equal' if one.equal else differs}")
    if all(one.equal for one in found):
        say(f"{args.tile}: the same bytes")
        return ALL_MADE
    say(f"{args.tile}: not the same bytes")
    return STOPPED


def _parser() -> Parser:
    parser = Parser(
        prog="python -m pipeline refetch",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("dataset", metavar="DATASET", help="its directory")
    parser.add_argument("tile", metavar="TILE", help="a tile_id")
    parser.add_argument(
        "--out", metavar="FILE.npz", help="keep what was fetched, an array a modality"
    )
    add_engine_arguments(parser)
    return parser


def _paths(directory: Path) -> DatasetPaths:
    """Returns the paths of a dataset, whose state may be gone."""
    from dataset.paths import DatasetPaths

    directory = directory.resolve()
    try:
        paths = DatasetPaths(directory.parent, directory.name)
    except ValueError as error:
        raise BadInputError(f"{directory}: no dataset of earthloom's") from error
    if not (paths.index.is_file() and paths.h5.is_file()):
        raise BadInputError(
            f"{directory}: no whole dataset; {paths.index.name} and {paths.h5.name} "
            "must be there"
        )
    return paths


def _look_up(paths: DatasetPaths, tile_id: str) -> tuple[Mapping[str, Any], Any]:
    """Finds a tile's row in the index, and its plan."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from dataset.index import plan_of

    try:
        found = pq.read_table(paths.index, filters=[("tile_id", "=", tile_id)])
        rows = found.to_pylist()
        if not rows:
            raise BadInputError(f"{paths.index}: there is no tile {tile_id!r}")
        if rows[0]["row"] is None:
            raise BadInputError(
                f"tile {tile_id!r} was not made ({rows[0]['reason']}): it has no plan"
            )
        return rows[0], plan_of(rows[0])
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise BadInputError(f"{paths.index} can't be read: {error}") from error


def _recipe(paths: DatasetPaths) -> tuple[Recipe, Mapping[str, Any] | None]:
    """Reads the recipe, and the tables if the state is still there."""
    import h5py

    from modalities.recipe import Recipe

    try:
        state = json.loads(paths.recipe.read_text("utf-8"))
        return Recipe.from_json(state["recipe"]), state["tables"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    try:
        with h5py.File(paths.h5, "r", locking=False) as file:
            return Recipe.from_json(json.loads(file.attrs["recipe"])), None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError(f"{paths.h5}: no recipe in it: {error}") from error


def _ask_tables(stored: Sequence[Any], session: Session) -> dict[str, Any]:
    """Asks the engine for the tables, as the run did."""
    from earthengine.request import Usage

    asked = {m.name: m.table() for m in stored}
    return {
        name: session.compute(expression, Usage(), lambda value: value)
        for name, expression in asked.items()
        if expression is not None
    }


def _save(path: Path, arrays: Mapping[str, Any]) -> None:
    import numpy as np

    try:
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)
    except OSError as error:
        raise BadInputError(f"--out {path}: {error.strerror or error}") from error

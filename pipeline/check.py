"""``check``: fetch one tile, and print what each modality gave.

The one place to find out what can't be known without an account: masks in NPY,
mixed dtypes, latency, what a tile costs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from earthengine.engine import Engine, Patience
from earthengine.errors import EngineError
from earthengine.request import Usage
from earthengine.session import Session, connect
from modalities import registry
from modalities.modality import Modality, PixelModality
from modalities.plan import Choice, Plan
from modalities.recipe import Context
from modalities.spec import Spec
from modalities.stack import stack_image, take_apart, wire_dtype
from modalities.tile import Tile, tile_id_of
from pipeline.arguments import (
    Parser,
    add_engine_arguments,
    add_recipe_arguments,
)
from pipeline.console import say, start_logging
from pipeline.exits import ALL_MADE, SOME_FAILED, BadInputError, RunStoppedError
from pipeline.options import budget_of, engine_of, recipe_of

_PATIENCE = Patience(attempts=3, seconds=300.0)

BIOME = "Temperate Broadleaf & Mixed Forests"


def main(arguments: Sequence[str]) -> int:
    """Runs the check.

    Raises:
        BadInputError: Options are wrong.
        RunStoppedError: The engine can't be reached or refuses us.
    """
    args = _parser().parse_args(list(arguments))
    if not (-180.0 <= args.lon <= 180.0 and -84.0 <= args.lat <= 84.0):
        raise BadInputError("--lon is within 180 degrees, --lat within 84")
    try:
        engine, recipe, budget = engine_of(args), recipe_of(args), budget_of(args)
    except ValueError as error:
        raise BadInputError(str(error)) from error
    start_logging()
    say(f"earthloom: asking {engine.describe()}")
    try:
        begun = time.monotonic()
        session = connect(engine, budget, _PATIENCE)
        say(f"session opened in {time.monotonic() - begun:.2f} s")
        return _check(args, engine, session, Context(recipe))
    except EngineError as error:
        raise RunStoppedError(f"{engine.describe()}: {error}") from error


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m pipeline check",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    place = parser.add_argument_group("where")
    place.add_argument("--lon", type=float, default=9.5, help="degrees east (9.5)")
    place.add_argument("--lat", type=float, default=56.0, help="degrees north (56.0)")
    add_recipe_arguments(parser)
    add_engine_arguments(parser)
    return parser


def _check(
    args: argparse.Namespace, engine: Engine, session: Session, context: Context
) -> int:
    # Imported late: they import Beam.
    from transforms.job import Job
    from transforms.plan_tiles import plan_batch

    stored = registry.resolve(context.recipe.modalities)
    tables, region = _tables(stored, session)
    context = Context(context.recipe, tables)
    job = Job(engine, budget_of(args), _PATIENCE, context, "")
    tile = Tile(tile_id_of(args.lon, args.lat), args.lon, args.lat, 0, BIOME, region)
    planned = plan_batch([tile], job, session)[0]
    say(
        f"plan      {planned.usage.requests} requests, "
        f"{planned.usage.bytes:,} bytes, {planned.usage.seconds:.2f} s"
    )
    if planned.failure is not None:
        say(f"no plan   {planned.failure.message}")
        return SOME_FAILED
    grid = planned.site.grid
    say(f"grid      {grid.crs} {grid.transform}")
    _check_masks(session, grid.to_request())
    try:
        _fetch(session, planned.plan, stored, context)
    except EngineError as error:
        say(f"pixels    {error}\nEach modality by itself:")
        return _check_each(session, planned.plan, stored, context)
    return ALL_MADE


def _fetch(
    session: Session, plan: Plan, modalities: Sequence[Modality], context: Context
) -> None:
    """Fetches modalities together and prints what they gave."""
    usage = Usage()
    dtype = wire_dtype(plan, modalities)
    size = plan.site.grid.size
    pixels: npt.NDArray[Any] = np.empty((size, size), dtype)
    if dtype.names:
        image = stack_image(plan, modalities, context)
        pixels = session.pixels(image, plan.site.grid.to_request(), dtype, usage)
        say(
            f"pixels    {usage.requests} request, {usage.bytes:,} bytes for "
            f"{len(dtype.names)} bands, {usage.seconds:.2f} s"
        )
    arrays = take_apart(pixels, plan, modalities, context)
    for modality in modalities:
        spec = modality.spec(context.recipe.layout)
        say(_line(modality, spec, plan.choices, arrays[modality.name]))


def _check_each(
    session: Session, plan: Plan, modalities: Sequence[Modality], context: Context
) -> int:
    """Finds out which modality the engine refuses."""
    for modality in modalities:
        try:
            _fetch(session, plan, [modality], context)
        except EngineError as error:
            say(f"{modality.name:20} FAILED {error}")
    return SOME_FAILED


def _tables(stored: Sequence[Modality], session: Session) -> tuple[dict[str, Any], str]:
    """Reads the tables; any ecoregion of the table serves for the check."""
    tables, region = {}, ""
    for modality in stored:
        if (asked := modality.table()) is not None:
            tables[modality.name] = session.compute(asked, Usage(), lambda v: v)
            say(f"table     {modality.name}: {len(tables[modality.name])} rows")
    if "eco_region" in tables:
        region = next(row[0] for row in tables["eco_region"] if row[1] == BIOME)
    return tables, region


def _line(
    modality: Modality,
    spec: Spec,
    choices: Mapping[str, Choice],
    array: npt.NDArray[Any],
) -> str:
    choice = choices[modality.name]
    if choice.missing:
        return f"{modality.name:20} missing: {choice.missing}"
    scenes = ", ".join(scene.asset for scene in choice.scenes)
    values = array.astype(np.float64)
    no_data = spec.storage.no_data
    valid = np.isfinite(values)
    if no_data is not None and np.isfinite(no_data):
        valid &= values != no_data
    share = f"{valid.mean():4.0%} valid"
    if isinstance(modality, PixelModality) and valid.any():
        kept = values[valid]
        share += f", {kept.min():g} to {kept.max():g}"
    shape = "x".join(map(str, array.shape))
    return f"{modality.name:20} {array.dtype} {shape}, {share} {scenes}".rstrip()


def _check_masks(session: Session, grid: dict[str, Any]) -> None:
    """Prints what the engine puts under a mask: no document says."""
    import ee

    kinds = (("uint8", "toUint8"), ("int16", "toInt16"), ("float32", "toFloat"))
    parts = []
    for name, cast in kinds:
        one = getattr(ee.Image.constant(1), cast)()
        parts.append(one.updateMask(0).rename(name))
    dtype = np.dtype([(name, np.dtype(name).newbyteorder("<")) for name, _ in kinds])
    pixels = session.pixels(ee.Image.cat(parts), grid, dtype, Usage())
    found = ", ".join(f"{name} {pixels[name][0, 0]}" for name, _ in kinds)
    say(f"masked pixels come back as: {found} (we never rely on it)")

"""The options of the main job."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from dataset.finish import SplitRule
from dataset.paths import DatasetPaths
from earthengine.engine import HIGH_VOLUME, STANDARD, Budget, Engine
from modalities import registry
from modalities.recipe import LAYOUTS, Recipe
from pipeline.exits import BadInputError

DESCRIPTION = """\
Make a multi-modal satellite dataset for a list of places.

Reads tiles (places on land) from a GeoJSON file, fetches for each one Sentinel-2,
Sentinel-1, elevation, climate, land cover and more from Google Earth Engine, and
writes one HDF5 file with statistics and splits beside it, in MMEarth's format.

Without --project the built-in emulator answers in Earth Engine's place: no account
is needed, and the imagery is synthetic.
"""

EPILOG = """\
examples:
  python -m pipeline --tiles tiles.geojson
  python -m pipeline --tiles tiles.geojson --modalities sentinel2,aster --name data_dem
  python -m pipeline --tiles tiles.geojson --project my-project --output /data
  python -m pipeline check --project my-project

other commands (each has --help):
  check    fetch one tile and print what each modality gave

exit codes: 0 all tiles made, 3 some failed (the dataset is whole without them),
1 the run could not go on, 2 the options or the input are wrong.

Options that are not listed here go to Apache Beam, such as --direct_num_workers=4.
"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like all errors of this program."""

    def error(self, message: str) -> NoReturn:
        """Raises instead of printing the whole usage.

        Raises:
            BadInputError: Always.
        """
        raise BadInputError(f"{message} (see --help)")


@dataclass(frozen=True)
class RunOptions:
    """What the user asked for, checked.

    Attributes:
        tiles: Tile file.
        paths: Where the dataset goes.
        recipe: What decides the pixels.
        engine: What to ask.
        budget: Of the whole run.
        plan_batch: Tiles planned in one request.
        tile_attempts: Requests for one tile at most.
        tile_seconds: Time for one tile at most.
        split_rule: How tiles are split.
        shard_tiles: Rows of a shard.
        shard_minutes: Age at which a shard closes.
        overwrite: Throw away what is under the name.
        delete_shards: Remove the shards once the dataset is whole.
        eco_region_labels: JSON file of ecoregion labels; None to ask the engine.
        runner: Name of the Beam runner, as given.
        verbose: Show other libraries' logs.
        beam: Flags for Beam.
    """

    tiles: Path
    paths: DatasetPaths
    recipe: Recipe
    engine: Engine
    budget: Budget
    plan_batch: int
    tile_attempts: int
    tile_seconds: float
    split_rule: SplitRule
    shard_tiles: int
    shard_minutes: float
    overwrite: bool
    delete_shards: bool
    eco_region_labels: Path | None
    runner: str
    verbose: bool
    beam: tuple[str, ...]


def make_parser() -> Parser:
    """Returns the parser of the main job."""
    parser = Parser(
        prog="python -m pipeline",
        usage="%(prog)s --tiles FILE [options] [options of Apache Beam]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    files = parser.add_argument_group("what to read and write")
    files.add_argument(
        "--tiles",
        required=True,
        metavar="FILE",
        help="GeoJSON, newline-delimited GeoJSON or GeoParquet; one feature a tile",
    )
    files.add_argument(
        "--output",
        default="datasets",
        metavar="DIR",
        help="directory for datasets (default: %(default)s)",
    )
    files.add_argument(
        "--name",
        default="data_sample_v001",
        help="name of the dataset; loaders want it to begin with 'data_' "
        "(default: %(default)s)",
    )
    files.add_argument(
        "--overwrite",
        action="store_true",
        help="throw away what an earlier run left under this name",
    )
    files.add_argument(
        "--delete_shards",
        action="store_true",
        help="free the disk of intermediate files when the dataset is whole",
    )
    add_recipe_arguments(parser)
    add_engine_arguments(parser)
    work = parser.add_argument_group("how to work")
    work.add_argument(
        "--runner",
        default="DirectRunner",
        help="Beam runner (default: %(default)s, which runs on this machine)",
    )
    work.add_argument(
        "--verbose",
        action="store_true",
        help="show the log of Beam and of libraries too, with tracebacks",
    )
    work.add_argument(
        "--plan_batch",
        type=_positive(int),
        default=25,
        metavar="N",
        help="tiles planned in one request (default: %(default)s)",
    )
    work.add_argument(
        "--tile_attempts",
        type=_positive(int),
        default=8,
        metavar="N",
        help="requests for one tile before it is given up (default: %(default)s)",
    )
    work.add_argument(
        "--tile_seconds",
        type=_positive(float),
        default=600.0,
        metavar="S",
        help="seconds for one tile before it is given up (default: %(default)g)",
    )
    work.add_argument(
        "--shard_tiles",
        type=_positive(int),
        default=256,
        metavar="N",
        help="tiles in an intermediate file (default: %(default)s)",
    )
    work.add_argument(
        "--shard_minutes",
        type=_positive(float),
        default=10.0,
        metavar="M",
        help="close an intermediate file after so long (default: %(default)g)",
    )
    splits = parser.add_argument_group("splits")
    splits.add_argument(
        "--splits",
        type=_fractions,
        default=(0.8, 0.1, 0.1),
        metavar="A,B,C",
        help="shares of train, val and test (default: 0.8,0.1,0.1)",
    )
    splits.add_argument(
        "--split_block_km",
        type=_positive(float),
        default=50.0,
        metavar="KM",
        help="side of the blocks of land that stay in one split (default: %(default)g)",
    )
    return parser


def add_recipe_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what decides the pixels."""
    recipe = parser.add_argument_group("what to fetch")
    recipe.add_argument(
        "--modalities",
        type=_names,
        metavar="A,B,...",
        help=f"which modalities (default: all): {', '.join(registry.names())}",
    )
    recipe.add_argument(
        "--modality_module",
        action="append",
        default=[],
        metavar="MODULE",
        help="Python module that registers a modality of your own; repeatable",
    )
    recipe.add_argument(
        "--image_size",
        type=_positive(int),
        default=128,
        metavar="N",
        help="pixels a side, 10 m each (default: %(default)s)",
    )
    recipe.add_argument(
        "--years",
        type=_years,
        default=(2017, 2018, 2019, 2020),
        metavar="A-B",
        help="years of the Sentinel-2 scenes, such as 2019 or 2017-2020 (the default)",
    )
    recipe.add_argument(
        "--max_cloud",
        type=_positive(float),
        default=10.0,
        metavar="PERCENT",
        help="only Sentinel-2 scenes with less cloud (default: %(default)g)",
    )
    recipe.add_argument(
        "--sentinel1_max_days",
        type=_positive(float),
        default=60.0,
        metavar="DAYS",
        help="longest gap from Sentinel-2 to Sentinel-1 (default: %(default)g)",
    )
    recipe.add_argument(
        "--seed",
        type=int,
        default=42,
        help="seeds the choice of scenes and the splits (default: %(default)s)",
    )
    recipe.add_argument(
        "--layout",
        choices=LAYOUTS,
        default="standard",
        help="'mmearth-v001' stores the release's own, narrower dtypes "
        "(default: %(default)s)",
    )
    recipe.add_argument(
        "--eco_region_labels",
        metavar="FILE",
        help="JSON object of ecoregion name to label, such as MMEarth's "
        "eco_labels.json, instead of the numbering of the engine's own table",
    )


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds which engine to ask, and how hard."""
    engine = parser.add_argument_group("which engine to ask, and how hard")
    engine.add_argument(
        "--project",
        help="Google Cloud project registered for Earth Engine; without it the "
        "emulator answers",
    )
    engine.add_argument(
        "--endpoint",
        choices=("standard", "high-volume"),
        help="Earth Engine's endpoint (default: high-volume)",
    )
    engine.add_argument(
        "--service_account_file",
        metavar="FILE",
        help="key file (default: application-default credentials)",
    )
    engine.add_argument(
        "--engine_url",
        metavar="URL",
        help="another server with Earth Engine's API, such as "
        "http://127.0.0.1:8085 of 'python -m emulator'",
    )
    engine.add_argument(
        "--emulator_latency",
        type=float,
        default=0.0,
        metavar="S",
        help="let the built-in emulator wait so long in each request "
        "(default: %(default)g)",
    )
    engine.add_argument(
        "--max_concurrent_requests",
        type=_positive(int),
        default=40,
        metavar="N",
        help="requests in flight over the whole run (default: %(default)s)",
    )
    engine.add_argument(
        "--max_requests_per_second",
        type=_positive(float),
        default=100.0,
        metavar="N",
        help="requests begun in a second over the whole run (default: %(default)g)",
    )


def parse(arguments: Sequence[str]) -> RunOptions:
    """Reads and checks the options of the main job.

    Raises:
        BadInputError: An option is wrong; the message names it.
    """
    args, beam = make_parser().parse_known_args(list(arguments))
    try:
        return RunOptions(
            tiles=Path(args.tiles),
            paths=DatasetPaths(Path(args.output), args.name),
            recipe=recipe_of(args),
            engine=engine_of(args),
            budget=budget_of(args),
            plan_batch=args.plan_batch,
            tile_attempts=args.tile_attempts,
            tile_seconds=args.tile_seconds,
            split_rule=SplitRule(args.splits, args.split_block_km, args.seed),
            shard_tiles=args.shard_tiles,
            shard_minutes=args.shard_minutes,
            overwrite=args.overwrite,
            delete_shards=args.delete_shards,
            eco_region_labels=labels_of(args),
            runner=args.runner,
            verbose=args.verbose,
            beam=tuple(beam),
        )
    except ValueError as error:
        raise BadInputError(str(error)) from error


def recipe_of(args: argparse.Namespace) -> Recipe:
    """Reads the recipe.

    Raises:
        ValueError: A modality or a module is unknown.
    """
    registry.load_modules(args.modality_module)
    wanted = args.modalities or registry.names()
    return Recipe(
        modalities=tuple(m.name for m in registry.resolve(wanted)),
        image_size=args.image_size,
        seed=args.seed,
        years=args.years,
        max_cloud=args.max_cloud,
        sentinel1_max_days=args.sentinel1_max_days,
        layout=args.layout,
        modality_modules=tuple(args.modality_module),
    )


def labels_of(args: argparse.Namespace) -> Path | None:
    """Reads the place of the ecoregion labels."""
    return Path(args.eco_region_labels) if args.eco_region_labels else None


def engine_of(args: argparse.Namespace) -> Engine:
    """Reads which engine to ask.

    Raises:
        ValueError: Options contradict each other.
    """
    for flag, what in (
        ("endpoint", "chooses Google's endpoint"),
        ("service_account_file", "is for Google's engine"),
    ):
        if getattr(args, flag) and not args.project:
            raise ValueError(f"--{flag} {what}: name a --project too")
    if args.engine_url and args.project:
        raise ValueError(
            "--engine_url and --project name two engines: give one of them"
        )
    if args.emulator_latency and (args.engine_url or args.project):
        raise ValueError("--emulator_latency is for the built-in emulator alone")
    if args.engine_url:
        if not args.engine_url.startswith(("http://", "https://")):
            raise ValueError(f"--engine_url {args.engine_url}: begin it with http://")
        return Engine("url", url=args.engine_url.rstrip("/"))
    if args.project:
        url = STANDARD if args.endpoint == "standard" else HIGH_VOLUME
        key = args.service_account_file or ""
        return Engine("google", args.project, url, key)
    return Engine("emulator", latency=args.emulator_latency)


def budget_of(args: argparse.Namespace) -> Budget:
    """Reads how much the whole run may ask."""
    return Budget(args.max_concurrent_requests, args.max_requests_per_second)


def _positive(kind: type[int] | type[float]) -> Any:
    """Makes a reader of numbers above zero."""

    def read(text: str) -> float:
        value = kind(text)
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not above zero")
        return value

    read.__name__ = "number" if kind is float else "whole number"
    return read


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise argparse.ArgumentTypeError("no name given")
    return names


def _years(text: str) -> tuple[int, ...]:
    try:
        years: set[int] = set()
        for part in text.split(","):
            first, _, last = part.partition("-")
            years.update(range(int(first), int(last or first) + 1))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no year (2019) or range (2017-2020)"
        ) from None
    if not years or min(years) < 2015 or max(years) > 2100:
        raise argparse.ArgumentTypeError(f"{text!r}: Sentinel-2 begins in 2015")
    return tuple(sorted(years))


def _fractions(text: str) -> tuple[float, float, float]:
    try:
        train, val, test = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not three numbers such as 0.8,0.1,0.1"
        ) from None
    whole = train + val + test
    if min(train, val, test) < 0.0 or abs(whole - 1.0) > 1e-9 or train <= 0.0:
        raise argparse.ArgumentTypeError(f"{text!r} must sum to 1, with some train")
    return train, val, test

"""The options of the main job, checked."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dataset.finish import SplitRule
from dataset.paths import DatasetPaths
from earthengine.emulator_door import catalog_digest
from earthengine.engine import HIGH_VOLUME, STANDARD, Budget, Engine, Patience
from modalities import registry
from modalities.recipe import Recipe
from pipeline.arguments import make_parser
from pipeline.exits import BadInputError


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
        request_seconds: Time for one request at most.
        retry: Which failed tiles of earlier runs to try again.
        max_failure_rate: Share of failed tiles that stops the run.
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
    request_seconds: float
    retry: str
    max_failure_rate: float
    split_rule: SplitRule
    shard_tiles: int
    shard_minutes: float
    overwrite: bool
    delete_shards: bool
    eco_region_labels: Path | None
    runner: str
    verbose: bool
    beam: tuple[str, ...]

    @property
    def patience(self) -> Patience:
        """How long to try for one tile."""
        return Patience(self.tile_attempts, self.tile_seconds, self.request_seconds)


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
            engine=engine_of(args),
            recipe=recipe_of(args),
            budget=budget_of(args),
            plan_batch=args.plan_batch,
            tile_attempts=args.tile_attempts,
            tile_seconds=args.tile_seconds,
            request_seconds=args.request_seconds,
            retry=args.retry,
            max_failure_rate=args.max_failure_rate,
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
        ValueError: A modality or a module is unknown, or the catalogue of local
            files is not in order.
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
        catalog=catalog_of(args),
    )


def catalog_of(args: argparse.Namespace) -> str:
    """Reads the digest of the local files that stand in for assets; empty for none.

    Raises:
        ValueError: They are not in order.
    """
    if not args.catalog:
        return ""
    found = catalog_digest(args.catalog)
    return f"{found} alone" if args.catalog_only else found


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
    for flag in ("emulator_latency", "catalog", "catalog_only"):
        if getattr(args, flag) and (args.engine_url or args.project):
            raise ValueError(
                f"--{flag} is for the built-in emulator: leave out --project and "
                "--engine_url"
            )
    if args.catalog_only and not args.catalog:
        raise ValueError("--catalog_only needs --catalog DIR")
    if args.engine_url:
        if not _is_address(args.engine_url):
            raise ValueError(
                f"--engine_url {args.engine_url}: give an address such as "
                "http://127.0.0.1:8085"
            )
        return Engine("url", url=args.engine_url.rstrip("/"))
    if args.project:
        url = STANDARD if args.endpoint == "standard" else HIGH_VOLUME
        key = args.service_account_file or ""
        return Engine("google", args.project, url, key)
    return Engine(
        "emulator",
        latency=args.emulator_latency,
        # Whole, for workers may have another working directory.
        catalog=str(Path(args.catalog).resolve()) if args.catalog else "",
        catalog_only=args.catalog_only,
    )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises if it is no number, or too large a one
    except ValueError:
        return False
    fit = url.isprintable() and " " not in url
    return fit and parts.scheme in ("http", "https") and bool(parts.hostname)


def budget_of(args: argparse.Namespace) -> Budget:
    """Reads how much the whole run may ask."""
    return Budget(args.max_concurrent_requests, args.max_requests_per_second)

"""``run.json``: what was run, with what, and what came of it."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import h5py

from pipeline.options import RunOptions
from pipeline.prepare import Prepared

_PACKAGES = (
    "earthloom",
    "apache-beam",
    "earthengine-api",
    "numpy",
    "h5py",
    "deflate",
    "pyarrow",
    "pyproj",
    "shapely",
)


def run_record(
    options: RunOptions,
    prepared: Prepared,
    result: Mapping[str, Any],
    begun: float,
    engine_stats: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Lays out ``run.json``.

    Args:
        options: What the user asked for.
        prepared: What there was to do.
        result: Counts from the assembly.
        begun: When the run began, seconds since 1970.
        engine_stats: What the engine itself counted; None if it does not tell.
    """
    ended = time.time()
    requests = {"prepare": prepared.requests, **result["requests"]}
    return {
        "name": options.paths.name,
        "begun": _time(begun),
        "begun_s": begun,
        "ended": _time(ended),
        "seconds": round(ended - begun, 3),
        "engine": options.engine.describe(),
        "options": {
            "tiles": str(options.tiles),
            "tiles_sha256": prepared.tiles_sha256,
            **options.recipe.to_json(),
            "max_concurrent_requests": options.budget.concurrent,
            "max_requests_per_second": options.budget.per_second,
            "plan_batch": options.plan_batch,
            "splits": list(options.split_rule.fractions),
            "split_block_km": options.split_rule.block_km,
            "runner": options.runner,
            "beam": list(options.beam),
        },
        "recipe_hash": prepared.job.recipe_hash,
        "counts": {
            key: result[key]
            for key in (
                "asked",
                "made",
                "failed",
                "failed_by_reason",
                "missing_modalities",
                "levels",
                "splits",
            )
        },
        "tiles_of_this_run": prepared.pending,
        "requests": requests,
        "response_bytes": result["response_bytes"],
        "engine_counted": engine_stats,
        "dataset_bytes": result["dataset_bytes"],
        "assembly_seconds": result["assembly_seconds"],
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "hdf5": h5py.version.hdf5_version}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

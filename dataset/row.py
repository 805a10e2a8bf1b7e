"""A row: all that is known of one tile of a run, made or failed.

Rows are plain JSON values: they lie in the shards beside the pixels, and only they
travel between workers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from modalities.plan import Plan, Site

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """One tile that did not make it.

    Attributes:
        kind: Class of the failure, such as ``no_data`` or ``throttled``.
        message: What happened and what to do, naming modality and asset.
        stage: ``plan`` or ``fetch``.
        assets: What was asked for: the Sentinel-2 scene, or the modalities' sources.
    """

    kind: str
    message: str
    stage: str
    assets: tuple[str, ...] = ()


def made_row(
    plan: Plan,
    stored: Sequence[str],
    statistics: Mapping[str, Any],
    usage: Mapping[str, Any],
    versions: Mapping[str, str],
) -> Row:
    """Describes a tile that was made.

    Args:
        plan: What it was made of.
        stored: Modalities that the dataset holds.
        statistics: Partial statistics by modality.
        usage: Requests, bytes, seconds and last status.
        versions: Of the client and of this package.
    """
    missing = {
        name: plan.choices[name].missing
        for name in stored
        if plan.choices[name].missing
    }
    return {
        **plan.to_json(),
        "status": "made",
        "missing": missing,
        "statistics": dict(statistics),
        "usage": dict(usage),
        "versions": dict(versions),
    }


def failed_row(
    site: Site,
    failure: Failure,
    usage: Mapping[str, Any],
    versions: Mapping[str, str],
) -> Row:
    """Describes a tile that was not made."""
    return {
        "tile": site.tile.to_json(),
        "grid": site.grid.to_json(),
        "choices": {},
        "status": "failed",
        "failure": {**asdict(failure), "assets": list(failure.assets)},
        "usage": dict(usage),
        "versions": dict(versions),
    }


def level_of(row: Row) -> str:
    """Returns the Sentinel-2 level of a made tile, ``""`` if it has none."""
    choice = row["choices"].get("sentinel2")
    return str(choice["values"]["level"]) if choice else ""

"""A plan: what a tile will be made of. A plan alone fetches the same pixels again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modalities.grid import Grid
from modalities.tile import Tile


class NoDataError(Exception):
    """A tile can't be made because the engine has nothing for it."""


@dataclass(frozen=True, slots=True)
class Site:
    """A tile and its grid."""

    tile: Tile
    grid: Grid


@dataclass(frozen=True, slots=True)
class Scene:
    """One catalogue image that was chosen.

    Attributes:
        asset: Earth Engine asset id.
        time: Acquisition, milliseconds since 1970 (``system:time_start``).
        role: What it serves as, such as ``asc``; empty where there is one only.
    """

    asset: str
    time: int
    role: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What one modality of one tile will be made of.

    Attributes:
        bands: Names of the bands that exist here, in channel order.
        scenes: Chosen scenes; empty for data without a date.
        values: Whatever else the modality needs or records, JSON-ready.
        missing: Why the modality has nothing here; empty if it has something.
    """

    bands: tuple[str, ...] = ()
    scenes: tuple[Scene, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    missing: str = ""

    def to_json(self) -> dict[str, Any]:
        """Returns the choice as JSON-ready values."""
        return {
            "bands": list(self.bands),
            "scenes": [[s.asset, s.time, s.role] for s in self.scenes],
            "values": dict(self.values),
            "missing": self.missing,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Choice:
        """Rebuilds a choice from :meth:`to_json`."""
        return cls(
            bands=tuple(values["bands"]),
            scenes=tuple(Scene(*scene) for scene in values["scenes"]),
            values=values["values"],
            missing=values["missing"],
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """A site and what each modality chose there, by name.

    A plan may hold choices of modalities that the recipe does not store, because
    others depend on them (Sentinel-1 on the date of Sentinel-2).
    """

    site: Site
    choices: Mapping[str, Choice]

    def to_json(self) -> dict[str, Any]:
        """Returns the plan as JSON-ready values."""
        return {
            "tile": self.site.tile.to_json(),
            "grid": self.site.grid.to_json(),
            "choices": {name: c.to_json() for name, c in self.choices.items()},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Plan:
        """Rebuilds a plan from :meth:`to_json`."""
        tile, grid = Tile.from_json(values["tile"]), Grid.from_json(values["grid"])
        choices = {k: Choice.from_json(v) for k, v in values["choices"].items()}
        return cls(Site(tile, grid), choices)

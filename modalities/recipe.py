"""The recipe: all that a user decides about the content of a dataset."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

Layout = Literal["standard", "mmearth-v001"]
LAYOUTS: tuple[str, ...] = get_args(Layout)


@dataclass(frozen=True)
class Recipe:
    """What every tile of a run is made by. Two runs of one recipe agree.

    Attributes:
        modalities: Names, in the order of the registry.
        image_size: Pixels a side.
        seed: Seeds every random choice, together with the tile's id.
        years: Calendar years that Sentinel-2 scenes may come from.
        max_cloud: Scenes need ``CLOUDY_PIXEL_PERCENTAGE`` below it, per cent.
        sentinel1_max_days: Longest gap from Sentinel-2 to Sentinel-1, days.
        layout: ``standard``, or ``mmearth-v001`` for the release's own dtypes.
        modality_modules: Modules that register modalities from outside.
        catalog: Digest of the local files that stand in for the engine's own assets,
            followed by ``alone`` if there are no others; empty for none.
    """

    modalities: tuple[str, ...]
    image_size: int = 128
    seed: int = 42
    years: tuple[int, ...] = (2017, 2018, 2019, 2020)
    max_cloud: float = 10.0
    sentinel1_max_days: float = 60.0
    layout: Layout = "standard"
    modality_modules: tuple[str, ...] = field(default=())
    catalog: str = ""

    def to_json(self) -> dict[str, Any]:
        """Returns the recipe as JSON-ready values."""
        values = asdict(self)
        if not self.catalog:
            del values["catalog"]
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Recipe:
        """Rebuilds a recipe from :meth:`to_json`."""
        fields: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
        }
        return cls(**fields)


@dataclass(frozen=True)
class Context:
    """What a modality may look at beside the tile itself.

    Attributes:
        recipe: The user's choices.
        tables: What modalities asked of the engine once for the whole run, by
            modality (see ``Modality.table``).
    """

    recipe: Recipe
    tables: Mapping[str, Any] = field(default_factory=dict)


def recipe_hash(context: Context, fingerprints: Mapping[str, Any]) -> str:
    """Returns 16 hex digits that change with anything that can change a pixel.

    Args:
        context: The recipe and the tables.
        fingerprints: JSON-ready description of each modality of the recipe.
    """
    whole = {
        "recipe": context.recipe.to_json(),
        "tables": dict(context.tables),
        "modalities": dict(fingerprints),
    }
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]

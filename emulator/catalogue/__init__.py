"""The collections over the planet, one file a family.

Adding one: write its file, and a line in :func:`earth`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.catalogue import (
    aster,
    canopy,
    cloud_scores,
    dynamic_world,
    ecoregions,
    era5,
    passes,
    sentinel1,
    sentinel2,
    worldcover,
)
from emulator.source import Catalogue, Collection, Scene, Table

Finder = Callable[[str], Scene | None]


@dataclass(frozen=True)
class Assets:
    """A catalogue: images of their own, collections with a finder each, and tables.

    Attributes:
        images: By asset id.
        collections: By asset id.
        finders: By collection id: a member by its ``system:index``.
        tables: By asset id.
    """

    images: Mapping[str, Scene]
    collections: Mapping[str, Collection]
    finders: Mapping[str, Finder]
    tables: Mapping[str, Table]

    def image(self, asset_id: str) -> Scene | None:
        """Returns the image, a member of a collection or one of its own."""
        found = self.images.get(asset_id)
        if found is not None:
            return found
        parent, _, index = asset_id.rpartition("/")
        finder = self.finders.get(parent)
        return finder(index) if finder else None

    def collection(self, asset_id: str) -> Collection | None:
        """Returns the image collection."""
        return self.collections.get(asset_id)

    def table(self, asset_id: str) -> Table | None:
        """Returns the table."""
        return self.tables.get(asset_id)


def earth() -> Catalogue:
    """Returns the catalogue of the procedural Earth. Costs nothing until read."""
    clouds = cloud_scores.collections()
    height, spread = canopy.images()
    gdem = aster.image()
    cover = worldcover.collection()
    covers = {scene.properties["system:index"]: scene for scene in cover.members}
    return Assets(
        images={one.id: one for one in (gdem, height, spread)},
        collections={
            passes.L1C: sentinel2.Sentinel2Collection(passes.L1C),
            passes.L2A: sentinel2.Sentinel2Collection(passes.L2A),
            sentinel1.ID: sentinel1.Sentinel1(),
            dynamic_world.ID: dynamic_world.DynamicWorld(),
            **{one.id: one for one in clouds},
            era5.ID: era5.Era5Monthly(),
            worldcover.ID: cover,
        },
        finders={
            passes.L1C: lambda index: sentinel2.find(passes.L1C, index),
            passes.L2A: lambda index: sentinel2.find(passes.L2A, index),
            sentinel1.ID: sentinel1.find,
            dynamic_world.ID: dynamic_world.find,
            **{one.id: one.find for one in clouds},
            era5.ID: era5.find,
            worldcover.ID: covers.get,
        },
        tables={ecoregions.ID: ecoregions.Ecoregions()},
    )

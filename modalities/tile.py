"""A tile: one place asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tile:
    """One place asked for, as the input names it.

    Attributes:
        tile_id: Unique in a run; at most 100 bytes of printable UTF-8, because
            MMEarth's ``metadata`` stores it as ``S100``.
        lon: Longitude of the centre, degrees east, in [-180, 180).
        lat: Latitude of the centre, degrees north, in [-84, 84].
        position: Place in the input, from 0; the order of the dataset's rows.
        biome: RESOLVE biome name, or None if the input has none.
        eco_region: RESOLVE ecoregion name, or None if the input has none.
    """

    tile_id: str
    lon: float
    lat: float
    position: int
    biome: str | None = None
    eco_region: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the tile as JSON-ready values."""
        # Spelt out: dataclasses.asdict copies deeply, and this runs for every tile.
        return {
            "tile_id": self.tile_id,
            "lon": self.lon,
            "lat": self.lat,
            "position": self.position,
            "biome": self.biome,
            "eco_region": self.eco_region,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Tile:
        """Rebuilds a tile from :meth:`to_json`."""
        return cls(**values)


def tile_id_of(lon: float, lat: float) -> str:
    """Makes the id of a place that has none: ``+38.79440-121.77260``.

    Five decimals are about one metre, so two tiles share an id only if they are
    the same place.
    """
    east = (round(lon, 5) + 180.0) % 360.0 - 180.0
    return f"{round(lat, 5) + 0.0:+09.5f}{east + 0.0:+010.5f}"

"""Reads and checks the tiles asked for."""

from __future__ import annotations

import difflib
import hashlib
from array import array
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from modalities.biome import BIOMES
from modalities.tile import Tile, tile_id_of
from transforms.tile_error import TileInputError
from transforms.tile_formats import Feature, read_features
from transforms.tile_geometry import GeometryError, centre_of

MAX_TILE_ID_BYTES = 100
"""MMEarth's ``metadata`` stores ids as ``S100``."""

MAX_NAME = 200
"""Characters of an ecoregion's name: what is longer is no name but a mistake."""


def read_tiles(
    path: str | Path, *, need_biome: bool, need_eco_region: bool
) -> Iterator[Tile]:
    """Yields the tiles of a file in their order, each checked.

    Memory is bounded but for 8 bytes a tile, from which duplicates are found when
    the last feature has been read; so only a reader that came to the end knows that
    there are none.

    Args:
        path: A GeoJSON FeatureCollection, newline-delimited GeoJSON or GeoParquet
            file: see :mod:`transforms.tile_formats`. Read are the geometry and the
            properties ``tile_id``, ``biome`` and ``eco_region``.
        need_biome: Whether every feature must have a valid ``biome``; otherwise a
            name that is none of RESOLVE's is taken as missing.
        need_eco_region: Whether every feature must have an ``eco_region``.

    Raises:
        TileInputError: Anything is wrong with the file or with a feature.
    """
    digests = array("Q")
    for feature in read_features(path):
        try:
            tile = _tile(feature, need_biome, need_eco_region)
        except (_FeatureError, GeometryError) as error:
            raise TileInputError(f"{path}: {_name(feature)}: {error}") from error
        digests.append(_digest(tile.tile_id))
        yield tile
    if not digests:
        raise TileInputError(f"{path}: has no features; give it tiles")
    _refuse_duplicates(path, digests)


class _FeatureError(ValueError):
    """What is wrong with a feature and what to do."""


def _tile(feature: Feature, need_biome: bool, need_eco_region: bool) -> Tile:
    properties = feature.properties
    tile_id = _given_id(properties)
    lon, lat = centre_of(feature.geometry)
    return Tile(
        tile_id=tile_id_of(lon, lat) if tile_id is None else tile_id,
        lon=lon,
        lat=lat,
        position=feature.number - 1,
        biome=_biome(properties.get("biome"), need_biome),
        eco_region=_eco_region(properties.get("eco_region"), need_eco_region),
    )


def _name(feature: Feature) -> str:
    tile_id = feature.properties.get("tile_id")
    if tile_id is None:
        return f"feature {feature.number}"
    text = str(tile_id)
    shown = text if len(text) <= MAX_TILE_ID_BYTES else f"{text[:40]}..."
    return f"feature {feature.number} (tile_id {shown!r})"


def _given_id(properties: dict[str, Any]) -> str | None:
    value = properties.get("tile_id")
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise _FeatureError(
            f"its tile_id is a {type(value).__name__}; give a string or an integer"
        )
    if not value.strip():
        raise _FeatureError(
            "its tile_id is empty; give one, or leave tile_id out to have it made "
            "from the place"
        )
    unprintable = next((c for c in value if not c.isprintable()), None)
    if unprintable is not None:
        raise _FeatureError(
            f"its tile_id holds the unprintable character U+{ord(unprintable):04X}; "
            "use printable characters only"
        )
    size = len(value.encode())
    if size > MAX_TILE_ID_BYTES:
        raise _FeatureError(
            f"its tile_id is {size} bytes of UTF-8; give at most {MAX_TILE_ID_BYTES}"
        )
    return value


def _biome(value: object, needed: bool) -> str | None:
    if isinstance(value, str) and value in BIOMES:
        return value
    if not needed:
        return None
    if value is None:
        raise _FeatureError(
            "has no biome; give the property 'biome', a RESOLVE biome name such as "
            f"{BIOMES[0]!r}, or leave out the modality biome"
        )
    by_lower = {name.lower(): name for name in BIOMES}
    close = difflib.get_close_matches(str(value).lower(), by_lower, n=3, cutoff=0.5)
    names = [by_lower[name] for name in close] or list(BIOMES)
    raise _FeatureError(
        f"its biome {str(value)[:80]!r} is not a RESOLVE biome name; "
        f"{'the closest are' if close else 'the names are'}: "
        f"{', '.join(repr(name) for name in names)}"
    )


def _eco_region(value: object, needed: bool) -> str | None:
    named = isinstance(value, str) and value.strip() and value.isprintable()
    if isinstance(value, str) and named and len(value) <= MAX_NAME:
        return value
    if not needed:
        return None
    found = (
        "has no eco_region"
        if value is None
        else f"its eco_region {str(value)[:80]!r} is no name"
    )
    raise _FeatureError(
        f"{found}; give the property 'eco_region', a RESOLVE 2017 ecoregion name, or "
        "leave out the modality eco_region"
    )


def _digest(tile_id: str) -> int:
    digest = hashlib.blake2b(tile_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _refuse_duplicates(path: str | Path, digests: array[int]) -> None:
    values = np.frombuffer(digests, dtype=np.uint64)
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    repeats = np.flatnonzero(ordered[1:] == ordered[:-1])
    # In the order of the file, so that the message names the first repeat.
    for place in sorted(repeats.tolist(), key=lambda i: int(order[i + 1])):
        first, second = int(order[place]), int(order[place + 1])
        _refuse_pair(path, first, second)


def _refuse_pair(path: str | Path, first: int, second: int) -> None:
    """Reads two features of equal digest again and refuses equal ids."""
    features = list(islice(read_features(path), first, second + 1, second - first))
    one, other = (_tile(f, need_biome=False, need_eco_region=False) for f in features)
    if one.tile_id != other.tile_id:  # a collision of hashes
        return
    numbers = f"features {first + 1} and {second + 1}"
    if all(f.properties.get("tile_id") is None for f in features):
        raise TileInputError(
            f"{path}: {numbers} have no tile_id and are the same place to within a "
            f"metre ({one.tile_id}); remove one, or give each its own tile_id"
        )
    raise TileInputError(
        f"{path}: {numbers} have the same tile_id {one.tile_id!r}; give each its own"
    )

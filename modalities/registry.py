"""All modalities by name. A new one is one file and one line here."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence

from modalities.aster import Aster
from modalities.biome import Biome
from modalities.canopy_height_eth import CanopyHeightEth
from modalities.dynamic_world import DynamicWorld
from modalities.eco_region import EcoRegion
from modalities.era5 import Era5
from modalities.esa_worldcover import EsaWorldCover
from modalities.lat import Latitude
from modalities.lon import Longitude
from modalities.modality import Modality
from modalities.month import Month
from modalities.sentinel1 import Sentinel1
from modalities.sentinel2 import Sentinel2
from modalities.sentinel2_cloudmask import Sentinel2CloudMask
from modalities.sentinel2_cloudprod import Sentinel2CloudProbability
from modalities.sentinel2_scl import Sentinel2SceneClassification

_registry: dict[str, Modality] = {}


def register(modality: type[Modality]) -> type[Modality]:
    """Makes a modality known by its name; usable as a class decorator.

    Raises:
        ValueError: Another class has the name already.
    """
    known = _registry.get(modality.name)
    if known is not None and _definition(type(known)) != _definition(modality):
        raise ValueError(
            f"modality {modality.name!r} of {modality.__module__} is already "
            f"registered by {type(known).__module__}; choose another name"
        )
    _registry[modality.name] = modality()
    return modality


def _definition(modality: type[Modality]) -> tuple[str, str]:
    """Names where a class is defined: the same after its module was reloaded."""
    return modality.__module__, modality.__qualname__


for _modality in (
    Sentinel2,
    Sentinel2CloudMask,
    Sentinel2CloudProbability,
    Sentinel2SceneClassification,
    Sentinel1,
    Aster,
    Era5,
    DynamicWorld,
    CanopyHeightEth,
    EsaWorldCover,
    Latitude,
    Longitude,
    Month,
    Biome,
    EcoRegion,
):
    register(_modality)


def load_modules(modules: Iterable[str]) -> None:
    """Imports modules that register modalities of their own.

    Raises:
        ValueError: A module can't be imported; the message says which and why.
    """
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception as error:  # whatever the module does when it is imported
            raise ValueError(
                f"--modality_module {module}: can't be imported: {error}"
            ) from error


def names() -> tuple[str, ...]:
    """Returns all registered names, in order."""
    return tuple(_registry)


def get(name: str) -> Modality:
    """Returns a modality by name.

    Raises:
        ValueError: There is none; the message lists those there are.
    """
    try:
        return _registry[name]
    except KeyError:
        raise ValueError(
            f"unknown modality {name!r}; there are: {', '.join(names())}"
        ) from None


def resolve(wanted: Sequence[str]) -> tuple[Modality, ...]:
    """Returns modalities in the order of the registry, each once."""
    chosen = {name: get(name) for name in wanted}
    return tuple(m for name, m in _registry.items() if name in chosen)


def with_needs(modalities: Sequence[Modality]) -> tuple[Modality, ...]:
    """Adds all modalities that the given ones depend on, in registry order."""
    wanted: dict[str, None] = {}

    def add(modality: Modality) -> None:
        if modality.name not in wanted:
            wanted[modality.name] = None
            for need in modality.needs:
                add(get(need))

    for modality in modalities:
        add(modality)
    return resolve(tuple(wanted))

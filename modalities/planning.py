"""From facts to plans: what to ask for many tiles at once, and how to choose.

Modalities form rounds: a round asks for all whose needs earlier rounds have met.
With the built-in modalities there are two, Sentinel-2 and then what depends on its
date, so a batch of N tiles costs two requests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ee

from modalities._memo import remember_by_identity
from modalities.constants import ConstantList
from modalities.modality import Modality
from modalities.plan import Choice, Site
from modalities.recipe import Context

Round = tuple[Modality, ...]


def planning_rounds(modalities: Sequence[Modality]) -> list[Round]:
    """Sorts modalities into rounds by their needs.

    Args:
        modalities: Closed under ``needs`` (``registry.with_needs``).

    Raises:
        ValueError: Needs are circular or not among the modalities.
    """
    rounds: list[Round] = []
    known: set[str] = set()
    left = list(modalities)
    while left:
        ready = tuple(m for m in left if known.issuperset(m.needs))
        if not ready:
            names = ", ".join(m.name for m in left)
            raise ValueError(f"modalities with circular or unmet needs: {names}")
        rounds.append(ready)
        known.update(m.name for m in ready)
        left = [m for m in left if m not in ready]
    return rounds


def question(
    members: Round,
    sites: Sequence[Site],
    chosen: Sequence[Mapping[str, Choice]],
    context: Context,
) -> ee.List | None:
    """Builds one request for a round of many tiles.

    The expression is built once and mapped over the tiles' inputs, so that its size
    hardly grows with their number.

    Returns:
        A list with one dictionary a tile, facts by modality; None if nobody asks.
    """
    function = _facts_function(members, context)
    if function is None:
        return None
    inputs = [
        {m.name: m.inputs(site, choices, context) for m in members}
        for site, choices in zip(sites, chosen, strict=True)
    ]
    return ConstantList(inputs).map(function)


@remember_by_identity(8)
def _facts_function(members: Round, context: Context) -> ee.CustomFunction | None:
    """Builds what is mapped over the tiles' inputs; None if nobody asks."""
    nothing = ee.Dictionary({})
    if all(m.ask(nothing, context) is None for m in members):
        return None

    def facts(item: ee.ComputedObject) -> ee.Dictionary:
        tile = ee.Dictionary(item)
        asked = {
            m.name: m.ask(ee.Dictionary(tile.get(m.name)), context) for m in members
        }
        return ee.Dictionary({k: v for k, v in asked.items() if v is not None})

    return ee.CustomFunction.create(facts, "Object", ["Object"])


def choose(
    members: Round,
    site: Site,
    facts: Mapping[str, Any],
    chosen: Mapping[str, Choice],
    context: Context,
) -> dict[str, Choice]:
    """Decides a round for one tile.

    Raises:
        NoDataError: The tile can't be made.
    """
    return {m.name: m.choose(site, facts.get(m.name), chosen, context) for m in members}

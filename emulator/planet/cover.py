"""Land cover of one block, and what follows from it: canopy, labels, greenness.

Cover codes are ESA WorldCover's: 10 tree, 20 shrub, 30 grass, 40 crop, 50 built, 60
bare, 70 snow and ice, 80 water, 90 herbaceous wetland, 95 mangrove, 100 moss and
lichen. Labels are Dynamic World's: 0 water, 1 trees, 2 grass, 3 flooded vegetation,
4 crops, 5 shrub and scrub, 6 built, 7 bare, 8 snow and ice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emulator.planet import plots, towns
from emulator.planet.noise import BlockNoise, Floats, rank
from emulator.planet.relief import Ground

Bytes = npt.NDArray[np.uint8]

TREE, SHRUB, GRASS, CROP, BUILT, BARE = 10, 20, 30, 40, 50, 60
ICE, WATER, WETLAND, MANGROVE, MOSS = 70, 80, 90, 95, 100
CODES = (TREE, SHRUB, GRASS, CROP, BUILT, BARE, ICE, WATER, WETLAND, MANGROVE, MOSS)


def _by_code(pairs: dict[int, int]) -> Bytes:
    out = np.zeros(256, np.uint8)
    for code, value in pairs.items():
        out[code] = value
    return out


LABEL = _by_code(
    {10: 1, 20: 5, 30: 2, 40: 4, 50: 6, 60: 7, 70: 8, 80: 0, 90: 3, 95: 1, 100: 5}
)
"""Dynamic World's usual label of a cover code."""

SECOND = _by_code(
    {10: 5, 20: 2, 30: 5, 40: 2, 50: 7, 60: 5, 70: 7, 80: 3, 90: 2, 95: 3, 100: 2}
)
"""The label it is most often taken for."""


@dataclass(frozen=True)
class Growth:
    """What grows or stands in a block with its halo, each (130, 130).

    Attributes:
        cover: WorldCover code.
        canopy: Canopy height in m.
        spread: Its standard deviation in m.
        texture: Fine brightness, -127..127.
        vigour: How lush, 0..255.
        plot: A hash of the farm field, 0..255.
        beat: Yearly swing of greenness in percent, summer positive in the north.
    """

    cover: Bytes
    canopy: Bytes
    spread: Bytes
    texture: npt.NDArray[np.int8]
    vigour: Bytes
    plot: Bytes
    beat: npt.NDArray[np.int8]


def _ramp(value: Floats, low: float, high: float) -> Floats:
    ramp: Floats = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return ramp


def _lay(code: int, cover: Bytes, where: npt.NDArray[np.bool_]) -> None:
    """Puts a code where it belongs, in place; many times quicker than by index."""
    cover ^= (cover ^ np.uint8(code)) & -where.view(np.uint8)


@dataclass(frozen=True)
class _Chance:
    """The random fields that decide, and what is derived of the ground.

    Attributes:
        grain: Finest detail, unit deviation.
        patches: Patches of 60 m to 5 km, unit deviation.
        veg: Ranks of what grows, low where it is woods.
        scrub: Ranks of what else grows.
        farm: Ranks of farmland, low where it is ploughed first.
        bog: Ranks of wetness, low where it is wet.
        summer: Warmest month in °C.
        slope: m/m.
        flat: 1 on plains to 0 on slopes that are not ploughed.
        damp: 1 by the river to 0 far from it.
        tree: Share of woods.
    """

    grain: Floats
    patches: Floats
    veg: Floats
    scrub: Floats
    farm: Floats
    bog: Floats
    summer: Floats
    slope: Floats
    flat: Floats
    damp: Floats
    tree: Floats


def _draw(block: BlockNoise, ground: Ground) -> _Chance:
    traits = ground.traits
    grain = block.fractal(45, 160.0, 9.0, 0.7)
    patches = block.fractal(41, 5_000.0, 60.0, 0.62)
    bushes = block.fractal(43, 1_800.0, 60.0, 0.62)
    summer = ground.warmth + traits["swing"]
    slope = np.sqrt(ground.east**2 + ground.north**2)
    flat = 1 - _ramp(slope, 0.05, 0.16)
    damp = np.exp(-(np.maximum(ground.river, 0) / np.float32(180.0)))
    growing = _ramp(summer, 7.5, 12.5)
    tree = traits["tree"] * growing
    tree = tree + np.float32(0.25) * damp * growing * (tree > 0.02)
    # Steep land is not ploughed, so it keeps its woods.
    tree = np.clip(tree * (1 + np.float32(0.5) * (1 - flat)), 0, 0.985)
    return _Chance(
        grain=grain,
        patches=patches,
        veg=rank(np.float32(0.88) * patches + np.float32(0.42) * grain),
        scrub=rank(bushes * np.float32(0.85) + grain * np.float32(0.5)),
        farm=rank(block.fractal(42, 9_000.0, 300.0, 0.5)),
        bog=rank(block.fractal(44, 4_000.0, 70.0, 0.55)),
        summer=summer,
        slope=slope,
        flat=flat,
        damp=damp,
        tree=tree,
    )


def _wild(ground: Ground, chance: _Chance) -> Bytes:
    """Returns what grows by itself."""
    traits, summer, scrub = ground.traits, chance.summer, chance.scrub
    raw = np.clip((10 - summer) / np.float32(7.0), 0, 1)
    bare = np.clip(traits["bare"] + raw * _ramp(chance.slope, 0.1, 0.7), 0, 1)
    bare = np.maximum(bare, _ramp(-summer, -5.0, -1.5))
    shrub = traits["shrub"] * _ramp(summer, 4.0, 9.0)
    open_land = 1 - np.minimum(chance.tree, np.float32(0.8))
    stony = rank(np.float32(0.7) * chance.patches - chance.grain * np.float32(0.5))
    soaked = np.minimum(np.float32(0.5), traits["rain"] / np.float32(2600))

    cover = np.full(scrub.shape, GRASS, np.uint8)
    _lay(MOSS, cover, (scrub < traits["moss"] * np.float32(1.4)) & (summer < 11))
    _lay(SHRUB, cover, scrub > 1 - shrub / open_land)
    _lay(BARE, cover, stony > 1 - bare)
    _lay(TREE, cover, chance.veg < chance.tree)
    wet = traits["wet"] * np.float32(1.6) * chance.flat
    _lay(WETLAND, cover, (chance.bog < wet) & (summer > 5))
    _lay(WETLAND, cover, (ground.lake > -0.16) & (chance.bog < soaked) & (summer > 7))
    return cover


def _farm(block: BlockNoise, ground: Ground, chance: _Chance, cover: Bytes) -> Bytes:
    """Ploughs suitable land, in place; returns a hash of each field."""
    traits = ground.traits
    arid = traits["rain"] < 260
    watered = (ground.river < 700 + 1300 * chance.farm) & (ground.exotic > 0.2)
    watered &= traits["rain"] > 40
    share = np.where(arid, np.where(watered, 0.92, 0.0), traits["crop"])
    wish = share * chance.flat * _ramp(chance.summer, 10.5, 14.5)
    arable = (chance.farm - np.float32(0.06) < wish).any(axis=(1, 2))
    if not arable.any():
        return np.zeros(cover.shape, np.uint8)
    small = _ramp(traits["warmth"], 11.0, 22.0) * _ramp(traits["rain"], 350.0, 900.0)
    fields = plots.plough(block, small)
    kind = ((fields.number >> np.uint32(12)) & np.uint32(0xFF)).astype(np.float32) / 255
    farmed = chance.farm + np.float32(0.12) * (kind - np.float32(0.5)) < wish
    farmed &= (chance.veg > chance.tree * np.float32(0.42)) | arid
    # Where next to none is farmed, nor is the odd field.
    farmed &= wish > 0.02
    farmed &= (cover != WETLAND) & (ground.shore > 0.012)
    lush = traits["rain"] > 550
    hedge = farmed & (fields.edge < np.float32(5.5))
    wooded = ((fields.number & np.uint32(3)) < 2) & lush & (chance.scrub < 0.7)
    number = (fields.number >> np.uint32(24)).astype(np.uint8)
    lane = farmed & (fields.edge < np.float32(4.0)) & ((number & 15) == 3)
    _lay(CROP, cover, farmed)
    _lay(GRASS, cover, farmed & (kind < 0.17) & lush)
    _lay(TREE, cover, farmed & (kind > 0.975) & lush)
    _lay(GRASS, cover, hedge)
    _lay(TREE, cover, hedge & wooded)
    _lay(BUILT, cover, lane & (traits["town"] > 0.3))
    number[~arable] = 0
    return number


def _build(block: BlockNoise, chance: _Chance, cover: Bytes) -> None:
    """Builds towns, in place: dense in the middle, thinning outwards."""
    inside = towns.settle(block)
    if inside is not None:
        house = (inside > 0) & (chance.scrub < np.float32(0.45) + inside)
        _lay(BUILT, cover, house & (chance.slope < 0.35))


def _edge_and_water(ground: Ground, chance: _Chance, cover: Bytes) -> None:
    """Lays beaches, mangroves, gravel, ice and water, in place."""
    traits, bog = ground.traits, chance.bog
    surf = np.float32(0.004) + np.float32(0.006) * bog
    _lay(BARE, cover, (ground.shore < surf) & (chance.scrub < 0.65))
    tropical = (traits["warmth"] > 19) & (traits["rain"] > 900)
    flooded = ground.shore < np.minimum(np.float32(0.16) * bog, np.float32(0.075))
    _lay(
        MANGROVE,
        cover,
        flooded & tropical & (ground.rugged < 0.4) & (chance.farm < 0.62),
    )
    _lay(BARE, cover, (ground.river < 40) & (ground.river >= 0) & (chance.scrub > 0.8))
    deep_cold = chance.summer + np.float32(0.6) * chance.grain < 0.3
    _lay(
        ICE, cover, (deep_cold & (chance.slope < 0.95)) | (chance.veg < traits["snow"])
    )
    thawed = (traits["snow"] <= 0.5) & ~deep_cold
    inland = ((ground.river < 0) | (ground.lake > 0)) & thawed
    _lay(WATER, cover, (ground.shore <= 0) | inland)


def _canopy(ground: Ground, chance: _Chance, cover: Bytes) -> tuple[Floats, Floats]:
    """Returns canopy height and its standard deviation in metres."""
    wood = (cover == TREE) | (cover == MANGROVE)
    warm = np.float32(0.75) + np.float32(0.25) * _ramp(chance.summer, 9.0, 16.0)
    grown = np.float32(0.42) + np.float32(0.6) * (1 - chance.veg)
    tall = ground.traits["tall"] * grown * warm
    tall = np.where(cover == MANGROVE, np.float32(6.0) + 14 * chance.bog, tall)
    tall = np.maximum(tall + chance.grain * np.float32(1.8), 3)
    low = _LOW[cover] * chance.scrub
    canopy = np.where(wood, tall, low)
    spread = np.where(
        wood,
        np.float32(2.6) + np.float32(0.13) * canopy,
        np.float32(0.9) + chance.scrub,
    )
    return canopy, spread + np.float32(1.8) * np.abs(chance.grain) * (canopy > 2)


_LOW = np.full(256, 1.4, np.float32)  # metres of what is not wood
_LOW[SHRUB] = 4.2
_LOW[BUILT] = 5.6
_LOW[[ICE, WATER]] = 0.0


def grow(block: BlockNoise, ground: Ground) -> Growth:
    """Computes a block's cover from its ground and climate."""
    traits = ground.traits
    chance = _draw(block, ground)
    cover = _wild(ground, chance)
    number = _farm(block, ground, chance, cover)
    _build(block, chance, cover)
    _edge_and_water(ground, chance, cover)
    canopy, spread = _canopy(ground, chance, cover)

    rain = traits["rain"]
    vigour = (
        np.float32(0.06)
        + np.float32(0.19) * _ramp(rain, 40.0, 420.0)
        + np.float32(0.62) * _ramp(rain, 60.0, 1500.0)
        + np.float32(0.09) * chance.patches
        + np.float32(0.15) * chance.damp
    )
    # What grows in a desert's fields is watered.
    watered = (cover == CROP) & (rain < 300)
    vigour = np.where(watered, np.maximum(vigour, np.float32(0.66)), vigour)
    cold = _ramp(traits["swing"], 4.0, 12.0)
    beat = cold + (1 - cold) * traits["phase"] * np.float32(0.55)
    side = np.clip(ground.latitude / np.float32(8.0), -1, 1)[:, None]
    return Growth(
        cover=cover,
        canopy=np.clip(np.rint(canopy), 0, 60).astype(np.uint8),
        spread=np.clip(np.rint(spread), 0, 30).astype(np.uint8),
        texture=np.clip(np.rint(chance.grain * 40), -127, 127).astype(np.int8),
        vigour=np.rint(np.clip(vigour, 0, 1) * 255).astype(np.uint8),
        plot=number,
        beat=np.rint(np.clip(beat, -1, 1) * side * 100).astype(np.int8),
    )

"""Coast and height of blocks: shores, hills, ridges, valleys, rivers and lakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.planet import climate, mercator
from emulator.planet.atlas import STEP, atlas
from emulator.planet.noise import HALO, SIZE, BlockNoise, Floats

_NODES = 3


@dataclass(frozen=True)
class Ground:
    """Blocks side by side with their halos, every array float32 (n, 66, 66).

    Attributes:
        shore: Signed sea to land, about 1 in 10 km; the shoreline is 0.
        height: Metres; 0 at sea.
        broad: Height in metres of the wide surroundings.
        rugged: 0 flat to 1 high mountains.
        river: Metres to the middle of the nearest river less its half width;
            negative in the water.
        lake: Positive inside lakes.
        exotic: 1 where rivers come from afar whatever the local rain, else 0.
        traits: Climate traits by name, smoothed over zones.
        warmth: Mean annual temperature in °C at this height.
        east: Slope towards the east (m/m).
        north: Slope towards the north (m/m).
        latitude: Degrees of each row (66,).
    """

    shore: Floats
    height: Floats
    broad: Floats
    rugged: Floats
    river: Floats
    lake: Floats
    exotic: Floats
    traits: dict[str, Floats]
    warmth: Floats
    east: Floats
    north: Floats
    latitude: Floats


def _spread(nodes: np.ndarray, weights: np.ndarray) -> Floats:
    """Interpolates values at block nodes (..., 3, 3) to pixels (..., 66, 66)."""
    spread: Floats = weights @ nodes.astype(np.float32) @ weights.T
    return spread


def _node_weights() -> np.ndarray:
    """Returns linear weights (66, 3) from nodes spread over the halo's span."""
    span = SIZE + 2 * HALO
    position = (np.arange(span) + 0.5) / span * (_NODES - 1)
    low = np.minimum(position.astype(int), _NODES - 2)
    weights = np.zeros((span, _NODES))
    weights[np.arange(span), low] = 1.0 - (position - low)
    weights[np.arange(span), low + 1] = position - low
    return weights


_WEIGHTS = _node_weights()
_SPREAD = _WEIGHTS.astype(np.float32)


def _ridge(octave: Floats, wave: float) -> Floats:
    away = np.abs(octave)
    if wave > 3_000.0:  # Long crests are rounded: finer ones break them up.
        away = np.sqrt(octave * octave + np.float32(0.03))
    sharp = np.maximum(np.float32(1.0) - away * np.float32(0.7), 0)
    squared: Floats = sharp * sharp
    return squared


def _mountains(block: BlockNoise, seed: int) -> Floats:
    """Returns ridged relief of about 0 to 1: finer ridges grow on higher ground."""
    total = np.zeros(block.shape, np.float32)
    weight: Floats = np.ones_like(total)
    levels = block.levels(26_000.0, 45.0)
    for level, octave in zip(levels, block.octaves(levels, seed), strict=True):
        wave = block.wavelength(level)
        fade = np.float32(min(1.0, 2.0 * (1.0 - wave / 26_000.0) + 1e-3))
        gain = np.float32(wave / 13_000.0)
        sharp = _ridge(octave, wave) * weight
        total += fade * gain * sharp
        kept = fade * np.minimum(sharp * np.float32(1.9) + np.float32(0.12), 1)
        weight = kept + (np.float32(1.0) - fade)
    return total * np.float32(0.62)


def _distance(field: Floats, pixel: float) -> Floats:
    """Returns metres to a field's zero line, to first order."""
    down, across = _slopes(field, 1.0)
    steep = np.sqrt(down * down + across * across) + np.float32(2e-4)
    metres = np.abs(field) / steep * np.float32(pixel)
    return metres.astype(np.float32, copy=False)


def _slopes(field: Floats, pixel: float) -> tuple[Floats, Floats]:
    """Returns differences a unit downwards and across, as ``np.gradient`` does."""
    half, whole = np.float32(0.5 / pixel), np.float32(1.0 / pixel)
    down, across = np.empty_like(field), np.empty_like(field)
    for out, of in ((down, field), (across.swapaxes(-1, -2), field.swapaxes(-1, -2))):
        np.subtract(of[..., 2:, :], of[..., :-2, :], out=out[..., 1:-1, :])
        out[..., 1:-1, :] *= half
        out[..., 0, :] = (of[..., 1, :] - of[..., 0, :]) * whole
        out[..., -1, :] = (of[..., -1, :] - of[..., -2, :]) * whole
    return down, across


def _smoothstep(value: Floats, low: float, high: float) -> Floats:
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    step: Floats = t * t * (3 - 2 * t)
    return step


def survey(block: BlockNoise) -> Ground:
    """Computes the ground of blocks."""
    world = 2.0**block.zoom
    edges = np.linspace(-HALO, SIZE + HALO, _NODES)
    places = block.columns[:, None] * SIZE + edges
    longitude = places / world * 360.0 - 180.0
    y = np.clip((block.row * SIZE + edges) / world, 0.0, 1.0)
    latitude = mercator.latitude_of(y)

    maps = atlas()
    land = _spread(maps.land.nodes(longitude, latitude) / 36.0, _SPREAD)
    broad = _spread(maps.height.nodes(longitude, latitude) * STEP, _SPREAD)
    rugged = _spread(maps.rugged.nodes(longitude, latitude) / 255.0, _SPREAD)
    nodes = maps.zone.nodes(longitude, latitude, climate.table())
    smooth = _spread(nodes, _SPREAD)
    traits = dict(zip(climate.TRAITS, smooth, strict=True))
    rows = (_WEIGHTS @ latitude).astype(np.float32)

    ragged = block.fractal(1, 9_000.0, 36.0, 0.56)
    shore = land - np.float32(0.5) + np.float32(0.16) * ragged
    # Where all around is land no ragged shore comes, nor lowers the ground.
    firm = _smoothstep(land, 0.9, 1.0)
    shore = np.where(firm > 0, np.maximum(shore, np.float32(0.2) * firm), shore)
    inland = np.maximum(_smoothstep(shore, 0.0, 0.6), firm)

    hills = block.fractal(2, 34_000.0, 60.0, 0.46)
    fine = block.fractal(3, 500.0, 36.0, 0.5)
    swell = np.clip(np.float32(0.15) + rugged, 0, 1)
    tops: Floats | np.float32 = np.float32(0.3)
    rough = rugged.max(axis=(1, 2), keepdims=True) > 0.02
    if rough.any():
        tops = np.where(rough, _mountains(block, 4), tops)
    # Deltas and coastal plains are flatter than other lowland.
    low = np.float32(6.0) + np.float32(16.0) * _smoothstep(broad, 10.0, 150.0)
    height = (
        broad * (np.float32(0.35) + np.float32(0.65) * inland)
        + hills * (low + np.float32(190.0) * rugged)
        + (tops - np.float32(0.3)) * np.float32(2900.0) * rugged * swell
        + fine * (np.float32(0.7) + np.float32(5.0) * rugged)
    )

    # Rivers follow the zero line of slow noise; valleys open around them.
    wind = block.fractal(5, 60_000.0, 350.0, 0.42)
    away = _distance(wind, block.pixel)
    size = np.float32(35.0) * np.exp2(block.octave(max(6, block.zoom - 14), 6) * 1.3)
    exotic = _smoothstep(block.octave(7, 9), 0.7, 1.0)
    moist = np.maximum(
        _smoothstep(traits["rain"], 120.0, 1400.0), np.float32(0.6) * exotic
    )
    size = size * moist
    brook = _distance(block.fractal(7, 9_000.0, 150.0, 0.45), block.pixel)
    stream = brook - np.float32(7.0) * moist
    gorge = np.float32(400.0) + np.float32(900.0) * rugged
    valley = np.exp(-((away / gorge) ** 2)) * (np.float32(0.25) + moist)
    dell = np.exp(-((brook / np.float32(160.0)) ** 2)) * moist
    height = height - valley * (np.float32(10.0) + np.float32(260.0) * rugged)
    height = height - dell * (np.float32(3.0) + np.float32(40.0) * rugged)
    river = np.minimum(away - size, np.where(moist > 0.25, stream, np.float32(1e3)))

    # Lakes lie where ice has been, and on wet plains.
    cold = _smoothstep(-traits["warmth"], -7.0, 2.0) * (1 - traits["snow"])
    pools = block.fractal(8, 6_000.0, 60.0, 0.5)
    bar = np.float32(3.1) - np.float32(1.45) * cold - np.float32(0.5) * moist
    lake = pools - bar - np.float32(1.6) * rugged
    if lake.max() > -0.5:
        basin = block.fractal(8, 6_000.0, 1_500.0, 0.5)
        calm = broad + basin * np.float32(8.0) - np.float32(12.0)
        sunk = _smoothstep(lake, -0.5, 0.0) * np.float32(0.85)
        height = height + (calm - height) * sunk

    foot = np.maximum(shore, 0) * np.float32(60.0)
    rise = np.maximum(_smoothstep(shore, 0.0, 0.35), firm)
    height = np.where(shore > 0, foot + np.maximum(height, 0.5) * rise, 0)
    height = height.astype(np.float32)

    down, across = _slopes(height, block.pixel)
    warm = climate.annual(
        traits["warmth"].astype(np.float64),
        rows[:, None].astype(np.float64),
        broad.astype(np.float64),
    ).astype(np.float32)
    return Ground(
        shore=shore,
        height=height,
        broad=broad,
        rugged=rugged,
        river=river,
        lake=lake,
        exotic=exotic,
        traits=traits,
        warmth=warm - np.float32(climate.LAPSE) * (height - broad),
        east=across,
        north=-down,
        latitude=rows,
    )

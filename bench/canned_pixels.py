"""Pixels that compress like satellite data: what the canned engine answers with.

Fields with a 1/f spectrum, sensor noise, coarse bands brought to 10 m bilinearly,
speckled radar and patchy classes. They are no picture of anywhere; they only cost a
client what real pixels would cost it.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float64]
BandList = tuple[tuple[str, str], ...]
"""Names and dtypes of the bands of an answer, in order."""

VARIANTS = 8
"""Different tiles that answers rotate through."""

_S2_COARSE = {
    **dict.fromkeys(("B5", "B6", "B7", "B8A", "B11", "B12"), 2),
    **dict.fromkeys(("B1", "B9", "B10"), 6),
}
"""Side of a native pixel of each coarser Sentinel-2 band, in pixels of 10 m."""

_LOOKS = 4.4
"""Equivalent number of looks of Sentinel-1 IW GRD high resolution."""


class PixelBank:
    """Answers to computePixels, made once for each list of bands.

    Args:
        seed: Of all pixels.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._bands: dict[tuple[int, int, str], npt.NDArray[Any]] = {}
        self._answers: dict[tuple[int, BandList], list[bytes]] = {}

    def answer(self, bands: BandList, size: int, number: int) -> bytes:
        """Returns an NPY file.

        Args:
            bands: What was asked for.
            size: Pixels a side.
            number: Of the request; it turns through the variants.
        """
        key = (size, bands)
        if key not in self._answers:
            self._answers[key] = [
                self._npy(bands, size, variant) for variant in range(VARIANTS)
            ]
        return self._answers[key][number % VARIANTS]

    def warm(self, names: Sequence[str], size: int) -> None:
        """Draws bands beforehand, so that no request waits for it."""
        for variant in range(VARIANTS):
            for name in names:
                self._band(name, size, variant)

    def _npy(self, bands: BandList, size: int, variant: int) -> bytes:
        dtype = [(name, np.dtype(kind).newbyteorder("<")) for name, kind in bands]
        array = np.empty((size, size), dtype)
        for name, kind in bands:
            values = self._band(name, size, variant)
            array[name] = values.astype(kind)
        file = io.BytesIO()
        np.save(file, array)
        return file.getvalue()

    def _band(self, name: str, size: int, variant: int) -> npt.NDArray[Any]:
        key = (variant, size, name)
        if key not in self._bands:
            # zlib's checksum: Python's own hash of text changes with the process.
            seeds = (self._seed, variant, size)
            ground = spectrum(np.random.default_rng(seeds), size, 1.9)
            own = np.random.default_rng((*seeds, zlib.crc32(name.encode())))
            self._bands[key] = _draw_of(name)(name, ground, own)
        return self._bands[key]


def spectrum(draw: np.random.Generator, size: int, exponent: float) -> Field:
    """Draws a field whose amplitudes fall as 1/f**exponent, mean 0, deviation 1.

    Returns:
        (size, size).
    """
    rows = np.fft.fftfreq(size)[:, None]
    columns = np.fft.rfftfreq(size)[None, :]
    distance = np.hypot(rows, columns)
    distance[0, 0] = np.inf
    phases = np.exp(2j * np.pi * draw.random(distance.shape))
    field: Field = np.fft.irfft2(phases / distance**exponent, s=(size, size))
    normed: Field = (field - field.mean()) / field.std()
    return normed


def _reflectance(name: str, ground: Field, draw: np.random.Generator) -> Field:
    """Reflectance of a field of land, times 10 000, with the sensor's noise."""
    size = len(ground)
    step = _S2_COARSE.get(name.rpartition("_")[2], 1)
    level = draw.uniform(400.0, 2600.0)
    own = spectrum(draw, size, 1.4)
    land = level * (1.0 + 0.22 * ground + 0.10 * own)
    coarse = _shrink(land, step)
    noisy = coarse + draw.normal(0.0, 12.0, coarse.shape)
    return np.rint(np.clip(_enlarge(noisy, step, size), 1.0, 16000.0))


def _radar(name: str, ground: Field, draw: np.random.Generator) -> Field:
    """Backscatter in dB: speckle is what keeps it from compressing."""
    level = -17.0 if name.endswith(("VH", "HV")) else -10.0
    speckle = draw.gamma(_LOOKS, 1.0 / _LOOKS, ground.shape)
    power = 10.0 ** ((level + 2.5 * ground) / 10.0) * speckle
    # Bilinear, as the scene's pixels never lie on the tile's.
    return 10.0 * np.log10(_shifted(power, 0.37, 0.18))


def _elevation(name: str, ground: Field, draw: np.random.Generator) -> Field:
    """Metres of an integer model of 30 m, brought to 10 m."""
    size = len(ground)
    whole = np.rint(_shrink(420.0 + 60.0 * ground, 3))
    return _enlarge(whole, 3, size)


def _slope(name: str, ground: Field, draw: np.random.Generator) -> Field:
    """Degrees, worked out on the same model's own pixels."""
    size = len(ground)
    whole = np.rint(_shrink(420.0 + 60.0 * ground, 3))
    rise = np.hypot(*np.gradient(whole, 30.0))
    return _enlarge(np.degrees(np.arctan(rise)), 3, size)


def _height(name: str, ground: Field, draw: np.random.Generator) -> Field:
    """Canopy height in whole metres."""
    tall = 12.0 + 7.0 * ground + 2.0 * spectrum(draw, len(ground), 1.2)
    return np.rint(np.clip(_shifted(tall, 0.5, 0.5), 0.0, 60.0))


def _classes(name: str, ground: Field, draw: np.random.Generator) -> Field:
    """Patches of a handful of classes."""
    steps = 10.0 if name.startswith("esa_worldcover") else 1.0
    mixed = ground + 0.25 * spectrum(draw, len(ground), 1.1)
    classes = np.digitize(mixed, [-1.2, -0.5, 0.1, 0.8, 1.5]).astype(np.float64)
    return steps * (1.0 + classes)


def _cloud(name: str, ground: Field, draw: np.random.Generator) -> Field:
    """Zero under a clear sky, a soft patch in the corner of some tiles."""
    return np.rint(np.clip(40.0 * (spectrum(draw, len(ground), 2.2) - 1.8), 0.0, 100.0))


def _cloud_bits(name: str, ground: Field, draw: np.random.Generator) -> Field:
    """Bit 10 where there is cloud, in pixels of 60 m."""
    size = len(ground)
    coarse = _shrink(spectrum(draw, size, 2.2), 6) > 2.0
    bits = np.kron(coarse, np.full((6, 6), 1024.0))[:size, :size]
    return bits.astype(np.float64)


_DRAWS: tuple[tuple[str, Callable[[str, Field, np.random.Generator], Field]], ...] = (
    ("sentinel2_cloudmask_", _cloud_bits),
    ("sentinel2_cloudprod_", _cloud),
    ("sentinel2_scl_", _classes),
    ("sentinel2_", _reflectance),
    ("sentinel1_", _radar),
    ("aster_slope", _slope),
    ("aster_", _elevation),
    ("canopy_height_", _height),
    ("dynamic_world_", _classes),
    ("esa_worldcover_", _classes),
)


def _draw_of(name: str) -> Callable[[str, Field, np.random.Generator], Field]:
    """Finds how a band is drawn; one that nobody knows gets classes."""
    return next((draw for start, draw in _DRAWS if name.startswith(start)), _classes)


def _shrink(field: Field, step: int) -> Field:
    """Averages squares of ``step`` pixels, the field going on at its edges."""
    if step == 1:
        return field
    pad = -len(field) % step
    padded = np.pad(field, (0, pad), mode="edge")
    count = len(padded) // step
    means: Field = padded.reshape(count, step, count, step).mean(axis=(1, 3))
    return means


def _enlarge(field: Field, step: int, size: int) -> Field:
    """Interpolates bilinearly to pixels of a ``step``-th of the side."""
    if step == 1:
        return field
    places = np.clip((np.arange(size) + 0.5) / step - 0.5, 0.0, len(field) - 1.0)
    low = np.minimum(places.astype(int), len(field) - 2)
    part = places - low
    rows: Field = field[low] * (1.0 - part)[:, None] + field[low + 1] * part[:, None]
    both: Field = rows[:, low] * (1.0 - part) + rows[:, low + 1] * part
    return both


def _shifted(field: Field, down: float, right: float) -> Field:
    """Interpolates bilinearly to a grid that lies between the pixels."""
    rows = field * (1.0 - down) + np.roll(field, -1, 0) * down
    return rows * (1.0 - right) + np.roll(rows, -1, 1) * right

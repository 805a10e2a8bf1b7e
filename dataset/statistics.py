"""Band statistics of a dataset, merged without rounding."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dataset.partials import Partial
from modalities.spec import Spec

LEVELS = ("l2a", "l1c")
"""Sentinel-2 levels, in the order of ``band_stats.json``."""

_POINT = 1074
"""Every float64 is a whole number of 2**-1074, its square one of 2**-2148."""


def stats_key(spec: Spec, level: str) -> str | None:
    """Returns the key under which a tile's values of a modality are counted.

    Args:
        spec: The modality.
        level: The tile's Sentinel-2 level, ``l2a`` or ``l1c``.

    Returns:
        Such as ``sentinel2_l2a`` or ``aster``; None if ``band_stats.json`` holds
        nothing of the modality.

    Raises:
        ValueError: The modality is counted by level and the level is neither.
    """
    if spec.statistics == "none":
        return None
    if spec.statistics == "all":
        return spec.name
    if level not in LEVELS:
        raise ValueError(f"{spec.name} is counted by level, and {level!r} is none")
    return f"{spec.name}_{level}"


def stats_keys(specs: Iterable[Spec]) -> dict[str, Spec]:
    """Returns all keys of ``band_stats.json``, in its order, with their modality.

    The order is by name, level 2A before 1C, as MMEarth's file has it.
    """
    return {
        key: spec
        for spec in sorted(specs, key=lambda spec: spec.name)
        for level in LEVELS
        if (key := stats_key(spec, level)) is not None
    }


@dataclass(slots=True)
class _Band:
    """Sums of one band; every field but min and max is an exact integer."""

    count: int = 0
    first: int = 0  # Σ n·mean, in units of 2**-1074
    second: int = 0  # Σ (m2 + n·mean²), in units of 2**-2148
    min: float = math.inf
    max: float = -math.inf

    def add(
        self, count: int, mean: float, m2: float, least: float, most: float
    ) -> None:
        """Adds the figures of a group of ``count`` > 0 values."""
        whole = _fixed(mean)
        self.count += count
        self.first += count * whole
        self.second += (_fixed(m2) << _POINT) + count * whole * whole
        self.min = min(self.min, least)
        self.max = max(self.max, most)

    def merge(self, other: _Band) -> None:
        """Adds the sums of another."""
        self.count += other.count
        self.first += other.first
        self.second += other.second
        self.min = min(self.min, other.min)
        self.max = max(self.max, other.max)

    def finish(self) -> tuple[int, float, float, float, float]:
        """Returns count, mean, standard deviation, min and max."""
        if not self.count:
            return 0, 0.0, 1.0, 0.0, 1.0
        # Python divides whole numbers of any length with one correct rounding.
        mean = self.first / (self.count << _POINT)
        spread = self.count * self.second - self.first * self.first
        variance = spread / (self.count * self.count << 2 * _POINT)
        return self.count, mean, math.sqrt(variance), self.min, self.max


@dataclass(slots=True)
class BandAccumulator:
    """Statistics of some bands, the same whatever the order of what comes in.

    Two groups with counts n, means a and squared deviations m merge, by Chan,
    Golub and LeVeque (1979), into::

        mean = (n₁a₁ + n₂a₂) / (n₁ + n₂)
        m2 = m₁ + m₂ + (a₁ - a₂)² n₁n₂ / (n₁ + n₂)

    which is the same as saying that Σ n·a and Σ (m + n·a²) are kept. In floats the
    second sum would lose every digit that a large mean takes up, which is why the
    rule is written the first way; then each merge rounds, and the last bits tell
    in which order the groups came. Here both sums are whole numbers of a fixed
    power of two, so nothing is rounded and merging is addition: associative and
    commutative. Only :meth:`finish` rounds, after the partial statistics, whose
    means and squared deviations are float64.

    Picklable. An empty one has no bands and takes on those of what it meets.
    """

    bands: list[_Band] = field(default_factory=list)

    def add(self, partial: Partial) -> None:
        """Adds the partial statistics of one tile.

        Raises:
            ValueError: It has another number of bands.
            OverflowError: A figure is not finite.
        """
        self._reach(len(partial["count"]))
        rows = zip(
            partial["count"],
            partial["mean"],
            partial["m2"],
            partial["min"],
            partial["max"],
            strict=True,
        )
        for band, (count, mean, m2, least, most) in zip(self.bands, rows, strict=True):
            if count and least is not None and most is not None:
                band.add(count, mean, m2, least, most)

    def merge(self, other: BandAccumulator) -> None:
        """Adds all that another accumulator has seen; that one is left as it is.

        Raises:
            ValueError: It has another number of bands.
        """
        if not other.bands:
            return
        self._reach(len(other.bands))
        for band, addend in zip(self.bands, other.bands, strict=True):
            band.merge(addend)

    def finish(self) -> dict[str, list[float]]:
        """Returns ``mean``, ``std`` (population), ``min``, ``max`` and ``count``.

        One entry a band. A band without a valid value has mean 0, std 1, min 0 and
        max 1, so that normalising by them does nothing and JSON stays strict, and
        count 0, which tells.
        """
        figures = [band.finish() for band in self.bands]
        return {
            "mean": [mean for _, mean, _, _, _ in figures],
            "std": [std for _, _, std, _, _ in figures],
            "min": [least for _, _, _, least, _ in figures],
            "max": [most for _, _, _, _, most in figures],
            "count": [count for count, _, _, _, _ in figures],
        }

    def _reach(self, count: int) -> None:
        if not self.bands:
            self.bands = [_Band() for _ in range(count)]
        if len(self.bands) != count:
            raise ValueError(f"{count} bands do not merge with {len(self.bands)}")


def band_statistics(
    accumulators: Mapping[str, BandAccumulator], specs: Iterable[Spec]
) -> dict[str, Any]:
    """Lays out ``band_stats.json``.

    Args:
        accumulators: By key of :func:`stats_keys`; a key that no tile has may be
            absent, and gets the figures of bands without a valid value.
        specs: The modalities of the dataset, in any order.

    Returns:
        For each key, in the order of the file, what
        :meth:`BandAccumulator.finish` gives.

    Raises:
        ValueError: An accumulator has a key that no modality has, or another
            number of bands.
    """
    keys = stats_keys(specs)
    if strangers := sorted(set(accumulators) - set(keys)):
        raise ValueError(f"no modality has the statistics {', '.join(strangers)}")
    result = {}
    for key, spec in keys.items():
        whole = BandAccumulator([_Band() for _ in spec.bands])
        if key in accumulators:
            whole.merge(accumulators[key])
        result[key] = whole.finish()
    return result


def _fixed(value: float) -> int:
    """Returns a float as a whole number of 2**-1074, exactly."""
    numerator, denominator = value.as_integer_ratio()
    return numerator << (_POINT + 1 - denominator.bit_length())

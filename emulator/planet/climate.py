"""Climate: what each Köppen-Geiger zone is like, and its months.

Zones are coded 1..31 in alphabetical order: Af Am As Aw BSh BSk BWh BWk Cfa Cfb Cfc
Csa Csb Csc Cwa Cwb Cwc Dfa Dfb Dfc Dfd Dsa Dsb Dsc Dsd Dwa Dwb Dwc Dwd EF ET. Four
are our own, 32..35: BWx, deserts where it hardly ever rains; ETt, ETm and ETs, the land
above the trees in the tropics, the middle latitudes and between, where Köppen has ET
and EF as in the Arctic. The numbers are round figures typical of each zone, for looks.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from emulator.planet import noise
from emulator.planet.atlas import STEP, Doubles, atlas

ZONES = (
    *("Af", "Am", "As", "Aw", "BSh", "BSk", "BWh", "BWk"),
    *("Cfa", "Cfb", "Cfc", "Csa", "Csb", "Csc", "Cwa", "Cwb", "Cwc"),
    *("Dfa", "Dfb", "Dfc", "Dfd", "Dsa", "Dsb", "Dsc", "Dsd"),
    *("Dwa", "Dwb", "Dwc", "Dwd", "EF", "ET"),
    *("BWx", "ETt", "ETm", "ETs"),
)

TRAITS = (
    "warmth",
    "swing",
    "rain",
    "phase",
    "tree",
    "shrub",
    "bare",
    "crop",
    "wet",
    "moss",
    "snow",
    "tall",
    "cloud",
    "town",
)
"""Columns of :func:`table`.

warmth: mean annual temperature in °C; swing: half its yearly range; rain: mm a year;
phase: +1 rain in summer, -1 in winter; tree, shrub, bare, moss: shares of the wild
land (grass is the rest); crop: share of good land farmed; wet: share of flat land that
is wetland; snow: share under ice; tall: canopy of a grown forest in m; cloud: mean
cloudiness; town: how settled.
"""

_ROWS = """
Af  26.0  1.0 2600  0.0 .95 .03 .00 .10 .08 .00 .00 38 .80 .30
Am  26.0  1.5 2200  0.4 .88 .06 .00 .22 .07 .00 .00 34 .72 .35
As  25.5  2.0 1200 -0.3 .50 .25 .02 .35 .04 .00 .00 20 .55 .45
Aw  25.0  2.5 1200  0.8 .45 .25 .01 .30 .05 .00 .00 20 .50 .35
BSh 23.0  6.0  450  0.6 .08 .42 .12 .35 .01 .00 .00 10 .28 .30
BSk 10.0 11.0  350  0.3 .05 .28 .12 .28 .01 .00 .00 14 .38 .18
BWh 24.0  8.5   90  0.2 .00 .06 .88 .03 .00 .00 .00  7 .07 .06
BWk 10.0 13.5  130  0.2 .00 .20 .62 .05 .00 .00 .00  9 .25 .06
Cfa 17.0  9.5 1250  0.3 .58 .05 .00 .48 .03 .00 .00 25 .52 .70
Cfb 10.5  7.0  900  0.0 .34 .06 .00 .76 .02 .00 .00 25 .66 .80
Cfc  6.0  5.0 1400 -0.1 .25 .20 .08 .05 .06 .15 .01 15 .80 .10
Csa 16.5  8.0  600 -0.9 .28 .32 .05 .50 .01 .00 .00 14 .35 .60
Csb 13.0  6.5  800 -0.8 .45 .25 .03 .38 .01 .00 .00 22 .45 .45
Csc  6.0  6.0  900 -0.6 .30 .25 .15 .03 .01 .05 .02 14 .50 .04
Cwa 20.5  7.0 1200  0.9 .42 .12 .01 .60 .03 .00 .00 20 .48 .70
Cwb 16.0  4.0 1100  0.8 .42 .20 .02 .42 .02 .00 .00 20 .55 .50
Cwc  9.0  4.0  800  0.8 .15 .30 .15 .15 .02 .05 .00 12 .55 .15
Dfa 10.0 13.5  850  0.4 .35 .04 .00 .72 .02 .00 .00 22 .50 .55
Dfb  5.5 13.5  650  0.4 .52 .05 .00 .56 .05 .00 .00 22 .58 .40
Dfc -3.5 17.0  480  0.4 .72 .12 .02 .03 .11 .04 .00 17 .62 .05
Dfd -12.0 25.0 280  0.6 .66 .18 .03 .00 .06 .05 .00 12 .55 .01
Dsa 10.0 13.0  450 -0.7 .06 .25 .25 .30 .01 .00 .00 12 .32 .30
Dsb  6.5 12.0  500 -0.6 .20 .22 .25 .18 .01 .01 .01 16 .38 .15
Dsc -2.0 13.0  500 -0.4 .35 .20 .22 .02 .03 .06 .02 15 .50 .02
Dsd -11.0 24.0 300 -0.2 .50 .20 .10 .00 .04 .08 .00 12 .50 .01
Dwa  8.0 15.0  650  1.0 .38 .08 .01 .66 .02 .00 .00 18 .40 .65
Dwb  2.0 17.0  520  1.0 .52 .10 .02 .38 .05 .00 .00 18 .42 .25
Dwc -4.5 18.0  420  1.0 .58 .15 .06 .02 .06 .03 .00 16 .45 .03
Dwd -13.0 26.0 260  0.9 .55 .18 .06 .00 .05 .08 .00 12 .48 .01
EF -24.0 12.0  160  0.0 .00 .00 .10 .00 .00 .00 .96  0 .50 .00
ET  -9.0 13.0  300  0.3 .00 .14 .26 .00 .09 .45 .04  4 .62 .01
BWx 16.0  6.0   15  0.0 .00 .02 .97 .01 .00 .00 .00  5 .10 .02
ETt  4.0  2.0  750  0.8 .00 .12 .28 .06 .05 .08 .01  4 .55 .06
ETm -3.0 10.0  420  0.7 .00 .10 .34 .00 .04 .10 .02  4 .48 .01
ETs  0.5  6.5  520  0.7 .00 .11 .32 .02 .04 .09 .02  4 .50 .02
"""

SEA_CLOUD = 0.66
LAPSE = 0.0065
"""Cooling with height in °C a metre."""
WIDE_LAPSE = 0.0055
"""The same with broad height: wide uplands warm the air over them."""


@functools.lru_cache(maxsize=1)
def table() -> Doubles:
    """Returns the traits by zone code (36, 14); row 0 is unused."""
    rows = np.zeros((len(ZONES) + 1, len(TRAITS)))
    for line in _ROWS.split("\n"):
        if line:
            name, *values = line.split()
            rows[ZONES.index(name) + 1] = [float(value) for value in values]
    return rows


def latitude_warmth(latitude: Doubles) -> Doubles:
    """Returns the mean annual temperature in °C at sea level by latitude alone."""
    return 27.0 - 47.0 * np.sin(np.radians(np.abs(latitude))) ** 3.1


def annual(warmth: Doubles, latitude: Doubles, broad: Doubles) -> Doubles:
    """Returns mean annual temperature in °C at the broad height.

    Args:
        warmth: The zone's typical temperature in °C.
        latitude: Degrees.
        broad: Broad height in metres.
    """
    return 0.6 * warmth + 0.4 * (latitude_warmth(latitude) - WIDE_LAPSE * broad)


def season(month: float, latitude: Doubles) -> Doubles:
    """Returns -1 (depth of winter) to +1 (height of summer).

    Args:
        month: 0 on 1 January to 12, fractions of months counting.
        latitude: Degrees; the halves of the Earth are opposed.
    """
    wave = np.cos(2.0 * np.pi * (month - 6.6) / 12.0)
    signed: Doubles = wave * np.clip(latitude / 8.0, -1.0, 1.0)
    return signed


def traits_at(longitude: float, latitude: float) -> dict[str, float]:
    """Returns the traits at one point, smoothed over zones."""
    values = atlas().zone.smooth(np.array([longitude]), np.array([latitude]), table())[
        :, 0, 0
    ]
    return dict(zip(TRAITS, values.tolist(), strict=True))


@dataclass(frozen=True)
class Normals:
    """What months over a separable grid share, each (m, n) or of one axis.

    Attributes:
        traits: Climate traits by name.
        annual: Mean annual temperature in °C.
        latitude: Degrees (m, 1).
        across: First node and weights of slow noise along the grid's longitudes.
        down: The same along its latitudes.
    """

    traits: dict[str, Doubles]
    annual: Doubles
    latitude: Doubles
    across: tuple[int, Doubles]
    down: tuple[int, Doubles]

    def anomaly(self, index: int, seed: int) -> Doubles:
        """Returns a month's departure from its mean, unit deviation (m, n).

        Args:
            index: Months since 1950.
            seed: Which quantity.
        """
        (x0, across), (y0, down) = self.across, self.down
        nodes = noise.lattice(
            x0, y0, across.shape[1], down.shape[1], 24, noise.hashed(seed, index)
        )
        field: Doubles = down @ nodes @ across.T * 3.6
        return field

    def month(self, year: int, month: int) -> dict[str, Doubles]:
        """Returns a month's means.

        Args:
            year: Calendar year.
            month: 1..12.

        Returns:
            ``mean``, ``low`` and ``high`` temperature in °C (the lowest and highest
            hour of the month) and ``rain`` in metres a month, each (m, n).
        """
        traits = self.traits
        index = (year - 1950) * 12 + month - 1
        phase = season(month - 0.5, self.latitude)
        warming = 0.018 * (year - 1985)
        mean = (
            self.annual
            + traits["swing"] * phase
            + warming
            + self.anomaly(index, 11) * (0.5 + traits["swing"] / 12.0)
        )
        dry = np.clip(1.0 - traits["rain"] / 1500.0, 0.0, 1.0)
        spread = 6.0 + 7.0 * dry + 0.25 * traits["swing"]
        share = 1.0 + 0.9 * traits["phase"] * phase
        wetness = np.clip(1.0 + 0.3 * self.anomaly(index, 12), 0.05, 3.0)
        return {
            "mean": mean,
            "low": mean - spread * 1.05,
            "high": mean + spread,
            "rain": traits["rain"] / 12_000.0 * np.maximum(share, 0.02) * wetness,
        }


def normals(longitude: Doubles, latitude: Doubles) -> Normals:
    """Returns the climate over a separable grid.

    Args:
        longitude: Ascending degrees (n,).
        latitude: Descending degrees (m,).
    """
    world = atlas()
    traits = dict(
        zip(TRAITS, world.zone.smooth(longitude, latitude, table()), strict=True)
    )
    broad = world.height.smooth(longitude, latitude) * STEP
    column = latitude[:, None]
    return Normals(
        traits,
        annual(traits["warmth"], column, broad),
        column,
        noise.spline_rows((longitude + 180.0) / 15.0),
        noise.spline_rows((90.0 - latitude) / 15.0),
    )

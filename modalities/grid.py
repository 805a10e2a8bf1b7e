"""A tile's pixel grid, fixed by us before any request.

The grid is UTM, on the lattice of the Sentinel-2 granules (their origins are
multiples of 10 m), so that the 10 m bands of a scene in the tile's own zone are
handed over without resampling.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from modalities.utm import from_utm, to_utm

RESOLUTION = 10
"""Pixel side in metres, that of Sentinel-2's finest bands."""


@dataclass(frozen=True, slots=True)
class Grid:
    """``size`` × ``size`` pixels of 10 m in a UTM zone.

    Attributes:
        epsg: 326zz north of the equator, 327zz south of it.
        west: Easting of the left edge, m, a multiple of 10.
        north: Northing of the top edge, m, a multiple of 10.
        size: Pixels a side.
    """

    epsg: int
    west: int
    north: int
    size: int

    @property
    def crs(self) -> str:
        """Authority code, such as ``EPSG:32632``."""
        return f"EPSG:{self.epsg}"

    @property
    def zone(self) -> int:
        """UTM zone number, 1 to 60."""
        return self.epsg % 100

    @property
    def transform(self) -> tuple[int, int, int, int, int, int]:
        """Affine ``(a, b, c, d, e, f)`` from pixel corner to CRS, as rasterio's."""
        return (RESOLUTION, 0, self.west, 0, -RESOLUTION, self.north)

    def to_request(self) -> dict[str, Any]:
        """Returns the ``grid`` of a computePixels request, made anew each time.

        Source: REST reference, ``PixelGrid``.
        """
        return {
            "dimensions": {"width": self.size, "height": self.size},
            "affineTransform": {
                "scaleX": RESOLUTION,
                "shearX": 0,
                "translateX": self.west,
                "shearY": 0,
                "scaleY": -RESOLUTION,
                "translateY": self.north,
            },
            "crsCode": self.crs,
        }

    def ring(self, margin: float = 0.0) -> list[list[float]]:
        """Returns the outline in longitude and latitude, closed, counter-clockwise.

        Longitudes run on past ±180 where the outline crosses the antimeridian, so
        that the ring never jumps.

        Args:
            margin: Metres added on every side.
        """
        side = self.size * RESOLUTION
        west, east = self.west - margin, self.west + side + margin
        south, north = self.north - side - margin, self.north + margin
        corners = ((west, south), (east, south), (east, north), (west, north))
        points = [from_utm(x, y, self.epsg) for x, y in corners]
        first = points[0][0]
        ring = [
            [round(lon + 360.0 * round((first - lon) / 360.0), 7), round(lat, 7)]
            for lon, lat in points
        ]
        return [*ring, ring[0]]

    def to_json(self) -> dict[str, int]:
        """Returns the grid as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, int]) -> Grid:
        """Rebuilds a grid from :meth:`to_json`."""
        return cls(**values)


def utm_zone(lon: float, lat: float) -> int:
    """Returns the UTM zone of a place by MGRS's rules.

    Zone 32 is widened over south-west Norway, zones 31 to 37 are rearranged over
    Svalbard. Source: NGA.STND.0037 (MGRS), §3.

    Args:
        lon: Degrees east; any turn.
        lat: Degrees north.
    """
    lon = (lon + 180.0) % 360.0 - 180.0
    if 56.0 <= lat < 64.0 and 3.0 <= lon < 12.0:
        return 32
    if 72.0 <= lat <= 84.0 and 0.0 <= lon < 42.0:
        return 31 if lon < 9.0 else 33 if lon < 21.0 else 35 if lon < 33.0 else 37
    # A hair west of -180 rounds to +180, which is zone 1 again.
    return int((lon + 180.0) // 6.0) % 60 + 1


def grid_of(lon: float, lat: float, size: int) -> Grid:
    """Returns the grid of ``size`` pixels centred on a place.

    The centre lies within 5 m of the place on each axis, which is what snapping to
    the 10 m lattice costs.

    Args:
        lon: Degrees east.
        lat: Degrees north, within ±84.
        size: Pixels a side, positive.

    Raises:
        ValueError: The place has no UTM zone.
    """
    if not abs(lat) <= 84.0:
        raise ValueError(f"latitude {lat} has no UTM zone: it lies beyond 84 degrees")
    epsg = (32600 if lat >= 0.0 else 32700) + utm_zone(lon, lat)
    x, y = to_utm(lon, lat, epsg)
    half = size * RESOLUTION / 2
    west = round((x - half) / RESOLUTION) * RESOLUTION
    north = round((y + half) / RESOLUTION) * RESOLUTION
    return Grid(epsg=epsg, west=west, north=north, size=size)

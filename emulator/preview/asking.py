"""What the preview asks of the engine: facts of a place, and windows of pixels."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import ee
import ee.deprecation
import numpy as np
import numpy.typing as npt
import pyproj
from google.auth.credentials import AnonymousCredentials

from emulator import default
from emulator.transport import Transport

L1C = "COPERNICUS/S2_HARMONIZED"
L2A = "COPERNICUS/S2_SR_HARMONIZED"
S1 = "COPERNICUS/S1_GRD"
ERA5 = "ECMWF/ERA5_LAND/MONTHLY_AGGR"
ECOREGIONS = "RESOLVE/ECOREGIONS/2017"
WEATHER = (
    *("temperature_2m", "temperature_2m_min", "temperature_2m_max"),
    "total_precipitation_sum",
)

Pixels = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class View:
    """A square window of a UTM grid.

    Attributes:
        crs: Authority code.
        x: Of the middle, in metres.
        y: Of the middle, in metres.
        step: Pixel size in metres.
        size: Pixels a side.
    """

    crs: str
    x: float
    y: float
    step: float
    size: int

    def at(self, step: float, size: int) -> View:
        """Returns the same place at another scale."""
        return View(self.crs, self.x, self.y, step, size)

    @property
    def metres(self) -> float:
        """Length of a side."""
        return self.step * self.size

    def grid(self) -> dict[str, Any]:
        """Returns the request's grid, on the 10 m lattice."""
        half = self.metres / 2
        return {
            "crsCode": self.crs,
            "affineTransform": {
                "scaleX": self.step,
                "shearX": 0,
                "translateX": (self.x - half) // 10 * 10,
                "shearY": 0,
                "scaleY": -self.step,
                "translateY": (self.y + half) // 10 * 10,
            },
            "dimensions": {"width": self.size, "height": self.size},
        }

    def region(self) -> ee.Geometry:
        """Returns the window as a planar polygon in degrees."""
        half = self.metres / 2
        corners = [(-half, -half), (half, -half), (half, half), (-half, half)]
        back = pyproj.Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True)
        x, y = back.transform(
            [self.x + dx for dx, _ in corners], [self.y + dy for _, dy in corners]
        )
        # Across the antimeridian, on beyond 180.
        x = [x[0] + (one - x[0] + 180.0) % 360.0 - 180.0 for one in x]
        return ee.Geometry.Polygon([list(zip(x, y, strict=True))], None, False)


@dataclass(frozen=True)
class Scene:
    """A scene of the year.

    Attributes:
        index: ``system:index``.
        month: 1 to 12.
        cloud: Percent; 0 for radar.
        rising: Whether it is of an ascending pass.
        bands: Channels of a radar scene.
    """

    index: str
    month: int
    cloud: float = 0.0
    rising: bool = False
    bands: tuple[str, ...] = ()

    @property
    def day(self) -> str:
        """As ``2019-06-15``."""
        part = next(
            one for one in self.index.split("_") if one[:8].isdigit() and "T" in one
        )
        return f"{part[:4]}-{part[4:6]}-{part[6:8]}"


@dataclass(frozen=True)
class Facts:
    """What is known of a place in a year.

    Attributes:
        longitude: Degrees.
        latitude: Degrees.
        year: Calendar year.
        view: 128 pixels of 10 m around it.
        eco_region: Its name; empty at sea.
        biome: Its name; empty at sea.
        optical: Sentinel-2 scenes that hold 10 km around it.
        radar: Sentinel-1 scenes that hold it.
        weather: Kelvin and metres by band (12,), NaN where masked.
    """

    longitude: float
    latitude: float
    year: int
    view: View
    eco_region: str
    biome: str
    optical: tuple[Scene, ...]
    radar: tuple[Scene, ...]
    weather: dict[str, npt.NDArray[np.float64]]


class Asker:
    """Asks the in-process engine, through the client library."""

    def __init__(self) -> None:
        """Connects the client library."""
        ee.data.reset()
        # Not None, or the client would ask the network for the list.
        ee.deprecation.deprecated_assets = {}
        ee.data.initialize(
            AnonymousCredentials(),
            project="emulator",
            http_transport=Transport(default.default_engine()),
        )
        ee.Initialize(
            AnonymousCredentials(),
            project="emulator",
            http_transport=Transport(default.default_engine()),
        )

    def pixels(self, image: ee.Image, view: View) -> Pixels:
        """Returns an image's bands over a view, 0 where they are masked."""
        body = {
            "expression": image.unmask(0),
            "fileFormat": "NPY",
            "grid": view.grid(),
        }
        table = np.load(io.BytesIO(ee.data.computePixels(body)))
        return {name: table[name] for name in table.dtype.names}

    def facts(self, longitude: float, latitude: float, year: int) -> Facts:
        """Returns what is known of a place in a year."""
        view = _view(longitude, latitude)
        point = ee.Geometry.Point([longitude, latitude])
        start, end = f"{year}-01-01", f"{year + 1}-01-01"
        near = view.at(10.0, 1024).region()
        optical = (
            ee.ImageCollection(L2A)
            .filterDate(start, end)
            .filterBounds(point)
            .filter(ee.Filter.contains(leftField=".geo", rightValue=near))
        )
        radar = (
            ee.ImageCollection(S1)
            .filterDate(start, end)
            .filterBounds(point)
            .filter(ee.Filter.contains(leftField=".geo", rightValue=near))
        )
        months = ee.ImageCollection(ERA5).filterDate(start, end).select(list(WEATHER))
        answer = ee.Dictionary(
            {
                "regions": ee.FeatureCollection(ECOREGIONS)
                .filterBounds(point)
                .reduceColumns(ee.Reducer.toList(2), ["ECO_NAME", "BIOME_NAME"])
                .get("list"),
                "index": optical.aggregate_array("system:index"),
                "cloud": optical.aggregate_array("CLOUDY_PIXEL_PERCENTAGE"),
                "radar": radar.aggregate_array("system:index"),
                "pass": radar.aggregate_array("orbitProperties_pass"),
                "bands": radar.aggregate_array("transmitterReceiverPolarisation"),
                "weather": months.toBands().reduceRegion(
                    reducer=ee.Reducer.first(), geometry=point, scale=1000
                ),
            }
        ).getInfo()
        name, biome = (*answer["regions"], ("", ""))[0]
        return Facts(
            longitude=longitude,
            latitude=latitude,
            year=year,
            view=view,
            eco_region=name,
            biome=biome,
            optical=tuple(
                Scene(index, int(index[4:6]), cloud)
                for index, cloud in zip(answer["index"], answer["cloud"], strict=True)
            ),
            radar=tuple(
                Scene(
                    index,
                    int(index.split("_")[4][4:6]),
                    rising=course == "ASCENDING",
                    bands=tuple(bands),
                )
                for index, course, bands in zip(
                    answer["radar"], answer["pass"], answer["bands"], strict=True
                )
            ),
            weather={
                band: np.array(
                    [
                        answer["weather"].get(f"{year}{month:02d}_{band}") or np.nan
                        for month in range(1, 13)
                    ],
                    np.float64,
                )
                for band in WEATHER
            },
        )

    def shapes(self, features: ee.FeatureCollection) -> list[dict[str, Any]]:
        """Returns features as GeoJSON."""
        found: list[dict[str, Any]] = features.getInfo()["features"]
        return found


def _view(longitude: float, latitude: float) -> View:
    """Returns 128 pixels of 10 m in the place's UTM zone."""
    zone = min(60, int((longitude + 180.0) // 6) + 1)
    crs = f"EPSG:{(32600 if latitude >= 0 else 32700) + zone}"
    to = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = to.transform(longitude, latitude)
    return View(crs, x, y, 10.0, 128)

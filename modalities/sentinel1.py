"""Sentinel-1: radar backscatter, the nearest ascending and descending scene."""

from __future__ import annotations

from typing import Any

import ee

from modalities.modality import Chosen, PixelModality
from modalities.plan import Choice, Scene, Site
from modalities.recipe import Context
from modalities.sentinel2 import MARGIN
from modalities.spec import Band, Storage

ASSET = "COPERNICUS/S1_GRD"
POLARISATIONS = ("VV", "VH", "HH", "HV")
ORBITS = {"asc": "ASCENDING", "desc": "DESCENDING"}
DAY_MS = 86_400_000


class Sentinel1(PixelModality):
    """Backscatter of both orbits, each as near to the Sentinel-2 date as can be.

    A scene has one or two of the four polarisations; the others are no-data.
    """

    name = "sentinel1"
    title = "Sentinel-1 GRD backscatter, ascending and descending"
    bands = tuple(
        Band(f"{orbit}_{pol}", "dB", f"{ORBITS[orbit].lower()} orbit, {pol}")
        for orbit in ORBITS
        for pol in POLARISATIONS
    )
    storage = Storage("float32", float("-inf"))
    sources = (ASSET,)
    needs = ("sentinel2",)
    wire = "float32"
    fill = -9999.0
    resampling = "bilinear"

    def inputs(self, site: Site, chosen: Chosen, context: Context) -> dict[str, Any]:
        """Asks about the outline and a window around the Sentinel-2 date."""
        time = chosen["sentinel2"].scenes[0].time
        gap = round(context.recipe.sentinel1_max_days * DAY_MS)
        return {
            "ring": site.grid.ring(MARGIN),
            "start": time - gap,
            "end": time + gap + 1,
        }

    def ask(self, tile: ee.Dictionary, context: Context) -> ee.ComputedObject:
        """Asks for all IW scenes of the window that hold the tile."""
        ring = ee.Geometry.Polygon([tile.get("ring")], "EPSG:4326", False)
        return (
            ee.ImageCollection(ASSET)
            .filterDate(ee.Date(tile.get("start")), ee.Date(tile.get("end")))
            .filterBounds(ring)
            .filter(ee.Filter.eq("instrumentMode", "IW"))
            .filter(ee.Filter.contains(".geo", ring))
            .reduceColumns(
                ee.Reducer.toList(4),
                [
                    "system:index",
                    "system:time_start",
                    "orbitProperties_pass",
                    "transmitterReceiverPolarisation",
                ],
            )
            .get("list")
        )

    def choose(
        self, site: Site, facts: Any, chosen: Chosen, context: Context
    ) -> Choice:
        """Takes the nearest scene of each orbit; on a tie, the first by name."""
        date = chosen["sentinel2"].scenes[0].time
        bands: list[str] = []
        scenes: list[Scene] = []
        days: dict[str, float] = {}
        known = set(POLARISATIONS)
        for orbit, direction in ORBITS.items():
            found = [
                row
                for row in facts
                if row[2] == direction and not known.isdisjoint(row[3])
            ]
            if not found:
                continue
            index, time, _, pols = min(
                found, key=lambda row: (abs(row[1] - date), row[0])
            )
            bands += [f"{orbit}_{p}" for p in POLARISATIONS if p in pols]
            scenes.append(Scene(f"{ASSET}/{index}", int(time), orbit))
            days[orbit] = round((time - date) / DAY_MS, 3)
        if not scenes:
            gap = f"{context.recipe.sentinel1_max_days:g}"
            return Choice(missing=f"no IW scene within {gap} days")
        return Choice(tuple(bands), tuple(scenes), {"days": days})

    def image(self, choice: Choice, site: Site, context: Context) -> ee.Image:
        """Returns the polarisations of both scenes, bilinear."""
        parts = []
        for scene in choice.scenes:
            bands = [b for b in choice.bands if b.startswith(f"{scene.role}_")]
            pols = [band.rsplit("_", 1)[1] for band in bands]
            parts.append(ee.Image(scene.asset).select(pols, bands))
        return self.resampled(ee.Image.cat(parts) if len(parts) > 1 else parts[0])

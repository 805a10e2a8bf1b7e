"""The command line of the preview."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from emulator.preview.asking import Asker, Facts
from emulator.preview.drawing import sheet
from emulator.preview.panels import rows


def _title(facts: Facts) -> tuple[str, str]:
    """Returns the sheet's two lines of title."""
    east = "E" if facts.longitude >= 0 else "W"
    north = "N" if facts.latitude >= 0 else "S"
    place = f"{abs(facts.latitude):.4f}° {north}  {abs(facts.longitude):.4f}° {east}"
    region = f"{facts.eco_region}  ·  {facts.biome}" if facts.eco_region else "no land"
    return f"{place}   {region}", (
        f"{facts.year}: {len(facts.optical)} Sentinel-2 scenes of zone "
        f"{facts.view.crs} hold the place, {len(facts.radar)} of Sentinel-1.   "
        "Procedural: no value is true."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the sheet of a place.

    Returns:
        The exit status: 1 if the file cannot be written.
    """
    parser = argparse.ArgumentParser(
        prog="python -m emulator preview",
        description="Draws one sheet with every layer of a place, as a PNG.",
    )
    parser.add_argument("--lon", type=float, required=True, help="degrees east")
    parser.add_argument("--lat", type=float, required=True, help="degrees north")
    parser.add_argument("--year", type=int, default=2019, help="of the scenes")
    parser.add_argument(
        "--out", type=Path, default=Path("preview.png"), help="default: preview.png"
    )
    chosen = parser.parse_args(arguments)
    if not (-180 <= chosen.lon <= 180 and -80 <= chosen.lat <= 83):
        parser.error("longitudes are -180 to 180, latitudes -80 to 83")
    asker = Asker()
    facts = asker.facts(chosen.lon, chosen.lat, chosen.year)
    picture = sheet(_title(facts), rows(asker, facts))
    try:
        picture.save(chosen.out, format="PNG")
    except OSError as error:
        sys.stderr.write(f"{chosen.out} cannot be written: {error.strerror}\n")
        return 1
    sys.stdout.write(f"{chosen.out}: {picture.width} x {picture.height} pixels\n")
    return 0

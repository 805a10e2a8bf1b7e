"""The arguments of the main job, and of commands that share some."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from modalities import registry
from modalities.recipe import LAYOUTS
from pipeline.exits import RETRIES, BadInputError

DESCRIPTION = """\
Make a multi-modal satellite dataset for a list of places.

Reads tiles (places on land) from a GeoJSON file, fetches for each one Sentinel-2,
Sentinel-1, elevation, climate, land cover and more from Google Earth Engine, and
writes one HDF5 file with statistics and splits beside it, in MMEarth's format.

Without --project the built-in emulator answers in Earth Engine's place: no account
is needed, and the imagery is synthetic.
"""

EPILOG = """\
examples:
  python -m pipeline --tiles tiles.geojson
  python -m pipeline --tiles tiles.geojson --modalities sentinel2,aster --name data_dem
  python -m pipeline --tiles tiles.geojson --project my-project --output /data
  python -m pipeline --tiles tiles.geojson --catalog my_geotiffs
  python -m pipeline check --project my-project

other commands (each has --help):
  check    fetch one tile and print what each modality gave
  status   tell how a run is doing, while it runs and after
  retry    ask again for the tiles that failed
  refetch  fetch a tile of a dataset again, and compare it
  verify   read a whole dataset back, and say what is wrong with it

exit codes: 0 all tiles made, 3 some failed (the dataset is whole without them),
1 the run could not go on, 2 the options or the input are wrong.

Options that are not listed here go to Apache Beam, such as --direct_num_workers=4.
"""


_FIRST_YEAR, _LAST_YEAR = 2015, 2100


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like all errors of this program."""

    def error(self, message: str) -> NoReturn:
        """Raises instead of printing the whole usage.

        Raises:
            BadInputError: Always.
        """
        raise BadInputError(f"{message} (see --help)")


def make_parser() -> Parser:
    """Returns the parser of the main job."""
    parser = Parser(
        prog="python -m pipeline",
        usage="%(prog)s --tiles FILE [options] [options of Apache Beam]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    files = parser.add_argument_group("what to read and write")
    files.add_argument(
        "--tiles",
        type=_text,
        required=True,
        metavar="FILE",
        help="GeoJSON, newline-delimited GeoJSON or GeoParquet; one feature a tile",
    )
    files.add_argument(
        "--output",
        type=_text,
        default="datasets",
        metavar="DIR",
        help="directory for datasets (default: %(default)s)",
    )
    files.add_argument(
        "--name",
        default="data_sample_v001",
        help="name of the dataset; loaders want it to begin with 'data_' "
        "(default: %(default)s)",
    )
    files.add_argument(
        "--overwrite",
        action="store_true",
        help="throw away what an earlier run left under this name",
    )
    files.add_argument(
        "--delete_shards",
        action="store_true",
        help="free the disk of intermediate files when the dataset is whole",
    )
    add_recipe_arguments(parser)
    add_engine_arguments(parser)
    work = parser.add_argument_group("how to work")
    work.add_argument(
        "--runner",
        default="DirectRunner",
        help="Beam runner (default: %(default)s, which runs on this machine)",
    )
    work.add_argument(
        "--verbose",
        action="store_true",
        help="show the log of Beam and of libraries too, with tracebacks",
    )
    work.add_argument(
        "--plan_batch",
        type=_number(int),
        default=25,
        metavar="N",
        help="tiles planned in one request (default: %(default)s)",
    )
    work.add_argument(
        "--tile_attempts",
        type=_number(int),
        default=12,
        metavar="N",
        help="requests for one tile before it is given up (default: %(default)s); "
        "those refused because there were too many do not count",
    )
    work.add_argument(
        "--tile_seconds",
        type=_number(float),
        default=900.0,
        metavar="S",
        help="seconds for one tile before it is given up (default: %(default)g)",
    )
    work.add_argument(
        "--request_seconds",
        type=_number(float),
        default=330.0,
        metavar="S",
        help="seconds for one request before it is tried again (default: "
        "%(default)g; Earth Engine itself ends them after 300)",
    )
    work.add_argument(
        "--retry",
        choices=RETRIES,
        default="transient",
        help="which failed tiles of earlier runs to try again: those whose failure "
        "may pass (the default), all, or none",
    )
    work.add_argument(
        "--max_failure_rate",
        type=_number(float, 0, 1),
        default=0.5,
        metavar="SHARE",
        help="stop when a larger share of tiles fails for other reasons than having "
        "no data (default: %(default)g; 1 never stops)",
    )
    work.add_argument(
        "--shard_tiles",
        type=_number(int),
        default=256,
        metavar="N",
        help="tiles in an intermediate file (default: %(default)s)",
    )
    work.add_argument(
        "--shard_minutes",
        type=_number(float),
        default=10.0,
        metavar="M",
        help="close an intermediate file after so long (default: %(default)g)",
    )
    splits = parser.add_argument_group("splits")
    splits.add_argument(
        "--splits",
        type=_fractions,
        default=(0.8, 0.1, 0.1),
        metavar="A,B,C",
        help="shares of train, val and test (default: 0.8,0.1,0.1)",
    )
    splits.add_argument(
        "--split_block_km",
        type=_number(float, 0.1, 20_000),
        default=50.0,
        metavar="KM",
        help="side of the blocks of land that stay in one split (default: %(default)g)",
    )
    return parser


def add_recipe_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what decides the pixels."""
    recipe = parser.add_argument_group("what to fetch")
    recipe.add_argument(
        "--modalities",
        type=_names,
        metavar="A,B,...",
        help=f"which modalities (default: all): {', '.join(registry.names())}",
    )
    recipe.add_argument(
        "--modality_module",
        type=_text,
        action="append",
        default=[],
        metavar="MODULE",
        help="Python module that registers a modality of your own; repeatable",
    )
    recipe.add_argument(
        "--image_size",
        type=_number(int, 1, 32_768),
        default=128,
        metavar="N",
        help="pixels a side, 10 m each (default: %(default)s)",
    )
    recipe.add_argument(
        "--years",
        type=_years,
        default=(2017, 2018, 2019, 2020),
        metavar="A-B",
        help="years of the Sentinel-2 scenes, such as 2019 or 2017-2020 (the default)",
    )
    recipe.add_argument(
        "--max_cloud",
        type=_number(float, most=101),
        default=10.0,
        metavar="PERCENT",
        help="only Sentinel-2 scenes with less cloud (default: %(default)g)",
    )
    recipe.add_argument(
        "--sentinel1_max_days",
        type=_number(float, most=36_600),
        default=60.0,
        metavar="DAYS",
        help="longest gap from Sentinel-2 to Sentinel-1 (default: %(default)g)",
    )
    recipe.add_argument(
        "--seed",
        type=int,
        default=42,
        help="seeds the choice of scenes and the splits (default: %(default)s)",
    )
    recipe.add_argument(
        "--layout",
        choices=LAYOUTS,
        default="standard",
        help="'mmearth-v001' stores the release's own, narrower dtypes "
        "(default: %(default)s)",
    )
    recipe.add_argument(
        "--eco_region_labels",
        type=_text,
        metavar="FILE",
        help="JSON object of ecoregion name to label, such as MMEarth's "
        "eco_labels.json, instead of the numbering of the engine's own table",
    )


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds which engine to ask, and how hard."""
    engine = parser.add_argument_group("which engine to ask, and how hard")
    engine.add_argument(
        "--project",
        type=_text,
        help="Google Cloud project registered for Earth Engine; without it the "
        "emulator answers",
    )
    engine.add_argument(
        "--endpoint",
        choices=("standard", "high-volume"),
        help="Earth Engine's endpoint (default: high-volume)",
    )
    engine.add_argument(
        "--service_account_file",
        type=_text,
        metavar="FILE",
        help="key file (default: application-default credentials)",
    )
    engine.add_argument(
        "--engine_url",
        type=_text,
        metavar="URL",
        help="another server with Earth Engine's API, such as "
        "http://127.0.0.1:8085 of 'python -m emulator'",
    )
    engine.add_argument(
        "--catalog",
        type=_text,
        metavar="DIR",
        help="let the built-in emulator serve local GeoTIFFs in place of its "
        "synthetic assets of the same names (docs/catalog.md)",
    )
    engine.add_argument(
        "--catalog_only",
        action="store_true",
        help="let it serve nothing else",
    )
    engine.add_argument(
        "--emulator_latency",
        type=_number(float, 0, 3600),
        default=0.0,
        metavar="S",
        help="let the built-in emulator wait so long in each request "
        "(default: %(default)g)",
    )
    engine.add_argument(
        "--max_concurrent_requests",
        type=_number(int),
        default=40,
        metavar="N",
        help="requests in flight over the whole run (default: %(default)s)",
    )
    engine.add_argument(
        "--max_requests_per_second",
        type=_number(float),
        default=100.0,
        metavar="N",
        help="requests begun in a second over the whole run (default: %(default)g)",
    )


def _number(
    kind: type[int] | type[float], least: float | None = None, most: float = 1_000_000
) -> Any:
    """Makes a reader of numbers in a range: above zero if no least one is given.

    There is always a most: nobody means more, and sums, clocks and arrays that the
    number goes into overflow or fill the memory somewhere.
    """

    def read(text: str) -> float:
        value = kind(text)
        if least is None and not value > 0:
            raise argparse.ArgumentTypeError(f"{text} is not above zero")
        # Not a number is not in any range.
        if not (least or 0) <= value <= most:
            low = "above 0" if least is None else f"from {least:g}"
            raise argparse.ArgumentTypeError(
                f"{text} is out of range: give {low} to {most:,}"
            )
        return value

    read.__name__ = "number" if kind is float else "whole number"
    return read


def _text(text: str) -> str:
    """Reads what may not be empty: an unset variable of a shell gives that."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty: give it, or leave it out")
    return text


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise argparse.ArgumentTypeError("no name given")
    return names


def _years(text: str) -> tuple[int, ...]:
    try:
        years: set[int] = set()
        for part in text.split(","):
            first, dash, last = part.partition("-")
            begin, end = int(first), int(last if dash else first)
            if begin > end:
                raise argparse.ArgumentTypeError(
                    f"{text!r}: {begin} is after {end}; give the earlier year first"
                )
            if begin < _FIRST_YEAR or end > _LAST_YEAR:
                raise argparse.ArgumentTypeError(
                    f"{text!r}: Sentinel-2 begins in {_FIRST_YEAR}; give years from "
                    f"then to {_LAST_YEAR}"
                )
            years.update(range(begin, end + 1))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no year (2019) or range (2017-2020)"
        ) from None
    return tuple(sorted(years))


def _fractions(text: str) -> tuple[float, float, float]:
    try:
        train, val, test = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not three numbers such as 0.8,0.1,0.1"
        ) from None
    whole = train + val + test
    fit = min(train, val, test) >= 0.0 and abs(whole - 1.0) <= 1e-9 and train > 0.0
    if not fit:  # not a number is not fit either
        raise argparse.ArgumentTypeError(f"{text!r} must sum to 1, with some train")
    return train, val, test

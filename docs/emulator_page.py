"""The parts of ``docs/emulator.md`` that follow from the emulator itself.

Each stands between two comments of the page; all else there is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import emulator.algorithms  # noqa: F401 (registers)
from emulator import catalogue, unconfirmed
from emulator.evaluator import registry
from emulator.evaluator.signatures import signatures
from emulator.source import Collection, Scene, Table

PAGE = Path(__file__).with_name("emulator.md")
_PLACE = (9.4, 55.9, 9.6, 56.1)
_MONTH = (datetime(2019, 6, 1, tzinfo=UTC), datetime(2019, 7, 1, tzinfo=UTC))
"""Where and when a collection is sure to have an image: Denmark, June 2019."""

_BLOCK = re.compile(
    r"(?P<begin><!-- generated: (?P<name>\w+) -->\n)(?P<text>.*?)(?P<end><!-- end -->)",
    re.DOTALL,
)


def page(text: str) -> str:
    """Returns the page with its generated parts made anew.

    Raises:
        KeyError: It has a part that nothing makes.
    """
    return _BLOCK.sub(
        lambda block: f"{block['begin']}{_PARTS[block['name']]()}\n{block['end']}", text
    )


def parts(text: str) -> list[str]:
    """Returns the names of a page's generated parts."""
    return [block["name"] for block in _BLOCK.finditer(text)]


def _table(head: str, rows: Iterable[tuple[str, ...]]) -> str:
    columns = head.split(" | ")
    lines = [f"| {head} |", "|" + "---|" * len(columns)]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def about(name: str) -> str:
    """Returns what an algorithm does, in a line; operators on images as on numbers."""
    known = registry.registered()
    said = known[name].about
    kind, _, operator = name.partition(".")
    if not said and kind == "Image":
        said = known[f"Number.{operator}"].about
    return said.replace("``", "`").replace("|", r"\|")


def algorithms() -> str:
    """Returns the algorithms by family, same ones on one line."""
    families: dict[str, dict[str, list[str]]] = {}
    for name in sorted(registry.registered(), key=str.lower):
        family = name.partition(".")[0] if "." in name else "On their own"
        families.setdefault(family, {}).setdefault(about(name), []).append(name)
    number, known = len(registry.registered()), len(signatures())
    lines = [f"{number} of the {known} that the installed client knows.", ""]
    for family, same in families.items():
        count = sum(map(len, same.values()))
        rows = [
            (", ".join(f"`{name}`" for name in names), said)
            for said, names in same.items()
        ]
        lines += [f"### {family} ({count})", "", _table("algorithm | what", rows), ""]
    return "\n".join(lines).rstrip()


def ignored() -> str:
    """Returns the arguments that change nothing, and why."""
    users: dict[str, int] = {}
    for algorithm in registry.registered().values():
        for argument in algorithm.ignores:
            users[argument] = users.get(argument, 0) + 1
    return _table(
        "argument | of so many algorithms | why it is ignored",
        [
            (f"`{name}`", str(users.get(name, 0)), registry.IGNORED[name])
            for name in sorted(registry.IGNORED)
        ],
    )


def refused() -> str:
    """Returns the arguments that are refused unless they are the default."""
    return _table(
        "algorithm | refused unless it is the default",
        [
            (f"`{name}`", ", ".join(f"`{argument}`" for argument in algorithm.refused))
            for name, algorithm in sorted(registry.registered().items())
            if algorithm.refused and not algorithm.lazy
        ],
    )


def assets() -> str:
    """Returns the synthetic Earth's assets with their bands."""
    earth = catalogue.earth()
    rows = [_collection(one) for one in _values(earth, "collections")]
    rows += [_image(one) for one in _values(earth, "images")]
    rows += [_rows(one) for one in _values(earth, "tables")]
    return _table("asset | bands | type | pixel | dates", rows)


def _values(earth: object, kind: str) -> Iterable[object]:
    found: Mapping[str, object] = getattr(earth, kind)
    return found.values()


def _collection(collection: Collection) -> tuple[str, ...]:
    start, end = (round(moment.timestamp() * 1000) for moment in _MONTH)
    scene = next(iter(collection.scenes(_PLACE, start, end)), None)
    if scene is None:
        scene = next(iter(collection.scenes(_PLACE, None, None)))
    dates = collection.properties.get("date_range")
    if dates is None:
        time = scene.properties["system:time_start"]
        return f"`{collection.id}`", *_bands(scene), _day(time)
    first, last = dates
    return f"`{collection.id}`", *_bands(scene), f"{_day(first)} to {_day(last - 1)}"


def _image(scene: Scene) -> tuple[str, ...]:
    return f"`{scene.id}`", *_bands(scene), ""


def _rows(table: Table) -> tuple[str, ...]:
    features = list(table.features())
    names = ", ".join(f"`{name}`" for name in features[0].properties)
    return f"`{table.id}`", names, f"table of {len(features)} rows", "", ""


def _bands(scene: Scene) -> tuple[str, str, str]:
    names, dtypes, pixels = [], [], []
    for band in scene.bands:
        side = abs(band.grid.transform[0])
        degrees = band.grid.crs == "EPSG:4326"
        names.append(f"`{band.name}`")
        dtypes.append(band.dtype)
        pixels.append(f"{side:.6g}°" if degrees else f"{side:g} m")
    return ", ".join(names), _listed(dtypes), _listed(pixels)


def _listed(values: list[str]) -> str:
    return ", ".join(dict.fromkeys(values))


def _day(millis: int) -> str:
    return str((datetime(1970, 1, 1) + timedelta(milliseconds=millis)).date())


def choices() -> str:
    """Returns what nobody outside of Google knows, as chosen here."""
    rows = [
        (f"`{choice.name}`" if choice.name else "", choice.what, choice.why)
        for choice in unconfirmed.choices()
    ]
    return _table("constant | here | what is known", rows)


_PARTS: Mapping[str, Callable[[], str]] = {
    "algorithms": algorithms,
    "assets": assets,
    "choices": choices,
    "ignored": ignored,
    "refused": refused,
}

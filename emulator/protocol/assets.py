"""Requests about stored assets: what they are, and which a collection holds."""

from __future__ import annotations

import itertools
import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import shapely
import shapely.geometry

from emulator.evaluator.dates import parse
from emulator.evaluator.errors import EngineError
from emulator.protocol import describe
from emulator.source import Catalogue, Collection, Scene
from emulator.unconfirmed import MAX_PAGE

_CLAUSE = re.compile(
    r"""\s*(?:intersects\("(?P<region>.*?)"\)
    |(?P<name>[\w.:]+)\s*(?P<sign><=|>=|!=|=|<|>)\s*
     (?:"(?P<text>[^"]*)"|(?P<number>[-+.\deE]+)))
    \s*(?:AND|$)""",
    re.VERBOSE,
)
_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


def missing(asset_id: str) -> EngineError:
    """Returns the error of an asset that is not there."""
    return EngineError(
        f"Asset '{asset_id}' not found (does not exist or caller does not have "
        "access).",
        404,
        "NOT_FOUND",
    )


def get_asset(catalogue: Catalogue, asset_id: str) -> dict[str, Any]:
    """Describes an asset.

    Raises:
        EngineError: There is none.
    """
    asset_id = asset_id.rstrip("/")
    if (scene := catalogue.image(asset_id)) is not None:
        return describe.image(scene)
    if (members := catalogue.collection(asset_id)) is not None:
        return describe.collection(members)
    if (rows := catalogue.table(asset_id)) is not None:
        return describe.table(rows)
    raise missing(asset_id)


@dataclass(frozen=True)
class Wanted:
    """A ``filter`` read.

    Attributes:
        region: Members must meet it.
        start: Members start at or after it, in ms.
        end: Members end before it, in ms.
        tests: Property, comparison, value.
    """

    region: shapely.Geometry | None = None
    start: float | None = None
    end: float | None = None
    tests: tuple[tuple[str, Callable[[Any, Any], bool], Any], ...] = ()

    def admits(
        self, properties: Mapping[str, Any], place: shapely.Geometry | None
    ) -> bool:
        """Whether something with these properties, at this place, passes."""
        if (
            place is not None
            and self.region is not None
            and not place.intersects(self.region)
        ):
            return False
        for name, compare, value in self.tests:
            found = properties.get(name)
            if type(found) is not type(value) and not (
                isinstance(found, int | float) and isinstance(value, float)
            ):
                return False
            if not compare(found, value):
                return False
        return True


def read_filter(text: str) -> Wanted:
    """Reads the ``filter`` of ``listAssets``.

    Raises:
        EngineError: It has a clause that is unknown here.
    """
    region, start, end, tests, at = None, None, None, [], 0
    while text[at:].strip():
        match = _CLAUSE.match(text, at)
        if match is None:
            raise EngineError(f"Invalid filter: '{text[at:].strip()}'.")
        at = match.end()
        if match["region"] is not None:
            region = read_region(match["region"])
            continue
        name, sign = match["name"], match["sign"]
        text_value, number = match["text"], match["number"]
        value: Any = float(number) if text_value is None else text_value
        if name.startswith("properties."):
            key = name.removeprefix("properties.")
            tests.append((key, _SIGNS[sign], value))
        elif (name, sign) == ("startTime", ">="):
            start = parse(value).millis
        elif (name, sign) == ("endTime", "<"):
            end = parse(value).millis
        else:
            raise EngineError(f"Invalid filter: '{match[0].strip()}'.")
    return Wanted(region, start, end, tuple(tests))


def read_region(text: str) -> shapely.Geometry:
    """Reads a region, GeoJSON or WKT in degrees.

    Raises:
        EngineError: It is neither.
    """
    try:
        if text.lstrip().startswith("{"):
            return shapely.geometry.shape(json.loads(text.replace("'", '"')))
        return shapely.from_wkt(text)
    except (ValueError, KeyError, AttributeError, shapely.errors.ShapelyError) as error:
        raise EngineError(f"Invalid region in the filter: {error}.") from error


def _members(collection: Collection, wanted: Wanted) -> Iterator[Scene]:
    bounds = None if wanted.region is None else wanted.region.bounds
    start = None if wanted.start is None else int(wanted.start)
    end = None if wanted.end is None else int(wanted.end)
    try:
        for scene in collection.scenes(bounds, start, end):
            if wanted.admits(scene.properties, scene.footprint):
                yield scene
    except ValueError as error:
        raise EngineError(f"Too many assets to list: {error}.") from error


def list_assets(
    catalogue: Catalogue, asset_id: str, query: Mapping[str, str]
) -> dict[str, Any]:
    """Lists a page of a collection's members.

    Args:
        catalogue: The assets.
        asset_id: The collection.
        query: ``filter``, ``pageSize``, ``pageToken``, ``view``.

    Raises:
        EngineError: No such collection, or a filter that cannot be read.
    """
    found = catalogue.collection(asset_id)
    if found is None:
        raise missing(asset_id)
    size, first = page_of(query)
    basic = query.get("view") == "BASIC"
    members = _members(found, read_filter(query.get("filter", "")))
    page = list(itertools.islice(members, first, first + size + 1))
    assets = [describe.image(scene) for scene in page[:size]]
    if basic:
        assets = [{k: one[k] for k in ("type", "name", "id")} for one in assets]
    answer: dict[str, Any] = {"assets": assets}
    if len(page) > size:
        answer["nextPageToken"] = str(first + size)
    return answer


def page_of(query: Mapping[str, Any]) -> tuple[int, int]:
    """Returns a page's size and the place of its first item.

    Raises:
        EngineError: Size or token are no numbers.
    """
    try:
        size = int(query.get("pageSize") or MAX_PAGE)
        first = int(query.get("pageToken") or 0)
    except ValueError:
        raise EngineError("Invalid page size or page token.") from None
    return min(max(size, 1), MAX_PAGE), first

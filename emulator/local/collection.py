"""Collections of local images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from emulator.local.folders import natural
from emulator.local.scene import LocalScene
from emulator.source import Bounds, Range, Scene

TIME = "system:time_start"
_NEVER = np.iinfo(np.int64).max


class LocalCollection:
    """An image collection, by time and then by index; what has no time comes last.

    Attributes:
        id: Asset id.
        properties: Of the collection.
    """

    def __init__(
        self, id: str, properties: Mapping[str, Any], members: Sequence[LocalScene]
    ) -> None:
        self.id = id
        self.properties = properties
        self._members = sorted(
            members,
            key=lambda one: (one.properties.get(TIME, _NEVER), natural(one.id)),
        )
        times = [one.properties.get(TIME, _NEVER) for one in self._members]
        self._times = np.array(times, np.int64)
        self._timed = int(np.searchsorted(self._times, _NEVER))
        # Threads may fill in a box twice: it is the same one.
        self._boxes = np.full((len(times), 4), np.nan)
        for place, one in enumerate(self._members):
            if one.text.footprint is not None:
                self._boxes[place] = shapely.from_wkb(one.text.footprint).bounds

    def __len__(self) -> int:
        return len(self._members)

    def scenes(
        self, bounds: Bounds | None, start_ms: int | None, end_ms: int | None
    ) -> Iterator[Scene]:
        """Yields members; see :class:`emulator.source.Collection`."""
        return self.sift(bounds, start_ms, end_ms, ())

    def sift(
        self,
        bounds: Bounds | None,
        start_ms: int | None,
        end_ms: int | None,
        ranges: Sequence[Range],
    ) -> Iterator[Scene]:
        """Yields members that ranges allow; see :class:`emulator.source.Sifting`.

        Where a member lies is asked last: that may open its file.
        """
        first, last = 0, len(self._members)
        if start_ms is not None or end_ms is not None:
            last = self._timed
        if start_ms is not None:
            first = int(np.searchsorted(self._times[:last], start_ms))
        if end_ms is not None:
            last = int(np.searchsorted(self._times[:last], end_ms))
        for place in range(first, last):
            one = self._members[place]
            if not all(_within(one, *each) for each in ranges):
                continue
            if bounds is None or self._meets(place, bounds):
                yield one

    def _meets(self, place: int, bounds: Bounds) -> bool:
        box = self._boxes[place]
        if math.isnan(box[0]):
            shape = self._members[place].footprint
            everywhere = (-180.0, -90.0, 180.0, 90.0)
            box = everywhere if shape is None else shape.bounds
            self._boxes[place] = box
        west, south, east, north = box
        if south > bounds[3] or north < bounds[1]:
            return False
        return any(
            west + turn <= bounds[2] and east + turn >= bounds[0]
            for turn in (-360.0, 0.0, 360.0)
        )


def _within(one: LocalScene, name: str, low: float, high: float) -> bool:
    value = one.properties.get(name)
    if value is None:
        return False
    return not isinstance(value, int | float) or low <= value <= high

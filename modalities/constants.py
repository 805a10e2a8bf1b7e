"""Plain values that the client library encodes in one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ee


class ConstantList(ee.List):
    """An ``ee.List`` of JSON values, encoded as one constant.

    The library encodes lists element by element, hashing each, only to find that
    all were constant; the expression that comes out is the same.
    """

    def __init__(self, values: Sequence[Any]) -> None:
        """Takes JSON values, nested as need be."""
        self._values = list(values)
        super().__init__(self._values)

    def encode_cloud_value(self, encoder: Callable[[Any], Any]) -> dict[str, Any]:
        """Encodes as a ``constantValue`` (REST reference, ``ValueNode``)."""
        return {"constantValue": self._values}

"""What is remembered while one request is answered."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from emulator.source import Catalogue, PixelGrid

if TYPE_CHECKING:
    from emulator.evaluator.image import Band

T = TypeVar("T")

Pixels: TypeAlias = "tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]"
"""Values (height, width), and where they are valid. Never written to."""


class PixelNode(Protocol):
    """A band's pixels, yet to be computed."""

    def compute(self, context: Context, grid: PixelGrid) -> Pixels:
        """Returns the pixels on a grid."""


class Context:
    """The memory of a request.

    Attributes:
        catalogue: Where assets come from.
        bands: Bands of images already looked at, by asset id.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.bands: dict[str, Sequence[Band]] = {}
        self._pixels: dict[tuple[PixelNode, PixelGrid], Pixels] = {}
        self._memo: dict[Hashable, Any] = {}

    def pixels(self, node: PixelNode, grid: PixelGrid) -> Pixels:
        """Returns a node's pixels on a grid, computed once."""
        key = (node, grid)
        found = self._pixels.get(key)
        if found is None:
            found = self._pixels[key] = node.compute(self, grid)
        return found

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Returns what ``make`` returned the first time under this key."""
        if key not in self._memo:
            self._memo[key] = make()
        found: T = self._memo[key]
        return found

    def forget_pixels(self) -> None:
        """Frees all pixels and mappings; images and collections stay."""
        self._pixels.clear()
        self._memo.clear()

"""Images: named bands of lazily computed pixels, with properties."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

from emulator.evaluator import pixeltype
from emulator.evaluator.context import Context, PixelNode
from emulator.evaluator.elements import FOOTPRINT, INDEX
from emulator.evaluator.errors import EngineError
from emulator.evaluator.geometry import Geometry
from emulator.evaluator.interpolation import NEAREST
from emulator.evaluator.nodes import (
    ConstantNode,
    GriddedReader,
    PixelwiseNode,
    SampledNode,
)
from emulator.evaluator.pixeltype import PixelType
from emulator.evaluator.projection import UNPROJECTED, Projection
from emulator.evaluator.sampling import SceneReader
from emulator.source import BandInfo, Scene


@dataclass(frozen=True, eq=False)
class Band:
    """A band.

    Attributes:
        name: Its name in the image.
        type: Of its pixels; ``node`` computes them in ``type.dtype``.
        projection: Default projection; :data:`UNPROJECTED` for composites.
        node: Its pixels.
        size: Width and height, if it is a stored one.
    """

    name: str
    type: PixelType
    projection: Projection
    node: PixelNode
    size: tuple[int, int] | None = None

    def resampled(self, method: str) -> Band:
        """Returns it sampled by another method from its own grid.

        A computed band is computed on its default projection first. Composites have
        none that means anything and stay as they are.
        """
        kept = self.type
        if method != NEAREST and kept.precision == "int":
            wide = max(abs(kept.low), abs(kept.high)) > 2**24
            kept = pixeltype.DOUBLE if wide else pixeltype.FLOAT
        if isinstance(self.node, SampledNode):
            if self.node.method == method:
                return self
            return replace(
                self, type=kept, node=SampledNode(self.node.reader, method, kept.dtype)
            )
        if self.projection == UNPROJECTED:
            return self
        return self.on_grid(self.projection, method, kept)

    def on_grid(
        self,
        projection: Projection,
        method: str = NEAREST,
        kept: PixelType | None = None,
    ) -> Band:
        """Returns it computed on a grid and sampled from there."""
        kept = kept or self.type
        node = SampledNode(GriddedReader(self.node, projection), method, kept.dtype)
        return Band(self.name, kept, projection, node)


class Image:
    """An image.

    Attributes:
        properties: Its properties.
    """

    def __init__(
        self,
        bands: Sequence[Band] | Callable[[], Sequence[Band]],
        properties: Mapping[str, Any] | None = None,
        footprint: Geometry | Callable[[], Geometry | None] | None = None,
        asset_id: str | Callable[[], str] | None = None,
    ) -> None:
        """Makes an image.

        Args:
            bands: Its bands, or what returns them when they are needed.
            properties: Its properties.
            footprint: Where it has data, or what returns that; None if unbounded.
            asset_id: Its id, or what returns it.
        """
        self._bands = bands
        self._footprint = footprint
        self.properties: Mapping[str, Any] = {} if properties is None else properties
        self._id = asset_id

    @property
    def id(self) -> str | None:
        """Asset id, if it is a stored one."""
        if callable(self._id):
            self._id = self._id()
        return self._id

    @functools.cached_property
    def bands(self) -> Sequence[Band]:
        """Its bands in order."""
        bands = self._bands() if callable(self._bands) else self._bands
        return bands if isinstance(bands, StoredBands) else tuple(bands)

    @property
    def names(self) -> list[str]:
        """Its bands' names in order."""
        return names_of(self.bands)

    def band(self, name: str) -> Band:
        """Returns a band by name.

        Raises:
            EngineError: There is none.
        """
        for band in self.bands:
            if band.name == name:
                return band
        raise EngineError(
            f"Image.select: Band pattern '{name}' did not match any bands. "
            f"Available bands: [{', '.join(self.names)}]"
        )

    def geometry(self) -> Geometry | None:
        """Returns its footprint; None if unbounded."""
        said = self.properties.get(FOOTPRINT)
        if isinstance(said, Geometry):
            return said
        if callable(self._footprint):
            self._footprint = self._footprint()
        return self._footprint

    def with_bands(self, bands: Sequence[Band] | Callable[[], Sequence[Band]]) -> Image:
        """Returns it with other bands; properties, footprint and id kept."""
        return Image(bands, self.properties, self._footprint, self._id)

    def each_band(self, change: Callable[[Band], Band]) -> Image:
        """Returns it with every band changed; properties, footprint and id kept."""
        return self.with_bands(lambda: [change(band) for band in self.bands])

    def with_properties(self, properties: Mapping[str, Any]) -> Image:
        """Returns it with other properties."""
        return Image(lambda: self.bands, properties, self._footprint, self._id)

    def with_footprint(self, footprint: Geometry | None) -> Image:
        """Returns it with another footprint."""
        kept = {k: v for k, v in self.properties.items() if k != FOOTPRINT}
        return Image(lambda: self.bands, kept, footprint, self._id)

    def computed(self, bands: Sequence[Band] | Callable[[], Sequence[Band]]) -> Image:
        """Returns the result of arithmetic on it.

        Earth Engine keeps the footprint then, and of the properties the index only.
        """
        index = self.properties.get(INDEX)
        kept = {} if index is None else {INDEX: index}
        return Image(bands, kept, self._footprint)


def of_scene(context: Context, scene: Scene) -> Image:
    """Returns a catalogue's scene as an image; nothing is looked at yet.

    However often a scene is met in a request, its bands are made once.
    """

    def bands() -> Sequence[Band]:
        asset_id = scene.id
        if asset_id not in context.bands:
            context.bands[asset_id] = StoredBands(scene)
        return context.bands[asset_id]

    def footprint() -> Geometry | None:
        shape = scene.footprint
        if shape is None:
            return None
        # Many scenes share a footprint. The geometry keeps it, and so its id.
        return context.once(
            ("footprint", id(shape)), lambda: Geometry(shape, geodesic=False)
        )

    return Image(bands, scene.properties, footprint, lambda: scene.id)


class StoredBands(Sequence[Band]):
    """A scene's bands, each made when it is looked at.

    Of a year's scenes with ten bands each, one band may be wanted.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._infos = scene.bands
        self._made: dict[int, Band] = {}

    @property
    def names(self) -> list[str]:
        """The bands' names in order."""
        return [info.name for info in self._infos]

    def __len__(self) -> int:
        return len(self._infos)

    @overload
    def __getitem__(self, index: int) -> Band: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Band]: ...

    def __getitem__(self, index: int | slice) -> Band | Sequence[Band]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        made = self._made.get(index)
        if made is None:
            made = self._made[index] = _stored(self._scene, self._infos[index])
        return made


def names_of(bands: Sequence[Band]) -> list[str]:
    """Returns bands' names in order; it makes none."""
    if isinstance(bands, StoredBands):
        return bands.names
    return [band.name for band in bands]


def _stored(scene: Scene, info: BandInfo) -> Band:
    reader = SceneReader(scene, info)
    kind = pixeltype.of_dtype(info.dtype)
    node = SampledNode(reader, NEAREST, kind.dtype)
    size = (info.grid.width, info.grid.height)
    return Band(info.name, kind, reader.projection, node, size)


def constant(value: float, name: str = "constant") -> Image:
    """Returns an image of one value everywhere."""
    kind = pixeltype.of_number(value)
    return Image([Band(name, kind, UNPROJECTED, ConstantNode(value, kind.dtype))])


def load(context: Context, asset_id: str) -> Image:
    """Returns a stored image.

    Raises:
        EngineError: The catalogue has none of that id.
    """
    scene = context.catalogue.image(asset_id)
    if scene is None:
        raise EngineError(
            f"Image.load: Image asset '{asset_id}' not found "
            "(does not exist or caller does not have access)."
        )
    return of_scene(context, scene)


def derived(
    band: Band, kind: PixelType, function: Callable[..., Any], *inputs: PixelNode
) -> Band:
    """Returns a band of pixels computed by a function of whole pixels."""
    node = PixelwiseNode(function, inputs)
    return Band(band.name, kind, band.projection, node, band.size)

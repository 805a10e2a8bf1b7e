"""Collections of images made into one image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from emulator.algorithms.reducers import MEANINGS
from emulator.evaluator.best import BestNode, PickedNode
from emulator.evaluator.collection import Collection
from emulator.evaluator.elements import index_of
from emulator.evaluator.errors import EngineError
from emulator.evaluator.image import Band, Image
from emulator.evaluator.nodes import MaskedNode
from emulator.evaluator.pixeltype import union
from emulator.evaluator.projection import UNPROJECTED
from emulator.evaluator.reducers import Output, Reducer, StackNode, simple
from emulator.evaluator.registry import algorithm


def _by_name(images: Sequence[Image]) -> dict[str, list[Band]]:
    """Returns the bands of all images by name, in the order first met."""
    found: dict[str, list[Band]] = {}
    for image in images:
        for band in image.bands:
            found.setdefault(band.name, []).append(band)
    return found


def _stacked(bands: Sequence[Band], output: Output, name: str) -> Band:
    if output.stack is None:
        raise EngineError(f"Reducer '{output.name}' cannot reduce pixels.")
    joint = union(*(band.type for band in bands))
    kind = output.kind(joint)
    nodes = tuple(band.node for band in bands)
    node = StackNode(output.stack, nodes, joint.dtype, kind.dtype)
    return Band(name, kind, UNPROJECTED, node)


def reduced(collection: Collection, reducer: Reducer, *, suffix: bool) -> Image:
    """Returns each band of a collection reduced over its images.

    Args:
        collection: The images.
        reducer: Of one input, or of as many as there are bands.
        suffix: Whether band names get the output's name after an underscore.
    """

    def bands() -> list[Band]:
        columns = _by_name(collection.elements)
        if reducer.inputs == 1:
            return [
                _stacked(found, output, f"{name}_{output.name}" if suffix else name)
                for name, found in columns.items()
                for output in reducer.outputs
            ]
        if reducer.inputs != len(columns):
            raise EngineError(
                f"ImageCollection.reduce: Reducer has {reducer.inputs} inputs but the "
                f"collection has {len(columns)} bands."
            )
        ordered = list(columns.values())
        return [
            _stacked(ordered[output.inputs[0]], output, output.name)
            for output in reducer.outputs
        ]

    return Image(bands)


@algorithm("ImageCollection.reduce", ignores=("parallelScale",))
def reduce(collection: Collection, reducer: Reducer) -> Image:
    """Returns a collection reduced by a reducer."""
    return reduced(collection, reducer, suffix=True)


@algorithm("Image.reduce")
def reduce_bands(image: Image, reducer: Reducer) -> Image:
    """Returns the bands reduced to one a reducer's output, on the first band's grid.

    The reducer has one input, which takes all bands, or one a band.
    """

    def bands() -> list[Band]:
        if reducer.inputs not in (1, len(image.bands)):
            raise EngineError(
                f"Image.reduce: Reducer has {reducer.inputs} inputs but the image has "
                f"{len(image.bands)} bands."
            )
        projection = image.bands[0].projection if image.bands else UNPROJECTED
        made = []
        for output in reducer.outputs:
            taken = image.bands
            if reducer.inputs > 1:
                taken = tuple(image.bands[i] for i in output.inputs)
            made.append(
                replace(_stacked(taken, output, output.name), projection=projection)
            )
        return made

    return image.computed(bands)


_SHORTCUTS = {
    name: name for name in ("min", "max", "count", "sum", "product", "mean", "median")
} | {"mode": "mode", "and": "all", "or": "any"}


def _register(name: str, reducer: str) -> None:
    @algorithm(
        f"reduce.{name}", about=f"Returns {MEANINGS[reducer]} of all images, by pixel."
    )
    def shortcut(collection: Collection) -> Image:
        return reduced(collection, simple(reducer), suffix=False)


for _name, _reducer in _SHORTCUTS.items():
    _register(_name, _reducer)


@algorithm("ImageCollection.mosaic")
def mosaic(collection: Collection) -> Image:
    """Returns the last image on top, others where it is masked."""
    return reduced(collection, simple("last"), suffix=False)


@algorithm("ImageCollection.qualityMosaic")
def quality_mosaic(collection: Collection, quality_band: str) -> Image:
    """Returns all bands of the image whose quality is the greatest, pixel by pixel."""

    def bands() -> list[Band]:
        images = [one for one in collection.elements if quality_band in one.names]
        if not images:
            raise EngineError(
                f"ImageCollection.qualityMosaic: No image has a band '{quality_band}'."
            )
        qualities = tuple(one.band(quality_band).node for one in images)
        best = BestNode(qualities)
        made = []
        for name, found in _by_name(images).items():
            joint = union(*(band.type for band in found))
            nodes = tuple(
                one.band(name).node if name in one.names else MaskedNode(joint.dtype)
                for one in images
            )
            node = PickedNode(best, nodes, joint.dtype)
            made.append(Band(name, joint, UNPROJECTED, node))
        return made

    return Image(bands)


@algorithm("ImageCollection.toBands")
def to_bands(collection: Collection) -> Image:
    """Returns all bands of all images, named by index and band."""

    def bands() -> list[Band]:
        return [
            Band(
                f"{index_of(image)}_{band.name}",
                band.type,
                band.projection,
                band.node,
                band.size,
            )
            for image in collection.elements
            for band in image.bands
        ]

    return Image(bands)

"""Images as a whole: loading, constants, properties, projections."""

from __future__ import annotations

from typing import Any

from emulator.evaluator import pixeltype
from emulator.evaluator.context import Context
from emulator.evaluator.dates import Date
from emulator.evaluator.elements import INDEX, TIME
from emulator.evaluator.errors import EngineError
from emulator.evaluator.image import Band, Image, constant, load
from emulator.evaluator.interpolation import KERNELS, NEAREST
from emulator.evaluator.nodes import ConstantNode
from emulator.evaluator.pixeltype import PixelType
from emulator.evaluator.projection import UNPROJECTED, Projection, requested
from emulator.evaluator.registry import algorithm


@algorithm("Image.load")
def image_load(id: str, context: Context) -> Image:
    """Returns a stored image."""
    return load(context, id)


@algorithm("Image.constant")
def image_constant(value: Any) -> Image:
    """Returns a constant image; a list makes a band of each number."""
    values = value if isinstance(value, list) else [value]
    bands: list[Band] = []
    for i, number in enumerate(values):
        if not isinstance(number, int | float):
            raise EngineError(f"Image.constant: Not a number: {number}.")
        bands += constant(number, f"constant_{i}" if i else "constant").bands
    return Image(bands)


@algorithm("Image.id")
def image_id(element: Any) -> str | None:
    """Returns an image's index within its collection."""
    index = element.properties.get(INDEX)
    return None if index is None else str(index)


@algorithm("Image.date")
def image_date(image: Image) -> Date:
    """Returns the moment of acquisition."""
    time = image.properties.get(TIME)
    if time is None:
        raise EngineError(
            "Image.date: Parameter 'image' has no 'system:time_start' property."
        )
    return Date(int(time))


@algorithm("Image.metadata")
def image_metadata(image: Image, property: str, name: str | None) -> Image:
    """Returns a constant image of type double out of a property."""
    value = image.properties.get(property)
    if not isinstance(value, int | float):
        raise EngineError(f"Image.metadata: Property '{property}' is not a number.")
    node = ConstantNode(float(value), pixeltype.DOUBLE.dtype)
    band = Band(name or property, pixeltype.DOUBLE, UNPROJECTED, node)
    return image.with_bands([band])


@algorithm("Image.bandTypes")
def image_band_types(image: Image) -> dict[str, PixelType]:
    """Returns each band's pixel type."""
    return {band.name: band.type for band in image.bands}


@algorithm("Image.projection")
def image_projection(image: Image) -> Projection:
    """Returns the projection that all bands share."""
    found = {band.projection for band in image.bands}
    if len(found) != 1:
        raise EngineError(
            "Image.projection: The bands of the specified image contains different "
            "projections. Use a specific band of the image to get the projection."
        )
    return found.pop()


@algorithm("Image.resample")
def image_resample(image: Image, mode: str) -> Image:
    """Returns the image interpolated between its own pixels."""
    if mode not in KERNELS:
        raise EngineError(f"Image.resample: Unknown mode '{mode}'.")
    return image.each_band(lambda band: band.resampled(mode))


@algorithm("Image.reproject")
def image_reproject(
    image: Image,
    crs: Projection,
    crs_transform: list[float] | None,
    scale: float | None,
) -> Image:
    """Returns the image computed on a given grid, nearest from there on."""
    grid = requested(crs, None, crs_transform, scale)
    return image.each_band(lambda band: band.on_grid(grid, NEAREST))


@algorithm("Image.setDefaultProjection")
def image_set_default_projection(
    image: Image,
    crs: Projection,
    crs_transform: list[float] | None,
    scale: float | None,
) -> Image:
    """Returns the image with another default projection, pixels unchanged."""
    grid = requested(crs, None, crs_transform, scale)
    return image.each_band(
        lambda band: Band(band.name, band.type, grid, band.node, band.size)
    )

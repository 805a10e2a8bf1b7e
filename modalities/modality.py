"""What a modality is: the one base that every file of this room fills in.

To add one, write a module with a subclass of :class:`PixelModality` or
:class:`ValueModality` and register it (``modalities.registry.register``). Nothing
else in the program knows it by name.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import ee
import numpy as np
import numpy.typing as npt

from modalities.plan import Choice, Site
from modalities.recipe import Context, Layout
from modalities.spec import Band, Spec, Statistics, Storage
from modalities.tile import Tile

Chosen = Mapping[str, Choice]
"""Choices made so far for one tile, by modality."""


class Modality(abc.ABC):
    """One named kind of data with its bands.

    Planning goes in rounds: all modalities whose ``needs`` are met state what they
    want to know (:meth:`inputs`, :meth:`ask`), one request answers for many tiles,
    and :meth:`choose` decides locally. ``choose`` must be a pure function of its
    arguments.

    Attributes:
        name: Name of the modality and of its HDF5 dataset.
        title: One line for people.
        bands: In channel order.
        storage: Dtype and no-data as stored.
        released: The same in MMEarth's release v001, where it differs.
        statistics: What ``band_stats.json`` holds of it.
        sources: Earth Engine asset ids, or what the values come from.
        needs: Modalities whose choice must be known first.
        version: Raise it when the pixels change though nothing declared does.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    bands: ClassVar[tuple[Band, ...]]
    storage: ClassVar[Storage]
    released: ClassVar[Storage | None] = None
    statistics: ClassVar[Statistics] = "all"
    sources: ClassVar[tuple[str, ...]]
    needs: ClassVar[tuple[str, ...]] = ()
    version: ClassVar[int] = 1
    pixels: ClassVar[bool]

    def table(self) -> ee.ComputedObject | None:
        """Returns what to ask the engine once for the whole run, if anything."""
        return None

    def check(self, tile: Tile, context: Context) -> str:
        """Says what a tile of the input lacks for this modality.

        It is called for every tile before the first is planned.

        Returns:
            What is wrong and what to do; empty if nothing is.
        """
        return ""

    def inputs(self, site: Site, chosen: Chosen, context: Context) -> dict[str, Any]:
        """Returns what :meth:`ask` reads of one tile, as JSON values."""
        return {}

    def ask(self, tile: ee.Dictionary, context: Context) -> ee.ComputedObject | None:
        """Returns what to know of a tile, as an expression over :meth:`inputs`.

        It is built once and mapped over many tiles, so it may use nothing of a
        tile but the dictionary. Its value must never be null: empty lists are the
        way to say "nothing".
        """
        return None

    @abc.abstractmethod
    def choose(
        self, site: Site, facts: Any, chosen: Chosen, context: Context
    ) -> Choice:
        """Decides what the modality will be made of.

        Args:
            site: The tile and its grid.
            facts: The value of :meth:`ask`; None if nothing was asked.
            chosen: Choices of the modalities in ``needs``.
            context: Recipe and tables.

        Raises:
            NoDataError: The tile can't be made without it.
        """

    def spec(self, layout: Layout) -> Spec:
        """Returns how the modality lies in the dataset."""
        released = self.released if layout == "mmearth-v001" else None
        return Spec(
            name=self.name,
            bands=self.bands,
            storage=released or self.storage,
            pixels=self.pixels,
            statistics=self.statistics,
            sources=self.sources,
        )

    def fingerprint(self) -> dict[str, Any]:
        """Returns what the recipe hash covers of the modality's definition."""
        return {
            "bands": [band.name for band in self.bands],
            "storage": repr(self.storage),
            "released": repr(self.released),
            "sources": list(self.sources),
            "version": self.version,
        }


class PixelModality(Modality):
    """A modality of rasters, fetched with the tile's one computePixels request.

    Attributes:
        wire: Dtype that the engine is asked for.
        fill: Wire value for masked pixels. It must be impossible as data: what
            Earth Engine itself returns under a mask is undocumented.
        required: A tile where all its pixels are no-data is not made.
        resampling: ``bilinear`` for continuous data, ``nearest`` for classes.
    """

    pixels = True
    wire: ClassVar[str]
    fill: ClassVar[float]
    required: ClassVar[bool] = False
    resampling: ClassVar[Literal["nearest", "bilinear"]] = "nearest"

    def fingerprint(self) -> dict[str, Any]:
        """Returns what the recipe hash covers of the modality's definition."""
        return {
            **super().fingerprint(),
            "wire": self.wire,
            "fill": repr(self.fill),
            "required": self.required,
            "resampling": self.resampling,
        }

    @abc.abstractmethod
    def image(self, choice: Choice, site: Site, context: Context) -> ee.Image:
        """Returns the image with just the bands of ``choice.bands``, in order.

        Masks stay as they are: the stack fills, casts and renames.
        """

    def resampled(self, image: ee.Image) -> ee.Image:
        """Sets how the engine brings the image on the tile's grid.

        Integers that were interpolated are rounded, since a cast would cut.
        """
        if self.resampling == "nearest":
            return image
        image = image.resample("bilinear")
        return image.round() if np.dtype(self.wire).kind in "iu" else image

    def stored(
        self, wire: npt.NDArray[Any], choice: Choice, storage: Storage
    ) -> npt.NDArray[Any]:
        """Lays fetched bands out as stored: all channels, no-data as declared.

        Args:
            wire: (len(choice.bands), size, size) in the wire dtype.
            choice: Whose bands they are.
            storage: Of the layout in use.

        Returns:
            (len(self.bands), size, size) in the storage dtype. Absent channels are
            all no-data.
        """
        dtype = np.dtype(storage.dtype)
        no_data = 0 if storage.no_data is None else storage.no_data
        out = np.full((len(self.bands), *wire.shape[1:]), no_data, dtype)
        channels = {band.name: i for i, band in enumerate(self.bands)}
        for name, values in zip(choice.bands, wire, strict=True):
            channel = out[channels[name]]
            np.copyto(channel, _cast(values, dtype))
            if self.fill != no_data:
                channel[values == self.fill] = no_data
        return out


class ValueModality(Modality):
    """A modality of a few numbers a tile, fetched with the plan or known before."""

    pixels = False

    @abc.abstractmethod
    def values(
        self, choice: Choice, site: Site, context: Context
    ) -> npt.NDArray[np.float64]:
        """Returns the values (len(bands),); NaN where there is none."""

    def stored_values(
        self, choice: Choice, site: Site, context: Context
    ) -> npt.NDArray[Any]:
        """Returns the values in the storage dtype."""
        storage = self.spec(context.recipe.layout).storage
        return self.values(choice, site, context).astype(storage.dtype)


def _cast(values: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Casts, clipping to the range of an integer dtype and cutting toward zero."""
    if dtype.kind not in "iu" or np.can_cast(values.dtype, dtype):
        return values.astype(dtype, copy=False)
    info = np.iinfo(dtype)
    clipped: npt.NDArray[Any] = np.clip(values, info.min, info.max)
    return clipped.astype(dtype)

"""Tables: local vector files."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from emulator.local.errors import CatalogueError
from emulator.source import TableFeature


@dataclass(frozen=True, slots=True)
class LocalTable:
    """A GeoJSON, GeoPackage (its first layer) or GeoParquet file.

    Attributes:
        id: Asset id.
        path: The file.
    """

    id: str
    path: Path

    def features(self) -> Iterator[TableFeature]:
        """Yields the rows in the file's order, indexed as Earth Engine's uploads are.

        Raises:
            CatalogueError: The file cannot be read.
        """
        yield from _rows(self.path)


@functools.lru_cache(maxsize=4)
def _rows(path: Path) -> tuple[TableFeature, ...]:
    import geopandas  # Imported here: it takes a second.

    try:
        if path.suffix.lower() == ".parquet":
            frame = geopandas.read_parquet(path)
        else:
            frame = geopandas.read_file(path)
        if frame.crs is not None:
            frame = frame.to_crs("EPSG:4326")
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise CatalogueError(path, f"cannot be read ({error})") from error
    if not isinstance(frame, geopandas.GeoDataFrame):
        raise CatalogueError(path, "it has no geometries")
    plain = frame.drop(columns=frame.geometry.name)
    cells = plain.astype(object).where(plain.notna(), None)
    columns = [(str(name), cells[name].tolist()) for name in cells.columns]
    return tuple(
        TableFeature(
            f"{number:020x}",
            shapely.GeometryCollection() if shape is None else shape,
            {
                name: value
                for name, values in columns
                if (value := _property(values[number])) is not None
            },
        )
        for number, shape in enumerate(frame.geometry)
    )


def _property(value: Any) -> Any:
    """Returns a cell as a property: a string, a number or a list; None for neither."""
    match value:
        case None:
            return None
        case bool() | np.bool_():
            return int(value)
        case float():
            return value if math.isfinite(value) else None
        case str() | int():
            return value
        case np.ndarray():
            return [_property(item) for item in value.tolist()]
        case list():
            return [_property(item) for item in value]
        case datetime():
            moment = value if value.tzinfo else value.replace(tzinfo=UTC)
            return round(moment.timestamp() * 1000)
    return str(value)

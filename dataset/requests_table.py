"""``requests.parquet``: what each tile cost. An account of what happened, not of data.

Two runs of the same job differ in it, and in no other file but ``failures.jsonl`` and
``run.json``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dataset import files
from dataset.row import Row

SCHEMA = pa.schema(
    [
        ("tile_id", pa.string()),
        ("status", pa.string()),
        ("attempts", pa.int32()),
        ("bytes", pa.int64()),
        ("seconds", pa.float32()),
        ("last_status", pa.int32()),
    ]
)
"""``attempts``, ``bytes`` and ``seconds`` are of the pixel requests of the tile, the
pauses between them included; ``last_status`` is HTTP's."""


class RequestsTable:
    """Gathers a row a tile."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}

    def add(self, row: Row) -> None:
        """Adds a tile."""
        usage = row["usage"]["fetch"]
        values = (
            row["tile"]["tile_id"],
            row["status"],
            usage["requests"],
            usage["bytes"],
            usage["seconds"],
            usage["last_status"],
        )
        for column, value in zip(self._columns.values(), values, strict=True):
            column.append(value)

    def write(self, final: Path) -> None:
        """Writes the table, atomically."""
        with files.temporary(final) as tmp:
            pq.write_table(pa.table(self._columns, schema=SCHEMA), tmp)

"""WriteResult: the run's counts to a file, since runners differ in what they return."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam

from dataset import files


@dataclass
class WriteResult(beam.PTransform):
    """Writes the one dictionary of a PCollection as JSON.

    Attributes:
        path: Of the file.
    """

    path: str

    def expand(self, counts: Any) -> Any:
        """Writes."""
        return counts | "Write" >> beam.Map(_write, self.path)


def _write(counts: dict[str, Any], path: str) -> str:
    files.write_json(Path(path), counts)
    return path

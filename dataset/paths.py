"""Where the files of a dataset lie.

``<output>/<name>/`` holds the dataset; ``state/`` inside it what a run needs to go
on, out of the way of loaders, which look for ``data_*`` beside the HDF5 file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class DatasetPaths:
    """The files of one dataset.

    Attributes:
        output: Directory that datasets lie in.
        name: Name of the dataset, which begins all file names.
    """

    output: Path
    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"--name {self.name!r}: use letters, digits, '.', '_' and '-', "
                "beginning with a letter or digit, at most 100"
            )

    @property
    def directory(self) -> Path:
        """Directory of the dataset."""
        return self.output / self.name

    @property
    def h5(self) -> Path:
        """The stacks."""
        return self.directory / f"{self.name}.h5"

    @property
    def band_stats(self) -> Path:
        """Statistics by band."""
        return self.directory / f"{self.name}_band_stats.json"

    @property
    def splits(self) -> Path:
        """Row numbers of each split."""
        return self.directory / f"{self.name}_splits.json"

    @property
    def tile_info(self) -> Path:
        """MMEarth's description of each tile."""
        return self.directory / f"{self.name}_tile_info.json"

    @property
    def index(self) -> Path:
        """One row a tile asked for."""
        return self.directory / "index.parquet"

    @property
    def requests(self) -> Path:
        """What each tile cost: an account of what happened, not of the data."""
        return self.directory / "requests.parquet"

    @property
    def failures(self) -> Path:
        """One line a tile that did not make it."""
        return self.directory / "failures.jsonl"

    @property
    def run(self) -> Path:
        """What was run, and what came of it."""
        return self.directory / "run.json"

    @property
    def state(self) -> Path:
        """What a run needs to go on."""
        return self.directory / "state"

    @property
    def shards(self) -> Path:
        """Shards of this and earlier runs."""
        return self.state / "shards"

    @property
    def plans(self) -> Path:
        """Plans of tiles, kept until the tiles are made."""
        return self.state / "plans"

    @property
    def progress(self) -> Path:
        """What the workers of a run say of themselves while it goes on."""
        return self.state / "progress"

    @property
    def lock(self) -> Path:
        """Held by the one run that may write."""
        return self.state / "run.lock"

    @property
    def command(self) -> Path:
        """The arguments of the last run."""
        return self.state / "command.json"

    @property
    def tiles(self) -> Path:
        """Checked input, in parts."""
        return self.state / "tiles"

    @property
    def pending(self) -> Path:
        """Those parts of the input that are not made yet."""
        return self.state / "pending"

    @property
    def result(self) -> Path:
        """Counts of the run, from the worker that assembled the dataset."""
        return self.state / "result.json"

    @property
    def recipe(self) -> Path:
        """The recipe that all shards were made by."""
        return self.state / "recipe.json"

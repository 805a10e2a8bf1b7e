"""What is wrong with a catalogue of local files."""

from __future__ import annotations

from pathlib import Path

from emulator.evaluator.errors import EngineError


class CatalogueError(EngineError):
    """A file of the catalogue cannot be used; the message names it.

    Found at the start, it ends the program. Found later, in pixels that nobody had
    opened before, it answers the request with a 400, for no other try will help.
    """

    def __init__(self, path: Path | str, what: str, key: str = "") -> None:
        """Words the error.

        Args:
            path: The file or folder.
            what: What is wrong, and what is wanted.
            key: Where in the file.
        """
        where = f"{path}: {key}" if key else str(path)
        super().__init__(f"{where}: {what}")

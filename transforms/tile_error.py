"""The one error of tile input."""

from __future__ import annotations


class TileInputError(ValueError):
    """The tile file is at fault; the message names the file, the place and the cure."""

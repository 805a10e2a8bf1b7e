"""How a command ends: exit codes and the errors that lead to them."""

from __future__ import annotations

ALL_MADE = 0
STOPPED = 1
BAD_INPUT = 2
SOME_FAILED = 3


RETRIES = ("transient", "all", "none")
"""Which failed tiles the same command tries again."""


class BadInputError(Exception):
    """What the user gave can't be used; nothing was touched (exit code 2)."""


class RunStoppedError(Exception):
    """The run could not go on; what was finished is kept (exit code 1)."""

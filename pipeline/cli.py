"""The command line: which command, and how it ends."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from pipeline.console import complain
from pipeline.exits import BAD_INPUT, STOPPED, BadInputError, RunStoppedError

COMMANDS = {
    "check": "pipeline.check",
    "refetch": "pipeline.refetch",
    "retry": "pipeline.retry",
    "run": "pipeline.run",
    "status": "pipeline.status",
    "verify": "pipeline.verify",
}
"""Modules with ``main(arguments) -> exit code``, imported when asked for: Beam
takes seconds to import, and ``--help`` should not."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; ``run`` if none is named. Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    named = bool(given) and given[0] in COMMANDS
    name, rest = (given[0], given[1:]) if named else ("run", given)
    try:
        if any("\0" in word for word in given):
            raise BadInputError("an argument holds a NUL character; write it without")
        if given and not given[0].startswith("-") and not named:
            raise BadInputError(
                f"unknown command {given[0]!r}; there are: {', '.join(COMMANDS)}"
            )
        command = importlib.import_module(COMMANDS[name])
        return int(command.main(rest))
    except BadInputError as error:
        complain(str(error))
        return BAD_INPUT
    except RunStoppedError as error:
        complain(str(error))
        return STOPPED
    except KeyboardInterrupt:
        complain("interrupted; the same command goes on where this one stopped")
        return STOPPED

"""``retry``: ask again for the tiles that failed, and assemble the dataset anew.

The options are those of the run's last command. What was made stays as it is, and
plans that were made are used again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

from pipeline import run as main_job
from pipeline.arguments import Parser
from pipeline.exits import RETRIES, BadInputError
from pipeline.status import paths_of


def main(arguments: Sequence[str]) -> int:
    """Runs the main job for failures alone.

    Raises:
        BadInputError: There is no run there, or its options do not hold any more.
        RunStoppedError: The run could not go on.
    """
    parser = Parser(
        prog="python -m pipeline retry",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("run", metavar="RUN", help="directory of the dataset")
    parser.add_argument(
        "--retry",
        choices=RETRIES[:2],
        default="all",
        help="which failures (default: %(default)s)",
    )
    args, more = parser.parse_known_args(list(arguments))
    command = paths_of(Path(args.run)).command
    try:
        last = json.loads(command.read_text("utf-8"))
        given, directory = list(map(str, last["arguments"])), Path(last["directory"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInputError(
            f"{command} can't be read ({error}); give the whole command again"
        ) from error
    given = [word for word in given if word != "--overwrite"]
    if not directory.is_dir():
        raise BadInputError(
            f"{directory}, where the run was started, is gone; give the whole command "
            "again"
        )
    # Paths in the command are relative to where it was given.
    with contextlib.chdir(directory):
        return main_job.main([*given, *more, "--retry", args.retry])

"""``verify``: read a whole dataset back, and say exactly what is wrong with it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from pipeline.arguments import Parser
from pipeline.console import say
from pipeline.exits import ALL_MADE, STOPPED
from pipeline.status import paths_of


def main(arguments: Sequence[str]) -> int:
    """Verifies a dataset; returns 1 if anything is wrong.

    Raises:
        BadInputError: There is no dataset there.
    """
    parser = Parser(
        prog="python -m pipeline verify",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("dataset", metavar="DATASET", help="its directory")
    args = parser.parse_args(list(arguments))
    paths = paths_of(Path(args.dataset))
    from dataset.verify import verify

    found = 0
    for problem in verify(paths):
        say(str(problem))
        found += 1
    if found:
        say(f"{paths.directory}: {found} things are wrong")
        return STOPPED
    say(f"{paths.directory}: all is well")
    return ALL_MADE

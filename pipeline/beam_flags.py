"""Flags for Beam: checked, since Beam passes over what it does not know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.arguments import Parser
from pipeline.exits import BadInputError


def check_beam_flags(flags: Sequence[str]) -> None:
    """Refuses flags that neither we nor Beam know.

    Raises:
        BadInputError: There is one; the message names it.
    """
    parser = Parser(add_help=False, allow_abbrev=False, conflict_handler="resolve")
    for options in _all_subclasses(PipelineOptions):
        options._add_argparse_args(parser)
    _, unknown = parser.parse_known_args(list(flags))
    if unknown:
        raise BadInputError(
            f"unknown option {unknown[0]}: neither earthloom (see --help) nor "
            "Apache Beam has it"
        )


def _all_subclasses(root: Any) -> list[Any]:
    found: list[Any] = []
    for child in root.__subclasses__():
        if "_add_argparse_args" in vars(child):
            found.append(child)
        found.extend(_all_subclasses(child))
    return found

"""Runs on this machine, by Beam's FnApiRunner."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence

_logger = logging.getLogger(__name__)

NAMES = ("DirectRunner", "FnApiRunner")


def arguments(runner: str, beam: Sequence[str]) -> tuple[list[str], int]:
    """Works out Beam's flags for this machine.

    ``DirectRunner`` would try Prism first, a Go binary that Beam downloads; we name
    the FnApiRunner, to which it would fall back, so that nothing is downloaded
    unasked and all users run the same engine.

    Args:
        runner: As the user named it.
        beam: The user's flags for Beam.

    Returns:
        Beam's flags, and how many processes will talk to the engine.

    Raises:
        ValueError: The number of workers is none.
    """
    parser = argparse.ArgumentParser(
        allow_abbrev=False, add_help=False, exit_on_error=False
    )
    parser.add_argument("--direct_num_workers", type=int, default=1)
    parser.add_argument("--direct_running_mode", default=None)
    try:
        own, rest = parser.parse_known_args(list(beam))
    except argparse.ArgumentError as error:
        raise ValueError(str(error)) from error
    workers = own.direct_num_workers
    if workers < 1:
        raise ValueError(f"--direct_num_workers={workers}: there must be one at least")
    mode = own.direct_running_mode or (
        "multi_processing" if workers > 1 else "in_memory"
    )
    if runner == "DirectRunner":
        _logger.info(
            "DirectRunner is Beam's FnApiRunner here, %d worker(s), %s", workers, mode
        )
    flags = [
        "--runner=FnApiRunner",
        f"--direct_num_workers={workers}",
        f"--direct_running_mode={mode}",
        *rest,
    ]
    return flags, workers if mode == "multi_processing" else 1

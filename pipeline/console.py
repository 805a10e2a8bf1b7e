"""What the user reads: plain lines on standard output, errors on standard error."""

from __future__ import annotations

import logging
import sys


def say(text: str) -> None:
    """Writes a line for the user."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Writes an error, as one message that names the program."""
    sys.stderr.write(f"earthloom: {text}\n")


def start_logging(*, verbose: bool = False) -> None:
    """Shows our own notes; of others only what stops the run, unless verbose.

    Beam logs a worker's error with its traceback, again and again; the one message
    at the end says it in words.
    """
    logging.basicConfig(
        level=logging.INFO if verbose else logging.ERROR,
        format="%(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("apache_beam").setLevel(
        logging.INFO if verbose else logging.CRITICAL
    )
    for room in ("pipeline", "transforms", "dataset", "earthengine", "runners"):
        logging.getLogger(room).setLevel(logging.INFO)

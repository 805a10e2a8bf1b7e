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


def start_logging() -> None:
    """Shows our own notes, and of others only warnings."""
    logging.basicConfig(
        level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    for room in ("pipeline", "transforms", "dataset", "earthengine", "runners"):
        logging.getLogger(room).setLevel(logging.INFO)

"""The command line of ``python -m emulator``."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

import emulator.catalogue
from emulator import server
from emulator.engine import Engine

_HELP = """Serving a synthetic Earth on {url} (stop with Ctrl-C). In Python:

import ee; from google.auth.credentials import AnonymousCredentials
ee.Initialize(AnonymousCredentials(), project="emulator", url="{url}")

"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="An Earth Engine of synthetic imagery on 127.0.0.1.",
    )
    parser.add_argument("--port", type=int, default=8085, help="port to listen on")
    parser.add_argument(
        "--latency",
        type=float,
        default=0.0,
        metavar="S",
        help="seconds that each value and pixel request lasts longer",
    )
    options = parser.parse_args(arguments)
    engine = Engine(emulator.catalogue.earth(), latency_s=options.latency)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    try:
        running = server.start(engine, options.port)
    except OSError as error:
        sys.stderr.write(f"Cannot listen on port {options.port}: {error}\n")
        return 1
    sys.stdout.write(_HELP.format(url=running.url))
    sys.stdout.flush()
    stopped.wait()
    running.close()
    return 0

"""The command line of ``python -m emulator``."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import threading
from collections.abc import Sequence

from emulator import server, stack

_HELP = """Serving a synthetic Earth on {url} (stop with Ctrl-C). In Python:

import ee; from google.auth.credentials import AnonymousCredentials
ee.Initialize(AnonymousCredentials(), project="emulator", url="{url}")

"""

_OTHERS = {
    "preview": ("emulator.preview", "one sheet with every layer of a place"),
}
"""Further commands: a module with a ``main(arguments)``, imported when asked for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; ``serve`` if none is named.

    Returns:
        The exit status.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in _OTHERS:
        module = importlib.import_module(_OTHERS[given[0]][0])
        return module.main(given[1:]) or 0
    return serve(given[1:] if given[:1] == ["serve"] else given)


def serve(arguments: Sequence[str]) -> int:
    """Serves until SIGTERM or SIGINT.

    Returns:
        The exit status.
    """
    options = _parser().parse_args(arguments)
    service = stack.service(_setup(options))
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    try:
        running = server.start(service, options.port)
    except OSError as error:
        sys.stderr.write(f"Cannot listen on port {options.port}: {error}\n")
        return 1
    sys.stdout.write(_HELP.format(url=running.url))
    sys.stdout.flush()
    stopped.wait()
    service.close()
    running.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    others = "\n".join(f"  {name:10} {what}" for name, (_, what) in _OTHERS.items())
    parser = argparse.ArgumentParser(
        prog="python -m emulator [serve]",
        description="An Earth Engine of synthetic imagery on 127.0.0.1.",
        epilog=f"other commands:\n{others}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8085, help="port to listen on")
    parser.add_argument(
        "--latency",
        type=float,
        default=0.0,
        metavar="S",
        help="seconds that each value and pixel request lasts longer",
    )
    return parser


def _setup(options: argparse.Namespace) -> stack.Setup:
    return stack.Setup(latency_s=options.latency)

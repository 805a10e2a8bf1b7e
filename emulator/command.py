"""The command line of ``python -m emulator``."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from emulator import faults, server, stack
from emulator.evaluator.errors import EngineError
from emulator.recordings import Recording

Number = TypeVar("Number", int, float)

_HELP = """Serving {what} on {url} (stop with Ctrl-C). In Python:

{lines}

"""
_ANYONE = """import ee; from google.auth.credentials import AnonymousCredentials
ee.Initialize(AnonymousCredentials(), project="emulator", url="{url}")"""
_OWN_ACCOUNT = """import ee
ee.Initialize(project="YOUR-PROJECT", url="{url}")"""

_OTHERS = {
    "compare": ("emulator.recordings.compare", "a recording with its own answers"),
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
        status: int | None = module.main(given[1:])
        return status or 0
    return serve(given[1:] if given[:1] == ["serve"] else given)


def serve(arguments: Sequence[str]) -> int:
    """Serves until SIGTERM or SIGINT.

    Returns:
        The exit status: 1 if the port is taken, 2 if an option is wrong.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    try:
        setup = _setup(options)
        service = stack.service(setup)
    except (OSError, ValueError, EngineError) as error:
        parser.error(str(error))
    try:
        running = server.start(service, options.port)
    except OSError as error:
        service.close()
        sys.stderr.write(f"Cannot listen on port {options.port}: {error.strerror}\n")
        return 1
    recording = setup.recording
    lines = (_OWN_ACCOUNT if recording.record else _ANYONE).format(url=running.url)
    sys.stdout.write(_HELP.format(url=running.url, what=_what(setup), lines=lines))
    sys.stdout.flush()
    stopped.wait()
    running.close(server.GRACE_S)
    service.close()
    if told := recording.summary(service.stats()):
        sys.stdout.write(f"{told}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    others = "\n".join(f"  {name:10} {what}" for name, (_, what) in _OTHERS.items())
    parser = argparse.ArgumentParser(
        prog="python -m emulator [serve]",
        description="An Earth Engine of synthetic imagery on 127.0.0.1.",
        epilog=f"other commands:\n{others}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=_port, default=8085, help="port to listen on")
    parser.add_argument(
        "--workers",
        type=_count,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes that evaluate (default: as many as there are cores); "
        "0 evaluates in the server's own",
    )
    parser.add_argument(
        "--log", type=Path, metavar="FILE", help="add a line of JSON for each request"
    )
    parser.add_argument(
        "--latency",
        type=_seconds,
        default=0.0,
        metavar="S",
        help="seconds that each value and pixel request lasts longer",
    )
    parser.add_argument(
        "--faults",
        type=Path,
        metavar="YAML",
        help="what shall go wrong: see docs/faults.md",
    )
    local = parser.add_argument_group("local files (see docs/catalog.md)")
    local.add_argument(
        "--catalog", type=Path, metavar="DIR", help="serve its GeoTIFFs as assets, too"
    )
    local.add_argument(
        "--catalog-only",
        action="store_true",
        help="serve them alone, without the synthetic Earth",
    )
    recording = parser.add_argument_group("recordings (see docs/recordings.md)")
    recording.add_argument(
        "--record",
        type=Path,
        metavar="DIR",
        help="ask a real engine, store its answers",
    )
    recording.add_argument(
        "--upstream", metavar="URL", help="that engine (default: Google's)"
    )
    recording.add_argument(
        "--replay", type=Path, metavar="DIR", help="answer from a recording"
    )
    recording.add_argument(
        "--strict", action="store_true", help="refuse what it does not hold"
    )
    recording.add_argument(
        "--computed",
        type=Path,
        metavar="FILE",
        help="list what it does not hold here (default: DIR/computed.jsonl)",
    )
    return parser


def _what(setup: stack.Setup) -> str:
    """Returns what is served, in a few words."""
    rest = setup.recording.served()
    if setup.catalog is None or setup.recording.record or setup.recording.replay:
        return rest
    return str(setup.catalog) + ("" if setup.catalog_only else f" over {rest}")


def _setup(options: argparse.Namespace) -> stack.Setup:
    """Returns what the options ask for.

    Raises:
        OSError: A file cannot be read.
        ValueError: A file is wrong, or options contradict one another.
    """
    if options.catalog_only and options.catalog is None:
        raise ValueError("--catalog-only needs --catalog DIR")
    return stack.Setup(
        workers=options.workers,
        log=options.log,
        latency_s=options.latency,
        faults=faults.load(options.faults) if options.faults else faults.Plan(),
        recording=Recording(
            options.record,
            options.upstream,
            options.replay,
            options.strict,
            options.computed,
        ),
        catalog=options.catalog,
        catalog_only=options.catalog_only,
    )


def _port(text: str) -> int:
    return _within(int(text), 65535)


def _count(text: str) -> int:
    return _within(int(text), 1024)


def _seconds(text: str) -> float:
    return _within(float(text), 86400.0)


def _within(value: Number, most: Number) -> Number:
    # Not ">": that lets NaN pass.
    if not 0 <= value <= most:
        raise argparse.ArgumentTypeError(f"must be from 0 to {most}, not {value}")
    return value

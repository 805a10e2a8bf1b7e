"""SIGINT and SIGTERM: a run ends within seconds, and what was finished is kept.

Nothing needs to be saved then: every tile is in a shard or a journal from the moment
it is made. So requests in flight, which may last minutes, are not waited for.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

from pipeline.console import complain
from pipeline.exits import STOPPED

PATIENCE_S = 5.0
"""Seconds after a signal until the process ends, whatever it is doing."""


class Interrupts:
    """Whether a signal came.

    Attributes:
        came: It did.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments
        self.came = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handles a signal: raises in the main thread, and makes sure of the end."""
        if not self.came:
            self.came = True
            threading.Timer(PATIENCE_S, self.leave).start()
        raise KeyboardInterrupt

    def leave(self) -> NoReturn:
        """Says how to go on, and ends this process and those it started."""
        command = shlex.join(["python", "-m", "pipeline", *self._arguments])
        complain(f"interrupted; what was finished is kept. To go on:\n  {command}")
        sys.stdout.flush()
        sys.stderr.flush()
        for pid in _descendants(os.getpid()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # Threads that wait for answers would hold up an ordinary exit.
        os._exit(STOPPED)


@contextmanager
def interruptible(arguments: Sequence[str]) -> Iterator[Interrupts]:
    """Lets signals end the block at once, the process with it.

    Outside of the main thread signals cannot be handled, and are not.

    Args:
        arguments: Of the command line, for the message.
    """
    interrupts = Interrupts(arguments)
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    kept = {n: signal.signal(n, interrupts) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupts
    except BaseException:
        # Runners wrap what was raised in one of their threads.
        if interrupts.came:
            interrupts.leave()
        raise
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _descendants(pid: int) -> list[int]:
    """Returns the processes that a process started, and they, as Linux tells."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, children.read_text("ascii").split()):
                found += [child, *_descendants(child)]
    return found

"""Which engine to talk to, as plain values that travel to workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

STANDARD = "https://earthengine.googleapis.com"
HIGH_VOLUME = "https://earthengine-highvolume.googleapis.com"

EMULATOR_PROJECT = "emulator"


@dataclass(frozen=True)
class Engine:
    """What answers Earth Engine's API.

    Holds no secret: credentials are found on the worker.

    Attributes:
        kind: ``emulator`` runs in this process, ``url`` is any server that needs no
            credentials (our emulator's HTTP door), ``google`` is Earth Engine.
        project: Cloud project that requests are counted against.
        url: Base address for ``url`` and ``google``.
        service_account_file: Key file for ``google``; empty for application-default
            credentials.
        latency: Seconds that the in-process emulator waits in each request.
        catalog: Folder of local files that the in-process emulator serves; empty for
            none.
        catalog_only: Whether it serves them without the synthetic Earth.
    """

    kind: Literal["emulator", "url", "google"] = "emulator"
    project: str = EMULATOR_PROJECT
    url: str = ""
    service_account_file: str = ""
    latency: float = 0.0
    catalog: str = ""
    catalog_only: bool = False

    def describe(self) -> str:
        """Returns what a user reads of the engine, in one line."""
        if self.kind == "emulator" and self.catalog_only:
            return f"the built-in emulator, over the files of {self.catalog} alone"
        if self.kind == "emulator" and self.catalog:
            return (
                f"the built-in emulator, over the files of {self.catalog}: all other "
                "imagery is SYNTHETIC, not of the Earth"
            )
        if self.kind == "emulator":
            return "the built-in emulator: the imagery is SYNTHETIC, not of the Earth"
        if self.kind == "url":
            return f"{self.url} (no credentials are sent)"
        return f"Google Earth Engine, project {self.project}, {self.url}"


@dataclass(frozen=True)
class Budget:
    """How much one process may ask of the engine.

    Attributes:
        concurrent: Requests in flight at once.
        per_second: Requests begun in a second.
    """

    concurrent: int = 40
    per_second: float = 100.0

    def share(self, processes: int) -> Budget:
        """Returns one process's part, so that all together keep the budget.

        Raises:
            ValueError: There are more processes than requests to share out.
        """
        if processes > self.concurrent:
            raise ValueError(
                f"{processes} worker processes can't share "
                f"--max_concurrent_requests={self.concurrent}: "
                "use fewer workers or allow more requests"
            )
        return Budget(self.concurrent // processes, self.per_second / processes)


@dataclass(frozen=True)
class Patience:
    """How long to try.

    Attributes:
        attempts: Requests at most that the engine took up; those that it refused,
            because there were too many, are bounded by time alone.
        seconds: No new request after so many seconds.
        request_seconds: For one request, from connecting to the last byte.
    """

    attempts: int = 12
    seconds: float = 900.0
    request_seconds: float = 330.0

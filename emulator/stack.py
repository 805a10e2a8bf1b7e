"""Where an emulator is put together: a catalogue, an engine, the layers around it.

A door asks the outermost layer; each asks the one inside of it:

log → counts → tokens → quota → faults → thumbnails → recording → engine

The engine may be worker processes, each with one of its own.

All that is remembered is remembered here, in the door's process; the engine, or each
worker process's own, remembers nothing.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from pathlib import Path

from emulator import faults
from emulator.engine import Engine
from emulator.faults.plan import Latency, Plan
from emulator.layers.counting import Counting
from emulator.layers.log import Log
from emulator.layers.thumbnails import Thumbnails
from emulator.recordings import Recording
from emulator.service import Service
from emulator.source import Catalogue
from emulator.workers import Workers


@dataclass(frozen=True)
class Setup:
    """What an emulator is made of. Picklable: worker processes get it as it is.

    Attributes:
        workers: Processes that evaluate; 0 for this process alone.
        log: A file that gets a line a request; None for no log.
        latency_s: Seconds that each value and pixel request lasts longer.
        faults: What shall go wrong.
        recording: A real engine's answers, to be stored or given again.
        catalog: A folder of local files, served over the planet; None for none.
        catalog_only: Whether they are served without the planet.
    """

    workers: int = 0
    log: Path | None = None
    latency_s: float = 0.0
    faults: Plan = Plan()  # noqa: RUF009 (frozen)
    recording: Recording = Recording()  # noqa: RUF009 (frozen)
    catalog: Path | None = None
    catalog_only: bool = False


def catalogue(setup: Setup) -> Catalogue:
    """Returns the assets that an emulator serves.

    Raises:
        CatalogueError: Something in the folder of local files is wrong.
    """
    # Imported here: a catalogue of local files alone needs no planet, and the planet
    # no GeoTIFFs.
    if setup.catalog is None:
        import emulator.catalogue

        return emulator.catalogue.earth()
    from emulator.local import Layered, LocalFiles

    files = LocalFiles.of(setup.catalog)
    if setup.catalog_only:
        return files
    import emulator.catalogue

    return Layered(files, emulator.catalogue.earth())


def engine(setup: Setup) -> Service:
    """Returns what evaluates, without the layers: each worker has one."""
    return Engine(catalogue(setup))


def service(setup: Setup = Setup()) -> Service:
    """Returns a whole emulator, for a door to ask.

    Raises:
        CatalogueError: Something in the folder of local files is wrong.
        OSError: The log or the recording cannot be opened.
        ValueError: The recording is none, or its upstream no good address.
    """
    make = functools.partial(engine, setup)
    inner = setup.recording.service(
        lambda: Workers(make, setup.workers) if setup.workers else make()
    )
    try:
        return around(inner, setup)
    except OSError:
        inner.close()
        raise


def around(inner: Service, setup: Setup = Setup()) -> Service:
    """Returns an engine with the layers around it.

    Args:
        inner: What evaluates: an engine, or processes that have one each.
        setup: Which layers.

    Raises:
        OSError: The log cannot be opened.
    """
    plan = setup.faults
    if setup.latency_s:
        plan = replace(plan, latency=(*plan.latency, Latency(setup.latency_s)))
    inner = Counting(faults.layers(Thumbnails(inner), plan))
    return Log(inner, setup.log) if setup.log else inner

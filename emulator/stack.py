"""Where an emulator is put together: a catalogue, an engine, the layers around it.

A door asks the outermost layer; each asks the one inside of it:

log → counts → tokens → quota → faults → thumbnails → worker processes or the engine

All that is remembered is remembered here, in the door's process; the engine, or each
worker process's own, remembers nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from emulator.engine import Engine
from emulator.layers.counting import Counting
from emulator.layers.delay import Delay
from emulator.layers.thumbnails import Thumbnails
from emulator.service import Service
from emulator.source import Catalogue


@dataclass(frozen=True)
class Setup:
    """What an emulator is made of. Picklable: worker processes get it as it is.

    Attributes:
        latency_s: Seconds that each value and pixel request lasts longer.
    """

    latency_s: float = 0.0


def catalogue(setup: Setup) -> Catalogue:
    """Returns the assets that an emulator serves."""
    # Imported here: a catalogue of local files alone needs no planet.
    import emulator.catalogue

    return emulator.catalogue.earth()


def service(setup: Setup = Setup()) -> Service:
    """Returns a whole emulator, for a door to ask."""
    return around(Engine(catalogue(setup)), setup)


def around(engine: Service, setup: Setup = Setup()) -> Service:
    """Returns an engine with the layers around it.

    Args:
        engine: What evaluates: an engine, or processes that have one each.
        setup: Which layers.
    """
    return Counting(Delay(Thumbnails(engine), setup.latency_s))

"""An Earth Engine that runs here, over a synthetic planet."""

from emulator.default import default_engine
from emulator.engine import Engine, Response
from emulator.transport import Transport

__all__ = ["Engine", "Response", "Transport", "default_engine"]

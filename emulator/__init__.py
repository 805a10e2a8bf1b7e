"""An Earth Engine that runs here, over a synthetic planet."""

from emulator.default import default_engine
from emulator.engine import Engine
from emulator.service import Response, Service
from emulator.stack import Setup, around, service
from emulator.transport import Transport

__all__ = [
    "Engine",
    "Response",
    "Service",
    "Setup",
    "Transport",
    "around",
    "default_engine",
    "service",
]

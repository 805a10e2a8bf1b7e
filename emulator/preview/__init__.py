"""One sheet with every layer of a place, for the eye.

``python -m emulator preview --lon 9.5 --lat 56`` asks the in-process engine what any
client would ask it, through the client library, and draws the answers as a PNG.
"""

from emulator.preview.command import main

__all__ = ["main"]

"""Answers of a real engine, recorded, replayed, and compared with the emulator's.

``docs/recordings.md`` says how to use it. Record and replay lie inside of the layer
that keeps thumbnails (:mod:`emulator.layers.thumbnails`): it hands them the GET of a
thumbnail's pixels together with the request that made the thumbnail.
"""

from emulator.recordings.options import Recording
from emulator.recordings.recorder import Recorder
from emulator.recordings.replayer import Replayer
from emulator.recordings.store import RecordingError, Store
from emulator.recordings.upstream import Upstream

__all__ = ["Recorder", "Recording", "RecordingError", "Replayer", "Store", "Upstream"]

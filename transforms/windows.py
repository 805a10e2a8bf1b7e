"""The global window, which is the only one that a batch has."""

from __future__ import annotations

from typing import Any

from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue


def in_global_window(value: Any) -> WindowedValue:
    """Wraps a value for the output of ``finish_bundle``."""
    window = GlobalWindow()
    return WindowedValue(value, window.max_timestamp(), [window])

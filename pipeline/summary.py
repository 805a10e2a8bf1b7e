"""The few lines at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataset.paths import DatasetPaths


def summary(paths: DatasetPaths, record: Mapping[str, Any]) -> str:
    """Words what came of a run, from its ``run.json``."""
    counts = record["counts"]
    lines = [
        "",
        f"dataset   {paths.h5}  ({_size(record['dataset_bytes'])})",
        f"tiles     {counts['asked']} asked, {counts['made']} made, "
        f"{counts['failed']} failed",
    ]
    lines += [
        f"          {number:>6} {reason}"
        for reason, number in counts["failed_by_reason"].items()
    ]
    if counts["failed"]:
        lines.append(f"          see {paths.failures}")
    if counts["missing_modalities"]:
        missing = ", ".join(
            f"{name} {number}" for name, number in counts["missing_modalities"].items()
        )
        lines.append(f"missing   {missing} (tiles; filled with no-data)")
    lines += [_requests(record), f"time      {_duration(record['seconds'])}"]
    return "\n".join(lines)


def _requests(record: Mapping[str, Any]) -> str:
    requests = record["requests"]
    total = sum(requests.values())
    kinds = ", ".join(f"{number} {kind}" for kind, number in requests.items())
    per_tile = total / max(1, record["counts"]["asked"])
    text = (
        f"requests  {total} ({kinds}), {per_tile:.2f} a tile; "
        f"{_size(record['response_bytes'])} received"
    )
    counted = record["engine_counted"]
    if counted is not None:
        text += f"; the engine itself counted {counted['total']}"
    return text


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.2f} TB"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"

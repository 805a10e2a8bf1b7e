"""``python -m emulator compare DIR``: the emulator's fidelity, as a number."""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from emulator import stack
from emulator.evaluator.errors import EngineError
from emulator.recordings.comparison import Comparison, Row, fidelity
from emulator.recordings.differences import RTOL, Part
from emulator.recordings.store import RecordingError, Store

_LABEL = 44


@dataclass(frozen=True)
class Total:
    """A band over all requests.

    Attributes:
        name: Of the band.
        requests: In which it is.
        part: All its pixels.
    """

    name: str
    requests: int
    part: Part


def band_totals(rows: Iterable[Row]) -> list[Total]:
    """Adds the pixels of bands of the same name over all requests."""
    by_name: dict[str, list[Part]] = defaultdict(list)
    for row in rows:
        for part in row.parts:
            if part.name:
                by_name[part.name].append(part)
    return [Total(name, len(parts), _sum(parts)) for name, parts in by_name.items()]


def _sum(parts: Sequence[Part]) -> Part:
    compared = sum(part.compared for part in parts)
    total = sum((part.mean_abs or 0.0) * part.compared for part in parts)
    highest = [part.max_abs for part in parts if part.max_abs is not None]
    return Part(
        parts[0].name,
        sum(part.count for part in parts),
        sum(part.equal for part in parts),
        max(highest, default=None),
        total / compared if compared else None,
        compared,
    )


def _figures(part: Part) -> str:
    def number(value: float | None) -> str:
        return f"{'-' if value is None else format(value, '.4g'):>10}"

    share = f"{part.share:9.3%}" if part.count else f"{'-':>9}"
    return f"{part.count:>10} {share} {number(part.max_abs)} {number(part.mean_abs)}"


def row_text(row: Row) -> str:
    """Returns a request's lines of the table."""
    what = f"{row.key[:8]} {row.kind} {row.file_format}"
    label = row.label if len(row.label) <= _LABEL else f"{row.label[: _LABEL - 1]}…"
    same = "same bytes" if row.identical else f"{row.fidelity:.3%} equal"
    lines = [f"{what:34} {label:{_LABEL}} {row.theirs} {row.ours}  {same}"]
    for part in row.parts:
        if not row.identical and (part.count or part.notes):
            lines.append(f"    {part.name or '·':20} {_figures(part)}")
            lines += [f"        {note}" for note in part.notes]
    return "\n".join(lines)


def summary_text(rows: list[Row]) -> str:
    """Returns the end of the table: bands, kinds, refusals, one number."""
    lines = []
    if totals := band_totals(rows):
        lines.append(
            f"{'band':24} {'requests':>8} {'pixels':>10} {'equal':>9} "
            f"{'max |d|':>10} {'mean |d|':>10}"
        )
        lines += [
            f"{one.name:24} {one.requests:>8} {_figures(one.part)}" for one in totals
        ]
        lines.append("")
    for kind in dict.fromkeys(row.kind for row in rows):
        chosen = [row for row in rows if row.kind == kind]
        mean = sum(row.fidelity for row in chosen) / len(chosen)
        same = sum(row.identical for row in chosen)
        lines.append(
            f"{kind:20} {len(chosen):>6} requests, {same} of the same bytes, "
            f"{mean:.3%} equal"
        )
    refused = [row for row in rows if row.theirs == 200 and row.message]
    if refused:
        lines += ["", f"{len(refused)} requests that only the emulator refuses:"]
        lines += sorted({f"    {row.message}" for row in refused})
    counted = sum(row.counts for row in rows)
    lines += ["", f"Fidelity {fidelity(rows):.4%} over {counted} requests"]
    return "\n".join(lines)


def as_json(rows: list[Row]) -> dict[str, Any]:
    """Returns all figures as JSON."""
    return {
        "fidelity": fidelity(rows),
        "requests": [
            {**asdict(row), "fidelity": row.fidelity, "counts": row.counts}
            for row in rows
        ],
        "bands": [
            {"requests": one.requests, "share": one.part.share, **asdict(one.part)}
            for one in band_totals(rows)
        ],
    }


def main(arguments: Sequence[str]) -> int:
    """Compares a recording with the emulator's own answers.

    Args:
        arguments: Of the command line.

    Returns:
        The exit status: 0; 1 if the fidelity is less than asked for; 2 if there is
        no recording, it is empty or damaged, or the local files are wrong.
    """
    options = _parser().parse_args(arguments)
    rows: list[Row] = []
    try:
        store = Store(options.recording)
        setup = stack.Setup(catalog=options.catalog)
        comparison = Comparison(stack.catalogue(setup), options.rtol)
        for entry in store.entries():
            rows.append(comparison.row(entry))
            sys.stdout.write(row_text(rows[-1]) + "\n")
            sys.stdout.flush()
        if not any(row.counts for row in rows):
            raise RecordingError(f"{options.recording} holds no answers")
    except (RecordingError, EngineError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"\n{summary_text(rows)}\n")
    if options.json is not None:
        text = json.dumps(as_json(rows), indent=2, ensure_ascii=False)
        options.json.write_text(text + "\n", "utf-8")
    if fidelity(rows) < options.fail_under:
        sys.stderr.write(f"Less than {options.fail_under:.4%}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator compare",
        description="Asks the emulator what was recorded, and compares the answers.",
    )
    parser.add_argument("recording", type=Path, metavar="DIR", help="the recording")
    parser.add_argument(
        "--catalog",
        type=Path,
        metavar="FILES",
        help="answer from local GeoTIFFs first (see docs/catalog.md)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write figures here")
    parser.add_argument(
        "--fail-under",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="exit with 1 if the fidelity is less (0 to 1)",
    )
    parser.add_argument(
        "--rtol",
        type=float,
        default=RTOL,
        help="relative difference at which floating-point numbers still are equal",
    )
    return parser

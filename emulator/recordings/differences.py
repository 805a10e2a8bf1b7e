"""How much of one answer is in another: pixels, JSON, errors."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.recordings.decoded import Band, Pixels
from emulator.unconfirmed import POISON

RTOL = 1e-6
"""Relative difference of floating-point numbers that still are equal: ten times the
step of float32, for sums may be made in another order."""
_ATOL = 1e-9
_NOTED = 3
"""Differences that are spelt out; more are counted."""


@dataclass(frozen=True)
class Part:
    """A part of an answer compared: a band, or the leaves of a JSON tree.

    Attributes:
        name: Of the band; empty if the answer has one part only.
        count: Pixels or leaves, in either answer.
        equal: Those that are equal.
        max_abs: Greatest absolute difference of numbers; None if there are none.
        mean_abs: Mean absolute difference, over those in both.
        compared: Numbers in both: what ``mean_abs`` is the mean of.
        notes: What else differs, in words.
    """

    name: str
    count: int
    equal: int
    max_abs: float | None = None
    mean_abs: float | None = None
    compared: int = 0
    notes: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Share of equal pixels or leaves, 1 if there are none."""
        return self.equal / self.count if self.count else 1.0


def pixel_parts(
    theirs: Pixels,
    ours: Pixels,
    masked: Mapping[str, npt.NDArray[np.bool_]],
    rtol: float = RTOL,
) -> list[Part]:
    """Compares pixels band by band.

    Args:
        theirs: As recorded.
        ours: As the emulator answers now.
        masked: Where the emulator masks a band, for formats that do not say.
        rtol: See :data:`RTOL`; integers must be equal.
    """
    parts = []
    facts = tuple(
        f"{name} {theirs.facts.get(name)}, here {ours.facts.get(name)}"
        for name in sorted({*theirs.facts, *ours.facts})
        if theirs.facts.get(name) != ours.facts.get(name)
    )
    for name, there in theirs.bands.items():
        here = ours.bands.get(name)
        if here is None:
            part = Part(name, there.values.size, 0, notes=("missing here",))
        else:
            part = _band(name, there, here, masked.get(name), rtol)
        parts.append(part)
    for name, here in ours.bands.items():
        if name not in theirs.bands:
            parts.append(Part(name, here.values.size, 0, notes=("only here",)))
    if facts:
        # Of the answer, not of a band: it has no pixels of its own.
        parts.append(Part("", 0, 0, notes=facts))
    return parts


def _band(
    name: str,
    theirs: Band,
    ours: Band,
    masked: npt.NDArray[np.bool_] | None,
    rtol: float,
) -> Part:
    there, here = theirs.values, ours.values
    if there.shape != here.shape:
        note = f"shape {there.shape}, here {here.shape}"
        return Part(name, there.size, 0, notes=(note,))
    notes = []
    if there.dtype != here.dtype:
        notes.append(f"dtype {there.dtype}, here {here.dtype}")
    if theirs.valid is not None and ours.valid is not None:
        both = theirs.valid & ours.valid
        neither = ~theirs.valid & ~ours.valid
        if one := int((theirs.valid != ours.valid).sum()):
            notes.append(f"{one} pixels masked in one only")
    else:
        hidden = np.zeros(there.shape, np.bool_) if masked is None else masked
        both = ~hidden
        neither = hidden & _is_fill(there)
        if hidden.any():
            notes.append(_fill_note(there[hidden]))
    x, y = there[both], here[both]
    equal = int(_equal(x, y, rtol).sum()) + int(neither.sum())
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(x.astype(np.float64) - y.astype(np.float64))
        apart = apart[np.isfinite(apart)]
        highest = float(apart.max(initial=0.0))
        mean = float(apart.mean()) if apart.size else 0.0
    return Part(name, there.size, equal, highest, mean, apart.size, tuple(notes))


def _equal(
    x: npt.NDArray[Any], y: npt.NDArray[Any], rtol: float
) -> npt.NDArray[np.bool_]:
    if x.dtype.kind == "f" or y.dtype.kind == "f":
        close: npt.NDArray[np.bool_] = np.isclose(
            x, y, rtol=rtol, atol=0.0, equal_nan=True
        )
        return close
    return np.asarray(x == y)


def _is_fill(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where there is a value that an engine may put under a mask.

    What Google's writes is not documented: zero, the least of the dtype, infinity and
    NaN are taken, and the wild values of an emulator.
    """
    dtype = values.dtype
    if dtype.kind == "f":
        least, other = np.finfo(dtype).min, ~np.isfinite(values)
    elif dtype.kind in "iu":
        least, other = np.iinfo(dtype).min, np.zeros(values.shape, np.bool_)
    else:
        return np.asarray(values == 0)
    wild = np.asarray(POISON.get(dtype.name, 0), dtype)
    fill: npt.NDArray[np.bool_] = (values == 0) | (values == least) | (values == wild)
    return np.asarray(fill | other)


def _fill_note(values: npt.NDArray[Any]) -> str:
    found, counts = np.unique(values, return_counts=True)
    most = counts.argmax()
    return (
        f"{values.size} pixels masked here, of which {counts[most] / values.size:.0%} "
        f"are {found[most]} there"
    )


def masked_of(plain: Pixels, wild: Pixels) -> dict[str, npt.NDArray[np.bool_]]:
    """Returns where each band is masked, from two answers of the emulator.

    Args:
        plain: Masked pixels are 0.
        wild: Masked pixels are wild.
    """
    return {
        name: _differ(band.values, wild.bands[name].values)
        for name, band in plain.bands.items()
    }


def _differ(x: npt.NDArray[Any], y: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    return np.asarray((x != y) & ~((x != x) & (y != y)))


def json_part(theirs: Any, ours: Any, rtol: float = RTOL) -> Part:
    """Compares JSON trees leaf by leaf.

    Lists of objects that all have a name or an id of their own are compared by it,
    and their order is one leaf more.

    Args:
        theirs: As recorded.
        ours: As the emulator answers now.
        rtol: See :data:`RTOL`; whole numbers must be equal.
    """
    there, here = dict(_leaves(theirs, "")), dict(_leaves(ours, ""))
    equal, apart, notes = 0, [], []
    for path in dict.fromkeys((*there, *here)):
        if path not in here:
            notes.append(f"{path}: missing here")
            continue
        if path not in there:
            notes.append(f"{path}: only here")
            continue
        x, y = there[path], here[path]
        if _is_number(x) and _is_number(y):
            apart.append(abs(x - y))
        if _same(x, y, rtol):
            equal += 1
        else:
            notes.append(f"{path}: {_short(x)}, here {_short(y)}")
    if len(notes) > _NOTED:
        notes[_NOTED:] = [f"and {len(notes) - _NOTED} more"]
    return Part(
        "",
        len({*there, *here}),
        equal,
        max(apart) if apart else None,
        math.fsum(apart) / len(apart) if apart else None,
        len(apart),
        tuple(notes),
    )


def _leaves(tree: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, list) and (names := _names(tree)):
        yield f"{path}[order]", names
        items = [(f"{path}[{n}]", item) for n, item in zip(names, tree, strict=True)]
    elif isinstance(tree, list):
        items = [(f"{path}[{i}]", item) for i, item in enumerate(tree)]
    elif isinstance(tree, dict):
        items = [(f"{path}.{key}", item) for key, item in tree.items()]
    else:
        items = []
    if not items:
        yield path, tree
    for inner, item in items:
        yield from _leaves(item, inner)


def _names(items: list[Any]) -> list[str]:
    for field in ("id", "name"):
        names = [i.get(field) if isinstance(i, dict) else None for i in items]
        if names and all(isinstance(name, str) for name in names):
            counts = Counter(names)
            if max(counts.values()) == 1:
                return [str(name) for name in names]
    return []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(x: Any, y: Any, rtol: float) -> bool:
    if _is_number(x) and _is_number(y):
        if isinstance(x, float) or isinstance(y, float):
            return math.isclose(x, y, rel_tol=rtol, abs_tol=_ATOL)
        return bool(x == y)
    return type(x) is type(y) and x == y


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

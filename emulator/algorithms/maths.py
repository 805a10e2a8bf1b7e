"""Arithmetic, comparison and logic of images, pixel by pixel."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.evaluator import pixeltype
from emulator.evaluator.context import Pixels
from emulator.evaluator.errors import EngineError
from emulator.evaluator.image import Band, Image
from emulator.evaluator.nodes import PixelwiseNode, pixelwise
from emulator.evaluator.pixeltype import BOOLEAN, DOUBLE, FLOAT, PixelType, union
from emulator.evaluator.projection import UNPROJECTED
from emulator.evaluator.registry import algorithm

Array = npt.NDArray[Any]
Binary = Callable[[Array, Array], Array]
TypeRule = Callable[[PixelType, PixelType], PixelType]


def pairs(name: str, image1: Image, image2: Image) -> list[tuple[str, Band, Band]]:
    """Matches the bands of two images, as the documents of binary operators say.

    One band goes with all of the other image. Equally many go together by name, or
    in order where names differ. Otherwise those of equal name do.

    Returns:
        The output band's name and the two bands.

    Raises:
        EngineError: Nothing matches.
    """
    one, two = image1.bands, image2.bands
    if len(one) == 1 and len(two) != 1:
        return [(band.name, one[0], band) for band in two]
    if len(two) == 1:
        return [(band.name, band, two[0]) for band in one]
    by_name = {band.name: band for band in two}
    if len(one) == len(two) and set(by_name) != {band.name for band in one}:
        return [(a.name, a, b) for a, b in zip(one, two, strict=True)]
    matched = [(a.name, a, by_name[a.name]) for a in one if a.name in by_name]
    if not matched and (one or two):
        raise EngineError(
            f"Image.{name}: No matching bands in [{', '.join(image1.names)}] "
            f"and [{', '.join(image2.names)}]."
        )
    return matched


def combine(
    name: str,
    image1: Image,
    image2: Image,
    rule: TypeRule,
    function: Callable[[Array, Array, np.dtype[Any]], Array],
) -> Image:
    """Returns a binary operator's image, valid where both images are.

    Args:
        name: The operator's.
        image1: Left operands.
        image2: Right operands.
        rule: The output's type by the operands'.
        function: Called with two arrays and the output's dtype.
    """

    def bands() -> list[Band]:
        made = []
        for band_name, a, b in pairs(name, image1, image2):
            kind = rule(a.type, b.type)
            compute = functools.partial(_typed, function, kind.dtype)
            node = pixelwise(compute, a.node, b.node)
            place = a if a.projection != UNPROJECTED else b
            made.append(Band(band_name, kind, place.projection, node))
        return made

    base = image1
    if image1.geometry() is None and image2.geometry() is not None:
        base = image1.with_footprint(image2.geometry())
    return base.computed(bands)


def _typed(function: Any, dtype: np.dtype[Any], a: Array, b: Array) -> Array:
    with np.errstate(all="ignore"):
        result: Array = function(a, b, dtype)
    return result


def _range(low_high: Callable[[int, int], int]) -> TypeRule:
    """Returns the rule of an operator on integers: the range it can reach."""

    def rule(a: PixelType, b: PixelType) -> PixelType:
        joint = union(a, b)
        if joint.precision != "int":
            return joint
        ends = [low_high(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
        return pixeltype.integers(int(min(ends)), int(max(ends)))

    return rule


def _within(function: Binary) -> Callable[[Array, Array, np.dtype[Any]], Array]:
    """Returns an operator that computes in the output's dtype."""

    def compute(a: Array, b: Array, dtype: np.dtype[Any]) -> Array:
        wide = dtype if dtype.kind == "f" else np.dtype(np.int64)
        result = function(a.astype(wide, copy=False), b.astype(wide, copy=False))
        return pixeltype.cast(result, dtype)

    return compute


def _divided_type(a: PixelType, b: PixelType) -> PixelType:
    joint = union(a, b)
    if joint.precision != "int":
        return joint
    return FLOAT if joint.dtype.itemsize <= 2 else DOUBLE


def _divide(a: Array, b: Array) -> Array:
    zero = b == 0
    return np.where(zero, 0, a / np.where(zero, 1, b))


def _remainder(a: Array, b: Array) -> Array:
    zero = b == 0
    return np.where(zero, 0, np.fmod(a, np.where(zero, 1, b)))


def _bits(function: Binary) -> Binary:
    return lambda a, b: function(a.astype(np.int64), b.astype(np.int64))


def _floating(a: PixelType, b: PixelType) -> PixelType:
    return FLOAT if union(a, b) == FLOAT else DOUBLE


def _whole(a: PixelType, b: PixelType) -> PixelType:
    return pixeltype.of_dtype(np.promote_types(a.dtype, b.dtype).name)


def _truth(function: Binary) -> Callable[[Array, Array, np.dtype[Any]], Array]:
    return lambda a, b, dtype: function(a, b).astype(dtype)


_ARITHMETIC: dict[str, tuple[TypeRule, Binary]] = {
    "add": (_range(lambda a, b: a + b), np.add),
    "subtract": (_range(lambda a, b: a - b), np.subtract),
    "multiply": (_range(lambda a, b: a * b), np.multiply),
    "divide": (_divided_type, _divide),
    "mod": (union, _remainder),
    "min": (union, np.minimum),
    "max": (union, np.maximum),
    "first": (union, lambda a, b: a),
    "firstNonZero": (union, lambda a, b: np.where(a != 0, a, b)),
    "pow": (_floating, np.power),
    "hypot": (_floating, np.hypot),
    "atan2": (_floating, lambda a, b: np.arctan2(b, a)),
    "bitwiseAnd": (_whole, _bits(np.bitwise_and)),
    "bitwiseOr": (_whole, _bits(np.bitwise_or)),
    "bitwiseXor": (_whole, _bits(np.bitwise_xor)),
    "leftShift": (lambda a, b: pixeltype.of_dtype("int64"), _bits(np.left_shift)),
    "rightShift": (_whole, _bits(np.right_shift)),
}
"""Operators; ``atan2`` takes x before y, as Earth Engine's does."""

_COMPARISONS: dict[str, Binary] = {
    "eq": np.equal,
    "neq": np.not_equal,
    "lt": np.less,
    "lte": np.less_equal,
    "gt": np.greater,
    "gte": np.greater_equal,
    "and": np.logical_and,
    "or": np.logical_or,
}


def _register_binary(
    name: str,
    rule: TypeRule,
    function: Callable[[Array, Array, np.dtype[Any]], Array],
) -> None:
    @algorithm(f"Image.{name}")
    def operator(image1: Image, image2: Image) -> Image:
        return combine(name, image1, image2, rule, function)


for _name, (_rule, _function) in _ARITHMETIC.items():
    _register_binary(_name, _rule, _within(_function))
for _name, _function in _COMPARISONS.items():
    _register_binary(_name, lambda a, b: BOOLEAN, _truth(_function))


def rounded(values: Array) -> Array:
    """Returns the nearest whole numbers, halves away from zero."""
    whole = np.trunc(values)
    half = np.abs(values - whole) >= 0.5
    result: Array = whole + np.where(half, np.copysign(1.0, values), 0.0)
    return result.astype(values.dtype)


def _same(kind: PixelType) -> PixelType:
    return kind


def _magnitude(kind: PixelType) -> PixelType:
    if kind.precision != "int":
        return kind
    low = 0 if kind.low <= 0 <= kind.high else min(abs(kind.low), abs(kind.high))
    return pixeltype.integers(low, max(abs(kind.low), abs(kind.high)))


def _transcendental(kind: PixelType) -> PixelType:
    return FLOAT if kind == FLOAT else DOUBLE


def _on_floats(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda values: function(values) if values.dtype.kind == "f" else values


_UNARY: dict[str, tuple[Callable[[PixelType], PixelType], Callable[[Array], Array]]] = {
    "round": (_same, _on_floats(rounded)),
    "floor": (_same, _on_floats(np.floor)),
    "ceil": (_same, _on_floats(np.ceil)),
    "abs": (_magnitude, lambda v: np.abs(v if v.dtype.kind == "f" else v.astype("i8"))),
    "not": (lambda kind: BOOLEAN, lambda v: v == 0),
    "signum": (_same, np.sign),
    "sqrt": (_transcendental, np.sqrt),
    "exp": (_transcendental, np.exp),
    "log": (_transcendental, np.log),
    "log10": (_transcendental, np.log10),
    "sin": (_transcendental, np.sin),
    "cos": (_transcendental, np.cos),
    "tan": (_transcendental, np.tan),
    "asin": (_transcendental, np.arcsin),
    "acos": (_transcendental, np.arccos),
    "atan": (_transcendental, np.arctan),
}


def _register_unary(
    name: str,
    rule: Callable[[PixelType], PixelType],
    function: Callable[[Array], Array],
) -> None:
    def changed(band: Band) -> Band:
        kind = rule(band.type)

        def compute(pixels: Pixels) -> Pixels:
            values, mask = pixels
            wide = values.astype(kind.dtype) if kind.precision != "int" else values
            with np.errstate(all="ignore"):
                result = function(wide)
            return pixeltype.cast(result, kind.dtype), mask

        node = PixelwiseNode(compute, (band.node,))
        return Band(band.name, kind, band.projection, node)

    @algorithm(f"Image.{name}")
    def operator(value: Image) -> Image:
        return value.computed(lambda: [changed(band) for band in value.bands])


for _name, (_kind, _change) in _UNARY.items():
    _register_unary(_name, _kind, _change)


@algorithm("Image.clamp")
def clamp(input: Image, low: float, high: float) -> Image:
    """Returns values held between two limits."""

    def changed(band: Band) -> Band:
        dtype = band.type.dtype
        node = pixelwise(
            lambda v: pixeltype.cast(np.clip(v, low, high), dtype), band.node
        )
        return Band(band.name, band.type, band.projection, node)

    return input.each_band(changed)


@algorithm("Image.unitScale")
def unit_scale(input: Image, low: float, high: float) -> Image:
    """Returns values scaled so that two limits become 0 and 1, as double."""

    def changed(band: Band) -> Band:
        node = pixelwise(
            lambda v: (v.astype(np.float64) - low) / (high - low), band.node
        )
        return Band(band.name, DOUBLE, band.projection, node)

    return input.each_band(changed)


@algorithm("Image.normalizedDifference")
def normalized_difference(input: Image, band_names: list[str] | None) -> Image:
    """Returns (first - second) / (first + second), masked where either is negative."""
    names = band_names or input.names[:2]
    if len(names) != 2:
        raise EngineError("Image.normalizedDifference: Two bands are needed.")

    def compute(one: Pixels, two: Pixels) -> Pixels:
        a, b = one[0].astype(np.float64), two[0].astype(np.float64)
        both = a + b
        values = np.where(both != 0, (a - b) / np.where(both == 0, 1, both), 0)
        mask = one[1] & two[1] & (a >= 0) & (b >= 0) & (both != 0)
        return values.astype(np.float32), mask

    first, second = input.band(names[0]), input.band(names[1])
    node = PixelwiseNode(compute, (first.node, second.node))
    return input.computed([Band("nd", FLOAT, first.projection, node)])

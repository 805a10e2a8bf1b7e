"""Numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from emulator.evaluator.errors import EngineError
from emulator.evaluator.registry import algorithm


def _divide(a: float, b: float) -> float:
    return 0.0 if b == 0 else a / b


def _remainder(a: float, b: float) -> float:
    if b == 0:
        return 0
    whole = isinstance(a, int) and isinstance(b, int)
    return int(math.fmod(a, b)) if whole else math.fmod(a, b)


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": _divide,
    "mod": _remainder,
    "min": min,
    "max": max,
    "first": lambda a, b: a,
    "firstNonZero": lambda a, b: a if a != 0 else b,
    "pow": lambda a, b: a**b if a != 0 or b >= 0 else math.inf,
    "hypot": math.hypot,
    "atan2": lambda a, b: math.atan2(b, a),
    "eq": lambda a, b: int(a == b),
    "neq": lambda a, b: int(a != b),
    "lt": lambda a, b: int(a < b),
    "lte": lambda a, b: int(a <= b),
    "gt": lambda a, b: int(a > b),
    "gte": lambda a, b: int(a >= b),
    "and": lambda a, b: int(a != 0 and b != 0),
    "or": lambda a, b: int(a != 0 or b != 0),
    "bitwiseAnd": lambda a, b: int(a) & int(b),
    "bitwiseOr": lambda a, b: int(a) | int(b),
    "bitwiseXor": lambda a, b: int(a) ^ int(b),
    "leftShift": lambda a, b: int(a) << int(b),
    "rightShift": lambda a, b: int(a) >> int(b),
}


def _round(value: float) -> int:
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


_UNARY: dict[str, Callable[[Any], Any]] = {
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": _round,
    "not": lambda v: int(v == 0),
    "signum": lambda v: (v > 0) - (v < 0),
    "sqrt": math.sqrt,
    "cbrt": math.cbrt,
    "exp": math.exp,
    "log": math.log,
    "log10": math.log10,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
}


def _register_binary(name: str, function: Callable[[Any, Any], Any]) -> None:
    @algorithm(f"Number.{name}")
    def operator(left: float, right: float) -> Any:
        return _guarded(name, lambda: function(left, right))


def _register_unary(name: str, function: Callable[[Any], Any]) -> None:
    @algorithm(f"Number.{name}")
    def operator(input: float) -> Any:
        return _guarded(name, lambda: function(input))


def _guarded(name: str, compute: Callable[[], Any]) -> Any:
    try:
        return compute()
    except (ValueError, OverflowError) as error:
        raise EngineError(f"Number.{name}: {error}.") from error


for _name, _two in _BINARY.items():
    _register_binary(_name, _two)
for _name, _one in _UNARY.items():
    _register_unary(_name, _one)


@algorithm("Number.clamp")
def clamp(number: float, min: float, max: float) -> float:
    """Returns a number held between two limits."""
    return max if number > max else min if number < min else number


@algorithm("Number.unitScale")
def unit_scale(number: float, min: float, max: float) -> float:
    """Returns a number scaled so that two limits become 0 and 1."""
    return (number - min) / (max - min)


@algorithm("Number.format")
def format_(number: float, pattern: str) -> str:
    """Returns a number as text by a printf pattern."""
    try:
        return pattern % (int(number) if pattern.endswith("d") else number)
    except (TypeError, ValueError) as error:
        raise EngineError(f"Number.format: Pattern '{pattern}': {error}.") from error


@algorithm("Number.parse")
def parse(input: str, radix: int) -> float:
    """Returns the number that a text spells."""
    try:
        return int(input, radix)
    except ValueError:
        pass
    try:
        return float(input)
    except ValueError:
        raise EngineError(f"Number.parse: '{input}' is no number.") from None

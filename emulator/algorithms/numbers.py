"""Numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from emulator.evaluator.errors import EngineError
from emulator.evaluator.registry import algorithm

_LONGEST = 2**63


def _kept(value: Any) -> Any:
    """Returns a number as 64 bits hold it: what is no long becomes a double."""
    if isinstance(value, int) and not -_LONGEST <= value < _LONGEST:
        return float(value)
    return value


def _long(value: float) -> int:
    """Returns a number's whole part, turned over at 64 bits."""
    return (int(value) + _LONGEST) % (2 * _LONGEST) - _LONGEST


def _divide(a: float, b: float) -> float:
    return 0.0 if b == 0 else a / b


def _remainder(a: float, b: float) -> float:
    if b == 0:
        return 0
    whole = isinstance(a, int) and isinstance(b, int)
    return abs(a) % abs(b) * (-1 if a < 0 else 1) if whole else math.fmod(a, b)


def _power(a: float, b: float) -> Any:
    if isinstance(a, int) and isinstance(b, int) and 0 <= b < 64:
        return _kept(a**b)
    return float(np.float64(a) ** np.float64(b))


Binary = Callable[[Any, Any], Any]

_BINARY: dict[str, tuple[Binary, str]] = {
    "add": (lambda a, b: _kept(a + b), "the sum"),
    "subtract": (lambda a, b: _kept(a - b), "the difference"),
    "multiply": (lambda a, b: _kept(a * b), "the product"),
    "divide": (_divide, "the quotient, 0 for a division by 0"),
    "mod": (_remainder, "the remainder, with the first number's sign"),
    "min": (min, "the lesser number"),
    "max": (max, "the greater number"),
    "first": (lambda a, b: a, "the first number"),
    "firstNonZero": (
        lambda a, b: a if a != 0 else b,
        "the first number unless it is 0, else the second",
    ),
    "pow": (_power, "the first number to the power of the second"),
    "hypot": (math.hypot, "the length of the vector of both"),
    "atan2": (lambda a, b: math.atan2(b, a), "the angle of the vector [x, y]"),
    "eq": (lambda a, b: int(a == b), "1 if both are equal, else 0"),
    "neq": (lambda a, b: int(a != b), "1 if the two differ, else 0"),
    "lt": (lambda a, b: int(a < b), "1 if the first is less, else 0"),
    "lte": (lambda a, b: int(a <= b), "1 if the first is not greater, else 0"),
    "gt": (lambda a, b: int(a > b), "1 if the first is greater, else 0"),
    "gte": (lambda a, b: int(a >= b), "1 if the first is not less, else 0"),
    "and": (lambda a, b: int(a != 0 and b != 0), "1 if neither is 0, else 0"),
    "or": (lambda a, b: int(a != 0 or b != 0), "1 if one is not 0, else 0"),
    "bitwiseAnd": (lambda a, b: _long(a) & _long(b), "the bits that both have"),
    "bitwiseOr": (lambda a, b: _long(a) | _long(b), "the bits that one has"),
    "bitwiseXor": (lambda a, b: _long(a) ^ _long(b), "the bits that only one has"),
    "leftShift": (
        lambda a, b: _long(_long(a) << (int(b) & 63)),
        "the first number's bits moved up",
    ),
    "rightShift": (
        lambda a, b: _long(a) >> (int(b) & 63),
        "the first number's bits moved down",
    ),
}


def _whole(function: Callable[[float], int]) -> Callable[[float], Any]:
    def of(value: float) -> Any:
        return function(value) if math.isfinite(value) else value

    return of


def _round(value: float) -> int:
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


_UNARY: dict[str, tuple[Callable[[Any], Any], str]] = {
    "abs": (abs, "the absolute value"),
    "floor": (_whole(math.floor), "the greatest whole number not above"),
    "ceil": (_whole(math.ceil), "the least whole number not below"),
    "round": (_whole(_round), "the nearest whole number, halves away from 0"),
    "not": (lambda v: int(v == 0), "1 for 0, else 0"),
    "signum": (lambda v: (v > 0) - (v < 0), "the sign, -1, 0 or 1"),
    "sqrt": (np.sqrt, "the square root"),
    "cbrt": (np.cbrt, "the cubic root"),
    "exp": (np.exp, "e to the power of the number"),
    "log": (np.log, "the natural logarithm"),
    "log10": (np.log10, "the logarithm to base 10"),
    "sin": (np.sin, "the sine of radians"),
    "cos": (np.cos, "the cosine of radians"),
    "tan": (np.tan, "the tangent of radians"),
    "asin": (np.arcsin, "the arc sine in radians"),
    "acos": (np.arccos, "the arc cosine in radians"),
    "atan": (np.arctan, "the arc tangent in radians"),
    "sinh": (np.sinh, "the hyperbolic sine"),
    "cosh": (np.cosh, "the hyperbolic cosine"),
    "tanh": (np.tanh, "the hyperbolic tangent"),
}


def _computed(function: Callable[..., Any], *numbers: float) -> Any:
    """Returns a function's value; not a number where it has none, as doubles do."""
    with np.errstate(all="ignore"):
        found = function(*numbers)
    return float(found) if isinstance(found, np.floating) else found


def _register_binary(name: str, function: Binary, meaning: str) -> None:
    def operator(left: float, right: float) -> Any:
        return _computed(function, left, right)

    operator.__doc__ = f"Returns {meaning}."
    algorithm(f"Number.{name}")(operator)


def _register_unary(name: str, function: Callable[[Any], Any], meaning: str) -> None:
    def operator(input: float) -> Any:
        return _computed(function, input)

    operator.__doc__ = f"Returns {meaning}."
    algorithm(f"Number.{name}")(operator)


for _name, _two in _BINARY.items():
    _register_binary(_name, *_two)
for _name, _one in _UNARY.items():
    _register_unary(_name, *_one)


@algorithm("Number.clamp")
def clamp(number: float, min: float, max: float) -> float:
    """Returns a number held between two limits."""
    return max if number > max else min if number < min else number


@algorithm("Number.unitScale")
def unit_scale(number: float, min: float, max: float) -> float:
    """Returns a number scaled so that two limits become 0 and 1; 0 if they are one."""
    return 0.0 if max == min else (number - min) / (max - min)


_PATTERN = re.compile(
    r"(?P<before>[^%]*)%(?P<flags>[#\-+ 0,(]*)(?P<width>\d*)"
    r"(?P<precision>\.\d+)?(?P<kind>[sdoxXeEfgGaA])(?P<after>[^%]*)"
)


@algorithm("Number.format")
def format_(number: float, pattern: str) -> str:
    """Returns a number as text by a pattern of Java's ``Formatter``."""
    match = _PATTERN.fullmatch(pattern)
    if match is None:
        raise EngineError(f"Number.format: Invalid pattern '{pattern}'.")
    flags, kind = match["flags"], match["kind"]
    width, precision = int(match["width"] or 0), match["precision"] or ""
    if width > 1000 or len(precision) > 4:
        raise EngineError(f"Number.format: Invalid pattern '{pattern}'.")
    grouped = "," if "," in flags else ""
    if kind in "doxX":
        size = abs(int(number))
        text = f"{size:{'#' if '#' in flags else ''}{grouped}{kind}}"
    elif kind == "s":
        return match["before"] + _padded(str(number), width, flags) + match["after"]
    elif kind in "aA":
        text = float(abs(number)).hex()
    else:
        text = f"{abs(number):{'#' if kind in 'gG' else ''}{grouped}{precision}{kind}}"
        text = text.removesuffix(".")
    negative = number < 0 and (kind not in "doxX" or int(number) != 0)
    before, after = "", ""
    if negative:
        before, after = ("(", ")") if "(" in flags else ("-", "")
    elif "+" in flags or " " in flags:
        before = "+" if "+" in flags else " "
    if "0" in flags:
        text = text.rjust(width - len(before) - len(after), "0")
    text = _padded(before + text + after, width, flags)
    return match["before"] + text + match["after"]


def _padded(text: str, width: int, flags: str) -> str:
    return text.ljust(width) if "-" in flags else text.rjust(width)


@algorithm("Number.parse")
def parse(input: str, radix: int) -> Any:
    """Returns the number that a text spells."""
    text = input.strip()
    try:
        if "_" in text:
            raise ValueError
        return _kept(int(text, radix))
    except ValueError:
        pass
    try:
        if "_" in text or radix != 10:
            raise ValueError
        return float(text)
    except ValueError:
        raise EngineError(
            f"Number.parse: '{input}' is no number of radix {radix}."
        ) from None

"""Numbers against Python's own arithmetic, and images against numbers.

What Python has not is by the client's words: ``mod`` has Java's sign, text is
formatted by Java's ``Formatter``, a division by 0 gives 0.
"""

import math
import operator

import ee
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.evaluator.registry import registered

PAIRS = [(7, 2), (-7, 2), (7.5, -2), (0, 3), (3, 0), (-5.25, 1.5), (6, 6)]
HALF_UP = [(2.5, 3), (-2.5, -3), (0.4, 0), (-0.6, -1), (1e300, 1e300)]


def number(name, **arguments):
    return registered()[f"Number.{name}"].call(arguments, None)


BINARY = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": lambda a, b: a / b if b else 0,
    "mod": lambda a, b: math.fmod(a, b) if b else 0,
    "min": min,
    "max": max,
    "first": lambda a, b: a,
    "firstNonZero": lambda a, b: a or b,
    "first_nonzero": lambda a, b: a or b,
    "hypot": math.hypot,
    "atan2": lambda a, b: math.atan2(b, a),
    "eq": operator.eq,
    "neq": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "and": lambda a, b: bool(a) and bool(b),
    "or": lambda a, b: bool(a) or bool(b),
}
BITS = {
    "bitwiseAnd": operator.and_,
    "bitwiseOr": operator.or_,
    "bitwiseXor": operator.xor,
    "bitwise_and": operator.and_,
    "bitwise_or": operator.or_,
    "bitwise_xor": operator.xor,
    "leftShift": operator.lshift,
    "left_shift": operator.lshift,
    "rightShift": operator.rshift,
    "right_shift": operator.rshift,
}
UNARY = {
    "abs": (abs, [-3, 2.5]),
    "floor": (math.floor, [2.7, -2.7]),
    "ceil": (math.ceil, [2.2, -2.2]),
    "not": (lambda v: v == 0, [0, 4]),
    "signum": (np.sign, [-3.5, 0, 9]),
    "sqrt": (math.sqrt, [2, 16]),
    "cbrt": (math.cbrt, [-27, 2]),
    "exp": (math.exp, [-1, 2.5]),
    "log": (math.log, [0.5, 10]),
    "log10": (math.log10, [1000, 7]),
    "sin": (math.sin, [1, -2]),
    "cos": (math.cos, [1, -2]),
    "tan": (math.tan, [1, -2]),
    "asin": (math.asin, [0.5]),
    "acos": (math.acos, [0.5]),
    "atan": (math.atan, [-3]),
    "sinh": (math.sinh, [1.5]),
    "cosh": (math.cosh, [1.5]),
    "tanh": (math.tanh, [1.5]),
}
CASTS = {
    "uint8": ("uint8", "toUint8", "byte", "toByte"),
    "int8": ("int8", "toInt8"),
    "uint16": ("uint16", "toUint16"),
    "int16": ("int16", "toInt16", "short", "toShort"),
    "uint32": ("uint32", "toUint32"),
    "int32": ("int32", "toInt32", "int", "toInt"),
    "int64": ("int64", "toInt64", "long", "toLong"),
    "float32": ("float", "toFloat"),
    "float64": ("double", "toDouble"),
}
VALUES = [-1e12, -300.7, -1.5, 0, 1.9, 130, 70000.2, 3e9]


def cast(value, dtype):
    """Towards zero, clamped: the documents' cast."""
    if dtype.startswith("float"):
        return float(np.dtype(dtype).type(value))
    info = np.iinfo(dtype)
    return min(max(math.trunc(value), info.min), info.max)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("pair", PAIRS)
def test_two_numbers(name, pair):
    found = number(name, left=pair[0], right=pair[1])
    assert found == pytest.approx(float(BINARY[name](*pair)), rel=1e-15)


@pytest.mark.parametrize("name", BITS)
@settings(max_examples=30)
@given(left=st.integers(-(2**62), 2**62), right=st.integers(0, 30))
def test_bits(left, right, name):
    found = number(name, left=left, right=right)
    expected = BITS[name](left, right)
    assert found == (expected + 2**63) % 2**64 - 2**63


def test_bits_turn_over_at_64():
    assert number("leftShift", left=1, right=63) == -(2**63)
    assert number("leftShift", left=1, right=64) == 1
    assert number("bitwiseNot", input=5) == number("bitwise_not", input=5) == -6
    assert number("bitCount", input=-1) == 64
    assert number("bitCount", input=0b1011) == 3


@pytest.mark.parametrize("name", UNARY)
def test_one_number(name):
    function, values = UNARY[name]
    for value in values:
        assert number(name, input=value) == pytest.approx(float(function(value)))


@pytest.mark.parametrize(("value", "expected"), HALF_UP)
def test_rounding(value, expected):
    assert number("round", input=value) == expected


@pytest.mark.parametrize("dtype", CASTS)
@pytest.mark.parametrize("value", VALUES)
def test_casts(dtype, value):
    for name in CASTS[dtype]:
        assert number(name, input=value) == cast(value, dtype)


def test_numbers_without_a_value_are_not_numbers_and_the_large_are_doubles():
    assert math.isnan(number("sqrt", input=-1))
    assert number("log", input=0) == -math.inf
    assert number("exp", input=1000) == math.inf
    assert math.isnan(number("pow", left=-8, right=1 / 3))
    assert number("pow", left=2, right=-1) == 0.5
    assert number("pow", left=3, right=4) == 81
    assert number("pow", left=10, right=40) == 1e40
    assert number("pow", left=10, right=10**9) == math.inf
    assert number("multiply", left=2**62, right=4) == 2.0**64
    assert isinstance(number("add", left=2**63 - 1, right=1), float)
    assert math.isnan(number("floor", input=math.nan))


def test_limits():
    assert number("clamp", number=9, min=1, max=5) == 5
    assert number("clamp", number=-9, min=1, max=5) == 1
    assert number("unitScale", number=15, min=10, max=20) == 0.5
    assert number("unitScale", number=25, min=10, max=20) == 1.5
    assert number("unitScale", number=25, min=10, max=10) == 0


@pytest.mark.parametrize(
    ("value", "pattern", "text"),
    [
        # The first four are the reference's, the rest Java's Formatter.
        (1, "%03d", "001"),
        (1.23476, "%.1f", "1.2"),
        (1.23476, "%.3f", "1.235"),
        (123476, "%.3e", "1.235e+05"),
        (3.14159, "%.2f", "3.14"),
        (42, "%05d", "00042"),
        (-42, "%05d", "-0042"),
        (42, "%+d", "+42"),
        (1234567.891, "%,.2f", "1,234,567.89"),
        (-5, "%(d", "(5)"),
        (255, "%x", "ff"),
        (255, "%X", "FF"),
        (8, "%o", "10"),
        (7, "%-4d|", "7   |"),
        (7, "no. %4d", "no.    7"),
        (2019.0, "%d", "2019"),
        (0.0001234, "%g", "0.000123400"),
        (5, "%s", "5"),
    ],
)
def test_format(value, pattern, text):
    assert number("format", number=value, pattern=pattern) == text


@pytest.mark.parametrize("pattern", ["", "%", "%d %d", "%q", "%99999999d"])
def test_patterns_of_no_sense(pattern):
    with pytest.raises(Exception, match="Invalid pattern"):
        number("format", number=1, pattern=pattern)


@pytest.mark.parametrize(
    ("text", "radix", "value"),
    [("12", 10, 12), ("-1.5e3", 10, -1500), ("ff", 16, 255), (" 7 ", 10, 7)],
)
def test_parse(text, radix, value):
    assert number("parse", input=text, radix=radix) == value


@pytest.mark.parametrize(("text", "radix"), [("1_0", 10), ("x", 10), ("1.5", 2)])
def test_what_is_no_number(text, radix):
    with pytest.raises(Exception, match="is no number"):
        number("parse", input=text, radix=radix)


@pytest.fixture
def two(world, utm):
    """Two images of doubles, and their arrays."""
    random = np.random.default_rng(7)
    arrays = random.integers(-40, 40, (2, 128, 128)) / 4.0
    arrays[:, :4] = np.round(arrays[:, :4])
    for name, values in zip("ab", arrays, strict=True):
        world.add(name, {"v": (utm, values)})
    return ee.Image("a"), ee.Image("b"), arrays[0], arrays[1]


def pixels(world, image, utm):
    return world.pixels(image, utm)["v"].astype(float)


def applied(name, *images):
    keys = ("image1", "image2") if len(images) == 2 else ("value",)
    return ee.Image(
        ee.ApiFunction.apply_(f"Image.{name}", dict(zip(keys, images, strict=True)))
    )


@pytest.mark.parametrize(
    "name", [n for n in BINARY if f"Image.{n}" in registered() and n != "mod"]
)
def test_two_images(world, utm, two, name):
    one, other, a, b = two
    found = pixels(world, applied(name, one, other).unmask(-9), utm)
    expected = np.vectorize(BINARY[name], otypes=[float])(a, b)
    assert np.allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("name", BITS)
def test_bits_of_images(world, utm, name):
    random = np.random.default_rng(3)
    a, b = random.integers(0, 2**15, (128, 128)), random.integers(0, 8, (128, 128))
    world.add("a", {"v": (utm, a.astype("uint16"))})
    world.add("b", {"v": (utm, b.astype("uint8"))})
    found = pixels(world, applied(name, ee.Image("a"), ee.Image("b")), utm)
    assert np.array_equal(found, BITS[name](a, b))


def test_bits_of_one_image(world, utm):
    a = np.arange(128 * 128).reshape(128, 128)
    world.add("a", {"v": (utm, a.astype("uint16"))})
    for name in ("bitwiseNot", "bitwise_not"):
        assert np.array_equal(pixels(world, applied(name, ee.Image("a")), utm), ~a)
    counts = np.array([value.bit_count() for value in a.ravel().tolist()])
    found = pixels(world, applied("bitCount", ee.Image("a")), utm)
    assert np.array_equal(found.ravel(), counts)


@pytest.mark.parametrize("name", [n for n in UNARY if f"Image.{n}" in registered()])
def test_one_image(world, utm, name):
    function, _ = UNARY[name]
    domain = np.linspace(0.01, 0.99, 128 * 128).reshape(128, 128)
    world.add("a", {"v": (utm, domain)})
    found = pixels(world, applied(name, ee.Image("a")), utm)
    expected = np.vectorize(function, otypes=[float])(domain)
    assert np.allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", CASTS)
def test_casts_of_images(world, utm, dtype):
    values = np.resize(np.array(VALUES, float), (128, 128))
    world.add("a", {"v": (utm, values)})
    for name in CASTS[dtype]:
        found = world.pixels(applied(name, ee.Image("a")), utm)["v"]
        assert found[0, :8].tolist() == [cast(v, dtype) for v in VALUES]


def test_scaled_and_normalised(world, utm, two):
    one, other, a, b = two
    found = pixels(world, one.unitScale(-10, 10), utm)
    assert np.allclose(found, (a + 10) / 20)
    both = ee.Image.cat(one.abs(), other.abs().add(1)).rename(["x", "y"])
    ratio = world.pixels(both.normalizedDifference(["x", "y"]), utm)["nd"]
    x, y = abs(a), abs(b) + 1
    assert np.allclose(ratio, (x - y) / (x + y), rtol=1e-6)

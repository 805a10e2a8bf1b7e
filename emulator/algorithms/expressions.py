"""Texts as functions of images or numbers.

The grammar is that of the guide "Mathematical Operations": arithmetic, relations,
logic and the ternary operator, ``b("name")`` and ``b(0)``, ``image.band`` and
``image["band"]``, and functions by the names of the images' methods. Operators bind
as in JavaScript.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from emulator.algorithms.maths import pairs
from emulator.evaluator.coerce import coercer
from emulator.evaluator.context import Context, Pixels
from emulator.evaluator.image import Band, Image
from emulator.evaluator.nodes import PixelwiseNode
from emulator.evaluator.pixeltype import union
from emulator.evaluator.projection import UNPROJECTED
from emulator.evaluator.registry import algorithm, lookup
from emulator.evaluator.signatures import signatures
from emulator.evaluator.tokens import Tokens, number

_LEVELS: tuple[dict[str, str], ...] = (
    {"||": "or"},
    {"&&": "and"},
    {"|": "bitwiseOr"},
    {"^": "bitwiseXor"},
    {"&": "bitwiseAnd"},
    {"==": "eq", "!=": "neq"},
    {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"},
    {"<<": "leftShift", ">>": "rightShift"},
    {"+": "add", "-": "subtract"},
    {"*": "multiply", "/": "divide", "%": "mod"},
)
"""Binary operators, the loosest first."""

Values = Mapping[str, Any]
Term = Callable[[Values], Any]

_image: Callable[[Any], Image] = coercer("Image<unknown bands>")


@dataclass(frozen=True, eq=False)
class Expression:
    """A parsed text: called with its variables by name."""

    term: Term

    def by_name(self, arguments: Values) -> Any:
        """Returns the image."""
        return _image(self.term(arguments))


@algorithm("Image.parseExpression")
def parse_expression(
    expression: str,
    arg_name: str,
    vars: list[str],
    map_free_vars_to_default_image_bands: bool,
    context: Context,
) -> Expression:
    """Returns the function of images that a text means."""
    parser = _Images(Tokens(expression, "Image.parseExpression"), vars, context)
    parser.argument = arg_name
    parser.free = map_free_vars_to_default_image_bands
    return Expression(parser.whole())


@algorithm("Number.expression")
def number_expression(
    expression: str, vars: dict[str, Any] | None, context: Context
) -> Any:
    """Returns the number that a text means."""
    known = vars or {}
    parser = _Parser(Tokens(expression, "Number.expression"), list(known), context)
    return parser.whole()(known)


def chosen(test: Image, yes: Image, no: Image) -> Image:
    """Returns one image's pixels where a test is not zero, else the other's.

    Pixels are masked where the test is, or the image that was chosen.
    """

    def compute(dtype: np.dtype[Any], *inputs: Pixels) -> Pixels:
        (tested, known), (one, one_mask), (two, two_mask) = inputs
        take = tested != 0
        values = np.where(take, one.astype(dtype), two.astype(dtype))
        return values, known & np.where(take, one_mask, two_mask)

    def bands() -> list[Band]:
        tests = {name: band for name, _, band in pairs("where", yes, test)}
        made = []
        for name, a, b in pairs("where", yes, no):
            condition = tests.get(name, test.bands[0])
            kind = union(a.type, b.type)
            nodes = (condition.node, a.node, b.node)
            node = PixelwiseNode(functools.partial(compute, kind.dtype), nodes)
            placed = [
                band.projection
                for band in (a, b, condition)
                if band.projection != UNPROJECTED
            ]
            made.append(Band(name, kind, (*placed, UNPROJECTED)[0], node))
        return made

    return test.computed(bands)


class _Parser:
    """Recursive descent, a method a level of the grammar; of numbers."""

    kind = "Number"

    def __init__(self, tokens: Tokens, names: list[str], context: Context) -> None:
        self.tokens = tokens
        self.names = names
        self.context = context

    def whole(self) -> Term:
        """Returns the meaning of the whole text."""
        term = self._ternary()
        self.tokens.end()
        return term

    def choose(self, test: Any, yes: Callable[[], Any], no: Callable[[], Any]) -> Any:
        """Returns one of two numbers."""
        return yes() if test else no()

    def members(self, term: Term, names: list[Any]) -> Term:
        """Returns an entry of a variable."""
        (name,) = names

        def entry(values: Values) -> Any:
            try:
                return term(values)[name]
            except (KeyError, IndexError, TypeError):
                raise self.tokens.wrong(f"there is no '{name}'") from None

        return entry

    def variable(self, name: str) -> Term:
        """Returns a variable."""
        if name in self.names:
            return lambda values: values[name]
        if name == "Math" and self.kind == "Number":
            return lambda _: {"PI": math.pi, "E": math.e}
        raise self.tokens.wrong(f"unknown variable '{name}'")

    def _ternary(self) -> Term:
        test = self._binary(0)
        if not self.tokens.take("?"):
            return test
        yes = self._ternary()
        self.tokens.expect(":")
        no = self._ternary()
        return lambda values: self.choose(
            test(values), lambda: yes(values), lambda: no(values)
        )

    def _binary(self, level: int) -> Term:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while True:
            kind, sign = self.tokens.peek()
            name = _LEVELS[level].get(sign) if kind == "sign" else None
            if name is None:
                return left
            self.tokens.next()
            left = self._joined(name, left, self._binary(level + 1))

    def _joined(self, name: str, *terms: Term) -> Term:
        call = self._call(name)
        return lambda values: call(*(term(values) for term in terms))

    def _unary(self) -> Term:
        if self.tokens.take("+"):
            return self._unary()
        if self.tokens.take("-"):
            return self._negative(self._unary())
        if self.tokens.take("!"):
            return self._joined("not", self._unary())
        if self.tokens.take("~"):
            return self._joined("bitwiseNot", self._unary())
        base = self._postfix()
        if self.tokens.take("**"):
            return self._joined("pow", base, self._unary())
        return base

    def _negative(self, term: Term) -> Term:
        subtract = self._call("subtract")

        def negative(values: Values) -> Any:
            value = term(values)
            return -value if isinstance(value, int | float) else subtract(0, value)

        return negative

    def _postfix(self) -> Term:
        term = self._atom()
        while True:
            if self.tokens.take("."):
                kind, name = self.tokens.next()
                if kind != "name":
                    raise self.tokens.wrong(f"expected a name before '{name}'")
                term = self.members(term, [name])
            elif self.tokens.take("["):
                term = self.members(term, self.listed(self._literal, "]"))
            else:
                return term

    def _literal(self) -> Any:
        kind, text = self.tokens.next()
        if kind == "text":
            return text[1:-1]
        if kind == "number":
            return number(text)
        raise self.tokens.wrong(f"expected a name or a number before '{text}'")

    def _atom(self) -> Term:
        if self.tokens.take("("):
            inner = self._ternary()
            self.tokens.expect(")")
            return inner
        kind, text = self.tokens.next()
        if kind == "number":
            return lambda _: number(text)
        if kind != "name":
            raise self.tokens.wrong(f"unexpected '{text}'")
        return self.call(text) if self.tokens.take("(") else self.variable(text)

    def listed(self, item: Callable[[], Any], end: str = ")") -> list[Any]:
        """Reads what stands between commas up to a bracket."""
        items: list[Any] = []
        while not self.tokens.take(end):
            if items:
                self.tokens.expect(",")
            items.append(item())
        return items

    def call(self, name: str) -> Term:
        """Reads the call of a function, from behind its bracket on."""
        terms = self.listed(self._ternary)
        if f"{self.kind}.{name}" not in signatures():
            raise self.tokens.wrong(f"unknown function '{name}'")
        if name in ("min", "max"):
            call = self._call(name)
            return lambda values: functools.reduce(call, (t(values) for t in terms))
        return self._joined(name, *terms)

    def _call(self, name: str) -> Callable[..., Any]:
        found = lookup(f"{self.kind}.{name}")
        known = [argument.name for argument in signatures()[found.name].arguments]

        def call(*values: Any) -> Any:
            if len(values) > len(known):
                raise self.tokens.wrong(f"too many arguments for {name}")
            given = dict(zip(known, values, strict=False))
            return found.call(given, self.context)

        return call


class _Images(_Parser):
    """The same of images.

    Attributes:
        argument: The variable whose bands ``b()`` takes.
        free: Whether other names mean bands of it.
    """

    kind = "Image"
    argument = ""
    free = False

    def choose(self, test: Any, yes: Callable[[], Any], no: Callable[[], Any]) -> Any:
        """Returns an image with the pixels of two."""
        return chosen(_image(test), _image(yes()), _image(no()))

    def whole(self) -> Term:
        """Returns the meaning of the text; ``x = a + b`` names the only band."""
        kind, name = self.tokens.peek()
        if kind != "name" or self.tokens.peek(1) != ("sign", "="):
            return super().whole()
        self.tokens.next()
        self.tokens.expect("=")
        term, rename = super().whole(), lookup("Image.rename")
        return lambda values: rename.call(
            {"input": _image(term(values)), "names": [name]}, self.context
        )

    def members(self, term: Term, names: list[Any]) -> Term:
        """Returns bands of an image."""
        return self._bands(term, names)

    def variable(self, name: str) -> Term:
        """Returns an image, or a band of the default one."""
        if self.free and name not in self.names:
            return self._bands(self._default, [name])
        return super().variable(name)

    def call(self, name: str) -> Term:
        """Reads ``b(...)`` or the call of a function."""
        if name != "b" or name in self.names:
            return super().call(name)
        selectors = self.listed(self._literal)
        return self._bands(self._default, selectors) if selectors else self._default

    def _default(self, values: Values) -> Any:
        return values[self.argument]

    def _bands(self, term: Term, selectors: list[Any]) -> Term:
        select = lookup("Image.select")

        def selected(values: Values) -> Any:
            arguments = {"input": term(values), "bandSelectors": selectors}
            return select.call(arguments, self.context)

        return selected

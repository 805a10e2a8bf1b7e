"""``Filter.expression``: a text as a filter, such as ``CLOUD < 10 && !(MODE == "EW")``.

A name is a property; a text in quotes or a number is a value.
"""

from __future__ import annotations

from emulator.evaluator.filters import And, Filter, Not, Operand, Or
from emulator.evaluator.registry import algorithm, lookup
from emulator.evaluator.tokens import Tokens, number

_RELATIONS = {
    "==": "equals",
    "=": "equals",
    "!=": "notEquals",
    "<": "lessThan",
    "<=": "lessThanOrEquals",
    ">": "greaterThan",
    ">=": "greaterThanOrEquals",
}


@algorithm("Filter.expression")
def filter_expression(expression: str) -> Filter:
    """Returns the filter that a text means."""
    tokens = Tokens(expression, "Filter.expression")
    found = _either(tokens)
    tokens.end()
    return found


def _either(tokens: Tokens) -> Filter:
    parts = [_both(tokens)]
    while tokens.take("||") or _word(tokens, "or"):
        parts.append(_both(tokens))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _both(tokens: Tokens) -> Filter:
    parts = [_one(tokens)]
    while tokens.take("&&") or _word(tokens, "and"):
        parts.append(_one(tokens))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _word(tokens: Tokens, word: str) -> bool:
    kind, text = tokens.peek()
    if kind != "name" or text.lower() != word:
        return False
    tokens.next()
    return True


def _one(tokens: Tokens) -> Filter:
    if tokens.take("!") or _word(tokens, "not"):
        return Not(_one(tokens))
    if tokens.take("("):
        inner = _either(tokens)
        tokens.expect(")")
        return inner
    left = _operand(tokens)
    kind, sign = tokens.next()
    if kind != "sign" or sign not in _RELATIONS:
        raise tokens.wrong(f"expected a relation before '{sign}'")
    right = _operand(tokens)
    if left.name is None and right.name is None:
        raise tokens.wrong("one side must be a property")
    sides = {
        ("leftField" if left.name is not None else "leftValue"): (
            left.name if left.name is not None else left.value
        ),
        ("rightField" if right.name is not None else "rightValue"): (
            right.name if right.name is not None else right.value
        ),
    }
    found: Filter = lookup(f"Filter.{_RELATIONS[sign]}").call(sides, None)
    return found


def _operand(tokens: Tokens) -> Operand:
    negative = tokens.take("-")
    kind, text = tokens.next()
    if kind == "number":
        value = number(text)
        return Operand(None, -value if negative else value)
    if negative:
        raise tokens.wrong(f"expected a number before '{text}'")
    if kind == "text":
        return Operand(None, text[1:-1])
    if kind != "name":
        raise tokens.wrong(f"unexpected '{text}'")
    while tokens.take(":"):
        # Properties such as system:index.
        text = f"{text}:{tokens.next()[1]}"
    return Operand(text, None)

"""What the canned engine must understand of an expression: next to nothing.

An expression is ``{"result": key, "values": {key: node}}``, where a node is a
constant, a reference to another, an array, a dictionary or a function's invocation
(REST reference, ``Expression`` and ``ValueNode``).
"""

from __future__ import annotations

from typing import Any

_DTYPES = {
    "Image.toUint8": "uint8",
    "Image.toInt8": "int8",
    "Image.toUint16": "uint16",
    "Image.toInt16": "int16",
    "Image.toUint32": "uint32",
    "Image.toInt32": "int32",
    "Image.toFloat": "float32",
    "Image.toDouble": "float64",
}


class UnknownExpressionError(Exception):
    """The canned engine has no answer to this."""


def inputs_of(expression: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the list that a planning question maps over, one entry a tile."""
    values = expression["values"]
    name, arguments = _call(values[expression["result"]], values)
    if name != "List.map":
        raise UnknownExpressionError(f"a planning question that is {name}")
    inputs: list[dict[str, Any]] = _constant(arguments["list"], values)
    return inputs


def bands_of(expression: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Returns name and dtype of each band of an image, in order.

    It follows ``rename`` over a cast, and ``addBands``; all else is not looked at.
    """
    values = expression["values"]
    return tuple(_bands(values[expression["result"]], values))


def _bands(node: dict[str, Any], values: dict[str, Any]) -> list[tuple[str, str]]:
    name, arguments = _call(node, values)
    if name == "Image.addBands":
        first, second = arguments["dstImg"], arguments["srcImg"]
        return [*_bands(first, values), *_bands(second, values)]
    if name == "Image.rename":
        cast, _ = _call(arguments["input"], values)
        names = _constant(arguments["names"], values)
        if cast in _DTYPES:
            return [(band, _DTYPES[cast]) for band in names]
    raise UnknownExpressionError(f"an image whose bands come from {name}")


def _call(
    node: dict[str, Any], values: dict[str, Any]
) -> tuple[str, dict[str, dict[str, Any]]]:
    node = _followed(node, values)
    invocation = node.get("functionInvocationValue")
    if invocation is None:
        raise UnknownExpressionError(f"no function, but {', '.join(node)}")
    return invocation["functionName"], invocation["arguments"]


def _followed(node: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    while "valueReference" in node:
        node = values[node["valueReference"]]
    return node


def _constant(node: dict[str, Any], values: dict[str, Any]) -> Any:
    node = _followed(node, values)
    if "constantValue" in node:
        return node["constantValue"]
    if "arrayValue" in node:
        return [_constant(item, values) for item in node["arrayValue"]["values"]]
    if "dictionaryValue" in node:
        items = node["dictionaryValue"]["values"].items()
        return {key: _constant(item, values) for key, item in items}
    raise UnknownExpressionError(f"no constant, but {', '.join(node)}")

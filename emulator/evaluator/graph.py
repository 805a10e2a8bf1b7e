"""Reading of expression JSON into a graph of shared, immutable nodes.

An expression is a DAG: ``values`` maps names to nodes and ``valueReference`` points
into it, function bodies included. Structurally equal nodes become one node, so that
what is written twice is still evaluated once.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.evaluator.errors import EngineError


@dataclass(frozen=True, eq=False)
class Node:
    """A node.

    Attributes:
        free: Names of function arguments the node's value depends on.
    """

    free: frozenset[str]


@dataclass(frozen=True, eq=False)
class Constant(Node):
    """A JSON value."""

    value: Any


@dataclass(frozen=True, eq=False)
class ArgumentReference(Node):
    """A function's argument."""

    name: str


@dataclass(frozen=True, eq=False)
class ListNode(Node):
    """A list of nodes."""

    items: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class DictNode(Node):
    """A dictionary of nodes."""

    items: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, eq=False)
class Call(Node):
    """A call of a named algorithm."""

    name: str
    arguments: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, eq=False)
class CallValue(Node):
    """A call of a function that is itself a value."""

    function: Node
    arguments: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, eq=False)
class Definition(Node):
    """A function with named arguments."""

    parameters: tuple[str, ...]
    body: Node


class _Reader:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._by_reference: dict[str, Node | None] = {}
        self._by_structure: dict[Any, Node] = {}

    def reference(self, name: str) -> Node:
        if name in self._by_reference:
            node = self._by_reference[name]
            if node is None:
                raise EngineError(f"Expression value '{name}' refers to itself.")
            return node
        if name not in self._values:
            raise EngineError(f"Expression has no value '{name}'.")
        self._by_reference[name] = None
        node = self._by_reference[name] = self.node(self._values[name])
        return node

    def _interned(self, key: Any, node: Node) -> Node:
        return self._by_structure.setdefault(key, node)

    def _pairs(self, items: Mapping[str, Any]) -> tuple[tuple[str, Node], ...]:
        return tuple((name, self.node(value)) for name, value in items.items())

    def node(self, json: Mapping[str, Any]) -> Node:
        if not isinstance(json, Mapping) or len(json) != 1:
            raise EngineError(f"Malformed expression: no node: {str(json)[:80]}.")
        [(kind, body)] = json.items()
        match kind:
            case "constantValue":
                return self._interned(("c", repr(body)), Constant(frozenset(), body))
            case "integerValue":
                return self._interned(("i", body), Constant(frozenset(), int(body)))
            case "bytesValue":
                return Constant(frozenset(), base64.b64decode(body))
            case "valueReference":
                return self.reference(body)
            case "argumentReference":
                return self._interned(
                    ("a", body), ArgumentReference(frozenset([body]), body)
                )
            case "arrayValue":
                items = tuple(self.node(item) for item in body.get("values", ()))
                return self._interned(
                    ("l", *map(id, items)), ListNode(_free(items), items)
                )
            case "dictionaryValue":
                pairs = self._pairs(body.get("values", {}))
                return self._interned(
                    ("d", *((k, id(v)) for k, v in pairs)),
                    DictNode(_free(v for _, v in pairs), pairs),
                )
            case "functionDefinitionValue":
                names = tuple(body.get("argumentNames", ()))
                inner = self.reference(body["body"])
                return self._interned(
                    ("f", names, id(inner)),
                    Definition(inner.free.difference(names), names, inner),
                )
            case "functionInvocationValue":
                return self._call(body)
        raise EngineError(f"Expression node of unknown kind '{kind}'.")

    def _call(self, body: Mapping[str, Any]) -> Node:
        pairs = self._pairs(body.get("arguments", {}))
        free = _free(value for _, value in pairs)
        key = tuple((name, id(value)) for name, value in pairs)
        if "functionName" in body:
            name = body["functionName"]
            return self._interned(("n", name, key), Call(free, name, pairs))
        function = self.reference(body["functionReference"])
        return self._interned(
            ("v", id(function), key),
            CallValue(free | function.free, function, pairs),
        )


def _free(nodes: Any) -> frozenset[str]:
    return frozenset().union(*(node.free for node in nodes))


def read_expression(expression: Mapping[str, Any]) -> Node:
    """Reads an expression.

    Args:
        expression: ``{"result": name, "values": {name: node}}``.

    Raises:
        EngineError: It is malformed, cyclic or nested too deep.
    """
    try:
        values, result = expression["values"], expression["result"]
        try:
            return _Reader(values).reference(result)
        except RecursionError:
            return _read_in_order(values, result)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise EngineError(f"Malformed expression: {error!r}.") from error
    except RecursionError:
        raise EngineError("Expression is nested too deep.") from None


def _read_in_order(values: Mapping[str, Any], result: str) -> Node:
    """Reads a long chain of references from its end, a value at a time."""
    reader = _Reader(values)
    stack, begun = [result], set()
    while stack:
        name = stack[-1]
        if name in begun:
            reader.reference(stack.pop())
            continue
        begun.add(name)
        stack += [n for n in _names(values.get(name)) if n in values and n not in begun]
    return reader.reference(result)


def _names(json: Any) -> list[str]:
    """Returns every string of a value where it might refer to another."""
    found, rest = [], [json]
    while rest:
        here = rest.pop()
        if isinstance(here, dict):
            for key, inner in here.items():
                if key in _REFERENCES and isinstance(inner, str):
                    found.append(inner)
                else:
                    rest.append(inner)
        elif isinstance(here, list):
            rest += here
    return found


_REFERENCES = frozenset(("valueReference", "body", "functionReference"))

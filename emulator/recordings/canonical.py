"""One form for all expressions that say the same.

Clients number the ``values`` of an expression as they please, write a value once or
twice, and name the arguments of mapped functions by a count of functions that depends
on the former. The canonical form is an expression like the client's, and any engine
takes it, but there is one only for all of these:

- values are numbered in the order in which a walk from the result leaves them;
- equal values are written once, scalars and arguments where they are used;
- arrays and dictionaries of constants are constants;
- arguments of functions are named by how deep functions are nested below, as the
  client means to do (``_MAPPING_VAR_0_0`` is the first argument of an innermost one):
  a function inside has another name than any around it, so that none is captured.

``1`` and ``1.0`` stay apart, for the emulator tells them apart.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from emulator.evaluator import graph

_MAX_SAFE_INTEGER = 2**53
"""Beyond it a ``constantValue``, a double on the wire, would not be exact."""
_LONG_TEXT = 64
"""Longer constants get a place of their own, to be written once."""

Json = dict[str, Any]
_Meaning = tuple[tuple[str, str], ...]


def canonical_text(value: Any) -> str:
    """Returns JSON as text: the same for equal values, whatever the order of keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def canonical_expression(expression: Mapping[str, Any]) -> Json:
    """Returns the canonical form of an expression.

    Args:
        expression: ``{"result": name, "values": {name: node}}``.

    Returns:
        The same, as one expression for all that differ in the names of values and
        arguments, in sharing and in the order of keys only.

    Raises:
        EngineError: It is malformed, cyclic or nested too deep.
    """
    root = graph.read_expression(expression)
    nodes = _inner_first(root)
    keep_names = any(isinstance(n, graph.CallValue) and not _fits(n) for n in nodes)
    writer = _Writer(nodes, keep_names=keep_names)
    result = writer.name_of(writer.write_deep(root))
    return {"result": result, "values": writer.values}


def _children(node: graph.Node) -> Iterable[graph.Node]:
    match node:
        case graph.ListNode():
            yield from node.items
        case graph.DictNode():
            yield from (value for _, value in node.items)
        case graph.Call():
            yield from (value for _, value in node.arguments)
        case graph.CallValue():
            yield node.function
            yield from (value for _, value in node.arguments)
        case graph.Definition():
            yield node.body


def _inner_first(root: graph.Node) -> list[graph.Node]:
    """Returns all nodes, each after those that it is made of; no recursion."""
    made: dict[graph.Node, None] = {}
    left = [root]
    while left:
        node = left[-1]
        if fresh := [child for child in _children(node) if child not in made]:
            left += fresh
        else:
            made[left.pop()] = None
    return list(made)


def _fits(call: graph.CallValue) -> bool:
    """Whether a call names the arguments of a function that is written out.

    Otherwise they may be those of any function.
    """
    if not isinstance(call.function, graph.Definition):
        return False
    names = sorted(name for name, _ in call.arguments)
    return names == sorted(call.function.parameters)


class _Writer:
    """Writes the nodes of one graph, each once for each meaning of its arguments.

    Attributes:
        values: The expression's values so far.
    """

    def __init__(self, nodes: list[graph.Node], *, keep_names: bool) -> None:
        """Prepares to write.

        Args:
            nodes: All that will be written, inner ones first.
            keep_names: Whether functions' arguments keep their names.
        """
        self.values: Json = {}
        self._keep_names = keep_names
        self._names: dict[str, str] = {}
        self._heights: dict[graph.Node, int] = {}
        self._constants: dict[graph.Node, tuple[Any, ...]] = {}
        self._written: dict[tuple[graph.Node, _Meaning], Json] = {}
        for node in nodes:
            below = max((self._heights[n] for n in _children(node)), default=0)
            self._heights[node] = below + isinstance(node, graph.Definition)
            self._constants[node] = self._fold(node)

    def name_of(self, json_node: Json) -> str:
        """Returns the name of a node in :attr:`values`, which it enters if need be."""
        if "valueReference" in json_node:
            name: str = json_node["valueReference"]
            return name
        text = canonical_text(json_node)
        if text not in self._names:
            self._names[text] = str(len(self._names))
            self.values[self._names[text]] = json_node
        return self._names[text]

    def write(self, node: graph.Node, bound: Mapping[str, str]) -> Json:
        """Returns a node to stand where it is used: short, or a reference.

        Args:
            node: The node.
            bound: The new names of the arguments in whose scope it stands.
        """
        meaning = _meaning(node, bound)
        key = (node, meaning)
        if key not in self._written:
            self._written[key] = self._short(self._body(node, dict(meaning)))
        return self._written[key]

    def write_deep(self, root: graph.Node) -> Json:
        """Returns what :meth:`write` does, and numbers as it does, of deep graphs."""
        left: list[tuple[graph.Node, Mapping[str, str]]] = [(root, {})]
        while left:
            node, bound = left[-1]
            fresh = [
                (inner, there)
                for inner, there in self._inputs(node, bound)
                if (inner, _meaning(inner, there)) not in self._written
            ]
            if fresh:
                left += reversed(fresh)
            else:
                self.write(*left.pop())
        return self.write(root, {})

    def _inputs(
        self, node: graph.Node, bound: Mapping[str, str]
    ) -> list[tuple[graph.Node, Mapping[str, str]]]:
        """Returns what :meth:`_body` writes for a node, in that order."""
        if self._constants[node]:
            return []
        match node:
            case graph.ListNode():
                return [(item, bound) for item in node.items]
            case graph.DictNode():
                return [(item, bound) for _, item in sorted(node.items, key=_0)]
            case graph.Call():
                return [(item, bound) for _, item in sorted(node.arguments, key=_0)]
            case graph.CallValue():
                arguments = sorted(self._renamed(node), key=_0)
                return [(item, bound) for item in (node.function, *map(_1, arguments))]
            case graph.Definition():
                return [(node.body, self._inside(node, bound))]
        return []

    def _short(self, json_node: Json) -> Json:
        if "argumentReference" in json_node:
            return json_node
        value = json_node.get("constantValue", ())
        scalar = value is None or isinstance(value, bool | int | float | str)
        if scalar and len(str(value)) <= _LONG_TEXT:
            return json_node
        return {"valueReference": self.name_of(json_node)}

    def _body(self, node: graph.Node, bound: Mapping[str, str]) -> Json:
        if constant := self._constants[node]:
            return {"constantValue": constant[0]}
        match node:
            case graph.Constant():
                return _inexact(node.value)
            case graph.ArgumentReference():
                return {"argumentReference": self._argument(node.name, bound)}
            case graph.ListNode():
                items = [self.write(item, bound) for item in node.items]
                return {"arrayValue": {"values": items}}
            case graph.DictNode():
                return {"dictionaryValue": {"values": self._pairs(node.items, bound)}}
            case graph.Call():
                call = {
                    "functionName": node.name,
                    "arguments": self._pairs(node.arguments, bound),
                }
                return {"functionInvocationValue": call}
            case graph.CallValue():
                return self._call_value(node, bound)
            case graph.Definition():
                inner = self._inside(node, bound)
                body = self.name_of(self.write(node.body, inner))
                names = list(self._parameters(node))
                definition = {"argumentNames": names, "body": body}
                return {"functionDefinitionValue": definition}
        raise TypeError(node)

    def _argument(self, name: str, bound: Mapping[str, str]) -> str:
        # Nothing binds it: its name must not become that of an argument.
        return bound.get(name, name if self._keep_names else f"unbound {name}")

    def _parameters(self, node: graph.Definition) -> tuple[str, ...]:
        if self._keep_names:
            return node.parameters
        height = self._heights[node.body]
        return tuple(f"_MAPPING_VAR_{height}_{i}" for i in range(len(node.parameters)))

    def _inside(
        self, node: graph.Definition, bound: Mapping[str, str]
    ) -> Mapping[str, str]:
        new = self._parameters(node)
        return {**bound, **dict(zip(node.parameters, new, strict=True))}

    def _pairs(
        self, items: Iterable[tuple[str, graph.Node]], bound: Mapping[str, str]
    ) -> Json:
        return {name: self.write(value, bound) for name, value in sorted(items, key=_0)}

    def _call_value(self, node: graph.CallValue, bound: Mapping[str, str]) -> Json:
        function = self.name_of(self.write(node.function, bound))
        call = {
            "functionReference": function,
            "arguments": self._pairs(self._renamed(node), bound),
        }
        return {"functionInvocationValue": call}

    def _renamed(self, node: graph.CallValue) -> list[tuple[str, graph.Node]]:
        if not isinstance(node.function, graph.Definition):
            return list(node.arguments)
        old, new = node.function.parameters, self._parameters(node.function)
        renamed = dict(zip(old, new, strict=True))
        return [(renamed.get(name, name), value) for name, value in node.arguments]

    def _fold(self, node: graph.Node) -> tuple[Any, ...]:
        """Returns the JSON of a node that is but constants, in a tuple, or nothing."""
        match node:
            case graph.Constant() if _is_exact(node.value):
                return (node.value,)
            case graph.ListNode():
                items = [self._constants[item] for item in node.items]
                return ([one[0] for one in items],) if all(items) else ()
            case graph.DictNode():
                pairs = [(key, self._constants[item]) for key, item in node.items]
                whole = all(one for _, one in pairs)
                return ({key: one[0] for key, one in pairs},) if whole else ()
        return ()


def _meaning(node: graph.Node, bound: Mapping[str, str]) -> _Meaning:
    """Returns what the arguments that a node depends on are called."""
    return tuple(sorted((name, bound[name]) for name in node.free if name in bound))


def _0(pair: tuple[str, Any]) -> str:
    return pair[0]


def _1(pair: tuple[str, graph.Node]) -> graph.Node:
    return pair[1]


def _is_exact(value: Any) -> bool:
    """Whether a constant can be a ``constantValue``."""
    return not isinstance(value, bytes) and not (
        type(value) is int and abs(value) > _MAX_SAFE_INTEGER
    )


def _inexact(value: bytes | int) -> Json:
    if isinstance(value, bytes):
        return {"bytesValue": base64.b64encode(value).decode()}
    return {"integerValue": str(value)}

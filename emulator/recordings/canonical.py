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
from emulator.evaluator.errors import EngineError

_MAX_SAFE_INTEGER = 2**53
"""Beyond it a ``constantValue``, a double on the wire, would not be exact."""
_LONG_TEXT = 64
"""Longer constants get a place of their own, to be written once."""

Json = dict[str, Any]


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
    try:
        writer = _Writer(keep_names=_calls_unknown_functions(root))
        result = writer.name_of(writer.write(root, {}))
    except RecursionError:
        raise EngineError("Expression is nested too deep.") from None
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


def _calls_unknown_functions(root: graph.Node) -> bool:
    """Whether a function is called by argument names that may be those of any other."""
    seen, left = {root}, [root]
    while left:
        node = left.pop()
        if isinstance(node, graph.CallValue) and not _fits(node):
            return True
        fresh = set(_children(node)) - seen
        seen |= fresh
        left.extend(fresh)
    return False


def _fits(call: graph.CallValue) -> bool:
    """Whether a call names the arguments of a function that is written out."""
    if not isinstance(call.function, graph.Definition):
        return False
    names = sorted(name for name, _ in call.arguments)
    return names == sorted(call.function.parameters)


class _Writer:
    """Writes the nodes of one graph, each once for each meaning of its arguments.

    Attributes:
        values: The expression's values so far.
    """

    def __init__(self, *, keep_names: bool) -> None:
        self.values: Json = {}
        self._keep_names = keep_names
        self._names: dict[str, str] = {}
        self._heights: dict[graph.Node, int] = {}
        self._constants: dict[graph.Node, tuple[Any, ...]] = {}
        self._written: dict[tuple[graph.Node, tuple[tuple[str, str], ...]], Json] = {}

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
        meaning = tuple(sorted((n, bound[n]) for n in node.free if n in bound))
        key = (node, meaning)
        if key not in self._written:
            self._written[key] = self._short(self._body(node, dict(meaning)))
        return self._written[key]

    def _short(self, json_node: Json) -> Json:
        if "argumentReference" in json_node:
            return json_node
        value = json_node.get("constantValue", ())
        scalar = value is None or isinstance(value, bool | int | float | str)
        if scalar and len(str(value)) <= _LONG_TEXT:
            return json_node
        return {"valueReference": self.name_of(json_node)}

    def _body(self, node: graph.Node, bound: Mapping[str, str]) -> Json:
        if constant := self._constant(node):
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
                new = self._parameters(node)
                inner = {**bound, **dict(zip(node.parameters, new, strict=True))}
                body = self.name_of(self.write(node.body, inner))
                definition = {"argumentNames": list(new), "body": body}
                return {"functionDefinitionValue": definition}
        raise TypeError(node)

    def _argument(self, name: str, bound: Mapping[str, str]) -> str:
        # Nothing binds it: its name must not become that of an argument.
        return bound.get(name, name if self._keep_names else f"unbound {name}")

    def _parameters(self, node: graph.Definition) -> tuple[str, ...]:
        if self._keep_names:
            return node.parameters
        height = self._height(node.body)
        return tuple(f"_MAPPING_VAR_{height}_{i}" for i in range(len(node.parameters)))

    def _pairs(
        self, items: Iterable[tuple[str, graph.Node]], bound: Mapping[str, str]
    ) -> Json:
        return {name: self.write(value, bound) for name, value in sorted(items, key=_0)}

    def _call_value(self, node: graph.CallValue, bound: Mapping[str, str]) -> Json:
        function = self.name_of(self.write(node.function, bound))
        arguments = node.arguments
        if isinstance(node.function, graph.Definition):
            old, new = node.function.parameters, self._parameters(node.function)
            renamed = dict(zip(old, new, strict=True))
            arguments = tuple((renamed.get(n, n), value) for n, value in arguments)
        call = {
            "functionReference": function,
            "arguments": self._pairs(arguments, bound),
        }
        return {"functionInvocationValue": call}

    def _constant(self, node: graph.Node) -> tuple[Any, ...]:
        """Returns the JSON of a node that is but constants, in a tuple, or nothing."""
        if node not in self._constants:
            self._constants[node] = self._fold(node)
        return self._constants[node]

    def _fold(self, node: graph.Node) -> tuple[Any, ...]:
        match node:
            case graph.Constant() if _is_exact(node.value):
                return (node.value,)
            case graph.ListNode():
                items = [self._constant(item) for item in node.items]
                return ([one[0] for one in items],) if all(items) else ()
            case graph.DictNode():
                pairs = [(key, self._constant(item)) for key, item in node.items]
                whole = all(one for _, one in pairs)
                return ({key: one[0] for key, one in pairs},) if whole else ()
        return ()

    def _height(self, node: graph.Node) -> int:
        """Returns how many functions lie inside one another in a node."""
        if node not in self._heights:
            below = max(map(self._height, _children(node)), default=0)
            self._heights[node] = below + isinstance(node, graph.Definition)
        return self._heights[node]


def _0(pair: tuple[str, Any]) -> str:
    return pair[0]


def _is_exact(value: Any) -> bool:
    """Whether a constant can be a ``constantValue``."""
    return not isinstance(value, bytes) and not (
        type(value) is int and abs(value) > _MAX_SAFE_INTEGER
    )


def _inexact(value: bytes | int) -> Json:
    if isinstance(value, bytes):
        return {"bytesValue": base64.b64encode(value).decode()}
    return {"integerValue": str(value)}

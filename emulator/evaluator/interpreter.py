"""Evaluation of a graph, each node once in the scope that it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emulator.evaluator import graph, registry
from emulator.evaluator.context import Context
from emulator.evaluator.errors import EngineError
from emulator.evaluator.signatures import signatures


class Scope:
    """Arguments of one function call, and what was computed from them.

    A node's value is kept in the innermost scope that binds one of the node's free
    names: the body of a mapped function evaluates nothing again that does not
    depend on its argument.
    """

    __slots__ = ("bindings", "cache", "parent")

    def __init__(self, bindings: Mapping[str, Any], parent: Scope | None) -> None:
        self.bindings = bindings
        self.parent = parent
        self.cache: dict[graph.Node, Any] = {}

    def home(self, free: frozenset[str]) -> Scope:
        """Returns the innermost scope that binds one of the names, or the root."""
        scope = self
        while scope.parent is not None and free.isdisjoint(scope.bindings):
            scope = scope.parent
        return scope


class Function:
    """A function value: a definition in the scope where it was met."""

    def __init__(
        self, definition: graph.Definition, scope: Scope, interpreter: Interpreter
    ) -> None:
        self.definition = definition
        self._scope = scope
        self._interpreter = interpreter

    def __call__(self, *arguments: Any) -> Any:
        """Calls it with arguments by position."""
        names = self.definition.parameters
        if len(arguments) != len(names):
            raise EngineError(
                f"A function of {len(names)} arguments was called "
                f"with {len(arguments)}."
            )
        return self.by_name(dict(zip(names, arguments, strict=True)))

    def by_name(self, arguments: Mapping[str, Any]) -> Any:
        """Calls it with arguments by name."""
        inner = Scope(arguments, self._scope)
        return self._interpreter.evaluate(self.definition.body, inner)

    def only_calls(self, names: frozenset[str]) -> bool:
        """Whether the body is a chain of these algorithms on its first argument."""
        node = self.definition.body
        while isinstance(node, graph.Call) and node.name in names:
            first = signatures()[node.name].arguments[0].name
            node = dict(node.arguments)[first]
        return (
            isinstance(node, graph.ArgumentReference)
            and node.name == self.definition.parameters[0]
        )


class Interpreter:
    """Evaluates the nodes of one request."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._root = Scope({}, None)

    def run(self, node: graph.Node) -> Any:
        """Returns the value of a graph.

        Raises:
            EngineError: Any algorithm's complaint.
        """
        try:
            return self.evaluate(node, self._root)
        except RecursionError:
            raise EngineError("Expression is nested too deep.") from None

    def evaluate(self, node: graph.Node, scope: Scope) -> Any:
        """Returns the value of a node in a scope."""
        if isinstance(node, graph.Constant):
            return node.value
        home = scope.home(node.free)
        if isinstance(node, graph.ArgumentReference):
            if node.name not in home.bindings:
                raise EngineError(f"Unbound function argument '{node.name}'.")
            return home.bindings[node.name]
        try:
            return home.cache[node]
        except KeyError:
            pass
        value = self._compute(node, home)
        home.cache[node] = value
        return value

    def _compute(self, node: graph.Node, scope: Scope) -> Any:
        if isinstance(node, graph.Call):
            return self._call(node, scope)
        if isinstance(node, graph.ListNode):
            return [self.evaluate(item, scope) for item in node.items]
        if isinstance(node, graph.DictNode):
            return {key: self.evaluate(item, scope) for key, item in node.items}
        if isinstance(node, graph.Definition):
            return Function(node, scope, self)
        if isinstance(node, graph.CallValue):
            function = self.evaluate(node.function, scope)
            if not hasattr(function, "by_name"):
                raise EngineError("A value that is not a function was called.")
            return function.by_name(
                {key: self.evaluate(item, scope) for key, item in node.arguments}
            )
        raise TypeError(node)

    def _call(self, node: graph.Call, scope: Scope) -> Any:
        algorithm = registry.lookup(node.name)
        if algorithm.lazy:
            return algorithm.function(
                **{
                    registry.python_name(key): self._thunk(item, scope)
                    for key, item in node.arguments
                }
            )
        arguments = {key: self.evaluate(item, scope) for key, item in node.arguments}
        return algorithm.call(arguments, self._context)

    def _thunk(self, node: graph.Node, scope: Scope) -> Callable[[], Any]:
        return lambda: self.evaluate(node, scope)

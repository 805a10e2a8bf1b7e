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
        return self._interpreter.start(self.definition.body, inner)

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


def _inputs(node: graph.Node) -> list[graph.Node]:
    """Returns the nodes that a node's value is always computed from."""
    match node:
        case graph.Call():
            if registry.lookup(node.name).lazy:
                return []
            return [inner for _, inner in node.arguments]
        case graph.CallValue():
            return [node.function, *(inner for _, inner in node.arguments)]
        case graph.ListNode():
            return list(node.items)
        case graph.DictNode():
            return [inner for _, inner in node.items]
    return []


class Interpreter:
    """Evaluates the nodes of one request."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._root = Scope({}, None)
        self._deep = False

    def run(self, node: graph.Node) -> Any:
        """Returns the value of a graph.

        Raises:
            EngineError: Any algorithm's complaint.
        """
        try:
            return self.evaluate(node, self._root)
        except RecursionError:
            self._deep = True
        try:
            return self.start(node, self._root)
        except RecursionError:
            raise EngineError("Expression is nested too deep.") from None

    def start(self, node: graph.Node, scope: Scope) -> Any:
        """Returns the value of a graph or a function's body in a scope.

        Of a deep one the inputs are computed first, from a list and not by recursion.
        """
        if not self._deep:
            return self.evaluate(node, scope)
        stack, begun = [node], set()
        while stack:
            here = stack[-1]
            if here in begun:
                self.evaluate(stack.pop(), scope)
                continue
            begun.add(here)
            stack += [n for n in reversed(_inputs(here)) if n not in begun]
        return self.evaluate(node, scope)

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
            algorithm.check_names([key for key, _ in node.arguments])
            return algorithm.function(
                **{
                    registry.python_name(key): self._thunk(item, scope)
                    for key, item in node.arguments
                }
            )
        arguments = {key: self.evaluate(item, scope) for key, item in node.arguments}
        return algorithm.call(arguments, self._context)

    def _thunk(self, node: graph.Node, scope: Scope) -> Callable[[], Any]:
        return lambda: self.start(node, scope)

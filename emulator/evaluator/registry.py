"""The algorithms this engine has: one decorated, typed function each."""

from __future__ import annotations

import functools
import inspect
import keyword
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import pyproj.exceptions
import shapely

from emulator.evaluator.coerce import coercer, type_name
from emulator.evaluator.errors import EngineError, NotImplementedHere, TypeMismatch
from emulator.evaluator.signatures import Argument, signatures

_LOG = logging.getLogger(__name__)

F = TypeVar("F", bound=Callable[..., Any])

_UNFIT = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    pyproj.exceptions.ProjError,
    shapely.errors.ShapelyError,
)
"""What functions raise for values that are of the declared type and make no sense."""

_STORED = frozenset(("FeatureCollection", "ImageCollection"))

IGNORED = {
    "evenOdd": "both rules agree on rings that neither cross nor turn inside out",
    "geometryColumn": "has no effect on stored tables",
    "geometryKey": "obsolete, as the client says",
    "maxBuckets": "medians, modes and percentiles are exact, not from a histogram",
    "maxError": "geometry is exact to a metre, whatever error is allowed",
    "maxRaw": "medians, modes and percentiles are exact, not from a histogram",
    "minBucketWidth": "medians, modes and percentiles are exact, not from a histogram",
    "optimization": "says how the work is done, not what comes of it",
    "parallelScale": "says how the work is split, not what comes of it",
    "tileScale": "says how the work is split, not what comes of it",
}
"""Why arguments may be ignored."""


def python_name(argument: str) -> str:
    """Returns the Python spelling of an argument's name.

    ``bandSelectors`` is ``band_selectors``; a keyword gets a trailing underscore.
    """
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", argument).lower()
    return f"{snake}_" if keyword.iskeyword(snake) else snake


@dataclass(frozen=True)
class Parameter:
    """An argument as bound to a function's parameter."""

    argument: Argument
    python: str
    coerce: Callable[[Any], Any]
    default: Any


class Algorithm:
    """A function registered under the name of one of Earth Engine's algorithms.

    Attributes:
        name: As in the graph.
        function: Takes some of the algorithm's arguments in their Python spelling,
            already of the declared types, and perhaps ``context``.
        lazy: Whether the arguments come as thunks, uncoerced.
        ignores: Arguments, as in the graph, that change nothing here.
        about: What it does, in a line.
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        lazy: bool = False,
        ignores: Iterable[str] = (),
        about: str = "",
    ) -> None:
        self.name = name
        self.about = about or (inspect.getdoc(function) or "").partition("\n")[0]
        self.function = function
        self.lazy = lazy
        self.ignores = frozenset(ignores)

    @functools.cached_property
    def accepted(self) -> tuple[str, ...]:
        """The function's parameter names but ``context``."""
        names = inspect.signature(self.function).parameters
        return tuple(name for name in names if name != "context")

    @functools.cached_property
    def wants_context(self) -> bool:
        """Whether the function takes the request's context."""
        return "context" in inspect.signature(self.function).parameters

    @functools.cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The accepted arguments, bound to coercions and defaults."""
        bound = []
        for argument in signatures()[self.name].arguments:
            python = python_name(argument.name)
            if python in self.accepted:
                coerce = coercer(argument.type)
                default = argument.default
                if default is not None:
                    default = coerce(default)
                bound.append(Parameter(argument, python, coerce, default))
        return tuple(bound)

    @functools.cached_property
    def argument_names(self) -> frozenset[str]:
        """Every argument name that the algorithm knows, accepted or ignored."""
        return frozenset(a.name for a in signatures()[self.name].arguments)

    @functools.cached_property
    def asks_the_catalogue(self) -> bool:
        """Whether a fault may be the catalogue's, not that of the arguments."""
        kinds = {argument.type for argument in signatures()[self.name].arguments}
        return self.wants_context or not kinds.isdisjoint(_STORED)

    @functools.cached_property
    def refused(self) -> Mapping[str, Any]:
        """Arguments that this engine has not, and the defaults that it lives by."""
        return {
            argument.name: argument.default
            for argument in signatures()[self.name].arguments
            if python_name(argument.name) not in self.accepted
            and argument.name not in self.ignores
        }

    def check_names(self, names: Iterable[str]) -> None:
        """Sees to it that the algorithm has arguments of these names.

        Raises:
            EngineError: It has not.
        """
        if not self.argument_names.issuperset(names):
            unknown = sorted(set(names) - self.argument_names)
            raise EngineError(f"{self.name}: Unrecognized argument '{unknown[0]}'.")

    def call(self, arguments: Mapping[str, Any], context: Any) -> Any:
        """Calls the function with evaluated arguments.

        Args:
            arguments: Graph name to value.
            context: The request's context.

        Raises:
            EngineError: An argument is missing, unknown, of the wrong type, or one
                that this engine has not and that is not its default.
        """
        self.check_names(arguments)
        for name, default in self.refused.items():
            if arguments.get(name) not in (None, default):
                raise NotImplementedHere(f"the argument '{name}' of '{self.name}'")
        bound = {}
        for parameter in self.parameters:
            value = arguments.get(parameter.argument.name)
            if value is None:
                if not parameter.argument.optional:
                    raise EngineError(
                        f"{self.name}: Parameter '{parameter.argument.name}' "
                        "is required and may not be null."
                    )
                bound[parameter.python] = parameter.default
                continue
            try:
                bound[parameter.python] = parameter.coerce(value)
            except (TypeMismatch, *_UNFIT):
                raise EngineError(
                    f"{self.name}, argument '{parameter.argument.name}': "
                    f"Invalid type.\nExpected type: {parameter.argument.type}.\n"
                    f"Actual type: {type_name(value)}."
                ) from None
        if self.wants_context:
            bound["context"] = context
        try:
            return self.function(**bound)
        except TypeMismatch:
            raise EngineError(f"{self.name}: Invalid type of an argument.") from None
        except _UNFIT as error:
            if self.asks_the_catalogue:
                raise
            # Told to the caller: a 500 would be tried again, and told to the log,
            # because it may be our own fault.
            _LOG.warning("%s failed", self.name, exc_info=True)
            raise EngineError(
                f"{self.name}: Invalid arguments ({type(error).__name__}: {error})."
            ) from error


_ALGORITHMS: dict[str, Algorithm] = {}


def algorithm(
    name: str, *, lazy: bool = False, ignores: Iterable[str] = (), about: str = ""
) -> Callable[[F], F]:
    """Registers a function as the algorithm of that name.

    An argument that is neither a parameter nor ignored is refused if it is given.

    Args:
        name: As in ``algorithms.json``.
        lazy: Pass thunks instead of values; only for ``If``.
        ignores: Arguments that change nothing here; :data:`IGNORED` says why.
        about: What it does, where the function's own docstring does not say.

    Raises:
        ValueError: The name is taken.
    """

    def register(function: F) -> F:
        if name in _ALGORITHMS:
            raise ValueError(f"algorithm {name} is registered twice")
        _ALGORITHMS[name] = Algorithm(name, function, lazy, ignores, about)
        return function

    return register


def registered() -> Mapping[str, Algorithm]:
    """Returns all algorithms by name."""
    return _ALGORITHMS


def lookup(name: str) -> Algorithm:
    """Returns an algorithm.

    Raises:
        EngineError: Earth Engine has no such algorithm, or this engine has not.
    """
    found = _ALGORITHMS.get(name)
    if found is None:
        if name in signatures():
            raise NotImplementedHere(f"the algorithm '{name}'")
        raise EngineError(f"Unrecognized algorithm '{name}'.")
    if name not in signatures():
        raise EngineError(f"The installed client does not know algorithm '{name}'.")
    return found

"""What every worker of a run must know: small, picklable, free of secrets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version

from earthengine.engine import Budget, Engine, Patience
from earthengine.session import Session, connect
from modalities import registry
from modalities.modality import Modality
from modalities.planning import Round, planning_rounds
from modalities.recipe import Context
from modalities.spec import Spec


@dataclass(frozen=True)
class Job:
    """A run, as its workers see it.

    Attributes:
        engine: Which engine to ask.
        budget: Of one machine.
        patience: How long to try for one tile.
        context: Recipe and tables.
        recipe_hash: Of the context and the modalities' definitions.
        plan_batch: Tiles planned in one request.
        processes: Worker processes of one machine, which share its budget.
        gate_file: Where they do so; empty for a process alone.
        progress: Directory where workers tell how they are doing; empty for none.
        max_failure_rate: Share of failed tiles that stops the run.
    """

    engine: Engine
    budget: Budget
    patience: Patience
    context: Context
    recipe_hash: str
    plan_batch: int = 25
    processes: int = 1
    gate_file: str = ""
    progress: str = ""
    max_failure_rate: float = 1.0

    @cached_property
    def stored(self) -> tuple[Modality, ...]:
        """The modalities that the dataset holds, in registry order."""
        recipe = self.context.recipe
        registry.load_modules(recipe.modality_modules)
        return registry.resolve(recipe.modalities)

    @cached_property
    def rounds(self) -> list[Round]:
        """The planning rounds, with modalities that only others need."""
        return planning_rounds(registry.with_needs(self.stored))

    @cached_property
    def specs(self) -> tuple[Spec, ...]:
        """The HDF5 datasets, in registry order."""
        return tuple(m.spec(self.context.recipe.layout) for m in self.stored)

    @cached_property
    def versions(self) -> dict[str, str]:
        """Versions that a row is stamped with."""
        return {
            "earthloom": version("earthloom"),
            "earthengine-api": version("earthengine-api"),
            "recipe": self.recipe_hash,
        }

    def session(self) -> Session:
        """Returns this process's session with the engine."""
        return connect(self.engine, self.budget, self.patience, self.gate_file)

    @property
    def shard_attributes(self) -> dict[str, object]:
        """What every shard says of the run."""
        return {"recipe_hash": self.recipe_hash}

    @property
    def share(self) -> Budget:
        """One process's part of the budget, by which it sizes its threads."""
        return self.budget.share(self.processes)

    def __getstate__(self) -> dict[str, object]:
        """Travels without what a worker works out by itself."""
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}

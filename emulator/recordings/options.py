"""What the command line may ask of a recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.recordings.recorder import Recorder
from emulator.recordings.replayer import Replayer
from emulator.recordings.store import Store
from emulator.recordings.upstream import GOOGLE, Upstream
from emulator.service import Service

COMPUTED = "computed.jsonl"


@dataclass(frozen=True)
class Recording:
    """One that is made, or one that is replayed.

    Attributes:
        record: Folder to store answers in.
        upstream: Whose answers; None is Google.
        replay: Folder to answer from.
        strict: Whether what it does not hold is refused.
        computed: File for the list of what it does not hold; None is
            :data:`COMPUTED` in the folder.

    Raises:
        ValueError: They contradict one another.
    """

    record: Path | None = None
    upstream: str | None = None
    replay: Path | None = None
    strict: bool = False
    computed: Path | None = None

    def __post_init__(self) -> None:
        if self.record and self.replay:
            raise ValueError("a recording is made or replayed, not both")
        if self.upstream and not self.record:
            raise ValueError("an upstream is of use for recording only")
        if (self.strict or self.computed) and not self.replay:
            raise ValueError("there is nothing to replay")

    def service(self, make: Callable[[], Service]) -> Service:
        """Returns what answers, for the layer of thumbnails to lie around.

        Args:
            make: Makes the engine; called if there is a use for one.

        Raises:
            RecordingError: The folder is no recording.
            OSError: The file system refused.
            ValueError: The upstream is no good address.
        """
        if self.record:
            upstream = Upstream(self.upstream or GOOGLE)
            return Recorder(Store(self.record, create=True), upstream)
        if self.replay:
            store = Store(self.replay)
            listed = self.computed or self.replay / COMPUTED
            listed.write_bytes(b"")
            return Replayer(store, None if self.strict else make(), computed=listed)
        return make()

    def served(self) -> str:
        """Returns what is served, in a few words."""
        if self.record:
            return f"{self.upstream or GOOGLE} and recording it in {self.record}"
        if self.replay:
            return f"the recording {self.replay}"
        return "a synthetic Earth"

    def summary(self, stats: Mapping[str, Any]) -> str:
        """Returns a line for the end; empty if there is no recording.

        Args:
            stats: Of the service.
        """
        if self.record:
            counts = stats["recorded"]
            told = ", ".join(f"{number} {name}" for name, number in counts.items())
            return f"Answers: {told}"
        if self.replay:
            missed = stats["not_recorded" if self.strict else "computed"]
            replayed, others = sum(stats["replayed"].values()), sum(missed.values())
            done = "refused" if self.strict else "computed"
            told = f"Replayed {replayed} requests, {done} {others}"
            listed = self.computed or self.replay / COMPUTED
            return f"{told}: see {listed}" if others else told
        return ""

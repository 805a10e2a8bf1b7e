"""A process's one session with an engine, through the real client library."""

from __future__ import annotations

import functools
import inspect
import io
import logging
import math
import os
import threading
import tokenize
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import ee
import google.auth
import google.auth.credentials
import google.auth.exceptions
import google.oauth2.service_account
import numpy as np
import numpy.typing as npt

from earthengine.book import SharedBook
from earthengine.emulator_door import emulator_transport
from earthengine.engine import Budget, Engine, Patience
from earthengine.errors import EngineError
from earthengine.gate import Gate
from earthengine.request import Usage, send
from earthengine.transport import HttpTransport, Recorder, Transport, is_loopback

T = TypeVar("T")

_logger = logging.getLogger(__name__)

SCOPES = (
    "https://www.googleapis.com/auth/earthengine",
    "https://www.googleapis.com/auth/cloud-platform",
)
WORKLOAD_TAG = "earthloom"

_UNREADABLE = (
    ValueError,
    EOFError,
    KeyError,
    SyntaxError,
    tokenize.TokenError,
    MemoryError,
    OverflowError,
)
"""What NumPy raises on bytes that are not NPY, or whose header is damaged."""

_PATIENCE = Patience()

_lock = threading.Lock()
_session: tuple[tuple[Any, ...], Session] | None = None


class Session:
    """Sends requests: two kinds, and no other.

    Attributes:
        gate: That all requests of the process pass.
    """

    def __init__(self, gate: Gate, recorder: Recorder, patience: Patience) -> None:
        self.gate = gate
        self._recorder = recorder
        self._patience = patience

    def compute(
        self, expression: ee.ComputedObject, usage: Usage, accept: Callable[[Any], T]
    ) -> T:
        """Computes a value (``value:compute``).

        Args:
            expression: What to compute.
            usage: Counted up.
            accept: Checks the value and returns it; raises EngineError("corrupt").

        Raises:
            EngineError: It could not be had.
        """
        return self._send(lambda: ee.data.computeValue(expression), accept, usage)

    def pixels(
        self,
        image: ee.Image,
        grid: dict[str, Any],
        dtype: np.dtype[Any],
        usage: Usage,
    ) -> npt.NDArray[Any]:
        """Computes the pixels of an image (``image:computePixels``, NPY).

        Args:
            image: All bands that are wanted.
            grid: The request's grid, with its dimensions.
            dtype: Structured dtype that the answer must have.
            usage: Counted up.

        Returns:
            (height, width) of ``dtype``.

        Raises:
            EngineError: They could not be had.
        """
        shape = (grid["dimensions"]["height"], grid["dimensions"]["width"])
        request = {"expression": image, "fileFormat": "NPY", "grid": grid}
        return self._send(
            lambda: ee.data.computePixels(request),
            lambda answer: read_npy(answer, dtype, shape),
            usage,
        )

    def _send(
        self, call: Callable[[], Any], accept: Callable[[Any], T], usage: Usage
    ) -> T:
        return send(
            call,
            accept,
            gate=self.gate,
            recorder=self._recorder,
            patience=self._patience,
            usage=usage,
        )


def connect(
    engine: Engine,
    budget: Budget,
    patience: Patience = _PATIENCE,
    gate_file: str = "",
) -> Session:
    """Returns this process's session, made on first use.

    Safe to call from any thread, and after a fork. The client library keeps its
    state in a module global, so a process has one engine at a time.

    Args:
        engine: What to ask.
        budget: How much, over all processes that share the gate.
        patience: How long to try for one tile.
        gate_file: Where processes of this machine share their gate; empty for a
            gate of this process alone.

    Raises:
        EngineError: No credentials, no permission, or no answer.
    """
    global _session
    key = (os.getpid(), engine, budget, patience, gate_file)
    with _lock:
        if _session is not None and _session[0] == key:
            return _session[1]
        book = SharedBook(Path(gate_file)) if gate_file else None
        session = _open(engine, patience, Gate(budget, book=book))
        _session = (key, session)
        return session


def _open(engine: Engine, patience: Patience, gate: Gate) -> Session:
    # Not empty, so that the client does not fetch its list of deprecated assets
    # from another host, without a deadline.
    ee.deprecation.deprecated_assets = {"_": None}
    _remember_signatures()
    recorder = Recorder(_transport(engine, gate.budget, patience))
    usage = Usage()

    def initialize() -> None:
        ee.Reset()
        ee.deprecation.deprecated_assets = {"_": None}
        # Our own loop retries: it sees Retry-After, and sleeps outside of the slot.
        ee.data.setMaxRetries(0)
        ee.Initialize(
            _credentials(engine),
            project=engine.project,
            url=engine.url or None,
            http_transport=recorder,
        )

    send(
        initialize,
        lambda _: None,
        gate=gate,
        recorder=recorder,
        patience=patience,
        usage=usage,
    )
    ee.data.setDefaultWorkloadTag(WORKLOAD_TAG)
    _logger.debug("session with %s opened in %.2f s", engine.describe(), usage.seconds)
    return Session(gate, recorder, patience)


def _remember_signatures() -> None:
    """Lets the client look at each of its functions' signatures once.

    It does so at every call, to warn of deprecated assets, and a graph is many
    calls. A client that does without is left alone.
    """
    if getattr(ee.deprecation, "inspect", None) is inspect:
        ee.deprecation.inspect = types.SimpleNamespace(
            getfullargspec=functools.cache(inspect.getfullargspec)
        )


def _transport(engine: Engine, budget: Budget, patience: Patience) -> Transport:
    if engine.kind == "emulator":
        return emulator_transport(engine)
    return HttpTransport(
        budget.concurrent,
        loopback=is_loopback(engine.url),
        seconds=patience.request_seconds,
    )


def _credentials(engine: Engine) -> google.auth.credentials.Credentials:
    """Finds credentials on this machine.

    Raises:
        EngineError: There are none.
    """
    if engine.kind != "google":
        return google.auth.credentials.AnonymousCredentials()
    try:
        if engine.service_account_file:
            return google.oauth2.service_account.Credentials.from_service_account_file(
                engine.service_account_file, scopes=SCOPES
            )
        credentials, _ = google.auth.default(scopes=SCOPES)
        return credentials
    except google.auth.exceptions.GoogleAuthError as error:
        raise EngineError(
            "unauthenticated",
            f"no application-default credentials: {error} Run 'gcloud auth "
            "application-default login', or pass --service_account_file",
        ) from error
    except (OSError, ValueError) as error:
        raise EngineError(
            "unauthenticated",
            f"--service_account_file {engine.service_account_file}: {error}",
        ) from error


def read_npy(
    answer: bytes, dtype: np.dtype[Any], shape: tuple[int, int]
) -> npt.NDArray[Any]:
    """Reads an NPY answer and holds it to what was asked for.

    Raises:
        EngineError: ``corrupt``: not NPY, other fields, dtypes or shape, or a band
            of NaN alone: masks are filled in every request, so none can be left.
    """
    try:
        file = io.BytesIO(answer)
        version = np.lib.format.read_magic(file)
        header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version](file)
        array = _array(answer, file.tell(), *header)
    except _UNREADABLE as error:
        raise EngineError(
            "corrupt", f"{len(answer)} bytes that are not NPY: {error}"
        ) from error
    if array.dtype.names != dtype.names:
        raise EngineError(
            "corrupt", f"bands {array.dtype.names}, expected {dtype.names}"
        )
    if array.shape != shape:
        raise EngineError("corrupt", f"shape {array.shape}, expected {shape}")
    if array.dtype != dtype:
        raise EngineError("corrupt", f"dtypes {array.dtype}, expected {dtype}")
    for name in dtype.names or ():
        if dtype[name].kind == "f" and array.size and np.isnan(array[name]).all():
            raise EngineError("corrupt", f"band {name} is NaN throughout")
    return array


def _array(
    answer: bytes, offset: int, shape: tuple[int, ...], fortran: bool, dtype: Any
) -> npt.NDArray[Any]:
    """Views the body of an NPY file; ``numpy.load`` would copy it twice.

    Raises:
        ValueError: It is too short, too long, or holds Python objects.
    """
    if dtype.hasobject:
        raise ValueError("Python objects")
    size = math.prod(shape) * dtype.itemsize
    if len(answer) - offset != size:
        raise ValueError(f"a body of {len(answer) - offset} bytes, not {size}")
    flat = np.frombuffer(answer, dtype, offset=offset)
    return flat.reshape(shape, order="F" if fortran else "C")

"""Spoils good answers."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from emulator.faults.kinds import STALLS, error_json
from emulator.faults.plan import Rule
from emulator.service import JSON, Delivery, Response

_NPY = b"\x93NUMPY"


def spoilt(response: Response, rule: Rule, seed: int) -> Response:
    """Returns an answer as a fault leaves it.

    Args:
        response: The engine's.
        rule: Of a kind in :data:`emulator.faults.kinds.SPOILT`.
        seed: Of garbage.

    Returns:
        The answer itself if the fault has nothing to spoil: it is an error, or, for
        ``wrong_shape`` and ``missing_band``, no NPY.
    """
    if response.status != 200:
        return response
    body, headers = response.body, dict(response.headers)
    delivery, stall_s = Delivery.WHOLE, 0.0
    match rule.kind:
        case "stall_body":
            delivery, stall_s = STALLS[rule.kind], rule.stall_s
        case "cut":
            delivery = Delivery.CUT
        case "truncated":
            body = body[: len(body) // 2]
        case "garbage":
            body = b"\xff" + random.Random(seed).randbytes(max(len(body) - 1, 15))
        case "empty":
            body = b""
        case "error_in_200":
            body, headers["content-type"] = error_json("500", rule.message), JSON
        case "wrong_shape" | "missing_band":
            if not body.startswith(_NPY):
                return response
            array = np.load(io.BytesIO(body), allow_pickle=False)
            change = _reshaped if rule.kind == "wrong_shape" else _without_a_band
            body = _npy(change(array))
    return replace(
        response,
        headers=headers,
        body=body,
        delivery=delivery,
        stall_s=stall_s,
        cause=rule.kind,
    )


def _reshaped(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Drops the last row; repeats it if there is only one."""
    return array[:-1] if array.shape[0] > 1 else np.repeat(array, 2, axis=0)


def _without_a_band(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Drops the last band; gives it another name if there is only one."""
    names = list(array.dtype.names or ())
    kept = names[:-1] or names
    dtype = np.dtype([(name, array.dtype[name]) for name in kept])
    out = np.empty(array.shape, dtype)
    for name in kept:
        out[name] = array[name]
    if kept == names:
        out.dtype.names = tuple(f"{name}_1" for name in names)
    return out


def _npy(array: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()

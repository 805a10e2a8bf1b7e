"""Graphs are DAGs: what is written once or twice is evaluated once where it can be."""

import ee
import numpy as np
import pytest

from emulator.evaluator import registry
from emulator.evaluator.context import Context
from emulator.evaluator.errors import EngineError
from emulator.evaluator.graph import read_expression
from emulator.evaluator.interpreter import Interpreter


def call(name, **arguments):
    return {"functionInvocationValue": {"functionName": name, "arguments": arguments}}


def constant(value):
    return {"constantValue": value}


def run(world, result, values):
    node = read_expression({"result": result, "values": values})
    return Interpreter(Context(world)).run(node)


@pytest.fixture
def calls(monkeypatch):
    """Counts calls of ``Number.abs``."""
    counted = []
    abs_ = registry.registered()["Number.abs"]
    original = abs_.function

    def counting(input):
        counted.append(input)
        return original(input)

    monkeypatch.setattr(abs_, "function", counting)
    return counted


def test_shared_and_repeated_nodes_are_evaluated_once(world, calls):
    # A chain of doublings by reference: 2**40 evaluations if nothing is shared.
    values = {"0": call("Number.abs", input=constant(-1))}
    for i in range(40):
        here = {"valueReference": str(i)}
        values[str(i + 1)] = call("Number.add", left=here, right=here)
    assert run(world, "40", values) == 2**40
    twice = {
        "a": call(
            "Number.add", left=values["0"], right=call("Number.abs", input=constant(-1))
        )
    }
    calls.clear()
    assert run(world, "a", twice) == 2
    assert calls == [-1]


def test_mapped_bodies_do_not_repeat_what_their_argument_does_not_change(world, calls):
    heavy = ee.Number(-7).abs()
    mapped = ee.List([1, 2, 3]).map(
        lambda x: ee.List([10, 20]).map(lambda y: ee.Number(x).abs().add(y).add(heavy))
    )
    assert mapped.getInfo() == [[18, 28], [19, 29], [20, 30]]
    assert sorted(calls) == [-7, 1, 2, 3]


def test_function_references_and_bytes(world):
    values = {
        "body": call("Number.add", left={"argumentReference": "n"}, right=constant(5)),
        "f": {"functionDefinitionValue": {"argumentNames": ["n"], "body": "body"}},
        "r": {
            "functionInvocationValue": {
                "functionReference": "f",
                "arguments": {"n": {"integerValue": "37"}},
            }
        },
    }
    assert run(world, "r", values) == 42
    assert run(world, "b", {"b": {"bytesValue": "AQI="}}) == b"\x01\x02"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"0": {"valueReference": "0"}}, "itself"),
        ({"0": {"valueReference": "1"}}, "no value '1'"),
        ({"0": {"strangeValue": 1}}, "strangeValue"),
        ({"0": {"argumentReference": "x"}}, "Unbound"),
        ({"0": call("Number.fly", input=constant(1))}, "Number.fly"),
        ({"0": call("Number.abs", number=constant(1))}, "number"),
        ({"0": call("Number.abs", input=constant(None))}, "may not be null"),
        ({"0": call("Number.abs", input=constant("a"))}, "Expected type: Number"),
    ],
)
def test_what_is_wrong_is_said(world, values, said):
    with pytest.raises(EngineError, match=said):
        run(world, "0", values)


def test_if_evaluates_one_branch_only(world, calls):
    chosen = ee.Algorithms.If(0, ee.Number(-1).abs(), "other")
    assert chosen.getInfo() == "other"
    assert calls == []


def test_an_image_met_twice_is_read_once(world, utm, noise):
    scene = world.add("a/b", {"B": (utm, noise((128, 128)))})
    world.gather("a", [scene])
    direct = ee.Image("a/b")
    listed = ee.ImageCollection("a").filterDate(0, 10).first()
    both = direct.addBands(ee.Image(listed)).addBands(direct.multiply(2))
    got = world.pixels(both, utm)
    assert np.array_equal(got["B"], got["B_1"])
    assert len(scene.reads) == 1

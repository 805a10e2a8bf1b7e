"""Deep graphs, functions as values, and requests that make no sense."""

import copy
import json

import ee
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def call(name, **arguments):
    return {"functionInvocationValue": {"functionName": name, "arguments": arguments}}


def constant(value):
    return {"constantValue": value}


def reference(name):
    return {"valueReference": str(name)}


def ask(world, values, result="0"):
    body = json.dumps({"expression": {"result": result, "values": values}})
    answer = world.engine.handle("POST", "/v1/projects/p/value:compute", {}, body)
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize("depth", [10, 400, 4000])
def test_long_chains_are_answered(world, depth):
    values = {"0": constant(0)}
    for i in range(depth):
        values[str(i + 1)] = call("Number.add", left=reference(i), right=constant(1))
    assert ask(world, values, str(depth)) == (200, {"result": depth})


def test_long_chains_of_the_client(world):
    number = ee.Number(0)
    for _ in range(150):
        number = number.add(1)
    assert number.getInfo() == 150


def test_chains_within_a_mapped_function_share_what_it_does_not_change(world):
    values = {"0": constant(0)}
    for i in range(2000):
        values[str(i + 1)] = call("Number.add", left=reference(i), right=constant(1))
    argument = {"argumentReference": "x"}
    values["body"] = call("Number.add", left=reference(2000), right=argument)
    define = {"argumentNames": ["x"], "body": "body"}
    values["all"] = call(
        "List.map",
        list=constant([1, 2]),
        baseAlgorithm={"functionDefinitionValue": define},
    )
    assert ask(world, values, "all") == (200, {"result": [2001, 2002]})


@pytest.mark.parametrize("depth", [1000, 60_000])
def test_nesting_in_place_is_answered_or_refused(world, depth):
    # Not through json.dumps, which would give up first.
    text = (
        '{"expression": {"result": "0", "values": {"0": '
        + '{"arrayValue": {"values": [' * depth
        + '{"constantValue": 1}'
        + "]}}" * depth
        + "}}}"
    )
    answer = world.engine.handle("POST", "/v1/projects/p/value:compute", {}, text)
    assert answer.status == 400
    assert json.loads(answer.body)["error"]["status"] == "INVALID_ARGUMENT"


def test_chains_of_functions_too_deep_are_refused(world):
    values = {"0": constant(0)}
    for i in range(3000):
        values[str(i + 1)] = call("If", condition=constant(1), trueCase=reference(i))
    status, body = ask(world, values, "3000")
    assert status == 400
    assert "too deep" in body["error"]["message"]


def test_images_too_deep_are_answered_or_refused(world, utm):
    values = {"0": call("Image.constant", value=constant(0))}
    for i in range(3000):
        values[str(i + 1)] = call("Image.add", image1=reference(i), image2=reference(0))
    status, body = ask(world, values, "3000")
    assert status in (200, 400)
    assert status == 200 or "too deep" in body["error"]["message"]


def test_cycles_are_refused(world):
    for values in (
        {"0": reference(0)},
        {"0": call("Number.abs", input=reference(1)), "1": reference(0)},
        {"0": {"functionDefinitionValue": {"argumentNames": [], "body": "0"}}},
    ):
        status, body = ask(world, values)
        assert status == 400
        assert "refers to itself" in body["error"]["message"]


def test_the_other_case_is_not_evaluated(world):
    wrong = ee.List([]).get(0)
    assert ee.Algorithms.If(True, 1, wrong).getInfo() == 1
    assert ee.Algorithms.If(0, wrong, 2).getInfo() == 2
    assert ee.Algorithms.If(None, wrong).getInfo() is None
    nested = ee.Algorithms.If(ee.Algorithms.If("", wrong, []), wrong, "end")
    assert nested.getInfo() == "end"
    chosen = ee.List([1, 0, 2]).map(lambda x: ee.Algorithms.If(x, ee.Number(6), None))
    assert chosen.getInfo() == [6, None, 6]


def test_functions_are_values(world):
    add = {"functionDefinitionValue": {"argumentNames": ["a", "b"], "body": "sum"}}
    values = {
        "sum": call(
            "Number.add",
            left={"argumentReference": "a"},
            right={"argumentReference": "b"},
        ),
        "add": add,
        "0": {
            "functionInvocationValue": {
                "functionReference": "add",
                "arguments": {"a": constant(2), "b": constant(3)},
            }
        },
        "fold": call(
            "List.iterate", list=constant([1, 2, 3]), function=add, first=constant(0)
        ),
        "wrong": call("List.map", list=constant([1]), baseAlgorithm=reference("add")),
        "shown": reference("add"),
    }
    assert ask(world, values) == (200, {"result": 5})
    assert ask(world, values, "fold") == (200, {"result": 6})
    for name in ("wrong", "shown"):
        assert ask(world, values, name)[0] == 400


def test_inner_functions_see_the_arguments_of_outer_ones(world):
    table = ee.List([1, 2, 3]).map(
        lambda x: ee.List([10, 20]).map(lambda y: ee.Number(x).multiply(y))
    )
    assert table.getInfo() == [[10, 20], [20, 40], [30, 60]]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (lambda: None, "Null"),
        (lambda: 1, "Integer"),
        (lambda: 1.5, "Float"),
        (lambda: "a", "String"),
        (lambda: [1], "List"),
        (lambda: {"a": 1}, "Dictionary"),
        (lambda: ee.Date(0), "Date"),
        (lambda: ee.Image(1), "Image"),
        (lambda: ee.Feature(None), "Feature"),
        (lambda: ee.FeatureCollection([]), "FeatureCollection"),
        (lambda: ee.Reducer.mean(), "Reducer"),
        (lambda: ee.Geometry.Point([0, 0]), "Geometry"),
        (lambda: ee.Projection("EPSG:4326"), "Projection"),
    ],
)
def test_types_have_names(world, value, kind):
    assert ee.Algorithms.ObjectType(value()).getInfo() == kind


def test_equality_is_that_of_values(world):
    def same(a, b):
        return ee.ApiFunction.call_("IsEqual", a, b).getInfo()

    assert same([1, {"a": 2}], [1, {"a": 2}]) is True
    assert same(ee.Date(5), ee.Date(5)) is True
    assert same([1, 2], [2, 1]) is False
    assert same(1, "1") is False


def test_unknown_algorithms_are_named(world):
    status, body = ask(world, {"0": call("Image.glcmTexture")})
    assert (status, body["error"]["status"]) == (400, "UNIMPLEMENTED")
    assert "'Image.glcmTexture'" in body["error"]["message"]
    status, body = ask(world, {"0": call("Image.entropie")})
    assert (status, body["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert "'Image.entropie'" in body["error"]["message"]
    status, body = ask(world, {"0": call("If", wenn=constant(1))})
    assert "'wenn'" in body["error"]["message"]


def graphs():
    """Graphs of every kind of node and value."""
    argument = {"argumentReference": "x"}
    define = {"argumentNames": ["x"], "body": "body"}
    point = call("GeometryConstructors.Point", coordinates=constant([9.0, 56.0]))
    feature = call(
        "Feature", geometry=point, metadata={"dictionaryValue": {"values": {
            "n": constant(3), "t": constant("2019-01-02")}}}
    )  # fmt: skip
    rows = call("Collection", features={"arrayValue": {"values": [feature, feature]}})
    ball = call("Geometry.buffer", geometry=point, distance=constant(300))
    function = {"functionDefinitionValue": define}
    mean = call("Reducer.mean")
    first = call("List.get", list=constant([3, "b", None]), index=constant(0))
    return [
        call("Number.add", left=first, right=constant(2)),
        call("List.map", list=constant([1, 2]), baseAlgorithm=function),
        call("Collection.map", collection=rows, baseAlgorithm=function),
        call("Collection.reduceColumns", collection=rows, reducer=mean,
             selectors=constant(["n"])),
        call("Collection.filter", collection=rows, filter=call(
            "Filter.lessThan", leftField=constant("n"), rightValue=constant(4))),
        call("Date.format", date=call("Date", value=constant("2019-5-1")),
             format=constant("YYYY-MM")),
        call("Geometry.area", geometry=ball, maxError=constant(1)),
        call("Image.reduceRegion", image=call("Image.constant", value=constant(4)),
             reducer=mean, geometry=ball, scale=constant(30)),
        call("Dictionary.combine", first=constant({"a": 1}), second=constant({})),
        call("String.replace", input=constant("abc"), regex=constant("b"),
             replacement=constant("d")),
        call("If", condition=constant(1), trueCase=argument, falseCase=constant(2)),
        {"functionInvocationValue": {
            "functionReference": "function", "arguments": {"x": constant(1)}}},
    ]  # fmt: skip


def paths(json_, here=()):
    yield here
    pairs = (
        json_.items()
        if isinstance(json_, dict)
        else enumerate(json_)
        if isinstance(json_, list)
        else ()
    )
    for key, inner in pairs:
        yield from paths(inner, (*here, key))


def mutated(draw, values):
    """Changes one place of a graph."""
    places = list(paths(values))[1:]
    *way, last = draw(st.sampled_from(places))
    parent = values
    for key in way:
        parent = parent[key]
    junk = st.sampled_from(
        [None, True, -1, 0, 1e308, float("1e400"), "", "x", "0", [], {}, [None], [[]],
         {"type": "Date"}, {"type": "Polygon", "coordinates": [[0]]},
         constant(None), constant("b"), constant([]), constant({"type": "Point"}),
         call("Image.constant", value=constant(1)), call("Number.sin"),
         reference("0"), reference("body"), {"argumentReference": "y"},
         {"integerValue": "7"}, {"integerValue": "seven"}, {"bytesValue": "a"}]
    )  # fmt: skip
    move = draw(st.sampled_from(["replace", "drop", "rename", "graft"]))
    if move == "replace" or isinstance(parent, list):
        parent[last] = draw(junk)
    elif move == "drop":
        del parent[last]
    elif move == "rename":
        parent[draw(st.sampled_from(["x", "left", "values", "valueReference"]))] = (
            parent.pop(last)
        )
    else:
        parent[last] = copy.deepcopy(draw(st.sampled_from(graphs())))


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_whatever_is_sent_is_answered_or_refused_in_google_s_form(world, data):
    values = {
        "0": copy.deepcopy(data.draw(st.sampled_from(graphs()))),
        "body": call("Element.get", object={"argumentReference": "x"},
                     property=constant("n")),
        "function": {
            "functionDefinitionValue": {"argumentNames": ["x"], "body": "body"}
        },
    }  # fmt: skip
    for _ in range(data.draw(st.integers(1, 3))):
        mutated(data.draw, values)
    status, body = ask(world, values)
    if status == 200:
        assert set(body) == {"result"}
        return
    assert status == 400
    assert body["error"]["code"] == 400
    assert body["error"]["status"] in ("INVALID_ARGUMENT", "UNIMPLEMENTED")
    assert body["error"]["message"]

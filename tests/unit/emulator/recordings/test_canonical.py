"""One key for all requests that ask the same, and no two questions under one key."""

import json

import ee
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.evaluator.context import Context
from emulator.evaluator.errors import EngineError
from emulator.evaluator.graph import read_expression
from emulator.evaluator.interpreter import Interpreter
from emulator.recordings.asked import asked
from emulator.recordings.canonical import canonical_expression, canonical_text

# Terms: ("c", constant), ("x", binder's distance), ("f", body), ("l", items),
# ("d", pairs), ("n", name, pairs), ("v", body, argument). Variables are counted from
# the inside (de Bruijn), so that equal terms are equal tuples: the truth to hold the
# canonical form against.
CONSTANTS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.0, -0.0, 1.0, 0.5, 2**53 + 1, -(2**60)]),
    st.sampled_from(["", "a", "unbound a", "v" * 80]),
)
KEYS = st.sampled_from(["a", "b", "input", "values"])


def terms(depth, size=3):
    leaves = [CONSTANTS.map(lambda v: ("c", v))]
    if depth:
        leaves.append(st.integers(0, depth - 1).map(lambda i: ("x", i)))
    leaf = st.one_of(leaves)
    if size == 0:
        return leaf
    inner = terms(depth, size - 1)
    pairs = st.dictionaries(KEYS, inner, max_size=3).map(
        lambda d: tuple(sorted(d.items()))
    )
    body = terms(depth + 1, size - 1)
    return st.one_of(
        leaf,
        st.lists(inner, max_size=3).map(lambda items: ("l", tuple(items))),
        pairs.map(lambda p: ("d", p)),
        st.tuples(st.sampled_from(["F", "G"]), pairs).map(lambda t: ("n", *t)),
        body.map(lambda b: ("f", b)),
        st.tuples(body, inner).map(lambda t: ("v", *t)),
    )


def folded(term):
    """The term with arrays and dictionaries of constants as constants, comparable."""
    match term:
        case ("c", value):
            return ("c", json.dumps(value))
        case ("x", _):
            return term
        case ("l", items):
            made = [folded(item) for item in items]
            if all(one[0] == "c" and exact(one) for one in made):
                return ("c", json.dumps([json.loads(one[1]) for one in made]))
            return ("l", tuple(made))
        case ("d", pairs):
            made = [(key, folded(item)) for key, item in pairs]
            if all(one[0] == "c" and exact(one) for _, one in made):
                values = {key: json.loads(one[1]) for key, one in made}
                return ("c", json.dumps(values, sort_keys=True))
            return ("d", tuple(made))
        case ("n", name, pairs):
            return ("n", name, tuple((key, folded(item)) for key, item in pairs))
        case ("f", body):
            return ("f", folded(body))
        case ("v", body, argument):
            return ("v", folded(body), folded(argument))


def exact(constant):
    value = json.loads(constant[1])
    return not (type(value) is int and abs(value) > 2**53)


class Writer:
    """A client with whims: names, sharing and order are drawn."""

    def __init__(self, draw):
        self.draw, self.values, self.made = draw, {}, {}

    def fresh(self):
        return f"{self.draw(st.sampled_from('zyx'))}{len(self.values)}"

    def put(self, node):
        name = self.fresh()
        self.values[name] = node
        return name

    def pairs(self, items, scope):
        order = self.draw(st.permutations(items)) if len(items) > 1 else items
        return {key: self.node(item, scope) for key, item in order}

    def node(self, term, scope):
        # In Python 1, 1.0 and True are one key of a dictionary.
        here = (repr(term), scope)
        known = self.made.get(here)
        if known and self.draw(st.booleans()):
            return {"valueReference": known}
        node = self.body(term, scope)
        if self.draw(st.booleans()):
            self.made[here] = self.put(node)
            return {"valueReference": self.made[here]}
        return node

    def body(self, term, scope):
        match term:
            case ("c", value) if type(value) is int and abs(value) > 2**53:
                return {"integerValue": str(value)}
            case ("c", value):
                return {"constantValue": value}
            case ("x", distance):
                return {"argumentReference": scope[-1 - distance]}
            case ("l", items):
                return {"arrayValue": {"values": [self.node(i, scope) for i in items]}}
            case ("d", pairs):
                return {"dictionaryValue": {"values": self.pairs(pairs, scope)}}
            case ("n", name, pairs):
                call = {"functionName": name, "arguments": self.pairs(pairs, scope)}
                return {"functionInvocationValue": call}
            case ("f", body):
                return self.function(body, scope)[0]
            case ("v", body, argument):
                function, name = self.function(body, scope)
                call = {
                    "functionReference": self.put(function),
                    "arguments": {name: self.node(argument, scope)},
                }
                return {"functionInvocationValue": call}

    def function(self, body, scope):
        # Names may be those of functions beside, but none hides one around it.
        names = [n for n in ("p", "q", "_MAPPING_VAR_0_0") if n not in scope]
        name = self.draw(st.sampled_from([*names, f"r{len(scope)}"]))
        inner = self.put(self.node(body, (*scope, name)))
        definition = {"argumentNames": [name], "body": inner}
        return {"functionDefinitionValue": definition}, name


@st.composite
def written(draw, term):
    writer = Writer(draw)
    result = writer.put(writer.node(term, ()))
    names = draw(st.permutations(list(writer.values)))
    return {"result": result, "values": {n: writer.values[n] for n in names}}


def canonical(expression):
    return canonical_text(canonical_expression(expression))


@given(st.data(), terms(0))
def test_names_sharing_and_order_change_nothing(data, term):
    one, other = data.draw(written(term)), data.draw(written(term))
    assert canonical(one) == canonical(other)


@given(st.data(), terms(0), terms(0))
def test_keys_are_equal_for_equal_terms_only(data, one, other):
    equal = folded(one) == folded(other)
    texts = [canonical(data.draw(written(term))) for term in (one, other)]
    assert (texts[0] == texts[1]) == equal


@given(st.data(), terms(0))
def test_the_canonical_form_is_its_own(data, term):
    expression = canonical_expression(data.draw(written(term)))
    assert canonical_expression(expression) == expression


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (0.0, -0.0), (1, True), (1, "1"), (None, "null"), ([1], [[1]])],
)
def test_constants_that_look_alike_stay_apart(one, other):
    texts = [
        canonical({"result": "0", "values": {"0": {"constantValue": value}}})
        for value in (one, other)
    ]
    assert texts[0] != texts[1]


@pytest.mark.parametrize("kind", ["arguments", "dictionary"])
def test_the_order_of_keys_changes_nothing(kind):
    def call(name, arguments):
        body = {"functionName": name, "arguments": arguments}
        return {"functionInvocationValue": body}

    def expression(names):
        inner = {name: call(name, {}) for name in names}
        node = call("F", inner)
        if kind == "dictionary":
            node = {"dictionaryValue": {"values": inner}}
        return {"result": "0", "values": {"0": node}}

    assert canonical(expression("ab")) == canonical(expression("ba"))


def function(name, body):
    return {"functionDefinitionValue": {"argumentNames": [name], "body": body}}


def test_an_unbound_argument_is_not_caught_by_a_renamed_one():
    def mapped(inside):
        body = {"argumentReference": inside}
        return {"result": "f", "values": {"b": body, "f": function("x", "b")}}

    assert canonical(mapped("x")) != canonical(mapped("_MAPPING_VAR_0_0"))
    assert "unbound" in canonical(mapped("y"))


def test_a_name_that_hides_an_outer_one_means_the_inner():
    def nested(outer, inner, used):
        values = {"b": {"argumentReference": used}}
        values |= {"f": function(outer, "g"), "g": function(inner, "b")}
        return {"result": "f", "values": values}

    assert canonical(nested("x", "x", "x")) == canonical(nested("x", "y", "y"))
    assert canonical(nested("x", "y", "x")) != canonical(nested("x", "y", "y"))


def test_names_stay_where_a_function_nobody_sees_is_called_by_them():
    def called(name):
        chosen = {"functionName": "If", "arguments": {"a": {"valueReference": "f"}}}
        call = {"functionReference": "h", "arguments": {"x": {"constantValue": 1}}}
        values = {
            "b": {"argumentReference": name},
            "f": function(name, "b"),
            "h": {"functionInvocationValue": chosen},
            "r": {"functionInvocationValue": call},
        }
        return {"result": "r", "values": values}

    assert canonical(called("x")) != canonical(called("y"))


def test_a_chain_of_shared_doublings_is_short():
    values = {"0": {"functionInvocationValue": {"functionName": "F", "arguments": {}}}}
    for i in range(60):
        here = {"valueReference": str(i)}
        call = {"functionName": "Add", "arguments": {"left": here, "right": here}}
        values[str(i + 1)] = {"functionInvocationValue": call}
    made = canonical_expression({"result": "60", "values": values})
    assert len(made["values"]) == 61


def test_a_chain_may_be_long_and_its_numbers_are_the_same():
    def chain(length, names):
        values = {"0": {"functionInvocationValue": {"functionName": "F"}}}
        for i in range(length):
            inner = {names[0]: {"valueReference": str(i)}, names[1]: function("x", "b")}
            call = {"functionName": "G", "arguments": inner}
            values[str(i + 1)] = {"functionInvocationValue": call}
        values["b"] = {"argumentReference": "x"}
        return {"result": str(length), "values": values}

    made = canonical_expression(chain(5000, "ab"))
    assert len(made["values"]) == 5003
    assert made["result"] == "5002"
    short = canonical_expression(chain(3, "ab"))
    assert short["values"].items() <= made["values"].items()
    assert canonical(chain(5000, "ab")) != canonical(chain(5000, "ba"))


def test_json_nested_too_deep_has_no_key():
    deep = "[" * 100_000 + "]" * 100_000
    text = f'{{"expression": {json.dumps(ONE)}, "x": {deep}}}'
    assert asked("POST", PIXELS, text) is None


def test_what_cannot_be_read_is_refused():
    with pytest.raises(EngineError, match="itself"):
        canonical_expression({"result": "0", "values": {"0": {"valueReference": "0"}}})


def graphs():
    numbers = ee.List.sequence(1, 4)
    doubled = numbers.map(lambda x: ee.Number(x).multiply(2))
    pairs = numbers.map(
        lambda x: doubled.map(lambda y: ee.Number(x).multiply(10).add(y))
    )
    words = ee.Dictionary({"b": [1, 2, ["c"]], "a": pairs, "big": 2**60 + 1})
    summed = doubled.iterate(lambda x, total: ee.Number(total).add(x), 0)
    return [numbers, doubled, pairs, words, summed]


@pytest.mark.parametrize("index", range(5))
def test_the_canonical_form_means_the_same(world, index):
    def run(expression):
        return Interpreter(Context(world)).run(read_expression(expression))

    expression = ee.serializer.encode(graphs()[index], for_cloud_api=True)
    made = canonical_expression(expression)
    assert run(made) == run(expression)


def test_the_clients_count_of_functions_changes_nothing(world):
    # The client names an argument by how many functions it finds written in the
    # body, which depends on what it happens to write once.
    def graph(times):
        inner = ee.List([1, 2]).map(lambda y: ee.Number(y).add(1))
        return ee.List([5]).map(
            lambda x: ee.List([ee.List(inner).get(0)] * times + [x, x])
        )

    flat = ee.serializer.encode(graph(1), is_compound=False)
    shared = ee.serializer.encode(graph(1))
    as_values = {"values": {}, "result": "r"}
    as_values["values"]["r"] = lifted(flat, as_values["values"])
    assert canonical(as_values) == canonical(shared)
    assert canonical(shared) != canonical(ee.serializer.encode(graph(2)))


def lifted(node, values):
    """Turns the client's tree into an expression: bodies have to be named."""
    if isinstance(node, list):
        return [lifted(item, values) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: lifted(item, values) for key, item in node.items()}
    if isinstance(node.get("body"), dict):
        name = f"body{len(values)}"
        values[name], node["body"] = node["body"], name
    return node


ONE = {"result": "0", "values": {"0": {"constantValue": 1}}}
GRID = {
    "dimensions": {"width": 4, "height": 4},
    "affineTransform": {"scaleX": 10, "scaleY": -10, "translateX": 5, "translateY": 0},
    "crsCode": "EPSG:32632",
}


def key(path, body=None, method="POST", **more):
    text = None if body is None else json.dumps({**body, **more})
    found = asked(method, path, text)
    return found and found.key


PIXELS = "/v1/projects/p/image:computePixels"


def test_project_tag_and_account_change_no_key():
    body = {"expression": ONE, "fileFormat": "NPY", "grid": GRID}
    same = key(PIXELS, body)
    assert key(PIXELS.replace("/p/", "/other/"), body) == same
    assert key(f"https://host{PIXELS}?alt=json&key=abc&quotaUser=u", body) == same
    assert key(PIXELS, body, workloadTag="night", bandIds=[]) == same
    floats = {**GRID, "affineTransform": {k: float(v) for k, v in
                                          GRID["affineTransform"].items()}}  # fmt: skip
    assert key(PIXELS, {**body, "grid": floats}) == same


@pytest.mark.parametrize(
    "more",
    [
        {"fileFormat": "GEO_TIFF"},
        {"bandIds": ["a"]},
        {"bandIds": ["b", "a"]},
        {"grid": {**GRID, "crsCode": "EPSG:32633"}},
        {"grid": {**GRID, "dimensions": {"width": 5, "height": 4}}},
        {"visualizationOptions": {"ranges": [{"min": 0, "max": 1}]}},
        {"expression": {"result": "0", "values": {"0": {"constantValue": 2}}}},
    ],
)
def test_what_changes_the_answer_changes_the_key(more):
    body = {"expression": ONE, "fileFormat": "NPY", "grid": GRID}
    assert key(PIXELS, body, **more) != key(PIXELS, body)
    assert key(PIXELS, body, **more) == key(PIXELS, body, **more)


def test_other_kinds_have_keys_of_their_own():
    listed = "/v1/projects/earthengine-public/assets/A/B:listAssets"
    paged = {"expression": ONE, "pageToken": "9"}
    keys = [
        key("/v1/projects/p/value:compute", {"expression": ONE}),
        key("/v1/projects/p/table:computeFeatures", {"expression": ONE}),
        key("/v1/projects/p/table:computeFeatures", paged),
        key("/v1/projects/p/thumbnails", {"expression": ONE}),
        key("/v1/projects/p/thumbnails/n:getPixels", {"expression": ONE}, "GET"),
        key("/v1/projects/earthengine-public/assets/A/B:getPixels", {"grid": GRID}),
        key("/v1/projects/earthengine-public/assets/A/B", method="GET"),
        key(listed, method="GET"),
        key(f"{listed}?pageSize=5", method="GET"),
        key(f"{listed}?pageSize=5&pageToken=a", method="GET"),
        key("/v1/projects/p/algorithms", method="GET"),
        key("/$discovery/rest?version=v1", method="GET"),
        key("/$discovery/rest?version=v1alpha", method="GET"),
    ]  # fmt: skip
    assert None not in keys
    assert len(set(keys)) == len(keys)


def test_what_changes_something_or_is_an_accounts_own_has_none():
    for method, path in [
        ("POST", "/v1/projects/p/image:export"),
        ("GET", "/v1/projects/p/operations"),
        ("DELETE", "/v1/projects/p/assets/x"),
        ("GET", "/v1/projects/p/config"),
    ]:
        assert asked(method, path, "{}") is None
    for text in (None, "", "{", "[]"):
        assert asked("POST", PIXELS, text) is None


def test_a_thumbnails_name_is_no_part_of_its_key():
    body = {"expression": ONE, "fileFormat": "PNG"}
    one = key("/v1/projects/p/thumbnails/a:getPixels", body, "GET")
    assert one == key("/v1/projects/q/thumbnails/b:getPixels", body, "GET")


def test_an_expression_that_cannot_be_read_still_has_a_key():
    broken = {"expression": {"result": "0", "values": {"0": {"strange": 1}}}}
    assert key("/v1/projects/p/value:compute", broken)
    assert key("/v1/projects/p/value:compute", broken) != key(
        "/v1/projects/p/value:compute", {"expression": ONE}
    )

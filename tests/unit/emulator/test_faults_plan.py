"""Plans from YAML: what is taken, and what is said of what is not."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import faults
from emulator.faults import kinds
from emulator.faults.plan import FAULTY
from emulator.protocol import routes

DOCS = Path(__file__).resolve().parents[3] / "docs" / "faults.md"


def test_nothing_is_a_plan_in_which_nothing_goes_wrong():
    assert faults.read("") == faults.Plan()


def test_every_key_is_read():
    plan = faults.read("""
seed: 7
clock: start
faults:
  - {kind: 429, rate: 0.1, retry_after_s: 3, only: [value, pixels], first: 2}
  - {kind: 503_html, from_s: 10, for_s: 60, message: Soon.}
  - {kind: stall_body, share: 0.25, stall_s: 1.5, matching: 'S2_\\w+'}
latency:
  - {median_s: 1, sigma: 0.5, slow_share: 0.01, slow_factor: 20, only: [pixels]}
quota:
  concurrent: 40
  per_second: 100
  per_minute: 6000
  retry_after_s: 1
  restricted: {concurrent: 4, from_s: 30}
tokens: {lifetime_s: 60, expires_in_s: 3600}
""")
    asked = frozenset({"value", "pixels"})
    assert plan == faults.Plan(
        seed=7,
        clock="start",
        faults=(
            faults.Rule("429", rate=0.1, retry_after_s=3, only=asked, first=2),
            faults.Rule("503_html", from_s=10.0, for_s=60.0, message="Soon."),
            faults.Rule("stall_body", share=0.25, stall_s=1.5, matching=r"S2_\w+"),
        ),
        latency=(faults.Latency(1.0, 0.5, 0.01, 20.0, frozenset({"pixels"})),),
        quota=faults.Quota(40, 100, 6000, faults.Restricted(4, 30.0), 1),
        tokens=faults.Tokens(60.0, 3600),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fault: []", ["unknown key 'fault'", "allowed: seed, faults, latency"]),
        ("seed: x", ["seed", "whole number", "'x'"]),
        ("seed: true", ["seed", "whole number"]),
        ("- 1", ["must be a mapping", "seed, faults"]),
        ("faults: {kind: 400}", ["faults: must be a list"]),
        ("faults: [429]", ["faults[0]: must be a mapping", "kind, rate"]),
        ("faults: [{rate: 1}]", ["faults[0]: the key 'kind' is missing"]),
        ("faults: [{kind: 418}]", ["faults[0]: 'kind' is '418'", "429_rate", "cut"]),
        (
            "faults: [{kind: 400}, {kind: 400, rte: 1}]",
            ["faults[1]: unknown key 'rte'", "rate"],
        ),
        ("faults: [{kind: 400, rate: 2}]", ["faults[0]", "'rate'", "from 0 to 1"]),
        ("faults: [{kind: 400, rate: .nan}]", ["'rate'", "from 0 to 1"]),
        ("faults: [{kind: 400, rate: high}]", ["faults[0].rate", "number", "'high'"]),
        ("faults: [{kind: 400, only: pixels}]", ["faults[0].only", "list"]),
        ("faults: [{kind: 400, only: []}]", ["faults[0].only", "list"]),
        ("faults: [{kind: 400, only: [pxl]}]", ["'only' is 'pxl'", "pixels"]),
        ("faults: [{kind: 400, first: 0}]", ["'first' must be at least 1"]),
        ("faults: [{kind: 400, matching: '('}]", ["'matching'", "regular expression"]),
        ("faults: [{kind: cut, retry_after_s: 1}]", ["'retry_after_s'", "not for cut"]),
        ("faults: [{kind: cut, message: x}]", ["'message'", "not for cut"]),
        ("faults: [{kind: cut, stall_s: 1}]", ["'stall_s'", "stall_header"]),
        (
            "faults: [{kind: 400, rate: 0.6}, {kind: 500, rate: 0.6, only: [value]}]",
            ["value", "add up to more than 1"],
        ),
        ("latency: [{sigma: 1}]", ["latency[0]: the key 'median_s' is missing"]),
        ("latency: [{median_s: -1}]", ["'median_s' must be at least 0"]),
        ("quota: {concurrency: 3}", ["quota: unknown key", "concurrent, per_second"]),
        ("quota: {concurrent: 0}", ["quota: 'concurrent' must be at least 1"]),
        ("quota: {restricted: 3}", ["quota.restricted: must be a mapping"]),
        ("quota: {restricted: {}}", ["quota.restricted", "'concurrent' is missing"]),
        ("tokens: {}", ["tokens: the key 'lifetime_s' is missing"]),
        ("clock: noon", ["'clock' is 'noon'", "first_request, start"]),
        ("seed: 1\nseed: 2", ["the key 'seed' is there twice"]),
        ("faults: [", ["not YAML"]),
        ("seed: !!python/object/apply:os.getcwd []", ["not YAML"]),
    ],
)
def test_what_is_wrong_is_named(text, words, tmp_path):
    file = tmp_path / "faults.yaml"
    file.write_text(text)
    with pytest.raises(faults.PlanError) as caught:
        faults.load(file)
    said = str(caught.value)
    assert said.startswith(f"{file}: ")
    for word in words:
        assert word in said
    assert "\n" not in said


def test_conditions_let_rates_be_beyond_one():
    text = "faults: [{kind: 400, first: 1}, {kind: 500, rate: 0.5}]"
    assert len(faults.read(text).faults) == 2


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "seed",
                        "faults",
                        "kind",
                        "rate",
                        "only",
                        "latency",
                        "quota",
                        "tokens",
                        "1",
                        "x",
                    ]
                )
                | st.integers(),
                inner,
                max_size=3,
            )
        ),
        max_leaves=8,
    )
)
def test_whatever_the_file_holds_is_a_plan_or_a_plan_error(value):
    try:
        faults.read(yaml.safe_dump(value))
    except faults.PlanError:
        return


def blocks():
    return re.findall(r"```yaml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)


def test_every_example_of_the_docs_is_a_plan():
    assert blocks()
    for block in blocks():
        assert faults.read(block) != faults.Plan()


def keys(of):
    return set(of.__dataclass_fields__)


def test_the_docs_name_every_key_kind_and_request():
    shown = "\n".join(blocks())
    for of in (faults.Plan, faults.Rule, faults.Latency, faults.Quota):
        for key in keys(of) | keys(faults.Restricted) | keys(faults.Tokens):
            assert re.search(rf"\b{key}:", shown), f"no example has {key}"
    told = set(re.findall(r"`([^`\n]+)`", DOCS.read_text("utf-8")))
    assert set(kinds.NAMES) <= told
    assert set(routes.KINDS) <= told
    assert set(routes.KINDS) >= FAULTY

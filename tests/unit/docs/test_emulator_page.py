"""The page of the emulator says what is there."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path

import pytest

from emulator import command
from emulator.algorithms import lists
from emulator.evaluator import registry
from emulator.protocol import routes

DOCS = Path(__file__).resolve().parents[3] / "docs"
TEXT = (DOCS / "emulator.md").read_text("utf-8")


@pytest.fixture(scope="module")
def emulator_page():
    spec = importlib.util.spec_from_file_location(
        "emulator_page", DOCS / "emulator_page.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_parts_are_all_there_and_true(emulator_page):
    assert sorted(emulator_page.parts(TEXT)) == sorted(emulator_page._PARTS)
    assert emulator_page.page(TEXT) == TEXT


def test_a_part_that_is_not_true_is_made_anew(emulator_page):
    stale = TEXT.replace("`List.frequency`", "`List.frequenz`")
    assert stale != TEXT
    assert emulator_page.page(stale).count("`List.frequency`") >= 1
    with pytest.raises(KeyError, match="weather"):
        emulator_page.page("<!-- generated: weather -->\n<!-- end -->")


def test_every_algorithm_is_listed_with_what_it_does(emulator_page):
    listed = TEXT.partition("## Algorithms")[2]
    for name in registry.registered():
        assert f"`{name}`" in listed
        assert emulator_page.about(name), name


def test_every_option_is_there():
    options = {
        option
        for action in command._parser()._actions
        for option in action.option_strings
        if option.startswith("--")
    }
    table = TEXT.partition("## What it answers")[0]
    assert options <= set(re.findall(r"--[a-z-]+", table))


def test_every_route_is_there():
    table = TEXT.partition("## What it answers")[2].partition("## Semantics")[0]
    for _, _, pattern in routes._ROUTES:
        verb = re.search(r":([a-zA-Z]+)$", pattern.pattern)
        if verb and verb[1] != "reset":
            assert verb[1] in table


def test_the_example_is_in_the_code():
    example = TEXT.partition("## Adding an algorithm")[2].split("```")[1]
    assert inspect.getsource(lists.frequency).strip() in example


def test_links_lead_somewhere():
    for link in re.findall(r"\]\(([a-z]+\.md)\)", TEXT):
        assert (DOCS / link).exists(), link

"""Options say what they mean, and wrong ones say what is wrong."""

from __future__ import annotations

import pytest

from earthengine.engine import HIGH_VOLUME, STANDARD
from pipeline.exits import BadInputError
from pipeline.options import parse


def options(*arguments):
    return parse(["--tiles", "t.geojson", *arguments])


def test_without_a_project_the_emulator_answers():
    assert options().engine.kind == "emulator"
    assert "SYNTHETIC" in options().engine.describe()


def test_a_project_means_google_over_tls():
    engine = options("--project", "p").engine
    assert (engine.kind, engine.url) == ("google", HIGH_VOLUME)
    assert options("--project", "p", "--endpoint", "standard").engine.url == STANDARD
    assert HIGH_VOLUME.startswith("https://")


def test_a_url_means_that_server():
    engine = options("--engine_url", "http://127.0.0.1:8085/").engine
    assert (engine.kind, engine.url) == ("url", "http://127.0.0.1:8085")


def test_years_may_be_one_some_or_a_range():
    assert options("--years", "2019").recipe.years == (2019,)
    assert options("--years", "2018,2020").recipe.years == (2018, 2020)
    assert options("--years", "2017-2020").recipe.years == (2017, 2018, 2019, 2020)


def test_modalities_come_in_the_order_of_the_registry_once():
    recipe = options("--modalities", "aster,sentinel2,aster").recipe
    assert recipe.modalities == ("sentinel2", "aster")


def test_what_we_do_not_know_is_left_to_beam():
    assert options("--direct_num_workers=2").beam == ("--direct_num_workers=2",)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--image_size", "0"],
        ["--image_size", "x"],
        ["--max_cloud", "-1"],
        ["--max_cloud", "nan"],
        ["--splits", "0,0.5,0.5"],
        ["--splits", "1"],
        ["--years", ""],
        ["--layout", "other"],
        ["--engine_url", "ftp://x"],
        ["--service_account_file", "k.json"],
        ["--emulator_latency", "1", "--project", "p"],
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_flag(arguments):
    with pytest.raises(BadInputError) as error:
        options(*arguments)
    assert arguments[0] in str(error.value)

"""Every algorithm is one of the installed client's, with its arguments."""

import pytest

import emulator.algorithms  # noqa: F401 (registers)
from emulator.evaluator import registry
from emulator.evaluator.errors import EngineError, NotImplementedHere
from emulator.evaluator.signatures import signatures
from tests.unit.emulator.conftest import CALLED


@pytest.mark.parametrize("name", sorted(registry.registered()))
def test_name_and_arguments_are_those_of_the_client(name):
    assert name in signatures()
    algorithm = registry.registered()[name]
    known = [registry.python_name(a.name) for a in signatures()[name].arguments]
    assert set(algorithm.accepted) <= set(known)
    assert [n for n in known if n in algorithm.accepted] == list(algorithm.accepted)
    if not algorithm.lazy:
        assert len(algorithm.parameters) == len(algorithm.accepted)


def test_required_arguments_are_neither_ignored_nor_refused():
    # Error margins, parallelism and the like are optional; what is required matters.
    ignored = {
        (name, argument.name)
        for name, algorithm in registry.registered().items()
        for argument in signatures()[name].arguments
        if not argument.optional
        and registry.python_name(argument.name) not in algorithm.accepted
    }
    assert ignored == set()


def test_what_is_ignored_is_known_not_accepted_and_has_a_reason():
    for name, algorithm in registry.registered().items():
        assert algorithm.ignores <= algorithm.argument_names, name
        accepted = {registry.python_name(ignored) for ignored in algorithm.ignores}
        assert accepted.isdisjoint(algorithm.accepted), name
        assert algorithm.ignores <= set(registry.IGNORED), name
    every = {i for a in registry.registered().values() for i in a.ignores}
    assert every == set(registry.IGNORED)


def test_what_is_neither_accepted_nor_ignored_is_refused_unless_it_is_the_default():
    load = registry.registered()["Image.reduceRegion"]
    refusing = [a for a in registry.registered().values() if a.refused]
    assert refusing
    assert not load.lazy
    for algorithm in refusing:
        for argument, default in algorithm.refused.items():
            with pytest.raises(NotImplementedHere, match=f"'{argument}'"):
                algorithm.call({argument: object()}, None)
            with pytest.raises(EngineError) as complaint:
                algorithm.call({argument: default, "no such": 1}, None)
            assert "'no such'" in complaint.value.message


@pytest.mark.afterwards
def test_every_algorithm_has_answered_some_test(whole):
    left = set(registry.registered()) - CALLED
    if left:
        pytest.fail(f"no test calls {' '.join(sorted(left))}", pytrace=False)


def test_the_list_for_planning_and_fetching_is_there():
    wanted = """
        Image.load Image.constant Image.select Image.rename Image.addBands
        Image.resample Image.unmask Image.round Image.toUint16 Image.toFloat Image.where
        Image.clip Image.reduceRegion Image.reproject Image.setDefaultProjection
        Image.projection ImageCollection.load ImageCollection.getRegion
        ImageCollection.mosaic ImageCollection.toBands ImageCollection.merge reduce.mode
        Terrain.slope Collection.filter Collection.reduceColumns Collection.loadTable
        Collection.randomColumn Filter.dateRangeContains Filter.intersects
        Filter.contains Filter.lessThan Filter.calendarRange If Date.advance
        GeometryConstructors.Polygon Reducer.toList Reducer.combine Reducer.repeat
    """
    assert set(wanted.split()) <= set(registry.registered())


def test_a_name_is_registered_once():
    with pytest.raises(ValueError, match=r"Image\.load"):
        registry.algorithm("Image.load")(lambda id: None)

"""Opening a session: once a process, patiently, and with clear refusals."""

import ee
import pytest

import earthengine.session
from earthengine.engine import Budget, Engine, Patience
from earthengine.errors import EngineError
from earthengine.request import Usage
from tests.unit.earthengine.conftest import answer


@pytest.fixture(autouse=True)
def no_session(monkeypatch):
    monkeypatch.setattr(earthengine.session, "_session", None)


def test_a_process_has_one_session_an_engine_and_budget(connect):
    first = connect(Budget(4, 10.0))
    assert connect(Budget(4, 10.0)) is first
    assert connect(Budget(2, 10.0)) is not first


@pytest.mark.parametrize("status", [429, 503])
def test_opening_is_tried_again(connect, server, status):
    server.opening[:] = [answer(b"", status), answer(b"", status)]
    session = connect()
    assert len(connect.pauses) == 2
    server.script[:] = [answer({"result": 3})]
    assert session.compute(ee.Number(1), Usage(), lambda value: value) == 3


@pytest.mark.parametrize(
    ("status", "kind"), [(403, "forbidden"), (404, "not_found"), (401, None)]
)
def test_opening_that_is_refused_says_so(connect, server, status, kind):
    refusal = {"error": {"code": status, "message": "API not enabled for test"}}
    server.opening[:] = [answer(refusal, status)] * 9
    with pytest.raises(EngineError) as caught:
        connect()
    assert caught.value.kind == (kind or "unauthenticated")
    if kind:
        assert "API not enabled" in str(caught.value)
    assert connect.pauses == []


def test_an_engine_that_is_not_there_is_said_so():
    nobody = Engine("url", "test", "http://127.0.0.1:9")
    with pytest.raises(EngineError) as caught:
        earthengine.session.connect(nobody, Budget(), Patience(attempts=1))
    assert caught.value.kind == "transient"


def test_a_missing_key_file_is_named(tmp_path):
    path = tmp_path / "key.json"
    engine = Engine("google", "p", "http://127.0.0.1:9", str(path))
    with pytest.raises(EngineError) as caught:
        earthengine.session.connect(engine, Budget())
    assert caught.value.kind == "unauthenticated"
    assert str(path) in str(caught.value)

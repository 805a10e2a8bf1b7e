"""``python -m emulator --record`` and ``--replay``, in processes of their own."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

import pytest

from emulator import command
from tests.unit.emulator.recordings.conftest import Canned


@contextmanager
def running(*options):
    """Yields the address of an emulator, and a list that gets its last words."""
    given = [sys.executable, "-m", "emulator", "--port", "0", "--workers", "0"]
    with subprocess.Popen(
        [*given, *map(str, options)], stdout=subprocess.PIPE, text=True
    ) as process:
        words = []
        try:
            first = process.stdout.readline()
            yield re.search(r"http://127\.0\.0\.1:\d+(?= \(stop)", first)[0], words
        finally:
            process.send_signal(signal.SIGTERM)
            words += process.stdout.read().strip().splitlines()
            assert process.wait(timeout=20) == 0


def ask(url, number):
    graph = {"result": "0", "values": {"0": {"constantValue": number}}}
    request = urllib.request.Request(
        f"{url}/v1/projects/p/value:compute",
        json.dumps({"expression": graph}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["result"]


def test_recorded_then_replayed_then_compared(serve, tmp_path, capsys):
    folder = tmp_path / "recording"
    real = serve(Canned(body=b'{"result": "real"}'))
    with running("--record", folder, "--upstream", real.url) as (url, said):
        assert ask(url, 1) == "real"
    assert 'ee.Initialize(project="YOUR-PROJECT"' in "\n".join(said)
    assert said[-1] == "Answers: 1 stored, 0 known, 0 changed, 0 passed, 0 lost"
    real.close()
    with running("--replay", folder) as (url, said):
        assert [ask(url, 1), ask(url, 2)] == ["real", 2]
    listed = folder / "computed.jsonl"
    assert said[-1] == f"Replayed 1 requests, computed 1: see {listed}"
    assert len(listed.read_text().splitlines()) == 1
    assert command.main(["compare", str(folder), "--fail-under", "0.5"]) == 1
    assert ".result: 'real', here 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--record", "r", "--upstream", "http://example.org"], "https"),
        (["--replay", "nowhere"], "no recording"),
        (["--record", "r", "--replay", "r"], "not both"),
        (["--strict"], "nothing to replay"),
    ],
)
def test_wrong_options_are_told(options, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as status:
        command.main(options)
    assert status.value.code == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []

"""``python -m emulator``, as a process."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import psutil
import pytest

from emulator import command

VALUE = "/v1/projects/p/value:compute"
ONE = b'{"expression":{"result":"0","values":{"0":{"constantValue":1}}}}'


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def serve(port):
    """Starts the command, and waits until it listens."""
    begun = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "emulator", *arguments, "--port", str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        process.said = "".join(process.stdout.readline() for _ in range(5))
        process.children = psutil.Process(process.pid).children(recursive=True)
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def ask(port, body=ONE, path=VALUE):
    url = f"http://127.0.0.1:{port}{path}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, body), timeout=30) as answer:
        return json.load(answer)


def test_it_serves_logs_and_stops_clean(serve, port, tmp_path):
    log = tmp_path / "requests.jsonl"
    process = serve("serve", "--workers", "2", "--log", str(log))
    lines = re.search(r"^import ee.*\nee\.Initialize.*", process.said, re.MULTILINE)
    compile(lines[0], "two lines", "exec")
    assert f'url="http://127.0.0.1:{port}"' in lines[0]
    assert len(process.children) == 2
    # Idle, kept alive: it must not hold up the end.
    with socket.create_connection(("127.0.0.1", port)):
        assert ask(port) == {"result": 1}
        assert ask(port, None, "/stats")["requests"]["value"] == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert process.stderr.read() == ""
    assert not [child for child in process.children if child.is_running()]
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))
    line = json.loads(log.read_text())
    assert (line["path"], line["status"]) == (VALUE, 200)


def test_killed_it_leaves_no_worker(serve, port, tmp_path):
    plan = tmp_path / "faults.yaml"
    plan.write_text("latency: [{median_s: 0}]")
    process = serve("--workers", "2", "--faults", str(plan))
    assert ask(port) == {"result": 1}
    process.kill()
    process.wait()
    gone, alive = psutil.wait_procs(process.children, timeout=20)
    assert (len(gone), alive) == (2, [])


def test_ctrl_c_ends_what_waits(serve, port, tmp_path):
    process = serve("--workers", "0", "--latency", "3600")
    assert process.children == []
    with socket.create_connection(("127.0.0.1", port)) as line:
        head = f"POST {VALUE} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(ONE)}"
        line.sendall(f"{head}\r\n\r\n".encode() + ONE)
        while ask(port, None, "/stats")["requests"]["value"] == 0:
            continue
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    assert process.stderr.read() == ""


@pytest.fixture
def quiet(monkeypatch):
    """Keeps the handlers of signals."""
    kept = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_a_port_that_is_taken(capsys, quiet):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        assert command.main(["--workers", "0", "--port", str(number)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"Cannot listen on port {number}: Address already in use\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fautls: []", ["unknown key 'fautls'", "allowed: seed, faults"]),
        ("faults: [{kind: 999}]", ["'kind' is '999'", "429_rate"]),
        (None, ["faults.yaml"]),
    ],
)
def test_a_bad_plan_is_told_without_a_traceback(tmp_path, capsys, quiet, text, words):
    file = tmp_path / "faults.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SystemExit) as ended:
        command.main(["--faults", str(file)])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    for word in words:
        assert word in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "70000"],
        ["--port", "x"],
        ["--workers", "-1"],
        ["--latency", "nan"],
        ["--latency", "-1"],
        ["--log", "/"],
        ["paint"],
    ],
)
def test_bad_options_end_with_2(arguments, capsys, quiet):
    with pytest.raises(SystemExit) as ended:
        command.main(["--workers", "0", *arguments])
    assert ended.value.code == 2
    assert arguments[-1] in capsys.readouterr().err


def test_other_commands_are_imported_when_asked_for(monkeypatch, capsys):
    asked = []
    preview = type("module", (), {"main": staticmethod(asked.append)})
    monkeypatch.setitem(sys.modules, "emulator.preview", preview)
    assert command.main(["preview", "--lon", "9.5"]) == 0
    assert asked == [["--lon", "9.5"]]
    with pytest.raises(SystemExit) as ended:
        command.main(["--help"])
    assert ended.value.code == 0
    assert "preview" in capsys.readouterr().out
    code = "import sys, emulator.command; sys.exit('emulator.preview' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

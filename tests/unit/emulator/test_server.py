"""The HTTP door."""

import gzip
import json
import socket
import threading

import pytest

from emulator import server
from emulator.service import JSON, Delivery, Layer, Response

VALUE = "/v1/projects/p/value:compute"


class Script(Layer):
    """Answers what a test puts in; remembers what it was asked."""

    def __init__(self):
        self.answer = Response(200, {"content-type": JSON}, b"{}")
        self.asked, self.threads = [], []
        self.came = threading.Semaphore(0)

    def handle(self, method, uri, headers=None, body=None):
        self.asked.append((method, uri, body))
        self.threads.append(threading.current_thread())
        self.came.release()
        return self.answer() if callable(self.answer) else self.answer

    def stats(self):
        return {}

    def close(self):
        pass


@pytest.fixture
def script():
    return Script()


@pytest.fixture
def door(script):
    with server.start(script) as made:
        yield made


@pytest.fixture
def line(door):
    """A connection to the door."""
    host, port = door.url.removeprefix("http://").split(":")
    assert host == "127.0.0.1"
    with socket.create_connection((host, int(port)), timeout=10) as made:
        yield made


def request(body=b"", *headers, method="POST", length=True):
    lines = [f"{method} {VALUE} HTTP/1.1", "Host: x", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def answer(line):
    """Reads one answer: its status, headers and body."""
    file = line.makefile("rb")
    status = int(file.readline().split()[1])
    headers = {}
    while text := file.readline().strip().decode():
        name, _, value = text.partition(": ")
        headers[name.lower()] = value
    return status, headers, file.read(int(headers["content-length"]))


class Counted:
    """A connection that counts what is sent, and how often."""

    def __init__(self, connection):
        self.connection, self.sizes = connection, []

    def sendall(self, data):
        self.sizes.append(len(data))
        self.connection.sendall(data)

    def __getattr__(self, name):
        return getattr(self.connection, name)


@pytest.fixture
def counted(monkeypatch):
    """The connections that handlers make answers on."""
    made = []
    build = server._Answer.__init__

    def init(self, connection):
        made.append(Counted(connection))
        build(self, made[-1])

    monkeypatch.setattr(server._Answer, "__init__", init)
    return made


@pytest.mark.parametrize("size", [0, 13, 100_000, 5_000_000])
def test_an_answer_is_one_write_on_a_connection_without_delay(
    script, counted, line, size
):
    script.answer = Response(200, {"content-type": "image/tiff"}, b"x" * size)
    for number in range(1, 4):
        line.sendall(request(b"{}"))
        status, _, body = answer(line)
        assert (status, len(body)) == (200, size)
        assert len(counted[0].sizes) == number
    assert len(counted) == 1
    assert counted[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_bodies_come_zipped_or_in_chunks_on_one_connection(script, line):
    plain = b'{"expression": 1}'
    zipped = gzip.compress(plain)
    line.sendall(request(zipped, "Content-Encoding: gzip"))
    answer(line)
    chunks = b"3\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (
        plain[:3],
        len(plain) - 3,
        plain[3:],
    )
    line.sendall(request(b"", "Transfer-Encoding: chunked", length=False) + chunks)
    answer(line)
    line.sendall(request(b"", method="GET", length=False))
    answer(line)
    assert script.asked == [("POST", VALUE, plain)] * 2 + [("GET", VALUE, None)]


def test_answers_are_zipped_for_those_who_take_it(script, line):
    long = json.dumps({"result": "a" * 5000}).encode()
    script.answer = Response(200, {"content-type": JSON}, long)
    line.sendall(request(b"", "Accept-Encoding: gzip, deflate"))
    _, headers, body = answer(line)
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == long
    line.sendall(request(b""))
    _, headers, body = answer(line)
    assert "content-encoding" not in headers
    assert body == long


def test_a_bad_body_is_a_400_and_the_end_of_the_connection(script, line):
    line.sendall(request(b"{}", "Content-Encoding: gzip"))
    status, headers, body = answer(line)
    assert (status, headers["connection"]) == (400, "close")
    assert "gzip" in json.loads(body)["error"]["message"]
    assert line.recv(1) == b""
    assert not script.asked


def test_a_client_that_asks_first_may_send(script, line):
    head = request(b"", "Expect: 100-continue", "Content-Length: 2", length=False)
    line.sendall(head)
    assert line.recv(100).startswith(b"HTTP/1.1 100 ")
    line.sendall(b"{}")
    assert answer(line)[0] == 200
    assert script.asked == [("POST", VALUE, b"{}")]


def test_nonsense_is_answered(line):
    line.sendall(b"NONSENSE / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert line.recv(100).startswith(b"HTTP/1.1 501 ")


def test_a_service_that_breaks_is_logged_and_the_next_request_served(
    script, door, line, caplog
):
    def broken():
        raise RuntimeError("a fault of ours")

    good, script.answer = script.answer, broken
    line.sendall(request(b"{}"))
    assert line.recv(1) == b""
    assert "a fault of ours" in caplog.text
    script.answer = good
    with socket.create_connection(line.getpeername()) as other:
        other.sendall(request(b"{}"))
        assert answer(other)[0] == 200


def test_a_reset_is_one(script, line):
    script.answer = Response(200, {}, b"", Delivery.RESET)
    line.sendall(request(b"{}"))
    with pytest.raises(ConnectionResetError):
        line.recv(1)


@pytest.mark.parametrize("body", [b"", b"a", b"abcd"])
def test_a_cut_body_is_shorter_than_it_says(script, line, body):
    script.answer = Response(200, {}, body, Delivery.CUT)
    line.sendall(request(b"{}"))
    _, headers, sent = answer(line)
    assert sent == body[: len(body) // 2]
    assert int(headers["content-length"]) > len(sent)


@pytest.mark.parametrize("delivery", [Delivery.STALL_HEADER, Delivery.STALL_BODY])
def test_stalls_end_by_themselves(script, line, delivery):
    script.answer = Response(200, {}, b"abcd", delivery, stall_s=0.05)
    line.sendall(request(b"{}"))
    received = b""
    while piece := line.recv(4096):
        received += piece
    half = delivery is Delivery.STALL_BODY
    assert received[-2:] == (b"ab" if half else b"")
    assert received.startswith(b"HTTP/1.1 200 ") is half


@pytest.mark.parametrize("delivery", [Delivery.STALL_HEADER, Delivery.STALL_BODY])
def test_stalls_end_with_the_client_or_the_door(script, door, line, delivery):
    script.answer = Response(200, {}, b"abcd", delivery, stall_s=3600.0)
    with socket.create_connection(line.getpeername()) as other:
        for one in (other, line):
            one.sendall(request(b"{}"))
            assert script.came.acquire(timeout=10)
    gone, stays = script.threads
    gone.join(10)
    assert (gone.is_alive(), stays.is_alive()) == (False, True)
    door.close()
    stays.join(10)
    assert not stays.is_alive()


def test_the_end_waits_for_what_runs_but_not_for_what_idles(script, door, line):
    begun, may_end = threading.Event(), threading.Event()

    def slow():
        begun.set()
        may_end.wait(10)
        return Response(200, {}, b"late")

    with socket.create_connection(line.getpeername(), timeout=10) as idle:
        idle.sendall(request(b"{}"))
        answer(idle)
        script.answer = slow
        line.sendall(request(b"{}"))
        assert begun.wait(10)
        closing = threading.Thread(target=door.close, args=(30.0,))
        closing.start()
        may_end.set()
        assert answer(line)[2] == b"late"
        closing.join(10)
        assert not closing.is_alive()
        assert idle.recv(1) == b""


def test_a_closed_server_is_gone(script):
    made = server.start(script)
    port = int(made.url.rpartition(":")[2])
    made.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


def test_it_listens_on_loopback_alone(door):
    assert door._http.socket.getsockname()[0] == "127.0.0.1"

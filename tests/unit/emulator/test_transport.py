"""The in-process door: what becomes of a broken delivery."""

import threading

import pytest

import emulator
from emulator.service import Delivery, Layer, Response


class Broken(Layer):
    def __init__(self, delivery, stall_s):
        self.answer = Response(200, {}, b"abcde", delivery, stall_s)

    def handle(self, *_):
        return self.answer


@pytest.mark.parametrize(
    ("delivery", "timeout_s", "error", "words"),
    [
        (Delivery.RESET, None, ConnectionResetError, "reset by peer"),
        (Delivery.CUT, None, ConnectionError, "2 bytes read, 3 more"),
        (Delivery.STALL_HEADER, None, ConnectionError, "without response"),
        (Delivery.STALL_HEADER, 0.001, TimeoutError, "timed out"),
        (Delivery.STALL_BODY, None, ConnectionError, "2 bytes read, 3 more"),
        (Delivery.STALL_BODY, 0.001, ConnectionError, "2 bytes read, 3 more"),
    ],
)
def test_a_broken_delivery_raises(delivery, timeout_s, error, words):
    stall_s = 0.01 if timeout_s is None else 3600.0
    made = emulator.Transport(Broken(delivery, stall_s), timeout_s)
    with pytest.raises(error, match=words):
        made.request("http://x/")


def test_a_whole_one_is_the_answer():
    made = emulator.Transport(Broken(Delivery.WHOLE, 0.0))
    answer, body = made.request("http://x/")
    assert (answer.status, answer["content-length"], body) == (200, "5", b"abcde")


def test_stalls_end_with_the_door():
    made = emulator.Transport(Broken(Delivery.STALL_HEADER, 3600.0))
    raised = []

    def ask():
        try:
            made.request("http://x/")
        except ConnectionError as error:
            raised.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    made.close()
    thread.join(10)
    assert len(raised) == 1

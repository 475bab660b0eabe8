import socket
import sys

import pytest

from mappings.connection_wire import Answer

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_an_answer_is_let_go_without_the_collector() -> None:
    near, far = socket.socketpair()
    with near, far:
        near.sendall(WHOLE)
        answer = Answer(bodiless=False)
        answer.read(far)
    assert (answer.status, answer.body, answer.lets_more) == (200, b"{}", True)
    assert sys.getrefcount(answer) == 2, "it and the parser hold each other"


def test_an_error_of_ours_while_reading_is_not_the_nodes() -> None:
    class Full(Answer):
        def on_body(self, data: bytes) -> None:
            raise MemoryError

    near, far = socket.socketpair()
    with near, far:
        near.sendall(WHOLE)
        answer = Full(bodiless=False)
        with pytest.raises(MemoryError):
            answer.read(far)

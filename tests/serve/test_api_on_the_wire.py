"""What only a real server and a raw socket show: slow, broken-off and oversized bodies."""

import json
import logging
import re
import socket
from typing import Any

import pytest
from api_server import listening as server

HEAD = b"POST /search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def answer(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """Return the status and the JSON body of the next answer."""
    with connection.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        length = 0
        while (line := stream.readline().strip()) != b"":
            if found := re.match(rb"content-length: (\d+)", line, re.IGNORECASE):
                length = int(found[1])
        return status, json.loads(stream.read(length))


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def test_a_body_too_large_by_its_own_word_is_refused_before_it_is_sent() -> None:
    with server() as port, connect(port) as connection:
        connection.sendall(HEAD + b"Content-Length: 10000000000\r\n\r\n")
        status, problem = answer(connection)
        assert (status, problem["type"]) == (413, "too_large")


def test_an_endless_body_is_cut_off() -> None:
    with server() as port, connect(port) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(65):
            connection.sendall(b"400\r\n" + b" " * 1024 + b"\r\n")
        status, problem = answer(connection)
        assert (status, problem["type"]) == (413, "too_large")


def test_a_body_that_never_comes_is_given_up() -> None:
    with server(read_seconds=0.2) as port, connect(port) as connection:
        connection.sendall(HEAD + b'Content-Length: 100\r\n\r\n{"text"')
        status, problem = answer(connection)
        assert (status, problem["type"]) == (408, "too_slow")
        assert "0.2 s" in problem["problem"]


def test_a_client_that_goes_away_is_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), server() as port:
        with connect(port) as connection:
            connection.sendall(HEAD + b'Content-Length: 100\r\n\r\n{"text"')
        with connect(port) as connection:  # the service goes on
            connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")
            assert answer(connection)[0] == 400
    assert [r.getMessage() for r in caplog.records] == []


def test_one_connection_serves_many_requests_good_and_bad() -> None:
    with server() as port, connect(port) as connection:
        for content, expected in ((b"{}", 400), (b'{"text": "a"}', 503), (b"{", 400)):
            length = f"Content-Length: {len(content)}\r\n\r\n".encode()
            connection.sendall(HEAD + length + content)
            assert answer(connection)[0] == expected


@pytest.mark.parametrize("path", [b"POST /search", b"GET /live", b"POST /nothing"])
@pytest.mark.parametrize("length", [b"2", b"0", b"10000000000"])
def test_a_request_that_says_twice_where_it_ends_is_refused(path: bytes, length: bytes) -> None:
    head = HEAD.replace(b"POST /search", path)
    both = b"Content-Length: " + length + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    with server() as port, connect(port) as connection:
        connection.sendall(head + both + b"2\r\n{}\r\n0\r\n\r\n")
        status, problem = answer(connection)
        assert (status, problem["type"]) == (400, "input")
        assert "both Content-Length and Transfer-Encoding" in problem["problem"]
        assert connection.recv(1) == b"", "nothing behind it is taken for a request"

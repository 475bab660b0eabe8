import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from index_example import IDENTITY, body, document
from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as Unreachable
from opensearchpy.exceptions import ConnectionTimeout, NotFoundError, TransportError

from mappings.connection import Connection, node_errors
from mappings.errors import NodeUnreachable
from mappings.index import create

if TYPE_CHECKING:
    from socket import socket as Socket

Answer = Callable[["Socket", int], None]


def reply(text: str, more: str = "") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{more}"
    return f"{head}Content-Length: {len(text)}\r\n\r\n{text}".encode()


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """A port that hands each connection over with its number, one after the other."""

    def serve() -> None:
        number = 0
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                with near, suppress(OSError):
                    answer(near, number)
                number += 1

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def echo(met: list[int]) -> Answer:
    """Answer every request alike, and note the number of the connection that it came by."""

    def answer(near: "Socket", number: int) -> None:
        while near.recv(65536):
            met.append(number)
            near.sendall(reply("{}"))

    return answer


def test_a_connection_is_kept_for_the_next_request() -> None:
    met: list[int] = []

    with server(echo(met)) as url:
        client = Connection(url).open()
        for _ in range(3):
            client.info()
        client.close()
        client.info()  # what was closed is opened anew
        client.close()
    assert met == [0, 0, 0, 1]


def test_a_connection_that_the_node_closed_meanwhile_is_replaced() -> None:
    closed = threading.Event()

    def answer(near: "Socket", number: int) -> None:
        near.recv(65536)
        near.sendall(reply(f'{{"n": {number}}}'))
        near.close()
        closed.set()

    with server(answer) as url:
        client = Connection(url).open()
        assert client.info() == {"n": 0}
        assert closed.wait(60)
        time.sleep(0.05)  # the end of the connection arrives
        assert client.info() == {"n": 1}
        client.close()


def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    given_up = threading.Event()

    def answer(near: "Socket", number: int) -> None:
        near.recv(65536)
        if number == 0:
            given_up.wait(60)
        near.sendall(reply(f'{{"n": {number}}}'))

    with server(answer) as url:
        client = Connection(url).open()
        with pytest.raises(ConnectionTimeout):
            client.info(params={"request_timeout": 0.1})
        given_up.set()
        assert client.info() == {"n": 1}
        client.close()


def test_half_an_answer_is_an_unreachable_node_and_not_kept() -> None:
    def answer(near: "Socket", number: int) -> None:
        near.recv(65536)
        near.sendall(reply('{"n": 1}') if number else reply('{"n": 0}')[:-4])

    with server(answer) as url:
        client = Connection(url).open()
        with pytest.raises(Unreachable):
            client.info()
        assert client.info() == {"n": 1}
        client.close()


def test_a_node_that_hangs_up_after_its_answer_gets_a_new_connection() -> None:
    met: list[int] = []

    def answer(near: "Socket", number: int) -> None:
        met.append(number)
        near.recv(65536)
        near.sendall(reply("{}", "Connection: close\r\n"))

    with server(answer) as url:
        client = Connection(url).open()
        assert [client.info(), client.info()] == [{}, {}]
        client.close()
    assert met == [0, 1]


CHUNKED = (
    b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{"n": \r\n2\r\n1}\r\n0\r\n\r\n'
)
UNSAID = b'HTTP/1.1 200 OK\r\n\r\n{"n": 1}'


@pytest.mark.parametrize(
    "pieces",
    [[CHUNKED], [UNSAID], [bytes([byte]) for byte in CHUNKED]],
    ids=["chunks", "length unsaid", "byte by byte"],
)
def test_an_answer_is_read_whole_however_it_is_framed(pieces: list[bytes]) -> None:
    def answer(near: "Socket", number: int) -> None:
        near.recv(65536)
        for piece in pieces:
            near.sendall(piece)
            time.sleep(0.001)

    with server(answer) as url:
        client = Connection(url).open()
        assert client.info() == {"n": 1}
        client.close()


def test_the_head_of_an_answer_to_head_says_a_length_that_does_not_come() -> None:
    def answer(near: "Socket", number: int) -> None:
        while near.recv(65536):
            near.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")

    with server(answer) as url:
        client = Connection(url).open()
        assert client.indices.exists(index="a") is True
        assert client.indices.exists(index="b") is True
        client.close()


def test_what_is_no_http_is_an_unreachable_node() -> None:
    def answer(near: "Socket", number: int) -> None:
        near.recv(65536)
        near.sendall(b"\x15\x03\x03\x00\x02\x02\x46")  # how a TLS port says no

    with server(answer) as url, pytest.raises(NodeUnreachable, match="https://"), node_errors(url):
        Connection(url).open().info()


def test_a_line_break_in_a_path_adds_no_header() -> None:
    met: list[bytes] = []

    def answer(near: "Socket", number: int) -> None:
        met.append(near.recv(65536))
        near.sendall(reply("{}"))

    with server(answer) as url:
        client = Connection(url).open()
        client.transport.perform_request("GET", "/a\r\nx-evil: 1")
        client.close()
    assert b"x-evil: 1" not in met[0]


def test_a_line_break_in_a_header_is_not_sent() -> None:
    met: list[int] = []

    with server(echo(met)) as url:
        client = Connection(url).open()
        with pytest.raises(Unreachable, match="Invalid header"):
            client.info(headers={"x-opaque-id": "1\r\nx-evil: 1"})
        client.close()
    assert met == []


@pytest.mark.parametrize("host", ["a..b", "x" * 64])
def test_a_host_that_cannot_be_is_an_unreachable_node(host: str) -> None:
    url = f"http://{host}:9200"
    with pytest.raises(NodeUnreachable), node_errors(url):
        Connection(url).open().info()


def test_an_answer_before_the_end_of_a_large_request_is_heard() -> None:
    def answer(near: "Socket", number: int) -> None:
        near.recv(100)
        near.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}")
        time.sleep(0.1)

    with server(answer) as url:
        client = Connection(url).open()
        with pytest.raises(TransportError) as caught:
            client.bulk(body=b"{}\n" * 10_000_000)
        assert caught.value.status_code == 413
        client.close()


def test_warnings_of_the_node_are_given_each(recwarn: pytest.WarningsRecorder) -> None:
    warned = "".join(f'Warning: 299 OpenSearch-3 "[{n}] is old"\r\n' for n in "ab")

    def answer(near: "Socket", number: int) -> None:
        near.recv(65536)
        near.sendall(reply("{}", warned))

    with server(answer) as url:
        client = Connection(url).open()
        client.info()
        client.close()
    assert [str(w.message) for w in recwarn] == ["[a] is old", "[b] is old"]


def test_a_node_elsewhere_is_spoken_to_in_gzip() -> None:
    got: list[bytes] = []

    def answer(near: "Socket", number: int) -> None:
        data = b""
        while b"\r\n\r\n" not in data or len(data.partition(b"\r\n\r\n")[2]) < 20:
            data += near.recv(65536)
        got.append(data)
        packed = gzip.compress('{"标题": 1}'.encode())
        head = "Content-Encoding: gzip\r\nContent-Type: application/json; charset=UTF-8\r\n"
        near.sendall(f"HTTP/1.1 200 OK\r\n{head}Content-Length: {len(packed)}\r\n\r\n".encode())
        near.sendall(packed)

    with server(answer) as url:
        client = OpenSearch([url], http_compress=True, max_retries=0)
        assert client.search(body={"query": {"match_all": {}}}) == {"标题": 1}
        client.close()
    head, _, sent = got[0].partition(b"\r\n\r\n")
    assert b"content-encoding: gzip" in head.lower()
    assert gzip.decompress(sent) == b'{"query":{"match_all":{}}}'


@pytest.mark.node
def test_many_threads_get_their_own_answers(client: OpenSearch, alias: str) -> None:
    create(client, alias, IDENTITY, body())
    for n in range(20):
        client.index(index=alias, id=str(n), body=document())
    with ThreadPoolExecutor(8) as threads:
        asked = [str(n % 20) for n in range(400)]
        found = list(threads.map(lambda n: client.get(index=alias, id=n)["_id"], asked))
    assert found == asked


@pytest.mark.node
def test_errors_and_what_is_not_there_are_told_as_by_the_clients_own(
    client: OpenSearch, alias: str
) -> None:
    assert client.indices.exists(index=f"{alias}-none") is False
    assert client.get(index="none", id="1", ignore=404)["status"] == 404
    with pytest.raises(NotFoundError) as caught:
        client.search(index=f"{alias}-none", body={})
    assert caught.value.info["error"]["type"] == "index_not_found_exception"
    assert isinstance(client.cat.indices(format="txt"), str)

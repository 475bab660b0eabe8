import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from index_example import IDENTITY, body, document
from opensearchpy.exceptions import ConflictError, RequestError

from mappings.connection import Connection, node_errors
from mappings.errors import DiskFull, NodeUnreachable, ShelfsightError, StackError
from mappings.index import create

if TYPE_CHECKING:
    from opensearchpy import OpenSearch


@contextmanager
def answering(reply: bytes) -> Iterator[str]:
    """A port that answers every connection with these bytes and hangs up."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                with near, suppress(OSError):
                    near.recv(65536)
                    near.sendall(reply)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def failure(url: str, timeout: float = 10.0) -> ShelfsightError:
    client = Connection(url, timeout=timeout).open()
    with pytest.raises(ShelfsightError) as caught, node_errors(url):
        client.info()
    client.close()
    return caught.value


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_node_that_is_too_busy_is_unreachable_for_now(status: int) -> None:
    with answering(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status) as url:
        error = failure(url)
    assert isinstance(error, NodeUnreachable)
    assert f"HTTP {status}" in error.problem


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_user_is_named_with_the_settings(status: int) -> None:
    with answering(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status) as url:
        error = failure(url)
    assert isinstance(error, StackError)
    assert not isinstance(error, NodeUnreachable)
    assert "SHELFSIGHT_NODE_USER" in error.cure


def test_a_proxys_word_about_tls_is_understood() -> None:
    text = b"<center>The plain HTTP request was sent to HTTPS port</center>"
    reply = b"HTTP/1.1 400 X\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(text)
    with answering(reply + text) as url:
        error = failure(url)
    assert isinstance(error, NodeUnreachable)
    assert "give https://" in error.cure


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"])
def test_a_node_that_hangs_up_is_unreachable(reply: bytes) -> None:
    with answering(reply) as url:
        assert isinstance(failure(url), NodeUnreachable)


def test_a_node_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = failure(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
    assert isinstance(error, NodeUnreachable)
    assert "ConnectionTimeout" in error.problem


def test_a_host_that_does_not_exist_is_unreachable() -> None:
    assert isinstance(failure("http://no.such.host.invalid:9200"), NodeUnreachable)


@pytest.mark.node
def test_a_full_disk_is_told_from_a_refused_user_and_a_busy_node(
    client: "OpenSearch", alias: str
) -> None:
    name = create(client, alias, IDENTITY, body())
    # The block that the node itself sets at the flood stage.
    client.indices.put_settings(index=name, body={"index.blocks.read_only_allow_delete": True})
    with pytest.raises(DiskFull, match="disk is nearly full"), node_errors("the node"):
        client.index(index=alias, id="1", body=document())
    client.indices.put_settings(index=name, body={"index.blocks.read_only_allow_delete": None})
    client.index(index=alias, id="1", body=document())


@pytest.mark.node
def test_what_is_no_fault_of_the_surroundings_passes_through(
    client: "OpenSearch", alias: str
) -> None:
    create(client, alias, IDENTITY, body())
    client.index(index=alias, id="1", body=document())
    with pytest.raises(ConflictError), node_errors("the node"):
        client.create(index=alias, id="1", body=document())
    with pytest.raises(RequestError), node_errors("the node"):
        client.search(index=alias, body={"query": {"nothing": {}}})

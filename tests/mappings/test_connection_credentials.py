"""Whom the password is sent to: over plain HTTP this machine only, and no other host ever."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opensearchpy.exceptions import TransportError
from tls_stub import make_authority, tls_serving

from mappings.connection import Connection
from mappings.errors import InputError

USER, PASSWORD = "shelf", "hunter2"


@pytest.mark.parametrize(
    "host",
    [
        "node",
        "node.example:9200",
        "192.0.2.7:9200",
        "10.0.0.1",
        "[2001:db8::1]:9200",
        "0.0.0.0:9200",
        "127.0.0.1.example.com",
        "127.example.com:9200",
        "localhost.example.com",
    ],
)
def test_a_password_goes_to_no_other_machine_in_plain_http(host: str) -> None:
    for scheme in ("http", "HTTP"):
        with pytest.raises(InputError, match=r"unencrypted.*https://") as caught:
            Connection(f"{scheme}://{host}", USER, PASSWORD)
        assert PASSWORD not in str(caught.value) + repr(caught.value)
    assert Connection(f"https://{host}", USER, PASSWORD).user == USER
    assert not Connection(f"http://{host}").is_local


@pytest.mark.parametrize("host", ["127.0.0.1:9200", "127.8.9.1", "localhost:9200", "[::1]:9200"])
def test_a_password_may_go_to_this_machine_in_plain_http(host: str) -> None:
    assert Connection(f"http://{host}", USER, PASSWORD).is_local


def _handler(location: str, asked: list[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(307 if location else 200)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def _plain(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def _refuses(connection: Connection) -> None:
    client = connection.open()
    with pytest.raises(TransportError) as caught:
        client.info()
    client.close()
    assert caught.value.status_code == 307


def test_a_redirect_is_not_followed_in_plain_http() -> None:
    first: list[str] = []
    second: list[str] = []
    with (
        _plain(_handler("", second)) as elsewhere,
        _plain(_handler(elsewhere, first)) as node,
    ):
        _refuses(Connection(node.rstrip("/"), USER, PASSWORD))
    assert (len(first), second) == (1, [])


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is missing: apt install openssl")
def test_a_redirect_is_not_followed_over_tls(tmp_path: Path) -> None:
    first: list[str] = []
    second: list[str] = []
    authority = make_authority(tmp_path, "ours")
    pair = authority.issue("node", "IP:127.0.0.1")
    with (
        _plain(_handler("", second)) as elsewhere,
        tls_serving(_handler(elsewhere, first), *pair) as port,
    ):
        _refuses(Connection(f"https://127.0.0.1:{port}", USER, PASSWORD, str(authority.pem)))
    assert (len(first), second) == (1, [])

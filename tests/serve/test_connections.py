"""Silent, slow and too many clients, over a real server: none of them stops the service."""

import json
import os
import re
import resource
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from api_server import listening, nothing_to_open
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mappings.errors import InputError
from serve.app import create_app
from serve.connections import connection_limit
from serve.limits import Limits

ROOT = Path(__file__).resolve().parents[2]
FILES = 128
HEAD_BYTES = Limits().head_bytes
HEAD = b"GET /live HTTP/1.1\r\nHost: x\r\n"
FORM = b"POST /search HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n"
PART = b'--x\r\nContent-Disposition: form-data; name="pictures"; filename="a"\r\n\r\nabc'
SILENT = {
    "nothing": b"",
    "half a line": b"GET /li",
    "half a head": HEAD + b"X-",
    "half a body": FORM.replace(b"multipart/form-data; boundary=x", b"application/json")
    + b'Content-Length: 100\r\n\r\n{"text"',
    "half an upload": FORM + b"Content-Length: 1000\r\n\r\n" + PART,
}


server = partial(listening, lifespan="off")


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def ask(connection: socket.socket, request: bytes = HEAD + b"\r\n") -> bytes:
    """Send a request and return the answer's first line."""
    connection.sendall(request)
    with connection.makefile("rb") as stream:
        line, length = stream.readline(), 0
        while (header := stream.readline().strip()) != b"":
            if found := re.match(rb"content-length: (\d+)", header, re.IGNORECASE):
                length = int(found[1])
        stream.read(length)
    return line.strip()


def rest(connection: socket.socket) -> bytes:
    """Return what still comes until the server closes the connection."""
    kept = b""
    try:
        while part := connection.recv(65_536):
            kept += part
    except ConnectionResetError:
        pass
    return kept


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The program itself, which may open 128 files only."""
    code = "from shelfsight.commands.serve import serve; serve('127.0.0.1', 0)"
    home = tmp_path_factory.mktemp("home")
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "SHELFSIGHT_HOME": str(home),
        "SHELFSIGHT_NODE_URL": "http://127.0.0.1:9",
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, cwd=home, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES)),
    ) as program:  # fmt: skip
        try:
            assert program.stderr is not None
            found = re.search(r":(\d+)$", program.stderr.readline())
            assert found
            with urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/live", timeout=60):
                yield int(found[1])
        finally:
            program.kill()


@pytest.mark.parametrize("what", ["nothing", "half a head", "half a body", "half an upload"])
def test_two_hundred_silent_connections_keep_nobody_out(port: int, what: str) -> None:
    with ExitStack() as open_ones:
        for _ in range(200):
            one = open_ones.enter_context(connect(port))
            if SILENT[what]:
                one.sendall(SILENT[what])
        started = time.monotonic()
        with connect(port) as another:
            assert ask(another).endswith(b"200 OK")
        assert time.monotonic() - started < 5.0, "they would be closed by themselves after 10 s"


def test_the_limit_of_connections_follows_the_limit_of_files() -> None:
    assert connection_limit(Limits(connections=10)) == 10
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert connection_limit(Limits(connections=10**9)) == soft // 2
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 100, hard))
    try:
        assert connection_limit(Limits(connections=10**9)) == (soft - 100) // 2
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("sent", ["nothing", "half a line", "half a head"])
def test_a_head_that_does_not_come_is_given_up(sent: str) -> None:
    with server(head_seconds=0.3) as port, connect(port) as connection:
        connection.sendall(SILENT[sent])
        answer = rest(connection)
        assert answer.startswith(b"HTTP/1.1 408 " if SILENT[sent] else b"") or not answer
        assert bool(answer) == bool(SILENT[sent])


def test_a_head_that_comes_drop_by_drop_is_given_up_all_the_same() -> None:
    with server(head_seconds=0.5) as port, connect(port) as connection:
        started = time.monotonic()
        try:
            while time.monotonic() - started < 10:
                connection.sendall(b"X")
                time.sleep(0.1)
        except ConnectionError:
            return
        raise AssertionError("it was read for 10 s")


def test_after_an_answer_the_next_head_has_a_deadline_too() -> None:
    with server(head_seconds=0.3) as port, connect(port) as connection:
        assert ask(connection).endswith(b"200 OK")
        connection.sendall(HEAD)  # a byte ends the server's usual wait for the next request
        assert rest(connection).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_nobody_waits_for_does_not_hold_the_connection() -> None:
    with server(head_seconds=0.3) as port, connect(port) as connection:
        assert ask(connection, HEAD + b"Content-Length: 100\r\n\r\n{").endswith(b"200 OK")
        assert rest(connection) == b""


def test_a_slow_body_has_its_own_time() -> None:
    with server(head_seconds=0.2, read_seconds=20.0) as port, connect(port) as connection:
        head = b"POST /search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        connection.sendall(head + b"Content-Length: 2\r\n\r\n{")
        time.sleep(0.6)
        assert ask(connection, b"}").endswith(b"400 Bad Request")


def test_a_client_that_does_not_read_is_dropped() -> None:
    done = threading.Event()

    async def large(scope: Any, receive: Any, send: Any) -> None:
        try:
            await PlainTextResponse("x" * 50_000_000)(scope, receive, send)
        finally:
            done.set()

    with server(large, head_seconds=0.3) as port, connect(port) as connection:
        connection.sendall(HEAD + b"\r\n")
        assert done.wait(20)


def test_a_waiting_connection_goes_before_one_that_is_answered() -> None:
    entered, finish = threading.Semaphore(0), threading.Event()

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        entered.release()
        request = Request(scope, receive)
        while not finish.is_set() and request.url.path == "/wait":
            import asyncio

            await asyncio.sleep(0.01)
        await Response()(scope, receive, send)

    wait = b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"
    with server(waits, connections=3) as port, ExitStack() as open_ones:
        busy = [open_ones.enter_context(connect(port)) for _ in range(2)]
        for one in busy:
            one.sendall(wait)
            assert entered.acquire(timeout=10)
        idle = open_ones.enter_context(connect(port))
        last = open_ones.enter_context(connect(port))
        assert rest(idle) == b"", "the one that waited longest made room"
        last.sendall(wait)
        assert entered.acquire(timeout=10)
        late = open_ones.enter_context(connect(port))
        answer = rest(late)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 5" in answer
        finish.set()
        for one in (*busy, last):
            assert ask(one, b"").endswith(b"200 OK")


@pytest.mark.parametrize(("size", "status"), [(HEAD_BYTES - 100, b"200"), (HEAD_BYTES * 2, b"4")])
def test_a_head_is_limited_at_16_kilobytes(size: int, status: bytes) -> None:
    with server() as port, connect(port) as connection:
        # What comes at once is refused by us with 431, what comes in parts by the server with 400.
        assert b" " + status in ask(connection, HEAD + b"X: " + b"a" * size + b"\r\n\r\n")


@pytest.mark.parametrize(
    "line",
    [
        b"GET /suggest?%s HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /suggest?q=%s HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /search HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
        b"Content-Type: multipart/form-data;%s\r\n\r\n",
    ],
)
@pytest.mark.parametrize("unit", [b"&", b"a=b&", b";", b";a=b", b'"', b"%E4", b"\\"])
def test_a_hostile_head_at_the_limit_is_refused(line: bytes, unit: bytes) -> None:
    content = unit * ((HEAD_BYTES - 200) // len(unit))
    with server() as port, connect(port) as connection:
        assert ask(connection, line % content).split()[1] in (b"400", b"503")
        with connect(port) as another:
            assert ask(another).endswith(b"200 OK")


def test_live_answers_when_every_thread_is_taken() -> None:
    release, entered = threading.Event(), threading.Event()

    def slow_to_load() -> Any:
        entered.set()
        release.wait(60)
        raise InputError("There is none.", "")

    limits = Limits(uploads=100)
    app = create_app(nothing_to_open, limits=limits, transcriber_source=slow_to_load)
    form = (
        b'--x\r\nContent-Disposition: form-data; name="audio"; filename="a"\r\n\r\nabc\r\n--x--\r\n'
    )
    request = FORM.replace(b"/search", b"/transcribe") + b"Content-Length: %d\r\n\r\n" % len(form)
    with server(app) as port, ExitStack() as open_ones:
        try:
            for _ in range(60):  # more than there are threads
                open_ones.enter_context(connect(port)).sendall(request + form)
            assert entered.wait(20)
            with connect(port) as another:
                assert ask(another).endswith(b"200 OK")
                assert ask(another, HEAD.replace(b"GET", b"HEAD") + b"\r\n").endswith(b"200 OK")
        finally:
            release.set()


def test_the_answers_are_those_of_the_service() -> None:
    with (
        server() as port,
        urllib.request.urlopen(f"http://127.0.0.1:{port}/live", timeout=10) as answer,
    ):
        assert json.load(answer) == {"status": "ok"}
        assert "server" not in {name.lower() for name in answer.headers}

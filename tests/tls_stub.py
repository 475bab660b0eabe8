"""TLS servers of an authority of our own: a door before a real node, and a company's proxy."""

import base64
import http.client
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any
from urllib.parse import urlsplit

HOP = {"host", "connection", "authorization", "transfer-encoding", "content-length"}


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority of our own in a folder."""

    folder: Path
    name: str

    @property
    def pem(self) -> Path:
        return self.folder / f"{self.name}.pem"

    @property
    def key(self) -> Path:
        return self.folder / f"{self.name}.key"

    def issue(self, subject: str, names: str, days: int = 2) -> tuple[Path, Path]:
        """Return certificate and key for a host; ``names`` as openssl's subjectAltName."""
        stem = self.folder / f"{self.name}-{subject}"
        cert, key, request, extra = (stem.with_suffix(f".{s}") for s in ("crt", "key", "csr", "x"))
        extra.write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
        _openssl("req", "-new", *_EC, "-keyout", key, "-out", request, "-subj", f"/CN={subject}")
        _openssl(
            *("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key),
            *("-CAcreateserial", "-days", str(days), "-extfile", extra, "-out", cert),
        )
        return cert, key


_EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def make_authority(folder: Path, name: str) -> Authority:
    authority = Authority(folder, name)
    _openssl(
        *("req", "-x509", *_EC, "-keyout", authority.key, "-out", authority.pem, "-days", "2"),
        *("-subj", f"/CN=Shelfsight test {name}", "-addext", "keyUsage=critical,keyCertSign"),
    )
    return authority


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()


@contextmanager
def tls_door(
    node_url: str, cert: Path, key: Path, user: str, password: str
) -> Iterator[tuple[str, list[str]]]:
    """Serve ``node_url`` over https to one user; yields the address and the paths asked for."""
    asked: list[str] = []
    token = base64.b64encode(f"{user}:{password}".encode()).decode()

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.headers.get("authorization") != f"Basic {token}":
                return self._answer(
                    401, {"WWW-Authenticate": 'Basic realm="node"'}, b"Unauthorized"
                )
            return self._forward(body)

        do_PUT = do_POST = do_DELETE = do_HEAD = do_GET

        def _forward(self, body: bytes) -> None:
            node = http.client.HTTPConnection(urlsplit(node_url).netloc, timeout=60)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP}
            node.request(self.command, self.path, body, headers)
            reply = node.getresponse()
            payload = reply.read()
            kept = {k: v for k, v in reply.getheaders() if k.lower() not in HOP}
            self._answer(reply.status, kept, payload)
            node.close()

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with tls_serving(Door, cert, key) as port:
        yield f"https://127.0.0.1:{port}", asked


@contextmanager
def intercepting_proxy(
    folder: Path, cert: Path, key: Path, pause: Callable[[], object] = lambda: None
) -> Iterator[tuple[str, list[str]]]:
    """A company's proxy: whatever host is asked for, it answers itself, from a folder's files.

    Yields its address and what was asked for: ``CONNECT host:port`` and ``GET /path``; ``pause``
    is called before a tunnel opens.
    """
    asked: list[str] = []

    class Files(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

        def do_GET(self) -> None:
            asked.append(f"GET {self.path}")
            super().do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with tls_serving(Files, cert, key) as port:

        class Tunnel(BaseRequestHandler):
            def handle(self) -> None:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += self.request.recv(4096) or b"\r\n\r\n"
                asked.append(b" ".join(head.split(b" ")[:2]).decode())
                pause()
                self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                with socket.create_connection(("127.0.0.1", port), timeout=60) as inner:
                    back = threading.Thread(target=_pump, args=(inner, self.request))
                    back.start()
                    _pump(self.request, inner)
                    back.join()

        with _listening(Tunnel) as address:
            yield address, asked


@contextmanager
def _listening(handler: type[BaseRequestHandler]) -> Iterator[str]:
    class Server(ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class _TlsServer(ThreadingHTTPServer):
    daemon_threads = True
    context: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        # The handshake is done in the connection's own thread: one bad client stops nobody.
        try:
            secure = self.context.wrap_socket(request, server_side=True)
        except OSError:
            return
        with secure:
            super().finish_request(secure, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients of these tests hang up on purpose


@contextmanager
def tls_serving(handler: type[BaseHTTPRequestHandler], cert: Path, key: Path) -> Iterator[int]:
    server = _TlsServer(("127.0.0.1", 0), handler)
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(cert, key)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

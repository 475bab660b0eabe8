"""The index behind the alias while a feed is taken in: swapped away, or refusing one document."""

import gzip
import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from ingest_workshop import PATIENCE, Workshop, meanwhile, some, wait_until, write_catalogue

from ingest.reconcile import reconcile
from ingest.writer.target import read_target
from mappings.body import render
from mappings.calibration import Calibration
from mappings.connection import Connection
from mappings.errors import EXIT_OK, EXIT_PARTLY
from mappings.index import create, swap
from mappings.schema import Schema

pytestmark = [pytest.mark.node, pytest.mark.broker]


def new_index(workshop: Workshop) -> str:
    identity = workshop.space.identity
    return create(
        workshop.client, workshop.alias, identity,
        render(Schema(32), identity, Calibration({})),
    )  # fmt: skip


def test_an_alias_pointed_elsewhere_during_an_ingest_is_noticed_and_completed(
    workshop: Workshop,
) -> None:
    records = some(80, pictures=0)
    for record in records:
        record["title"] += " PAUSE" if record["id"] < "p0030" else ""
    write_catalogue(workshop.catalogue, records)
    workshop.start_worker()
    other = new_index(workshop)

    def elsewhere(over: threading.Event) -> None:
        wait_until(lambda: over.is_set() or workshop.ledger.counts().indexed > 8)
        assert not over.is_set()
        swap(workshop.client, workshop.alias, other)

    with meanwhile(elsewhere):
        report = workshop.ingest()
    assert (report.indexed, report.exit_code) == (80, EXIT_OK)
    assert f"pointed to {other} meanwhile" in report.notes[-1]
    workshop.agrees(records)
    target = read_target(workshop.client, workshop.alias)
    assert target.index == other
    assert reconcile(
        workshop.ledger, workshop.sender, workshop.client, target, dry_run=True
    ).equal == 80  # fmt: skip


@pytest.fixture
def refusing(node_url: str) -> Iterator[str]:
    """A way to the node that answers 500 for the document ``p0020``, every time."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            place = None
            if "_bulk" in self.path:
                lines = body.splitlines(keepends=True)
                ids = [json.loads(line)["index"]["_id"] for line in lines[::2]]
                if "p0020" in ids:
                    place = ids.index("p0020")
                    body = b"".join(lines[: 2 * place] + lines[2 * place + 2 :])
            status, kind, payload = self._ask(body) if body or place is None else (200, "", b"")
            if place is not None:
                answer = json.loads(payload or b'{"items": []}')
                error = {"type": "illegal_state_exception", "reason": "a fault of the node"}
                item = {"index": {"_id": "p0020", "status": 500, "error": error}}
                answer["items"].insert(place, item)
                kind, payload = "application/json", json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_PUT = do_POST = do_DELETE = do_HEAD = do_GET

        def _ask(self, body: bytes) -> tuple[int, str, bytes]:
            node = http.client.HTTPConnection(urlsplit(node_url).netloc, timeout=60)
            kind = self.headers.get("content-type", "application/json")
            node.request(self.command, self.path, body, {"Content-Type": kind})
            reply = node.getresponse()
            payload = reply.read()
            node.close()
            return reply.status, reply.headers.get("content-type", ""), payload

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.faults
def test_a_document_that_the_node_fails_over_is_a_dead_letter_after_four_runs(
    workshop: Workshop, refusing: str
) -> None:
    records = some(40, pictures=1)
    write_catalogue(workshop.catalogue, records)
    workshop.start_worker(connection=Connection(refusing, timeout=10))
    report = workshop.ingest()
    assert (report.indexed, report.dead_lettered, report.pending) == (39, 1, 0)
    assert report.exit_code == EXIT_PARTLY
    (letter,) = report.letters
    assert (letter.id, letter.stage, letter.attempts) == ("p0020", "index", 4)
    assert "a fault of the node" in letter.reason

    again = workshop.ingest()
    assert (again.unchanged, again.exit_code) == (39, EXIT_PARTLY)
    assert [x.id for x in again.letters] == ["p0020"], "the reason is said again"
    from ingest.ledger.dead_letters import drop_letters

    assert drop_letters(workshop.ledger, ids=["p0020"]) == 1
    assert workshop.ingest(patience=PATIENCE).exit_code == EXIT_OK

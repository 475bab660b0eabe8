"""``shelfsight ingest`` and its sisters as a person runs them: words, JSON and exit codes."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ingest_workshop import ROOT, Broker, free_port, some, wait_until, write_catalogue

pytestmark = [pytest.mark.node, pytest.mark.broker]


class Program:
    """The program with an alias, a home and a broker of its own."""

    def __init__(self, folder: Path, node_url: str) -> None:
        self.folder = folder
        self.broker = Broker(folder / "broker")
        self.alias = f"ingest-{uuid.uuid4().hex[:10]}"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SHELFSIGHT_HOME": str(folder / "home"),
            "SHELFSIGHT_ALIAS": self.alias,
            "SHELFSIGHT_NODE_URL": node_url,
            "SHELFSIGHT_BROKER_URL": self.broker.url,
            "SHELFSIGHT_TEXT_MODEL": "hash:32",
            "SHELFSIGHT_IMAGE_MODEL": "hash:32",
            "SHELFSIGHT_CONCURRENCY": "1",
            "SHELFSIGHT_SAMPLE": "20",
        }
        self.worker: subprocess.Popen[bytes] | None = None

    def start_worker(self) -> None:
        with (self.folder / "worker.log").open("ab") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "shelfsight.worker:app", "worker", "-l",
                 "INFO", "--without-gossip", "--without-mingle"],
                env=self.environment, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def run(self, *words: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "shelfsight", *words], cwd=self.folder, timeout=120,
            env=self.environment | changes, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def json(self, *words: str, code: int = 0) -> Any:
        found = self.run(*words)
        assert found.returncode == code, found.stderr
        return json.loads(found.stdout)

    def close(self) -> None:
        if self.worker is not None and self.worker.poll() is None:
            self.worker.kill()
            self.worker.wait()
        self.broker.kill()


@pytest.fixture
def program(tmp_path: Path, node_url: str, client: Any) -> Iterator[Program]:
    made = Program(tmp_path, node_url)
    made.broker.start()
    yield made
    made.close()
    client.indices.delete(index=f"{made.alias}-*", ignore_unavailable=True)


def test_a_person_ingests_looks_and_reconciles(program: Program, client: Any) -> None:
    records = some(25)
    bad = {"id": "bad", "title": "x", "price": "cheap"}
    catalogue = write_catalogue(program.folder / "shop", [*records, bad])
    program.start_worker()
    found = program.run("ingest", str(catalogue))
    assert found.returncode == 1, found.stderr
    assert "read 26 = accepted 25 + rejected 1" in found.stdout
    assert "line 26: column 'price': 'cheap' is not a price" in found.stdout
    client.indices.refresh(index=program.alias)
    assert client.count(index=program.alias)["count"] == 25

    write_catalogue(catalogue, records[:24])
    report = program.json("ingest", str(catalogue), "--full", "--json")
    assert (report["unchanged"], report["deleted"], report["exit_code"]) == (24, 1, 0)
    status = program.json("ingest-status", "--json")
    assert (status["accepted"], status["pending"], status["dead"]) == (26, 0, 0)
    figures = program.json("reconcile", "--json")
    assert (figures["checked"], figures["equal"], figures["resent"]) == (25, 25, 0)
    assert program.json("dead-letters", "list", "--json") == []
    refused = program.run("ingest", str(write_catalogue(catalogue, records[:3])), "--full")
    assert refused.returncode == 2
    assert "nothing was deleted" in refused.stdout


def test_what_is_wrong_is_said_with_its_cure_and_exit_code(program: Program) -> None:
    (program.folder / "a.jsonl").write_text('{"artikel": 1, "produkt": "x"}\n')
    for words, code, expected in (
        (("ingest", "missing.jsonl"), 2, "There is no catalogue at missing.jsonl"),
        (("ingest", "a.jsonl"), 2, "--column id=THEIR_COLUMN"),
        (("ingest", "a.jsonl", "--column", "nonsense"), 2, "OURS=THEIRS"),
        (("dead-letters", "show", "nobody"), 2, "no dead letter"),
    ):
        found = program.run(*words)
        assert found.returncode == code, (words, found.stderr)
        assert expected in " ".join(found.stderr.split()), (words, found.stderr)
        assert "Traceback" not in found.stderr

    shop = str(write_catalogue(program.folder / "shop", some(3)))
    nowhere = f"127.0.0.1:{free_port()}"
    node = program.run("ingest", shop, SHELFSIGHT_NODE_URL=f"http://{nowhere}")
    assert node.returncode == 3
    assert "does not answer" in node.stderr
    broker = program.run("ingest", shop, SHELFSIGHT_BROKER_URL=f"redis://:secret@{nowhere}/0")
    assert broker.returncode == 3
    assert "does not answer" in broker.stderr
    assert "secret" not in broker.stderr + broker.stdout


def test_ctrl_c_says_what_is_under_way_and_a_second_run_goes_on(program: Program) -> None:
    catalogue = write_catalogue(program.folder / "shop", some(20))
    running = subprocess.Popen(
        [sys.executable, "-m", "shelfsight", "ingest", str(catalogue)],
        cwd=program.folder, env=program.environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until(
        lambda: "20" in program.run("ingest-status").stdout.split("accepted")[-1][:6],
    )
    running.send_signal(signal.SIGINT)
    _, words = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "20 products are under way" in words
    assert "Traceback" not in words
    program.start_worker()
    report = program.json("ingest", str(catalogue), "--json")
    assert (report["accepted"], report["indexed"]) == (20, 20)


def test_two_feeds_at_once_are_refused(program: Program) -> None:
    catalogue = write_catalogue(program.folder / "shop", some(4))
    running = subprocess.Popen(
        [sys.executable, "-m", "shelfsight", "ingest", str(catalogue)],
        cwd=program.folder, env=program.environment, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: any((program.folder / "home").glob("ledgers/*.lock")))
    second = program.run("ingest", str(catalogue))
    assert second.returncode == 3
    assert f"process {running.pid}" in second.stderr
    running.kill()
    running.wait()

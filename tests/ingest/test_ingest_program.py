"""``shelfsight ingest`` and its sisters as a person runs them: words, JSON and exit codes."""

from typing import Any

import pytest
from ingest_program import Program
from ingest_workshop import free_port, some, wait_until, write_catalogue

pytestmark = [pytest.mark.node, pytest.mark.broker]


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
    with program.start("ingest", str(catalogue)) as running:
        wait_until(lambda: running.poll() is not None or program.counts().accepted == 20)
        words = program.stopped(running)
    assert running.returncode == 130
    assert "20 products are under way" in words
    assert program.left() == []
    program.start_worker()
    report = program.json("ingest", str(catalogue), "--json")
    assert (report["accepted"], report["indexed"]) == (20, 20)


def test_two_feeds_at_once_are_refused(program: Program) -> None:
    catalogue = write_catalogue(program.folder / "shop", some(4))
    with program.start("ingest", str(catalogue)) as running:
        try:
            wait_until(lambda: program.lock_holder() == str(running.pid))
            second = program.run("ingest", str(catalogue))
        finally:
            running.kill()
    assert second.returncode == 3
    assert f"process {running.pid}" in second.stderr

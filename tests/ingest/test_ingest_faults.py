"""What breaks while a catalogue is ingested: processes, the broker, the node, products, disks."""

import random
import threading
from pathlib import Path

import pytest
from ingest_workshop import (
    Workshop,
    free_port,
    meanwhile,
    some,
    wait_until,
    write_catalogue,
)

from ingest.feed import send_pending
from ingest.follower import Patience
from ingest.ledger.dead_letters import drop_letters, list_letters, retry_letters, show_letter
from ingest.options import TaskLimits
from mappings.connection import Connection
from mappings.errors import (
    EXIT_PARTLY,
    BrokerUnreachable,
    InputError,
    NodeUnreachable,
)

pytestmark = [pytest.mark.node, pytest.mark.broker, pytest.mark.faults]


def test_killed_worker_processes_lose_nothing(workshop: Workshop) -> None:
    records = some(150)
    for record in records:
        record["title"] += " PAUSE" if record["id"] < "p0015" else ""
    write_catalogue(workshop.catalogue, records)
    worker = workshop.start_worker()
    killed: list[int] = []

    def kill(over: threading.Event) -> None:
        chance = random.Random(1)
        # A pool that dies before it is up ends its program: that is the next test's fault.
        wait_until(lambda: workshop.ledger.counts().indexed > 0 or over.is_set())
        while not over.wait(0.5) and len(killed) < 8:
            if children := workshop.children(worker):
                victim = chance.choice(children)
                victim.kill()
                killed.append(victim.pid)

    with meanwhile(kill):
        report = workshop.ingest()
    assert killed
    assert (report.accepted, report.dead_lettered, report.pending) == (150, 0, 0)
    workshop.agrees(records)
    assert worker.poll() is None


def test_a_killed_worker_program_loses_nothing(workshop: Workshop) -> None:
    records = some(120)
    for record in records:
        record["title"] += " PAUSE" if record["id"] < "p0020" else ""
    write_catalogue(workshop.catalogue, records)
    workers = [workshop.start_worker()]

    def kill(over: threading.Event) -> None:
        for _ in range(3):
            if over.wait(7.0):
                return
            workers[-1].kill()
            workers[-1].wait()
            workers.append(workshop.start_worker())

    with meanwhile(kill):
        report = workshop.ingest()
    assert (report.accepted, report.dead_lettered, report.pending) == (120, 0, 0)
    workshop.agrees(records)


@pytest.mark.parametrize(
    ("word", "kind"),
    [("ABORT", "crash"), ("HANG", "timeout"), ("SLOW", "timeout"), ("MEMORY", "memory"),
     ("WRONG", "failed")],
)  # fmt: skip
def test_a_product_that_does_harm_is_a_dead_letter_and_its_batch_mates_are_not(
    tmp_path: Path, node_url: str, word: str, kind: str
) -> None:
    limits = TaskLimits(soft=6, hard=9, retry=0.5, visibility=30, sweep=1)
    workshop = Workshop(tmp_path, node_url, limits=limits)
    try:
        records = some(40, pictures=0)
        records[20]["title"] = f"{word} me"
        write_catalogue(workshop.catalogue, records)
        worker = workshop.start_worker()
        report = workshop.ingest()
        assert (report.indexed, report.dead_lettered) == (39, 1)
        assert report.exit_code == EXIT_PARTLY
        (letter,) = report.letters
        assert (letter.id, letter.stage, letter.kind, letter.attempts) == (
            records[20]["id"], "embed_text", kind, 4,
        )  # fmt: skip
        workshop.agrees([*records[:20], *records[21:]])
        assert worker.poll() is None, "the worker's main process stays"

        again = workshop.ingest()
        assert (again.unchanged, again.dead_lettered) == (39, 1)
        fixed = [*records[:20], records[20] | {"title": "harmless"}, *records[21:]]
        write_catalogue(workshop.catalogue, fixed)
        cured = workshop.ingest()
        assert (cured.indexed, cured.dead_lettered) == (40, 0)
        assert list_letters(workshop.ledger) == []
    finally:
        workshop.close()


def test_a_batch_that_comes_again_and_again_harms_only_the_product_at_fault(
    workshop: Workshop,
) -> None:
    records = some(30, pictures=0)
    records[20]["title"] = "WRONG"
    write_catalogue(workshop.catalogue, records)
    ids = [record["id"] for record in records]

    def deliver(over: threading.Event) -> None:
        while workshop.ledger.counts().pending < len(ids) and not over.wait(0.05):
            pass
        for _ in range(6):
            workshop.sender.send("embed_text", ids)
        workshop.start_worker()

    with meanwhile(deliver):
        report = workshop.ingest()
    assert (report.indexed, report.dead_lettered) == (29, 1)
    (letter,) = report.letters
    assert (letter.id, letter.attempts) == (ids[20], 4)


def test_dead_letters_are_listed_shown_retried_and_dropped(workshop: Workshop) -> None:
    records = some(6, pictures=0)
    records[2]["title"] = "WRONG"
    records[4]["title"] = "WRONG too"
    write_catalogue(workshop.catalogue, records)
    workshop.start_worker()
    workshop.ingest()
    letters = list_letters(workshop.ledger, kind="failed")
    assert {x.id for x in letters} == {records[2]["id"], records[4]["id"]}
    assert "ValueError: a model's own error" in letters[0].reason
    letter, record = show_letter(workshop.ledger, records[2]["id"])
    assert (letter.attempts, record["title"]) == (4, "WRONG")
    with pytest.raises(InputError, match="no dead letter"):
        show_letter(workshop.ledger, "p9999")

    assert retry_letters(workshop.ledger, ids=[records[2]["id"]]) == [records[2]["id"]]
    assert workshop.ledger.counts().pending == 1
    send_pending(workshop.ledger, workshop.sender)
    wait_until(lambda: workshop.ledger.counts().pending == 0)
    assert workshop.ledger.counts().dead == 2
    assert drop_letters(workshop.ledger) == 2
    assert list_letters(workshop.ledger) == []
    assert workshop.ledger.counts().balanced
    assert {x.status for x in list_letters(workshop.ledger, status="")} == {"dropped"}


def test_a_broker_that_is_away_is_named_and_nothing_is_lost(workshop: Workshop) -> None:
    records = some(160)
    for record in records[32::3]:  # every chunk but the first outlives the follower's patience
        record["title"] += " PAUSE"
    write_catalogue(workshop.catalogue, records)
    workshop.broker.kill()
    with pytest.raises(BrokerUnreachable, match="does not answer") as error:
        workshop.ingest()
    assert error.value.exit_code == 3
    assert workshop.ledger.counts().accepted == 0

    workshop.broker.start()
    worker = workshop.start_worker()
    killed: list[bool] = []

    def kill(progress: object) -> None:
        if getattr(progress, "done", 0) >= 4 and not killed:
            killed.append(True)
            workshop.broker.kill()

    with pytest.raises(BrokerUnreachable):
        workshop.ingest(on_progress=kill, patience=Patience(0.05, 1, 30))
    counts = workshop.ledger.counts()
    assert counts.balanced
    assert counts.pending
    workshop.broker.start()
    report = workshop.ingest()
    assert (report.accepted, report.dead_lettered, report.pending) == (160, 0, 0)
    workshop.agrees(records)
    assert worker.poll() is None, "the worker finds its broker again by itself"


def test_a_broker_that_was_restarted_between_two_looks_is_asked_again(workshop: Workshop) -> None:
    for _ in range(3):
        assert workshop.sender.inspect_workers(0.2).workers == 0
        workshop.broker.kill()
        workshop.broker.start()
    assert workshop.sender.inspect_workers(0.2).waiting == 0


def test_a_node_that_is_away_is_named_waited_for_and_nothing_is_dead(workshop: Workshop) -> None:
    records = some(12)
    write_catalogue(workshop.catalogue, records)
    elsewhere = Connection(f"http://127.0.0.1:{free_port()}", timeout=2)
    worker = workshop.start_worker(connection=elsewhere)
    wait_until(lambda: workshop.sender.inspect_workers().workers == 1)
    notes: set[str] = set()
    with pytest.raises(NodeUnreachable, match="does not answer"):
        workshop.ingest(
            patience=Patience(0.05, 1, 25), on_progress=lambda p: notes.add(p.note)
        )  # the worker sees another node than this program
    counts = workshop.ledger.counts()
    assert (counts.pending, counts.dead) == (12, 0)
    assert any("does not answer" in note for note in notes)
    worker.terminate()
    worker.wait(120)

    workshop.start_worker()
    report = workshop.ingest()
    assert (report.accepted, report.dead_lettered, report.pending) == (12, 0, 0)
    workshop.agrees(records)
    assert workshop.ledger.alarms() == {}


def test_a_read_only_index_pauses_the_writing_which_goes_on_by_itself(workshop: Workshop) -> None:
    records = some(20, pictures=0)
    write_catalogue(workshop.catalogue, records)
    block = "index.blocks.write"  # the flood stage's own block is lifted by the node at any time
    workshop.client.indices.put_settings(index=workshop.alias, body={block: True})
    workshop.start_worker()
    noted: list[str] = []

    def lift(over: threading.Event) -> None:
        wait_until(lambda: "DiskFull" in workshop.ledger.alarms() or over.is_set())
        noted.extend(workshop.ledger.alarms().values())
        over.wait(2)
        workshop.client.indices.put_settings(index=workshop.alias, body={block: None})

    with meanwhile(lift):
        report = workshop.ingest()
    assert "refuses writes" in noted[0]
    assert (report.indexed, report.dead_lettered) == (20, 0)
    workshop.agrees(records)
    assert workshop.ledger.alarms() == {}

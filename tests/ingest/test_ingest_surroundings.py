"""What is wrong around an ingest: models, messages, passwords, room on the disk."""

import dataclasses
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest
from ingest_workshop import (
    ROOT,
    Workshop,
    make_space,
    meanwhile,
    some,
    wait_until,
    write_catalogue,
)

from ingest.catalogue import open_catalogue
from ingest.celery_app import check_broker
from ingest.feed import make_change
from ingest.follower import Patience
from ingest.writer.target import read_target
from mappings.errors import (
    StackError,
)

pytestmark = [pytest.mark.node, pytest.mark.broker, pytest.mark.faults]


def test_a_worker_of_other_models_refuses_to_start(workshop: Workshop) -> None:
    write_catalogue(workshop.catalogue, some(3))
    other = workshop.folder / "other-space"
    make_space(seed=99).save(other)
    worker = workshop.start_worker(space=other)
    assert worker.wait(120) == 2
    assert "holds vectors of another model: projection" in workshop.log
    assert workshop.documents() == {}


def test_a_worker_whose_models_change_stops_and_writes_nothing(workshop: Workshop) -> None:
    records = some(5)
    write_catalogue(workshop.catalogue, records)
    worker = workshop.start_worker()
    workshop.ingest()
    before = workshop.documents()
    make_space(seed=99).save(workshop.options.space)
    write_catalogue(workshop.catalogue, [r | {"title": "new"} for r in records])
    with pytest.raises(StackError):
        workshop.ingest(patience=Patience(0.05, 1, 15))
    assert worker.wait(120) == 2
    assert "holds vectors of another model: projection" in workshop.log
    assert workshop.documents() == before
    assert workshop.ledger.counts().pending == 5

    workshop.space.save(workshop.options.space)
    workshop.start_worker()
    assert workshop.ingest().indexed == 5


def test_garbage_on_the_queue_is_refused_and_good_work_behind_it_is_done(
    workshop: Workshop,
) -> None:
    import redis

    trap = workshop.folder / "pwned"
    pickled = f"cposix\nsystem\n(S'touch {trap}'\ntR."
    records = some(4, pictures=0)
    write_catalogue(workshop.catalogue, records)
    key = f"{workshop.options.prefix}ingest.embed.text"
    message = {
        "body": pickled, "content-encoding": "utf-8",
        "content-type": "application/x-python-serialize",
        "headers": {"task": "ingest.embed_text", "id": "x", "lang": "py"},
        "properties": {"body_encoding": "utf-8", "delivery_tag": "x", "delivery_info":
                       {"exchange": "", "routing_key": "ingest.embed.text"}},
    }  # fmt: skip
    with redis.Redis.from_url(workshop.options.broker_url) as broker:
        broker.lpush(key, json.dumps(message))
    workshop.app.send_task("ingest.no_such_task", queue="ingest.embed.text")
    workshop.app.send_task("ingest.embed_text", args=[["p0001"], 99], queue="ingest.embed.text")
    workshop.app.send_task("ingest.embed_text", args=[[{"a": 1}], 1], queue="ingest.embed.text")
    worker = workshop.start_worker()
    assert workshop.ingest().indexed == 4
    assert not trap.exists()
    assert worker.poll() is None
    assert "no_such_task" in workshop.log
    assert "refused a message: schema 99" in workshop.log


def test_lost_messages_are_noticed_and_sent_again(workshop: Workshop) -> None:
    import redis

    records = some(10, pictures=0)
    write_catalogue(workshop.catalogue, records)
    emptied: list[bool] = []

    def empty(progress: object) -> None:
        if not emptied and not getattr(progress, "reading", True):
            with redis.Redis.from_url(workshop.options.broker_url) as broker:
                emptied.append(bool(broker.flushall()))
            workshop.start_worker()

    report = workshop.ingest(on_progress=empty, patience=Patience(0.05, 1, 200))
    assert report.indexed == 10
    workshop.agrees(records)


def test_what_is_pending_is_sent_again_by_the_maintenance_task(workshop: Workshop) -> None:
    records = some(5, pictures=0)
    write_catalogue(workshop.catalogue, records)
    catalogue = open_catalogue(workshop.catalogue)
    target = read_target(workshop.client, workshop.alias)
    run = workshop.ledger.begin_run(catalogue.root)
    products = [row.product for row in catalogue.rows() if row.product]
    changes = [make_change(catalogue, p, target) for p in products]
    workshop.ledger.accept(run, changes)
    workshop.start_worker()
    workshop.app.send_task("maintenance.resend", queue="maintenance")
    wait_until(lambda: workshop.ledger.counts().pending == 0)
    workshop.agrees(records)


def test_models_that_cannot_be_loaded_are_no_products_fault(workshop: Workshop) -> None:
    records = some(4, pictures=0)
    write_catalogue(workshop.catalogue, records)
    card = workshop.options.space / "space.json"
    sound = card.read_text()
    card.write_text(sound.replace('"hash:32"', '"no-such-model"'))
    workshop.start_worker()

    def cure(over: threading.Event) -> None:
        wait_until(lambda: "StackError" in workshop.ledger.alarms() or over.is_set())
        noted.extend(workshop.ledger.alarms().values())
        card.write_text(sound)

    noted: list[str] = []
    with meanwhile(cure):
        report = workshop.ingest()
    assert "no-such-model" in noted[0]
    assert (report.indexed, report.dead_lettered) == (4, 0)


def test_passwords_are_not_shown_by_workers(workshop: Workshop) -> None:
    connection = dataclasses.replace(workshop.options.connection, user="u", password="canary-7")
    options = dataclasses.replace(workshop.options, connection=connection)
    assert "canary-7" not in repr(options)
    workshop.start_worker(connection=connection)
    wait_until(lambda: workshop.sender.inspect_workers().workers == 1)
    shown: dict[str, Any] = {}
    wait_until(
        lambda: bool(shown.update(workshop.app.control.inspect(timeout=5).conf() or {}) or shown)
    )
    assert "canary-7" not in json.dumps(shown, default=str)
    assert "canary-7" not in workshop.log


def test_a_ledger_without_room_says_so_and_loses_nothing(tmp_path: Path) -> None:
    code = f"""
import resource, sys
from pathlib import Path
from ingest.ledger.changes import Change
from ingest.ledger.ledger import Ledger
from mappings.errors import DiskFull
from mappings.product import Product
ledger = Ledger(Path({str(tmp_path / "ledger.sqlite")!r}))
run = ledger.begin_run(Path("."))
resource.setrlimit(resource.RLIMIT_FSIZE, (5_000_000, 5_000_000))
done = 0
try:
    for n in range(30_000):
        ledger.accept(run, [Change(Product(id=str(n), title="x" * 400), "c")])
        done += 1
except DiskFull as error:
    print(done, error.exit_code, error)
"""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    done, exit_code, words = found.stdout.split(" ", 2)
    assert exit_code == "3", found.stderr
    assert "Free room" in words
    from ingest.ledger.ledger import Ledger

    ledger = Ledger(tmp_path / "ledger.sqlite")
    counts = ledger.counts()
    assert counts.balanced
    assert counts.accepted == counts.pending == len(ledger.pending()) == int(done) > 100
    ledger.close()


def test_a_stopped_worker_finishes_what_it_has_and_leaves_no_process(workshop: Workshop) -> None:
    records = some(60)
    for record in records:
        record["title"] += " PAUSE"
    write_catalogue(workshop.catalogue, records)
    worker = workshop.start_worker()
    workshop.interrupted_after(4)
    family = psutil.Process(worker.pid).children(recursive=True)
    worker.terminate()
    assert worker.wait(120) == 0
    wait_until(lambda: not any(p.is_running() and p.status() != "zombie" for p in family))
    workshop.start_worker()
    assert workshop.ingest().indexed == 60
    workshop.agrees(records)


def test_a_broker_that_evicts_keys_is_refused(tmp_path: Path, workshop: Workshop) -> None:
    import redis

    assert check_broker(workshop.options) == ""
    with redis.Redis.from_url(workshop.options.broker_url) as broker:
        broker.config_set("maxmemory-policy", "allkeys-lru")
    with pytest.raises(StackError, match="evicts keys"):
        check_broker(workshop.options)
    assert workshop.start_worker().wait(60) == 3
    assert "evicts keys" in workshop.log

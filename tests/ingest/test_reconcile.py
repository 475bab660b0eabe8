"""Reconcile finds what the index lacks, and sends exactly that."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from ingest_workshop import PATIENCE, Workshop, some, write_catalogue

from ingest.ledger import Ledger
from ingest.reconcile import Reconciled, reconcile
from ingest.target import read_target
from mappings.errors import StackError

pytestmark = [pytest.mark.node, pytest.mark.broker]


def compare(workshop: Workshop, dry_run: bool = False) -> Reconciled:
    target = read_target(workshop.client, workshop.alias)
    return reconcile(
        workshop.ledger, workshop.sender, workshop.client, target,
        patience=PATIENCE, dry_run=dry_run,
    )  # fmt: skip


def test_what_is_missing_older_or_different_is_sent_again(workshop: Workshop) -> None:
    records = some(30, pictures=1)
    write_catalogue(workshop.catalogue, records)
    workshop.start_worker()
    workshop.ingest()
    assert compare(workshop) == Reconciled(checked=30, equal=30)
    made = workshop.made()

    client, alias = workshop.client, workshop.alias
    before = workshop.documents()
    client.delete(index=alias, id="p0001")
    client.index(index=alias, id="p0002", body=before["p0002"] | {"content_hash": "other"})
    client.index(index=alias, id="p0003", body=before["p0003"] | {"source_version": 1})
    client.index(index=alias, id="p0004", body=before["p0004"] | {"source_version": 2**62})
    client.index(index=alias, id="stranger", body={"title": "not of this ledger"})
    workshop.ledger.accept(workshop.ledger.begin_run(Path(".")), "i", [])

    expected = {
        "checked": 30, "equal": 26, "missing": 1, "differing": 1, "older": 1, "newer": 1,
        "unknown": 1,
    }  # fmt: skip
    assert compare(workshop, dry_run=True) == Reconciled(**expected)
    assert compare(workshop) == Reconciled(**expected, pending=3, resent=3)
    after = workshop.documents()
    assert after["p0001"]["title"] == before["p0001"]["title"]
    for product_id in ("p0001", "p0002", "p0003"):
        assert after[product_id]["content_hash"] == before[product_id]["content_hash"]
        assert after[product_id]["source_version"] > before[product_id]["source_version"]
    assert after["p0004"]["source_version"] == 2**62
    assert workshop.made() == made
    assert workshop.ledger.counts().balanced
    assert compare(workshop) == Reconciled(checked=30, equal=29, newer=1, unknown=1)


def test_a_ledger_restored_from_an_old_copy_overwrites_nothing_newer(workshop: Workshop) -> None:
    records = some(5, pictures=0)
    write_catalogue(workshop.catalogue, records)
    worker = workshop.start_worker()
    workshop.ingest()
    copy = workshop.folder / "copy.sqlite"
    with sqlite3.connect(workshop.options.ledger) as source, sqlite3.connect(copy) as kept:
        source.backup(kept)
    source.close()
    kept.close()
    changed = [r | {"title": "newer"} for r in records]
    write_catalogue(workshop.catalogue, changed)
    workshop.ingest()
    worker.terminate()
    worker.wait(30)
    workshop.ledger.close()
    for name in workshop.folder.glob("ledger.sqlite*"):
        name.unlink()
    shutil.copy(copy, workshop.options.ledger)
    workshop.ledger = Ledger(workshop.options.ledger)
    assert compare(workshop) == Reconciled(checked=5, newer=5)
    assert {d["title"] for d in workshop.documents().values()} == {"newer"}


def test_one_thing_at_a_time(workshop: Workshop) -> None:
    from ingest.lock import only_one

    with only_one(workshop.options.ledger.with_suffix(".lock")):
        with pytest.raises(StackError, match="Another feed"):
            compare(workshop)
        write_catalogue(workshop.catalogue, some(1))
        with pytest.raises(StackError, match="Another feed"):
            workshop.ingest()

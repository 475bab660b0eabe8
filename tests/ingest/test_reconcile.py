"""Reconcile finds what the index lacks, sends exactly that, and says how it is afterwards."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from ingest_workshop import PATIENCE, Workshop, some, write_catalogue

from ingest.ledger.ledger import Ledger
from ingest.reconcile import Reconciled, reconcile
from ingest.writer.target import read_target
from mappings.errors import EXIT_INPUT, EXIT_OK, EXIT_PARTLY, StackError

pytestmark = [pytest.mark.node, pytest.mark.broker]


def compare(workshop: Workshop, dry_run: bool = False) -> Reconciled:
    target = read_target(workshop.client, workshop.alias)
    return reconcile(
        workshop.ledger, workshop.sender, workshop.client, target,
        patience=PATIENCE, dry_run=dry_run,
    )  # fmt: skip


def copy_ledger(workshop: Workshop, to: Path) -> None:
    with sqlite3.connect(workshop.options.ledger) as source, sqlite3.connect(to) as kept:
        source.backup(kept)
    source.close()
    kept.close()


def remove_ledger(workshop: Workshop) -> None:
    """As an operator does it: under the feet of the workers, which go on."""
    workshop.ledger.close()
    for name in workshop.folder.glob("ledger.sqlite*"):
        name.unlink()


def test_what_is_missing_older_or_changed_by_another_hand_is_sent_again(
    workshop: Workshop,
) -> None:
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
    older = before["p0003"] | {"content_hash": "other", "write_order": 1}
    client.index(index=alias, id="p0003", body=older)
    client.update(index=alias, id="p0004", body={"doc": {"title": "edited"}})
    client.index(index=alias, id="stranger", body={"title": "not of this ledger"})

    found = compare(workshop, dry_run=True)
    assert found == Reconciled(
        checked=30, equal=26, missing=1, differing=2, older=1, unknown=1
    )  # fmt: skip
    assert found.exit_code == EXIT_PARTLY
    repaired = compare(workshop)
    assert repaired == Reconciled(checked=30, equal=30, unknown=1, resent=4)
    assert repaired.exit_code == EXIT_OK
    after = workshop.documents()
    for product_id in ("p0001", "p0002", "p0003", "p0004"):
        for column in ("title", "content_hash"):
            assert after[product_id][column] == before[product_id][column]
        assert after[product_id]["write_order"] > before[product_id]["write_order"]
    assert workshop.made() == made
    assert workshop.ledger.counts().balanced
    assert compare(workshop) == Reconciled(checked=30, equal=30, unknown=1)


def test_a_refused_resend_is_said_with_exit_code_1(workshop: Workshop) -> None:
    write_catalogue(workshop.catalogue, some(3, pictures=0))
    workshop.start_worker()
    workshop.ingest()
    workshop.client.delete(index=workshop.alias, id="p0001")
    with workshop.ledger.store.write() as db:
        db.execute(
            "UPDATE products SET record = json_set(record, '$.added', 'no day') WHERE id = 'p0001'"
        )
    found = compare(workshop)
    assert (found.checked, found.equal, found.dead) == (2, 2, 1)
    assert found.exit_code == EXIT_PARTLY


def test_a_ledger_restored_from_an_old_copy_overwrites_nothing_newer(workshop: Workshop) -> None:
    records = some(5, pictures=0)
    write_catalogue(workshop.catalogue, records)
    workshop.start_worker()
    workshop.ingest()
    copy_ledger(workshop, workshop.folder / "copy.sqlite")
    changed = [r | {"title": "newer"} for r in records]
    write_catalogue(workshop.catalogue, changed)
    workshop.ingest()
    remove_ledger(workshop)
    shutil.copy(workshop.folder / "copy.sqlite", workshop.options.ledger)
    workshop.ledger = Ledger(workshop.options.ledger)
    assert compare(workshop, dry_run=True).newer == 5
    found = compare(workshop)
    assert found == Reconciled(checked=5, equal=5, adopted=5)
    assert {d["title"] for d in workshop.documents().values()} == {"newer"}

    # The workers have had the removed file open; they follow the one that is there now.
    write_catalogue(workshop.catalogue, [r | {"title": "newest"} for r in records])
    assert workshop.ingest().indexed == 5
    assert {d["title"] for d in workshop.documents().values()} == {"newest"}


def test_what_is_taken_over_is_missed_when_the_index_loses_it(workshop: Workshop) -> None:
    write_catalogue(workshop.catalogue, some(4, pictures=0))
    workshop.start_worker()
    workshop.ingest()
    remove_ledger(workshop)
    workshop.ledger = Ledger(workshop.options.ledger)
    assert compare(workshop) == Reconciled(checked=4, equal=4, adopted=4)
    workshop.client.delete(index=workshop.alias, id="p0002")
    found = compare(workshop)
    assert (found.equal, found.unrecorded, found.exit_code) == (3, 1, EXIT_PARTLY)
    assert workshop.ingest().unchanged == 4
    assert compare(workshop) == Reconciled(checked=4, equal=4, resent=1)


def test_a_lost_ledger_keeps_versions_deletions_and_the_guard(workshop: Workshop) -> None:
    records = [r | {"version": 6} for r in some(40, pictures=0)]
    gone = {"id": "p0039", "deleted": True, "version": 7}
    write_catalogue(workshop.catalogue, [*(r for r in records if r["id"] != "p0039"), gone])
    workshop.start_worker()
    workshop.ingest()
    remove_ledger(workshop)
    workshop.ledger = Ledger(workshop.options.ledger)

    write_catalogue(workshop.catalogue, [r | {"version": 5, "title": "old"} for r in records])
    replayed = workshop.ingest()
    assert (replayed.superseded, replayed.indexed) == (40, 0)
    assert "40 taken over from the index" in replayed.notes[0]
    documents = workshop.documents()
    assert documents["p0039"]["deleted"]
    assert not any(d.get("title") == "old" for d in documents.values())

    write_catalogue(workshop.catalogue, sorted(records, key=lambda r: r["id"])[:28])
    refused = workshop.ingest(full=True)
    assert refused.exit_code == EXIT_INPUT
    assert "lacks 11 known products" in refused.refusal
    assert workshop.ingest(full=True, yes=True).deleted == 11
    workshop.agrees(sorted(records, key=lambda r: r["id"])[:28])


def test_one_thing_at_a_time(workshop: Workshop) -> None:
    from ingest.lock import only_one

    with only_one(workshop.ledger.lock):
        with pytest.raises(StackError, match="Another feed"):
            compare(workshop)
        write_catalogue(workshop.catalogue, some(1))
        with pytest.raises(StackError, match="Another feed"):
            workshop.ingest()

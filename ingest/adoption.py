"""Adoption: products that the index holds and the ledger does not know are taken over from it.

A ledger that was lost, or put back from an older copy, would otherwise take a replayed old feed
for new. What is adopted has its version, content and deletion, which decide what wins, but no
record: the next feed that names the product brings it.
"""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ingest.ledger.acceptance import forget_failures, raise_clock
from ingest.ledger.ledger import Ledger
from ingest.ledger.tally import Deltas, count
from ingest.sender import chunks
from ingest.writer.stored import Stored

BATCH = 500


def adopt(ledger: Ledger, documents: Sequence[tuple[str, Stored]]) -> int:
    """Take over the documents that have a later order than the ledger knows; return how many.

    Args:
        ledger: What takes them over.
        documents: Id and stamps; those that Shelfsight did not write are left alone.
    """
    run = adopted = 0
    for part in chunks([(i, s) for i, s in documents if s.order], BATCH):
        run = run or ledger.begin_run(Path("."))
        deltas: Deltas = Counter()
        with ledger.store.write() as db:
            adopted += sum(_adopt(db, deltas, run, product_id, one) for product_id, one in part)
            count(db, deltas)
    return adopted


def _adopt(
    db: sqlite3.Connection, deltas: Deltas, run: int, product_id: str, stored: Stored
) -> bool:
    raise_clock(db, stored.engine_version)
    old = db.execute("SELECT * FROM products WHERE id = ?", (product_id,)).fetchone()
    if old is not None and old["write_order"] >= stored.order:
        return False
    if old is not None:
        deltas[old["run"], old["state"]] -= 1
        deltas[old["run"], "superseded"] += 1
        forget_failures(db, product_id)
    content = "" if stored.edited else stored.content  # by another hand: no feed's content
    record = json.dumps({"id": product_id, "deleted": True}) if stored.deleted else ""
    db.execute(
        "INSERT OR REPLACE INTO products(id, version, amended, write_order, run, seen, state,"
        " content, deleted, record, pictures, accepted_at)"
        " VALUES (?, ?, 0, ?, ?, 0, 'indexed', ?, ?, ?, ?, ?)",
        (
            product_id, stored.version, stored.order, run, content, stored.deleted, record,
            json.dumps([[p.path, p.role, p.sha] for p in stored.pictures]), time.time(),
        ),
    )  # fmt: skip
    deltas[run, "accepted"] += 1
    deltas[run, "indexed"] += 1
    return True

"""Acceptance: what the ledger makes of a change, given what it knows of the product already."""

import json
import sqlite3
import time
from collections.abc import Iterable

from ingest.changes import Change, Refusal, Verdict
from ingest.tally import Deltas


def accept(
    db: sqlite3.Connection, deltas: Deltas, run: int, target: str, change: Change, sequence: int
) -> Verdict:
    """Take one change in and say what is to be done, inside the ledger's transaction.

    Args:
        db: The transaction.
        deltas: Gets what changes in the tally.
        run: Whose feed holds the change.
        target: The index it is for.
        change: The change.
        sequence: The version for a change that has none.
    """
    old = db.execute("SELECT * FROM products WHERE id = ?", (change.product.id,)).fetchone()
    if old is None:
        _put(db, deltas, run, target, change, change.product.version or sequence)
        return "send"
    given = change.product.version
    same = old["content"] == change.content and old["target"] == target
    if same and (given is None or given >= old["version"]):
        return _adopt(db, deltas, run, old, given)
    if old["target"] == target and _is_stale(given, old):
        db.execute("UPDATE products SET seen = ? WHERE id = ?", (run, old["id"]))
        deltas[run, "accepted"] += 1
        deltas[run, "superseded"] += 1
        return "superseded"
    if old["state"] == "pending":
        deltas[old["run"], "pending"] -= 1
        deltas[old["run"], "superseded"] += 1
    moved = old["content"] == change.content  # the same document for another index
    version = old["version"] if moved else max(sequence, old["version"] + 1)
    _put(db, deltas, run, target, change, version if given is None else max(given, 0))
    return "send"


def _is_stale(given: int | None, old: sqlite3.Row) -> bool:
    """Tell whether the index would refuse the version; a dead one never reached it."""
    if given is None:
        return False
    least = old["version"] if old["state"] == "dead" else old["version"] + 1
    return bool(given < least)


def _adopt(
    db: sqlite3.Connection, deltas: Deltas, run: int, old: sqlite3.Row, given: int | None
) -> Verdict:
    """Take over a change that the ledger has already; a pending one is sent again."""
    version = old["version"] if given is None else given
    if old["state"] == "pending" and version != old["version"]:
        version = old["version"]  # its stages are under way: the next feed may raise it
    db.execute(
        "UPDATE products SET run = ?, seen = ?, version = ? WHERE id = ?",
        (run, run, version, old["id"]),
    )
    for bucket in ("accepted", old["state"]):
        deltas[old["run"], bucket] -= 1
        deltas[run, bucket] += 1
    if old["state"] == "pending":
        return "send"
    if old["state"] == "dead":
        return "dead"
    deltas[run, "unchanged"] += 1
    return "unchanged"


def _put(
    db: sqlite3.Connection, deltas: Deltas, run: int, target: str, change: Change, version: int
) -> None:
    product = change.product
    db.execute(
        "INSERT INTO products VALUES (?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?, 0, ?)"
        " ON CONFLICT(id) DO UPDATE SET version = excluded.version, run = excluded.run,"
        " seen = excluded.seen, state = 'pending', content = excluded.content,"
        " target = excluded.target, deleted = excluded.deleted, record = excluded.record,"
        " pictures = excluded.pictures, crashes = 0, accepted_at = excluded.accepted_at",
        (
            product.id, version, run, run, change.content, target, product.deleted,
            product.model_dump_json(exclude_defaults=True),
            json.dumps([[p.path, p.role, p.sha] for p in change.pictures], ensure_ascii=False),
            time.time(),
        ),
    )  # fmt: skip
    db.execute("DELETE FROM refusals WHERE id = ?", (product.id,))
    db.execute(
        "UPDATE dead_letters SET status = 'replaced' WHERE id = ? AND status = 'open'",
        (product.id,),
    )
    refuse(db, change.refusals)
    deltas[run, "accepted"] += 1
    deltas[run, "pending"] += 1


def refuse(db: sqlite3.Connection, refusals: Iterable[Refusal]) -> None:
    """Record refused pictures, inside a transaction."""
    db.executemany(
        "INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?, ?)",
        [(r.id, r.path, r.sha, r.reason, r.problem) for r in refusals],
    )


def next_sequence(db: sqlite3.Connection, count: int) -> int:
    """Return the first of ``count`` sequence numbers, greater than any before, in microseconds."""
    row = db.execute("SELECT last FROM clock").fetchone()
    first = max(time.time_ns() // 1000, row["last"] + 1 if row else 0)
    db.execute(
        "INSERT INTO clock VALUES (1, ?) ON CONFLICT(one) DO UPDATE SET last = excluded.last",
        (first + count,),
    )
    return first

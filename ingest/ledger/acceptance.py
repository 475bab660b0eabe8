"""Acceptance: what the ledger makes of a change, given what it knows of the product already."""

import json
import sqlite3
import time
from collections.abc import Iterable

from ingest.ledger.changes import Accepted, Change, Refusal
from ingest.ledger.ordering import Standing, after, compare
from ingest.ledger.tally import Deltas

TRANSIENT = ("missing", "unreadable", "not_a_file")
"""Why a picture that was there at acceptance could not be read later: it may be there again."""
LACKING = (*TRANSIENT, "changed")
"""Why one is looked for again when its product is fed or compared again."""


def accept(
    db: sqlite3.Connection, deltas: Deltas, run: int, change: Change, sequence: int
) -> Accepted:
    """Take one change in and say what is to be done, inside the ledger's transaction.

    Args:
        db: The transaction.
        deltas: Gets what changes in the tally.
        run: Whose feed holds the change.
        change: The change.
        sequence: The order under which its document would be written.
    """
    product = change.product
    old = db.execute("SELECT * FROM products WHERE id = ?", (product.id,)).fetchone()
    if old is None:
        _put(db, deltas, run, change, sequence, (product.version, False))
        return Accepted(product.id, "send")
    known = standing(old)
    ordered = compare(known, product.version, product.deleted, change.content)
    if ordered in ("older", "amended"):
        db.execute("UPDATE products SET seen = ? WHERE id = ?", (run, product.id))
        deltas[run, "accepted"] += 1
        deltas[run, "superseded"] += 1
        return Accepted(
            product.id, "superseded", amended=ordered == "amended", older=ordered == "older"
        )
    if ordered == "same" and not _lacks_pictures(db, product.id):
        return _adopt(db, deltas, run, old, change)
    if old["state"] == "pending":
        deltas[old["run"], "pending"] -= 1
        deltas[old["run"], "superseded"] += 1
    is_newer = ordered == "newer"
    _put(db, deltas, run, change, sequence, after(known, product.version, is_newer=is_newer))
    versions = is_newer and product.version is not None
    return Accepted(
        product.id, "send", same_version=versions and product.version == known.version,
        takes_out=product.deleted and not known.deleted,
    )  # fmt: skip


def standing(row: sqlite3.Row) -> Standing:
    """Return what a row of products says of the product's last change."""
    return Standing(row["version"], bool(row["amended"]), bool(row["deleted"]), row["content"])


def _lacks_pictures(db: sqlite3.Connection, product_id: str) -> bool:
    """Tell whether a picture was there at acceptance and could not be read afterwards."""
    marks = ",".join("?" * len(LACKING))
    found = db.execute(
        f"SELECT 1 FROM refusals WHERE id = ? AND sha <> '' AND reason IN ({marks})",
        (product_id, *LACKING),
    )
    return found.fetchone() is not None


def _adopt(
    db: sqlite3.Connection, deltas: Deltas, run: int, old: sqlite3.Row, change: Change
) -> Accepted:
    """Take over a change whose content is known already; a pending one is sent again."""
    given, version, amended = change.product.version, old["version"], old["amended"]
    if given is not None and (version is None or given > version):
        version, amended = given, 0
    db.execute(
        "UPDATE products SET run = ?, seen = ?, version = ?, amended = ?, record = ?, pictures = ?"
        " WHERE id = ?",
        (run, run, version, amended, *_contents(change), old["id"]),
    )
    if old["run"] == run:  # the feed says it twice
        deltas[run, "accepted"] += 1
        deltas[run, "superseded"] += 1
    else:
        for bucket in ("accepted", old["state"]):
            deltas[old["run"], bucket] -= 1
            deltas[run, bucket] += 1
    if old["state"] == "pending":
        return Accepted(old["id"], "send")
    if old["state"] == "dead":
        return Accepted(old["id"], "dead")
    deltas[run, "unchanged"] += 1
    return Accepted(old["id"], "unchanged")


def _put(
    db: sqlite3.Connection,
    deltas: Deltas,
    run: int,
    change: Change,
    sequence: int,
    standing: tuple[int | None, bool],
) -> None:
    product = change.product
    version, amended = standing
    db.execute(
        "INSERT INTO products(id, version, amended, write_order, run, seen, state, content,"
        " deleted, record, pictures, accepted_at)"
        " VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?)"
        " ON CONFLICT(id) DO UPDATE SET version = excluded.version, amended = excluded.amended,"
        " write_order = excluded.write_order, run = excluded.run, seen = excluded.seen,"
        " state = 'pending', content = excluded.content, deleted = excluded.deleted,"
        " record = excluded.record, pictures = excluded.pictures, crashes = 0, crashed_in = '',"
        " accepted_at = excluded.accepted_at",
        (
            product.id, version, amended, sequence, run, run, change.content, product.deleted,
            *_contents(change), time.time(),
        ),
    )  # fmt: skip
    forget_failures(db, product.id)
    refuse(db, change.refusals)
    deltas[run, "accepted"] += 1
    deltas[run, "pending"] += 1


def _contents(change: Change) -> tuple[str, str]:
    pictures = [[p.path, p.role, p.sha] for p in change.pictures]
    record = change.product.model_dump_json(exclude_defaults=True)
    return record, json.dumps(pictures, ensure_ascii=False)


def forget_failures(db: sqlite3.Connection, product_id: str) -> None:
    """Forget what went wrong with a product's last change, as it is to be tried anew."""
    db.execute("DELETE FROM refusals WHERE id = ?", (product_id,))
    db.execute("DELETE FROM absences WHERE id = ?", (product_id,))
    db.execute(
        "UPDATE dead_letters SET status = 'replaced' WHERE id = ? AND status = 'open'",
        (product_id,),
    )


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
    raise_clock(db, first + count)
    return first


def raise_clock(db: sqlite3.Connection, last: int) -> None:
    """Make every later sequence number greater than ``last``."""
    db.execute(
        "INSERT INTO clock VALUES (1, ?) ON CONFLICT(one) DO UPDATE SET last"
        " = MAX(last, excluded.last)",
        (last,),
    )

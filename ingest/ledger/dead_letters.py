"""Dead letters: changes that failed for good, why, and what can be done about them."""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ingest.ledger.ledger import Ledger
from ingest.ledger.tally import Deltas, Settled, count, move
from mappings.errors import InputError

MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One change that will not be tried again by itself.

    Args:
        id: The product.
        order: The order of the write that failed; its record stays in the ledger.
        stage: Where: ``embed_text``, ``embed_image`` or ``index``.
        kind: One word that programs can count, such as ``mapper_parsing_exception``, ``timeout``,
            ``memory`` or ``crash``.
        reason: One sentence, at most 200 characters, without vectors.
        attempts: How many runs it had.
        first_at: When it was accepted, seconds since 1970.
        last_at: When it failed for good.
        run: The run that accepted it.
        status: ``open``, ``retried``, ``dropped``, or ``replaced`` by a newer version.
    """

    id: str
    order: int
    stage: str
    kind: str
    reason: str
    attempts: int
    first_at: float = 0.0
    last_at: float = 0.0
    run: int = 0
    status: str = "open"


def bury(ledger: Ledger, letters: Sequence[DeadLetter]) -> int:
    """Settle pending changes as dead and keep the reasons; returns how many were pending."""
    deltas: Deltas = Counter()
    buried = 0
    with ledger.store.write() as db:
        for letter in letters:
            if not move(db, deltas, Settled(letter.id, letter.order, "dead")):
                continue
            buried += 1
            db.execute(
                "INSERT OR REPLACE INTO dead_letters SELECT id, write_order, run, ?, ?, ?, ?,"
                " accepted_at, ?, 'open' FROM products WHERE id = ?",
                (
                    letter.stage, letter.kind, letter.reason[:MAX_REASON], letter.attempts,
                    time.time(), letter.id,
                ),
            )  # fmt: skip
        count(db, deltas)
    return buried


def list_letters(ledger: Ledger, kind: str = "", status: str = "open") -> list[DeadLetter]:
    """Return the dead letters, oldest first.

    Args:
        ledger: Where they are kept.
        kind: Only those; empty for all.
        status: Only those; empty for all.
    """
    with ledger.store.read() as db:
        rows = db.execute(
            "SELECT * FROM dead_letters WHERE (? = '' OR kind = ?) AND (? = '' OR status = ?)"
            " ORDER BY last_at, id",
            (kind, kind, status, status),
        )
        return [_letter(row) for row in rows]


def letters_of(ledger: Ledger, run: int) -> list[DeadLetter]:
    """Return the open dead letters of the products that a run's feed names."""
    with ledger.store.read() as db:
        rows = db.execute(
            "SELECT d.* FROM dead_letters d JOIN products p USING(id)"
            " WHERE d.status = 'open' AND p.state = 'dead' AND p.run = ? ORDER BY last_at, d.id",
            (run,),
        )
        return [_letter(row) for row in rows]


def show_letter(ledger: Ledger, product_id: str) -> tuple[DeadLetter, dict[str, Any]]:
    """Return a product's newest dead letter and the record that failed, as the ledger holds it.

    Raises:
        InputError: The product has none.
    """
    with ledger.store.read() as db:
        row = db.execute(
            "SELECT * FROM dead_letters WHERE id = ? ORDER BY last_at DESC", (product_id,)
        ).fetchone()
        product = db.execute("SELECT record FROM products WHERE id = ?", (product_id,)).fetchone()
    if row is None:
        raise InputError(
            f"There is no dead letter for product {product_id!r}.",
            "See `shelfsight dead-letters list`.",
        )
    return _letter(row), json.loads(product["record"])


def retry_letters(ledger: Ledger, kind: str = "", ids: Sequence[str] = ()) -> list[str]:
    """Make dead changes pending again and return their ids, which are then to be sent.

    Trying again twice is harmless: a change that is not dead any more is left alone.

    Args:
        ledger: Where they are kept.
        kind: Only those; empty for all.
        ids: Only these products; empty for all.

    Raises:
        InputError: One of the ids has no open dead letter (of that kind); nothing was changed.
    """
    deltas: Deltas = Counter()
    with ledger.store.write() as db:
        chosen = _open(db, kind, ids)
        for row in chosen:
            moved = db.execute(
                "UPDATE products SET state = 'pending', crashes = 0"
                " WHERE id = ? AND write_order = ? AND state = 'dead' RETURNING run",
                (row["id"], row["write_order"]),
            ).fetchone()
            if moved:
                deltas[moved["run"], "dead"] -= 1
                deltas[moved["run"], "pending"] += 1
            _mark(db, row, "retried" if moved else "replaced")
        count(db, deltas)
    return [row["id"] for row in chosen]


def drop_letters(ledger: Ledger, kind: str = "", ids: Sequence[str] = ()) -> int:
    """Put dead letters away: they are not listed or tried again; returns how many.

    The changes stay counted as dead, and a newer version of a product is accepted as ever.

    Raises:
        InputError: One of the ids has no open dead letter (of that kind); nothing was changed.
    """
    with ledger.store.write() as db:
        chosen = _open(db, kind, ids)
        for row in chosen:
            _mark(db, row, "dropped")
    return len(chosen)


def _open(db: sqlite3.Connection, kind: str, ids: Sequence[str]) -> list[sqlite3.Row]:
    rows = db.execute(
        "SELECT * FROM dead_letters WHERE status = 'open' AND (? = '' OR kind = ?)", (kind, kind)
    ).fetchall()
    known = {row["id"] for row in rows}
    if unknown := [i for i in ids if i not in known]:
        of_kind = f" of kind {kind!r}" if kind else ""
        raise InputError(
            f"There is no open dead letter{of_kind} for {', '.join(map(repr, unknown[:5]))}.",
            "See `shelfsight dead-letters list`.",
        )
    return [row for row in rows if not ids or row["id"] in ids]


def _mark(db: sqlite3.Connection, row: sqlite3.Row, status: str) -> None:
    db.execute(
        "UPDATE dead_letters SET status = ? WHERE id = ? AND write_order = ?",
        (status, row["id"], row["write_order"]),
    )


def _letter(row: sqlite3.Row) -> DeadLetter:
    given = {name: row[name] for name in DeadLetter.__slots__ if name != "order"}
    return DeadLetter(order=row["write_order"], **given)

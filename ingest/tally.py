"""The tally: every move of a change from one state to another is counted where it is made."""

import sqlite3
from collections import Counter
from dataclasses import dataclass

from ingest.changes import State

Deltas = Counter[tuple[int, str]]
"""Changes to the tally, by run and bucket."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one change of a product, named by the order of its write."""

    id: str
    order: int
    state: State


def move(db: sqlite3.Connection, deltas: Deltas, settled: Settled) -> bool:
    """Move one pending change to its state, inside a transaction; tells whether it was pending."""
    row = db.execute(
        "UPDATE products SET state = ? WHERE id = ? AND write_order = ?"
        " AND state = 'pending'"
        " RETURNING run",
        (settled.state, settled.id, settled.order),
    ).fetchone()
    if row is not None:
        deltas[row["run"], "pending"] -= 1
        deltas[row["run"], settled.state] += 1
    return row is not None


def count(db: sqlite3.Connection, deltas: Deltas) -> None:
    """Add to the tally, inside the transaction that changed the states."""
    db.executemany(
        "INSERT INTO tally VALUES (?, ?, ?) ON CONFLICT(run, bucket) DO UPDATE SET n = n + ?",
        [(run, bucket, n, n) for (run, bucket), n in deltas.items() if n],
    )

"""The tally: every move of a change from one state to another is counted where it is made."""

import sqlite3
from collections import Counter
from dataclasses import dataclass

from ingest.ledger.changes import State

Deltas = Counter[tuple[int, str]]
"""Changes to the tally, by run and bucket."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many changes were accepted, and where they are now.

    ``unchanged`` of the ``indexed`` (or superseded) ones were not sent, because the index holds
    them already.
    """

    accepted: int = 0
    indexed: int = 0
    superseded: int = 0
    dead: int = 0
    pending: int = 0
    unchanged: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every accepted change is accounted for."""
        return self.accepted == self.indexed + self.superseded + self.dead + self.pending


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

"""Comparing one product of the ledger with what an index holds of it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ingest.ledger.acceptance import LACKING
from ingest.ledger.changes import Entry, content_hash
from ingest.ledger.ledger import Ledger, entry_of
from ingest.writer.stored import Stored
from mappings.identity import ModelIdentity

Verdict = Literal["equal", "missing", "older", "differing", "newer", "unrecorded"]
TO_SEND: tuple[Verdict, ...] = ("missing", "older", "differing")
BATCH = 500
TOMBSTONE_SECONDS = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A settled product of the ledger.

    Args:
        entry: Its last change.
        deleted: It is deleted.
        accepted_at: When that change was accepted, seconds since 1970.
        recorded: Its record is known; it is not when it was taken over from the index.
        lacks_pictures: A picture that was there at acceptance was away while it was embedded.
    """

    entry: Entry
    deleted: bool
    accepted_at: float
    recorded: bool
    lacks_pictures: bool


def compare(row: LedgerRow, stored: Stored | None, identity: ModelIdentity) -> Verdict:
    """Return how an index stands to the ledger over one product.

    Args:
        row: What the ledger says.
        stored: What the index holds; ``None``: nothing.
        identity: The models that the index's vectors are made by.
    """
    entry = row.entry
    if stored is not None and stored.order > entry.order:
        return "newer"
    if stored is None and row.deleted and time.time() - row.accepted_at > TOMBSTONE_SECONDS:
        return "equal"  # nothing can bring it back any more
    if stored is not None and stored.deleted and row.deleted:
        return "differing" if stored.edited else "equal"
    if not row.recorded:
        known = stored is not None and not stored.edited and stored.content == entry.content
        return "equal" if known else "unrecorded"
    if stored is None:
        return "missing"
    wanted = content_hash(entry.product, entry.pictures, identity)
    if stored.content != wanted or stored.deleted != row.deleted:
        return "older" if stored.order < entry.order else "differing"
    return "differing" if stored.edited or row.lacks_pictures else "equal"


def ledger_rows(ledger: Ledger, *, dead: bool = False) -> Iterator[list[LedgerRow]]:
    """Yield the products that should be in the index, in parts, in the order of acceptance.

    Args:
        ledger: Whose products.
        dead: Those too that an index has refused: another one may take them.
    """
    states = "('indexed', 'superseded', 'dead')" if dead else "('indexed', 'superseded')"
    reasons = ", ".join(f"'{reason}'" for reason in LACKING)
    last = 0
    while True:
        with ledger.store.read() as db:
            rows = db.execute(
                "SELECT p.rowid AS place, p.*, r.root, EXISTS(SELECT 1 FROM refusals f"
                f" WHERE f.id = p.id AND f.sha <> '' AND f.reason IN ({reasons})) AS lacks_pictures"
                " FROM products p JOIN runs r USING(run)"
                f" WHERE p.rowid > ? AND state IN {states} ORDER BY p.rowid LIMIT ?",
                (last, BATCH),
            ).fetchall()
        if not rows:
            return
        last = rows[-1]["place"]
        yield [
            LedgerRow(
                entry_of(row), bool(row["deleted"]), row["accepted_at"], bool(row["record"]),
                bool(row["lacks_pictures"]),
            )
            for row in rows
        ]  # fmt: skip

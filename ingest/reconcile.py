"""Reconcile: the ledger against the index, product by product; what differs is made right.

The broker is a hint and may lose messages; the ledger is the record, and this is the guarantee.
What the index lacks, or holds otherwise than the ledger says, is sent again; what only the index
knows, because the ledger was lost or is an older copy, is taken over from it.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ingest.adoption import adopt
from ingest.comparison import TO_SEND, LedgerRow, Verdict, compare, ledger_rows
from ingest.follower import Follower, Patience, Progress
from ingest.ledger.acceptance import forget_failures, next_sequence
from ingest.ledger.changes import Entry, content_hash
from ingest.ledger.dead_letters import list_letters
from ingest.ledger.ledger import Ledger
from ingest.ledger.tally import Deltas, count
from ingest.lock import only_one
from ingest.report import Tally
from ingest.sender import Sender, send_parts
from ingest.writer.stored import (
    Stored,
    count_strangers,
    newest_order,
    refresh,
    scan_stored,
    stored_documents,
)
from ingest.writer.target import Target
from mappings.errors import EXIT_OK, EXIT_PARTLY

if TYPE_CHECKING:
    from opensearchpy import OpenSearch


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How ledger and index stand to each other after the repair; after the look in a dry run.

    Args:
        checked: Products that the ledger calls settled, dead ones not counted.
        equal: Those that the index holds as the ledger says.
        missing: Not in the index.
        older: There under an earlier order, with other content.
        differing: There under this order with other content, changed by another hand, or without
            a picture that was away while it was embedded.
        newer: There under a later order; only in a dry run, else taken over.
        unrecorded: Not in the index as the ledger says, and known from the index alone: feed them
            again.
        pending: Products that the ledger calls pending.
        dead: Open dead letters.
        unknown: Documents that Shelfsight did not write; left alone.
        resent: Products that were sent again.
        adopted: Products that were taken over from the index.
    """

    checked: int = 0
    equal: int = 0
    missing: int = 0
    older: int = 0
    differing: int = 0
    newer: int = 0
    unrecorded: int = 0
    pending: int = 0
    dead: int = 0
    unknown: int = 0
    resent: int = 0
    adopted: int = 0

    @property
    def exit_code(self) -> int:
        """0 when the index holds what the ledger says, else 1."""
        agrees = self.checked == self.equal and not self.pending and not self.dead
        return EXIT_OK if agrees else EXIT_PARTLY

    def to_json(self) -> dict[str, int]:
        """Return the figures for programs."""
        return asdict(self)


def reconcile(
    ledger: Ledger,
    sender: Sender,
    client: "OpenSearch",
    target: Target,
    *,
    on_progress: Callable[[Progress], None] = lambda _: None,
    patience: Patience | None = None,
    dry_run: bool = False,
) -> Reconciled:
    """Compare by order, content and models, send again what differs, and wait for it.

    Args:
        ledger: The record.
        sender: The way to the workers.
        client: The node's client.
        target: The live index.
        on_progress: Called several times a second while what was sent is under way.
        patience: When a standstill is an error.
        dry_run: Compare only.

    Raises:
        NodeUnreachable: The node does not answer.
        BrokerUnreachable: The broker does not answer; what was found is pending in the ledger.
        StackError: Another feed is being ingested, or no worker takes the work.
    """
    with only_one(ledger.lock):
        if dry_run:
            return _figures(ledger, client, target)
        return repair(ledger, sender, client, target, on_progress, patience or Patience())


def repair(
    ledger: Ledger,
    sender: Sender,
    client: "OpenSearch",
    target: Target,
    on_progress: Callable[[Progress], None],
    patience: Patience,
) -> Reconciled:
    """Do what ``reconcile`` does, for who holds the lock."""
    refresh(client, target.index)
    moved, adopted = ledger.target() != target.key, 0
    if moved:  # until this index is complete, the ledger's knowledge is of no index in particular
        ledger.set_target("")
    if moved or newest_order(client, target.index) > ledger.last_order():
        adopted = adopt(ledger, list(scan_stored(client, target.index)))
    for rows in _compared(ledger, client, target, dead=moved):
        _reopen(ledger, target, [one.row for one in rows if one.verdict in TO_SEND])
        if moved:
            _rename_contents(ledger, target, [o.row for o in rows if o.verdict == "equal"])
        newer = [(o.row.entry.id, o.stored) for o in rows if o.verdict == "newer" and o.stored]
        adopted += adopt(ledger, newer)
    pending = ledger.pending()
    if moved:
        _address(ledger, target, ledger.entries(pending))
    send_parts(sender, "embed_text", pending)
    if pending:
        Follower(ledger, sender, None, Tally(), patience).until_done(on_progress)
    figures = _figures(ledger, client, target, resent=len(pending), adopted=adopted)
    if not figures.missing + figures.older:
        ledger.set_target(target.key)
    return figures


def needs_reconciling(ledger: Ledger, client: "OpenSearch", target: Target) -> bool:
    """Tell whether the index is another one than the ledger knew, or holds what it does not know.

    The first is so after an index was lost, swapped or made anew; the second after the ledger was
    lost or put back from an older copy.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    refresh(client, target.index)
    if newest_order(client, target.index) > ledger.last_order():
        return True
    return ledger.target() != target.key and not ledger.is_empty()


def count_lacking(ledger: Ledger, client: "OpenSearch", target: Target) -> tuple[int, int]:
    """Return how many products an index does not hold as the ledger says, and of how many.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    refresh(client, target.index)
    found: Counter[Verdict] = Counter()
    for rows in _compared(ledger, client, target):
        found.update(one.verdict for one in rows if not one.row.deleted)
    return found.total() - found["equal"] - found["newer"], found.total()


def _figures(
    ledger: Ledger, client: "OpenSearch", target: Target, *, resent: int = 0, adopted: int = 0
) -> Reconciled:
    refresh(client, target.index)
    found: Counter[Verdict] = Counter()
    for rows in _compared(ledger, client, target):
        found.update(one.verdict for one in rows)
    return Reconciled(
        checked=found.total(), pending=len(ledger.pending()), dead=len(list_letters(ledger)),
        unknown=count_strangers(client, target.index), resent=resent, adopted=adopted,
        **{str(verdict): number for verdict, number in found.items()},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Compared:
    row: LedgerRow
    stored: Stored | None
    verdict: Verdict


def _compared(
    ledger: Ledger, client: "OpenSearch", target: Target, *, dead: bool = False
) -> Iterator[list[_Compared]]:
    """Yield the ledger's settled products with how the index holds them, in parts."""
    for rows in ledger_rows(ledger, dead=dead):
        found = stored_documents(client, target.index, [row.entry.id for row in rows])
        stored = [found.get(row.entry.id) for row in rows]
        yield [
            _Compared(row, one, compare(row, one, target.identity))
            for row, one in zip(rows, stored, strict=True)
        ]


def _rename_contents(ledger: Ledger, target: Target, rows: list[LedgerRow]) -> None:
    """Note the contents under the models of another index that holds them already."""
    entries = [row.entry for row in rows if row.recorded]
    contents = [(content_hash(e.product, e.pictures, target.identity), e.id) for e in entries]
    with ledger.store.write() as db:
        db.executemany("UPDATE products SET content = ? WHERE id = ?", contents)


def _address(ledger: Ledger, target: Target, entries: list[Entry]) -> None:
    """Give what waits the contents that it has under another index's models, and a new order."""
    with ledger.store.write() as db:
        sequence = next_sequence(db, len(entries))
        db.executemany(
            "UPDATE products SET write_order = ?, content = ?"
            " WHERE id = ? AND write_order = ? AND state = 'pending'",
            [
                (sequence + n, content_hash(e.product, e.pictures, target.identity), e.id, e.order)
                for n, e in enumerate(entries)
            ],
        )


def _reopen(ledger: Ledger, target: Target, rows: list[LedgerRow]) -> None:
    """Make settled products pending again, under a new order."""
    deltas: Deltas = Counter()
    with ledger.store.write() as db:
        sequence = next_sequence(db, len(rows))
        for n, row in enumerate(rows):
            entry = row.entry
            old = db.execute("SELECT state FROM products WHERE id = ?", (entry.id,)).fetchone()
            if old["state"] == "pending":
                continue
            content = content_hash(entry.product, entry.pictures, target.identity)
            db.execute(
                "UPDATE products SET state = 'pending', crashes = 0, write_order = ?, content = ?"
                " WHERE id = ?",
                (sequence + n, content, entry.id),
            )
            forget_failures(db, entry.id)
            deltas[entry.run, old["state"]] -= 1
            deltas[entry.run, "pending"] += 1
        count(db, deltas)

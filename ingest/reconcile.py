"""Reconcile: the ledger against the index, product by product; what is missing is sent again.

The broker is a hint and may lose messages; the ledger is the record, and this is the guarantee.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ingest.acceptance import next_sequence
from ingest.changes import Entry, content_hash
from ingest.feed import CHUNK
from ingest.follow import Follower, Patience, Progress
from ingest.ledger import Ledger, entry_of
from ingest.lock import only_one
from ingest.report import Tally
from ingest.sender import Sender, chunks
from ingest.tally import Deltas, count
from ingest.target import Target
from mappings.connection import node_errors

BATCH = 500
TOMBSTONE_SECONDS = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the comparison found.

    Args:
        checked: Products that the ledger calls settled, dead ones not counted.
        equal: Those that the index holds as the ledger says.
        missing: Not in the index.
        older: There in an older version.
        differing: There in this version, but made from other content or by other models.
        newer: There in a newer version; left alone.
        pending: Products that the ledger calls pending.
        unknown: Documents that the ledger does not know; left alone.
        resent: Products that were sent again.
    """

    checked: int = 0
    equal: int = 0
    missing: int = 0
    older: int = 0
    differing: int = 0
    newer: int = 0
    pending: int = 0
    unknown: int = 0
    resent: int = 0

    def to_json(self) -> dict[str, int]:
        """Return the figures for programs."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Row:
    entry: Entry
    deleted: bool
    accepted_at: float


def reconcile(
    ledger: Ledger,
    sender: Sender,
    client: Any,  # noqa: ANN401
    target: Target,
    *,
    on_progress: Callable[[Progress], None] = lambda _: None,
    patience: Patience | None = None,
    dry_run: bool = False,
) -> Reconciled:
    """Compare by id, version and content hash, send again what is missing, and wait for it.

    Args:
        ledger: The record.
        sender: The way to the workers.
        client: An ``opensearchpy.OpenSearch``.
        target: The live index.
        on_progress: Called several times a second while what was sent is under way.
        patience: When a standstill is an error.
        dry_run: Compare only.

    Raises:
        NodeUnreachable: The node does not answer.
        BrokerUnreachable: The broker does not answer; what was found is pending in the ledger.
        StackError: Another feed is being ingested, or no worker takes the work.
    """
    with only_one(ledger.store.path.with_suffix(".lock")):
        with node_errors(target.alias):
            client.indices.refresh(index=target.index)
        found: Counter[str] = Counter()
        for rows in _settled_rows(ledger):
            documents = _documents(client, target, rows)
            verdicts = {r.entry.id: _compare(r, documents.get(r.entry.id), target) for r in rows}
            found.update(verdicts.values())
            wrong = [r for r in rows if verdicts[r.entry.id] in ("missing", "older", "differing")]
            if not dry_run:
                _reopen(ledger, target, wrong)
        pending = ledger.pending()
        unknown = _unknown(ledger, client, target)
        figures = Reconciled(
            checked=found.total(), pending=len(pending), unknown=unknown,
            resent=0 if dry_run else len(pending), **found,
        )  # fmt: skip
        if not dry_run and pending:
            _send_and_wait(ledger, sender, pending, on_progress, patience or Patience())
        return figures


def _settled_rows(ledger: Ledger) -> Iterator[list[_Row]]:
    """Yield the products that should be in the index, in parts."""
    last = 0
    while True:
        with ledger.store.read() as db:
            rows = db.execute(
                "SELECT p.rowid AS place, p.*, r.root FROM products p JOIN runs r USING(run)"
                " WHERE p.rowid > ? AND state IN ('indexed', 'superseded')"
                " ORDER BY p.rowid LIMIT ?",
                (last, BATCH),
            ).fetchall()
        if not rows:
            return
        last = rows[-1]["place"]
        yield [_Row(entry_of(row), bool(row["deleted"]), row["accepted_at"]) for row in rows]


def _documents(client: Any, target: Target, rows: list[_Row]) -> dict[str, Mapping[str, Any]]:  # noqa: ANN401
    with node_errors(target.alias):
        reply = client.mget(
            index=target.index,
            body={"ids": [row.entry.id for row in rows]},
            _source_includes="source_version,content_hash",
        )
    return {doc["_id"]: doc["_source"] for doc in reply["docs"] if doc.get("found")}


def _compare(row: _Row, document: Mapping[str, Any] | None, target: Target) -> str:
    entry = row.entry
    if document is None:
        purged = row.deleted and time.time() - row.accepted_at > TOMBSTONE_SECONDS
        return "equal" if purged else "missing"
    version = int(document["source_version"])
    if version != entry.version:
        return "older" if version < entry.version else "newer"
    wanted = content_hash(entry.product, entry.pictures, target.identity)
    return "equal" if document["content_hash"] == wanted else "differing"


def _reopen(ledger: Ledger, target: Target, rows: list[_Row]) -> None:
    """Make settled products pending again, under a version that the index will take."""
    deltas: Deltas = Counter()
    with ledger.store.write() as db:
        sequence = next_sequence(db, len(rows))
        for n, row in enumerate(rows):
            entry = row.entry
            content = content_hash(entry.product, entry.pictures, target.identity)
            version = entry.version
            if content != entry.content or entry.product.version is None:
                version = max(sequence + n, entry.version + 1)
            old = db.execute("SELECT state FROM products WHERE id = ?", (entry.id,)).fetchone()
            if old["state"] not in ("indexed", "superseded"):
                continue
            db.execute(
                "UPDATE products SET state = 'pending', crashes = 0, version = ?, content = ?,"
                " target = ? WHERE id = ?",
                (version, content, target.key, entry.id),
            )
            deltas[entry.run, old["state"]] -= 1
            deltas[entry.run, "pending"] += 1
        count(db, deltas)


def _unknown(ledger: Ledger, client: Any, target: Target) -> int:  # noqa: ANN401
    """Count the documents that the ledger does not know."""
    from opensearchpy.helpers import scan

    unknown, part = 0, list[str]()

    def strangers(ids: list[str]) -> int:
        marks = ",".join("?" * len(ids))
        with ledger.store.read() as db:
            row = db.execute(f"SELECT COUNT(*) n FROM products WHERE id IN ({marks})", ids)
            return len(ids) - int(row.fetchone()["n"])

    with node_errors(target.alias):
        for hit in scan(client, index=target.index, query={"_source": False}, size=BATCH):
            part.append(hit["_id"])
            if len(part) == BATCH:
                unknown, part = unknown + strangers(part), []
    return unknown + (strangers(part) if part else 0)


def _send_and_wait(
    ledger: Ledger,
    sender: Sender,
    ids: list[str],
    on_progress: Callable[[Progress], None],
    patience: Patience,
) -> None:
    for part in chunks(ids, CHUNK):
        sender.send("embed_text", part)
    Follower(ledger, sender, None, Tally(), patience).until_done(on_progress)

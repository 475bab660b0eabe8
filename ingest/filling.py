"""Filling another index from the ledger and the spool, while the live one answers searches.

The next index may be of other models and columns, so it is not the workers that fill it: this
process loads its space, takes from the spool what is there, and embeds the rest. A document is
written under the order that its change has in the ledger, so that whatever a feed brings later
comes after it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ingest.comparison import TO_SEND, compare, ledger_rows
from ingest.ledger.changes import Entry, content_hash
from ingest.ledger.ledger import Ledger
from ingest.sender import CHUNK, chunks
from ingest.stages.documents import documents
from ingest.stages.embedding import embed_pictures, embed_texts
from ingest.worker_context import WorkerContext
from ingest.writer.stored import stored_documents
from ingest.writer.target import Target

ROUNDS = 3
"""Passes over the products: later ones take what a feed changed meanwhile and what failed."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of a next index.

    Args:
        index: Its name.
        products: Settled products of the ledger, deleted ones not counted.
        written: Documents that were written.
        lacking: Products that it does not hold as the ledger says.
        reason: Why the first of those could not be written.
    """

    index: str
    products: int
    written: int
    lacking: int
    reason: str = ""


def fill_index(
    context: WorkerContext,
    ledger: Ledger,
    target: Target,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Filled:
    """Write what the ledger holds and the index lacks.

    Args:
        context: Models, spool and writer of the index that is filled.
        ledger: The record.
        target: The index, through the alias that the context writes to.
        on_progress: Gets the products done and all of them.

    Raises:
        NodeUnreachable: The node does not answer.
        IdentityMismatch: The space here is not the index's.
    """
    written, reason = 0, ""
    for _ in range(ROUNDS):
        products = lacking = 0
        total = ledger.known()
        for rows in ledger_rows(ledger):
            stored = stored_documents(context.client, target.index, [r.entry.id for r in rows])
            verdicts = {
                r.entry.id: compare(r, stored.get(r.entry.id), target.identity) for r in rows
            }
            entries = [
                replace(e, content=content_hash(e.product, e.pictures, target.identity))
                for e in (row.entry for row in rows)
                if verdicts[e.id] in TO_SEND
            ]
            for part in chunks(entries, CHUNK):
                done, why = _write(context, part)
                written, reason = written + done, why or reason
                lacking += len(part) - done
                on_progress(products, max(total, products))
            lacking += sum(v == "unrecorded" for v in verdicts.values())
            products += sum(not row.deleted for row in rows)
            on_progress(products, max(total, products))
        if not lacking:
            return Filled(target.index, products, written, 0)
    return Filled(target.index, products, written, lacking, reason)


def _write(context: WorkerContext, entries: Sequence[Entry]) -> tuple[int, str]:
    """Embed and write some products; return how many were taken, and why one was not."""
    living = [e for e in entries if not e.product.deleted]
    embed_texts(context, living)
    embed_pictures(context, living)
    target, space = context.space_of_index()
    ready, lacking = documents(context, space, target.schema, entries)
    outcomes = context.writer.write(ready).outcomes
    refused = [o for o in outcomes if o.kind not in ("indexed", "conflict")]
    reason = refused[0].reason or refused[0].cause if refused else ""
    if lacking and not reason:
        reason = "a picture was away"
    return len(outcomes) - len(refused), reason

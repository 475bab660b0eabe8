"""The whole write path on one page: what each stage makes of pending products.

    feed ─accept→ ledger ─ids→ embed_text ─ids→ embed_image ─ids→ index ─Outcome→ ledger

Stages get ids and read the rest themselves: the record from the ledger, pictures from the
catalogue, vectors from the spool. Each may run again at any time, on any worker: what is in the
spool is not embedded again, and the index keeps the write of the highest order.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest.failures import count_crash
from ingest.ledger.changes import Entry, State
from ingest.ledger.dead_letters import DeadLetter, bury
from ingest.ledger.tally import Settled
from ingest.sender import Stage
from ingest.stages.documents import documents
from ingest.stages.embedding import embed_pictures, embed_texts
from ingest.worker_context import WorkerContext
from ingest.writer.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Follow:
    """What is to be sent next, and after how many seconds."""

    stage: Stage
    ids: tuple[str, ...]
    countdown: float = 0.0


def run_stage(context: WorkerContext, stage: Stage, ids: Sequence[str]) -> list[Follow]:
    """Run one stage on those of the products that are still pending; return what comes next.

    Products that have crashed before run alone, however their batch came again.

    Args:
        context: The models, the spool, the ledger and the node of this process.
        stage: Which one.
        ids: The products.

    Raises:
        IdentityMismatch: The models here are not those of the index; nothing was written.
        StackError: What the stage needs is away or full; nothing is lost, try again later.
    """
    entries = context.ledger.entries(ids)
    if not entries:
        return []
    if len(entries) > 1 and (crashed := [e.id for e in entries if e.crashes]):
        rest = tuple(e.id for e in entries if e.id not in crashed)
        alone = [Follow(stage, (product_id,)) for product_id in crashed]
        return [*alone, Follow(stage, rest)] if rest else alone
    started = time.perf_counter()
    items, after = _STAGES[stage](context, entries)
    context.ledger.add_timing(entries[0].run, stage, time.perf_counter() - started, items)
    if stage != "index" and any(e.crashes for e in entries):  # the index settles each by itself
        context.ledger.survived([e.id for e in entries], stage)
    return after


def _embed_text(context: WorkerContext, entries: list[Entry]) -> tuple[int, list[Follow]]:
    """Put the vectors of texts and attribute values into the spool."""
    embed_texts(context, [e for e in entries if not e.product.deleted])
    pictured = any(p.sha for e in entries for p in e.pictures)
    follow = Follow("embed_image" if pictured else "index", _ids(entries))
    return len(entries), [follow]


def _embed_image(context: WorkerContext, entries: list[Entry]) -> tuple[int, list[Follow]]:
    """Put the vectors of pictures into the spool; pictures that cannot be read are refused.

    Products whose pictures are away for the moment wait: a folder may be mounted again.
    """
    away = embed_pictures(context, entries)
    ready = tuple(e.id for e in entries if e.id not in away)
    after = [Follow("index", ready)] if ready else []
    if away:
        waiting = tuple(e.id for e in entries if e.id in away)
        after.append(Follow("embed_image", waiting, context.options.limits.retry))
    return sum(len(e.pictures) for e in entries if e.id not in away), after


def _index(context: WorkerContext, entries: list[Entry]) -> tuple[int, list[Follow]]:
    """Write the documents and settle each product by its own outcome."""
    target, space = context.space_of_index()
    ready, lacking = documents(context, space, target.schema, entries)
    written = context.writer.write(ready)
    if target.key != context.ledger.target():
        # The alias was swapped: what is settled now is not all in one index.
        context.ledger.set_target("")
    again = _settle(context, entries, written.outcomes)
    if written.stopped is not None:
        context.ledger.alarm(type(written.stopped).__name__, str(written.stopped))
    elif slow := [cause for _, cause in again if cause]:
        context.ledger.alarm("StackError", f"OpenSearch is slow to take documents: {slow[0]}")
    else:
        context.ledger.clear_alarms()
    after = [Follow("embed_text", lacking)] if lacking else []
    if again:
        waiting = tuple(product_id for product_id, _ in again)
        after.append(Follow("index", waiting, context.options.limits.retry))
    return len(ready) - len(again), after


def _settle(
    context: WorkerContext, entries: Sequence[Entry], outcomes: Sequence[Outcome]
) -> list[tuple[str, str]]:
    """Record the outcomes; return id and cause of what is to be written again.

    There is no cause where another hand has written, and the order was raised above it.
    """
    states, outranked = _compare_conflicts(context, entries, outcomes)
    states |= {o.id: "indexed" for o in outcomes if o.kind == "indexed"}
    context.ledger.settle(Settled(o.id, o.order, states[o.id]) for o in outcomes if o.id in states)
    bury(
        context.ledger,
        [
            DeadLetter(o.id, o.order, "index", o.cause, o.reason, 1)
            for o in outcomes
            if o.kind == "dead"
        ],
    )
    again = [(o.id, o.reason or o.cause) for o in outcomes if o.kind == "pending"]
    again += [(product_id, "") for product_id in outranked]
    for o in outcomes:
        if o.kind == "failed":  # the node's own error over this document: not for ever
            runs = context.options.limits.runs
            alive = count_crash(context.ledger, "index", [o.id], o.cause, o.reason, runs)
            again += [(product_id, o.reason) for product_id in alive]
    return again


def _compare_conflicts(
    context: WorkerContext, entries: Sequence[Entry], outcomes: Sequence[Outcome]
) -> tuple[dict[str, State], tuple[str, ...]]:
    """Decide documents that the index has under this order or a higher one by what they hold.

    The write may have come through before, with only its answer lost; the feed may have given the
    product a higher version through another ledger; else another hand has written, and the
    product's order is raised above it.

    Returns:
        What those are that need no other write, and the ids of those that do.
    """
    conflicts = {o.id: o.order for o in outcomes if o.kind == "conflict"}
    stored = context.writer.stored(list(conflicts))
    versions = {e.id: e.product.version for e in entries}
    states: dict[str, State] = {}
    lower: dict[str, int] = {}
    above = 0
    for product_id, order in conflicts.items():
        found, version = stored.get(product_id), versions[product_id]
        if found is not None and found.order == order and not found.edited:
            states[product_id] = "indexed"
        elif found and version is not None and found.version and found.version > version:
            states[product_id] = "superseded"
        else:
            lower[product_id] = order
            above = max(above, found.engine_version if found else order)
    if lower:
        context.ledger.outrank(lower, above)
    return states, tuple(lower)


def _ids(entries: Sequence[Entry]) -> tuple[str, ...]:
    return tuple(e.id for e in entries)


_STAGES: dict[Stage, Callable[[WorkerContext, list[Entry]], tuple[int, list[Follow]]]] = {
    "embed_text": _embed_text,
    "embed_image": _embed_image,
    "index": _index,
}

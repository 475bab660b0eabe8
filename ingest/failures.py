"""Failures that are not transient: counted for each product, isolated, and ended after four."""

from collections.abc import Sequence

from ingest.ledger.dead_letters import DeadLetter, bury
from ingest.ledger.ledger import Ledger
from ingest.sender import Sender, Stage


def count_crash(
    ledger: Ledger, stage: Stage, ids: Sequence[str], kind: str, reason: str, runs: int
) -> list[str]:
    """Count a crash for each pending product, end those that had enough; return the others.

    Args:
        ledger: Where crashes are counted.
        stage: Where it happened.
        ids: The products of the task.
        kind: ``crash``, ``timeout``, ``memory`` or ``failed``.
        reason: One sentence.
        runs: How many crashes make a dead letter.
    """
    entries = ledger.crashed(ids, stage)
    ended = [e for e in entries if e.crashes >= runs]
    bury(ledger, [DeadLetter(e.id, e.order, stage, kind, reason, e.crashes) for e in ended])
    return [e.id for e in entries if e.crashes < runs]


def isolate(
    ledger: Ledger,
    sender: Sender,
    stage: Stage,
    ids: Sequence[str],
    kind: str,
    reason: str,
    runs: int,
) -> None:
    """Count a crash and send what may run again one by one, so that no product harms another.

    Raises:
        BrokerUnreachable: They cannot be sent; the ledger has them as pending.
    """
    for product_id in count_crash(ledger, stage, ids, kind, reason, runs):
        sender.send(stage, [product_id])

"""Deletions: what a full feed lacks is taken out of search, unless it is too much at once."""

from ingest.catalogue import Catalogue
from ingest.ledger.changes import Change, content_hash
from ingest.ledger.ledger import Ledger
from ingest.report import Tally
from ingest.sender import CHUNK, Sender, chunks
from ingest.writer.target import Target
from mappings.product import Product

MOST = 0.10
"""Share of the products known before the feed from which deleting needs the operator's word."""


def delete_absent(
    catalogue: Catalogue,
    ledger: Ledger,
    sender: Sender,
    target: Target,
    run: int,
    tally: Tally,
    *,
    known: int,
    yes: bool,
) -> tuple[str, int]:
    """Delete what a full feed lacks; return why not, and the run of the deletions (0: none).

    Args:
        catalogue: The feed.
        ledger: Where the deletions are accepted.
        sender: The way to the workers.
        target: The index they are for.
        run: The feed's run: what it has seen stays.
        tally: What was read.
        known: Products that were known before the feed.
        yes: Delete however many there are.
    """
    absent = ledger.absent(run)
    if not absent:
        return "", 0
    if not yes and tally.nameless:
        return (
            f"The feed lacks {len(absent)} known products, but {tally.nameless} of its rows could"
            " not be read and may be some of them: nothing was deleted. Correct the rows, or add"
            " --yes."
        ), 0
    share = len(absent) / max(1, known)
    if not yes and share > MOST:
        return (
            f"The feed lacks {len(absent)} known products, {share:.0%} of all: nothing was"
            f" deleted. More than {MOST:.0%} are deleted with --yes only."
        ), 0
    gone = ledger.begin_run(catalogue.root)
    for part in chunks(absent, CHUNK):
        tombstones = [Product(id=i, deleted=True) for i in part]
        changes = [Change(p, content_hash(p, (), target.identity)) for p in tombstones]
        accepted = ledger.accept(gone, changes)
        sender.send("index", [a.id for a in accepted if a.verdict == "send"])
    return "", gone

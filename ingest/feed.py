"""A feed's way in: read, accept, send, follow until every product is accounted for."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from ingest.catalogue import Catalogue
from ingest.changes import AcceptedPicture, Change, Refusal, content_hash
from ingest.dead_letters import list_letters
from ingest.follow import Follower, Patience, Progress
from ingest.ledger import Ledger
from ingest.lock import only_one
from ingest.picture_files import PictureUnavailable
from ingest.report import Report, Tally, make_report
from ingest.rows import Row
from ingest.sender import Sender, chunks
from ingest.target import Target
from mappings.errors import InputError
from mappings.product import Product

CHUNK = 32
CHUNK_PICTURES = 160
FIRST_CHUNK = 4
MOST_DELETED = 0.10
OnProgress = Callable[[Progress], None]
Enrich = Callable[[Product], Product]


def ingest_feed(
    catalogue: Catalogue,
    ledger: Ledger,
    sender: Sender,
    target: Target,
    *,
    full: bool = False,
    yes: bool = False,
    limit: int | None = None,
    on_progress: OnProgress = lambda _: None,
    patience: Patience | None = None,
    enrich: Enrich = lambda product: product,
) -> Report:
    """Ingest a catalogue and return when nothing of it is pending any more.

    What is accepted is committed to the ledger before it is sent. Unchanged products are not
    sent; what an earlier, interrupted run left pending is sent again, and found in the spool.

    Args:
        catalogue: What to read.
        ledger: Where it is accepted.
        sender: The way to the workers.
        target: The index it is for.
        full: The feed is the whole catalogue: known products that it lacks are deleted.
        yes: Delete even more than a tenth of the known products.
        limit: Read no more rows than this.
        on_progress: Called several times a second.
        patience: When a standstill is an error.
        enrich: Adds what a product's texts say beside its columns, before it is accepted.

    Raises:
        InputError: The feed as a whole cannot be used, or ``full`` with ``limit``.
        BrokerUnreachable: The broker does not answer; what is accepted stays pending.
        NodeUnreachable: The node does not answer for longer than ``patience`` allows.
        DiskFull: There is no room for the ledger, or the node has stopped writes for too long.
        StackError: No worker takes the work.
    """
    if full and limit is not None:
        raise InputError("A limited feed is not a full one.", "Leave out --full or --limit.")
    with only_one(ledger.store.path.with_suffix(".lock")):
        sender.ping()
        started = time.monotonic()
        run = ledger.begin_run(catalogue.root)
        tally = Tally()
        watch = Follower(ledger, sender, run, tally, patience or Patience())
        for row_chunk in _chunked(_rows(catalogue, limit, tally, ledger, run)):
            enriched = [enrich(product) for product in row_chunk]
            _take(catalogue, ledger, sender, target, run, enriched, tally)
            on_progress(watch.look(reading=True))
        refusal, gone = _delete_absent(ledger, sender, target, run, tally, full, yes, catalogue)
        _send_others(ledger, sender, {run, gone})
        watch.until_done(on_progress)
        if gone:
            Follower(ledger, sender, gone, Tally(), patience or Patience()).until_done(on_progress)
        return make_report(
            run, tally, ledger.counts(run), time.monotonic() - started,
            deleted=ledger.counts(gone).accepted if gone else 0,
            stages=ledger.timings(run),
            refusals=tuple(ledger.refusals(run)),
            letters=tuple(x for x in list_letters(ledger) if x.run == run),
            refusal=refusal,
        )  # fmt: skip


def send_pending(ledger: Ledger, sender: Sender, run: int | None = None) -> int:
    """Send everything that is pending, of one run or of all, again; returns how much it was.

    Sending twice is harmless: a stage leaves alone what is not pending any more.

    Raises:
        BrokerUnreachable: The broker does not answer.
    """
    ids = ledger.pending(run)
    for part in chunks(ids, CHUNK):
        sender.send("embed_text", part)
    return len(ids)


def make_change(catalogue: Catalogue, product: Product, target: Target) -> Change:
    """Return a product as the ledger takes it: its pictures read once, for their hashes."""
    pictures: list[AcceptedPicture] = []
    refusals: list[Refusal] = []
    for picture in product.pictures:
        sha = ""
        try:
            sha = hashlib.sha256(catalogue.picture_bytes(picture.path)).hexdigest()
        except PictureUnavailable as error:
            refusals.append(
                Refusal(product.id, picture.path, "", error.reason, error.problem[:200])
            )
        pictures.append(AcceptedPicture(picture.path, picture.role, sha))
    kept = tuple(pictures)
    content = content_hash(product, kept, target.identity)
    return Change(product, content, kept, tuple(refusals))


def _rows(
    catalogue: Catalogue, limit: int | None, tally: Tally, ledger: Ledger, run: int
) -> Iterator[Product]:
    """Yield the products of the rows that are any; the others are counted."""
    for row in islice(catalogue.rows(), limit):
        tally.read += 1
        _count_columns(row, tally)
        if row.product is not None:
            yield row.product
        elif row.rejection is not None:
            tally.reject(row.rejection)
            if row.rejection.id:
                ledger.saw(run, [row.rejection.id])


def _count_columns(row: Row, tally: Tally) -> None:
    for found, counted in ((row.extras, tally.extras), (row.left_out, tally.left_out)):
        for column in found:
            counted[column] = counted.get(column, 0) + 1


def _chunked(products: Iterator[Product]) -> Iterator[list[Product]]:
    """Yield small chunks first, so that something is searchable early; never too many pictures."""
    size, chunk, pictures = FIRST_CHUNK, list[Product](), 0
    for product in products:
        if chunk and (len(chunk) >= size or pictures + len(product.pictures) > CHUNK_PICTURES):
            yield chunk
            size, chunk, pictures = min(CHUNK, size * 2), [], 0
        chunk.append(product)
        pictures += len(product.pictures)
    if chunk:
        yield chunk


def _take(
    catalogue: Catalogue,
    ledger: Ledger,
    sender: Sender,
    target: Target,
    run: int,
    products: Sequence[Product],
    tally: Tally,
) -> None:
    """Accept a chunk, then send what is to be done; in this order, so that nothing is lost."""
    changes = [make_change(catalogue, product, target) for product in products]
    accepted = ledger.accept(run, target.key, changes)
    wanted = {a.id for a in accepted if a.verdict == "send"}
    tally.pictures += sum(len(c.pictures) for c in changes if c.product.id in wanted)
    gone = [c.product.id for c in changes if c.product.id in wanted and c.product.deleted]
    sender.send("index", gone)
    sender.send("embed_text", [a.id for a in accepted if a.id in wanted and a.id not in gone])


def _send_others(ledger: Ledger, sender: Sender, runs: set[int]) -> None:
    """Send what runs before this one left pending."""
    ours = {i for run in runs for i in ledger.pending(run)}
    for part in chunks([i for i in ledger.pending() if i not in ours], CHUNK):
        sender.send("embed_text", part)


def _delete_absent(
    ledger: Ledger,
    sender: Sender,
    target: Target,
    run: int,
    tally: Tally,
    full: bool,
    yes: bool,
    catalogue: Catalogue,
) -> tuple[str, int]:
    """Delete what a full feed lacks; return why not, and the run of the deletions (0: none)."""
    absent = ledger.absent(run) if full else []
    if not absent:
        return "", 0
    share = len(absent) / max(1, ledger.known())
    if not yes and tally.nameless:
        return (
            f"The feed lacks {len(absent)} known products, but {tally.nameless} of its rows could"
            " not be read and may be some of them: nothing was deleted. Correct the rows, or add"
            " --yes."
        ), 0
    if not yes and share > MOST_DELETED:
        return (
            f"The feed lacks {len(absent)} known products, {share:.0%} of all: nothing was"
            f" deleted. More than {MOST_DELETED:.0%} are deleted with --yes only."
        ), 0
    gone = ledger.begin_run(catalogue.root)
    for part in chunks(absent, CHUNK):
        tombstones = [Product(id=i, deleted=True) for i in part]
        changes = [Change(p, content_hash(p, (), target.identity)) for p in tombstones]
        accepted = ledger.accept(gone, target.key, changes)
        sender.send("index", [a.id for a in accepted if a.verdict == "send"])
    return "", gone

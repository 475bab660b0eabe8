"""A feed's way in: read, accept, send, follow until every product is accounted for."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from encoders.picture_size import foreign_format
from ingest.catalogue import Catalogue
from ingest.deletions import delete_absent
from ingest.follower import Follower, Patience, Progress
from ingest.ledger.changes import AcceptedPicture, Change, Refusal, content_hash
from ingest.ledger.dead_letters import letters_of
from ingest.ledger.ledger import Ledger
from ingest.lock import only_one
from ingest.picture_guard import PictureGuard
from ingest.readers.picture_files import PictureUnavailable
from ingest.readers.rows import Row
from ingest.reconcile import Reconciled, needs_reconciling, repair
from ingest.report import Report, Tally, make_report
from ingest.sender import CHUNK, Sender, chunks, send_parts
from ingest.writer.target import Target, read_target
from mappings.errors import InputError, StackError
from mappings.product import Product

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

CHUNK_PICTURES = 160
FIRST_CHUNK = 4
SWAPS = 3
"""How often the alias may be pointed elsewhere during one feed before that is an error."""
OnProgress = Callable[[Progress], None]
Enrich = Callable[[Product], Product]


def ingest_feed(
    catalogue: Catalogue,
    ledger: Ledger,
    sender: Sender,
    client: "OpenSearch",
    alias: str,
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
    An index that is not as the ledger knows it is reconciled first, and one that the alias was
    pointed to meanwhile is reconciled afterwards.

    Args:
        catalogue: What to read.
        ledger: Where it is accepted.
        sender: The way to the workers.
        client: The node's client.
        alias: The alias whose index it is for.
        full: The feed is the whole catalogue: known products that it lacks are deleted.
        yes: Delete even more than a tenth of the known products or of their pictures.
        limit: Read no more rows than this.
        on_progress: Called several times a second.
        patience: When a standstill is an error.
        enrich: Adds what a product's texts say beside its columns, before it is accepted.

    Raises:
        InputError: The feed as a whole cannot be used, or ``full`` with ``limit``.
        BrokerUnreachable: The broker does not answer; what is accepted stays pending.
        NodeUnreachable: The node does not answer for longer than ``patience`` allows.
        DiskFull: There is no room for the ledger, or the node has stopped writes for too long.
        StackError: No worker takes the work, or there is no such alias.
    """
    if full and limit is not None:
        raise InputError("A limited feed is not a full one.", "Leave out --full or --limit.")
    patience = patience or Patience()
    with only_one(ledger.lock):
        sender.ping()
        target, notes = read_target(client, alias), list[str]()
        if needs_reconciling(ledger, client, target):
            is_other = ledger.target() not in ("", target.key)
            repaired = repair(ledger, sender, client, target, on_progress, patience)
            cause = "another than the ledger knew" if is_other else "ahead of the ledger"
            notes.append(_repair_note(f"The index is {cause}", repaired))
        else:
            ledger.set_target(target.key)
        started = time.monotonic()
        feed = _Feed(catalogue, ledger, sender, target, patience, on_progress)
        report = feed.take(full=full, yes=yes, rows=islice(catalogue.rows(), limit), enrich=enrich)
        for _ in range(SWAPS):
            now = read_target(client, alias)
            if now.key == ledger.target():
                break
            target = now
            repaired = repair(ledger, sender, client, target, on_progress, patience)
            notes.append(
                _repair_note(f"The alias was pointed to {target.index} meanwhile", repaired)
            )
        else:
            raise StackError(
                f"The alias {alias!r} was pointed elsewhere {SWAPS} times during this ingest.",
                "Let it rest, then ingest again: what was accepted is not lost.",
            )
        return report.with_notes(notes, time.monotonic() - started)


def send_pending(ledger: Ledger, sender: Sender, run: int | None = None) -> int:
    """Send everything that is pending, of one run or of all, again; returns how much it was.

    Sending twice is harmless: a stage leaves alone what is not pending any more.

    Raises:
        BrokerUnreachable: The broker does not answer.
    """
    ids = ledger.pending(run)
    send_parts(sender, "embed_text", ids)
    return len(ids)


def make_change(catalogue: Catalogue, product: Product, target: Target) -> Change:
    """Return a product as the ledger takes it: its pictures read once, for their hashes."""
    pictures: list[AcceptedPicture] = []
    refusals: list[Refusal] = []
    for picture in product.pictures:
        sha = ""
        try:
            content = catalogue.picture_bytes(picture.path)
        except PictureUnavailable as error:
            refusals.append(
                Refusal(product.id, picture.path, "", error.reason, error.problem[:200])
            )
        else:
            if foreign := foreign_format(content):  # an empty file, an error page: as if away
                refusals.append(Refusal(product.id, picture.path, "", "format", foreign[:200]))
            else:
                sha = hashlib.sha256(content).hexdigest()
        pictures.append(AcceptedPicture(picture.path, picture.role, sha))
    kept = tuple(pictures)
    made_from = content_hash(product, kept, target.identity)
    return Change(product, made_from, kept, tuple(refusals))


class _Feed:
    """One feed on its way into one index."""

    def __init__(
        self,
        catalogue: Catalogue,
        ledger: Ledger,
        sender: Sender,
        target: Target,
        patience: Patience,
        on_progress: OnProgress,
    ) -> None:
        self.catalogue, self.ledger, self.sender, self.target = catalogue, ledger, sender, target
        self.patience, self.on_progress = patience, on_progress
        self.tally = Tally()
        self.known = ledger.known()
        self.run = ledger.begin_run(catalogue.root)

    def take(self, *, full: bool, yes: bool, rows: Iterator[Row], enrich: Enrich) -> Report:
        """Take the rows in and follow them to their end."""
        started = time.monotonic()
        guard = PictureGuard(self.ledger, self.target.identity, yes=yes)
        follower = self._follower(self.run, self.tally)
        for products in _chunked(self._products(rows)):
            self._accept([enrich(product) for product in products], guard)
            self.on_progress(follower.progress(reading=True))
        refused, gone = "", 0
        if full:
            refused, gone = delete_absent(
                self.catalogue, self.ledger, self.sender, self.target, self.run, self.tally,
                known=self.known, yes=yes,
            )  # fmt: skip
        self._send_others({self.run, gone})
        follower.until_done(self.on_progress)
        later = [run for run in (gone, self._release(guard)) if run]
        for run in later:
            self._follower(run, Tally()).until_done(self.on_progress)
        if self.ledger.pending():  # what runs before this one left
            self._follower(None, Tally()).until_done(self.on_progress)
        runs = (self.run, *later)
        return make_report(
            self.run, self.tally, self.ledger.counts(self.run), time.monotonic() - started,
            deleted=self.tally.taken_out + (self.ledger.counts(gone).accepted if gone else 0),
            stages=self.ledger.timings(self.run),
            refusals=tuple(r for run in runs for r in self.ledger.refusals(run)),
            letters=tuple(x for run in runs for x in letters_of(self.ledger, run)),
            refusal=" ".join(filter(None, (refused, guard.refusal))),
        )  # fmt: skip

    def _follower(self, run: int | None, tally: Tally) -> Follower:
        return Follower(self.ledger, self.sender, run, tally, self.patience)

    def _products(self, rows: Iterator[Row]) -> Iterator[Product]:
        """Yield the products of the rows that are any; the others are counted."""
        lines: dict[str, int] = {}
        for row in rows:
            self.tally.read += 1
            _count_columns(row, self.tally)
            if row.product is not None:
                first = lines.setdefault(row.product.id, row.line)
                if first != row.line:
                    self.tally.repeat(row.product, first, row.line)
                yield row.product
            elif row.rejection is not None:
                self.tally.reject(row.rejection)
                if row.rejection.id:
                    self.ledger.mark_seen(self.run, [row.rejection.id])

    def _accept(self, products: Sequence[Product], guard: PictureGuard) -> None:
        """Accept a chunk, then send what is to be done; in this order, so that nothing is lost."""
        read = [make_change(self.catalogue, product, self.target) for product in products]
        self.tally.named += sum(len(change.pictures) for change in read)
        self._send(self.run, guard.guarded(read), guard)

    def _release(self, guard: PictureGuard) -> int:
        """Accept what loses pictures as the feed has it; return the run of that (0: nothing)."""
        released = guard.released()
        if not released:
            return 0
        run = self.ledger.begin_run(self.catalogue.root)
        for part in chunks(released, CHUNK):
            self._send(run, part, None)
        return run

    def _send(self, run: int, changes: Sequence[Change], guard: PictureGuard | None) -> None:
        accepted = self.ledger.accept(run, changes)
        if guard is not None:
            guard.note(accepted)
        self.tally.note(accepted)
        sent = {a.id: c for a, c in zip(accepted, changes, strict=True) if a.verdict == "send"}
        self.tally.pictures += sum(len(c.pictures) for c in sent.values())
        self.sender.send("index", [i for i, c in sent.items() if c.product.deleted])
        self.sender.send("embed_text", [i for i, c in sent.items() if not c.product.deleted])

    def _send_others(self, runs: set[int]) -> None:
        """Send what runs before this one left pending."""
        ours = {i for run in runs for i in self.ledger.pending(run)}
        others = [i for i in self.ledger.pending() if i not in ours]
        send_parts(self.sender, "embed_text", others)


def _repair_note(cause: str, repaired: Reconciled) -> str:
    return (
        f"{cause}: {repaired.checked:,} products were compared, {repaired.resent:,} sent again,"
        f" {repaired.adopted:,} taken over from the index."
    )


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

"""Backfill on one page: read what changed, embed what is new, write it guarded, go on from there.

    shop's index ─seq_no→ documents ─columns→ products ─spool, models→ vectors ─guarded→ index

It may be stopped at any point and started again, by whoever: what has its vectors is left alone,
and a document that the shop writes meanwhile gets a higher number and is read once more.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from attach.products import product_of
from attach.reading import Document, Endurance, ShopReader
from attach.vectors import Embedder
from attach.writing import Added, Change, Mirrored, Written, write
from encoders.atomic_io import write_atomically
from mappings.attach import Attachment
from mappings.attach_shop import external_version
from mappings.attached_columns import RESERVED
from mappings.errors import InputError
from mappings.vectors import ProductVectors

ROUNDS = 20
SHOWN = 20
UNFIT = "unfit"
"""The content hash of a document that is no product of ours: it has no vectors, and is whole."""


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What a backfill did: read = written + unchanged + unfit + conflicts + gone + failed.

    Args:
        read: Documents read, those that were read again counted again.
        written: Documents that got their vectors.
        unchanged: Those that had them.
        unfit: Documents that are no product (no name), left without vectors.
        conflicts: Written by the shop since they were read; they were read again.
        gone: Deleted by the shop since they were read.
        failed: Refused by the node for good.
        removed: Deleted from the parallel index because the shop's has them no more.
        reasons: Why documents were unfit or failed, and how many; the first of them named.
        unread: Pictures that were left out, by reason.
        kept: Pictures that cannot be read now, and whose vectors were kept as they were.
        notes: Sentences for people on what was left out, each with its cure.
    """

    read: int = 0
    written: int = 0
    unchanged: int = 0
    unfit: int = 0
    conflicts: int = 0
    gone: int = 0
    failed: int = 0
    removed: int = 0
    reasons: Mapping[str, str] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)
    kept: int = 0
    notes: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether no document failed and no picture was left out."""
        return not (self.failed or self.kept or sum(self.unread.values()))

    def to_json(self) -> dict[str, Any]:
        """Return the figures for programs."""
        return asdict(self)


@dataclass(slots=True)
class Marks:
    """How far each shard has been read, kept in a small file; losing it costs only time.

    Args:
        path: The file.
        key: What it is about: another index, another mode or other models start anew.
    """

    path: Path
    key: str

    def load(self) -> dict[int, int]:
        """Return shard to number; empty when there is nothing to go on from."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
            kept = found["marks"] if found["key"] == self.key else {}
            return {int(shard): int(mark) for shard, mark in kept.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def save(self, marks: Mapping[int, int]) -> None:
        """Write the file whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        content = {"key": self.key, "marks": {str(k): v for k, v in marks.items()}}
        write_atomically(self.path, json.dumps(content))


def marks_of(attachment: Attachment, folder: Path) -> Marks:
    """Return where a backfill remembers how far it came."""
    columns = hashlib.sha256(json.dumps(attachment.columns.to_meta()).encode()).hexdigest()[:16]
    key = f"{attachment.source_uuid}/{attachment.index}/{attachment.identity.digest}/{columns}"
    return Marks(folder / f"{attachment.source}.json", key)


@dataclass(slots=True)
class Backfill:
    """Fills an attachment's index, and keeps it filled when it is run again.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        attachment: What is filled, from what, by which fields.
        embedder: Makes the vectors.
        marks: How far it came before.
        shards: Primary shards of the shop's index.
        endurance: How long a node that is away is waited for.
        on_progress: Called with documents done and documents known.
    """

    client: Any
    attachment: Attachment
    embedder: Embedder
    marks: Marks
    shards: int
    endurance: Endurance = field(default_factory=Endurance)
    on_progress: Callable[[int, int], None] = lambda done, total: None
    _counted: Counter[str] = field(default_factory=Counter)
    _reasons: dict[str, str] = field(default_factory=dict)

    def run(self, *, anew: bool = False) -> Backfilled:
        """Read and write until nothing is new, and return what was done.

        Args:
            anew: Read everything, not only what changed since the last time: this is what finds
                vectors that the shop's own writes have erased without anybody noticing.

        Raises:
            InputError: A document's version is the shop's own, so that a partial update would
                come in its way; or it is not known whether a picture's vector must be kept.
            NodeUnreachable: The node does not answer for too long; start again to go on.
            DiskFull: The node takes no writes.
        """
        reader, after = self._reader(), {} if anew else self.marks.load()
        for _ in range(ROUNDS):
            upto = reader.marks()
            if all(after.get(shard, -1) >= mark for shard, mark in upto.items()):
                break
            for shard, mark in upto.items():
                for page in reader.pages(shard, after.get(shard, -1), mark):
                    self._take(page)
                    after[shard] = page[-1].seq_no
                    self.marks.save(after)
                    self.on_progress(self._counted["read"], 0)
                after[shard] = mark
            self.marks.save(after)
        pictures = self.embedder.pictures
        if anew:
            pictures.records.complete()
        return Backfilled(
            **self._counted, reasons=self._reasons, unread=pictures.unread, kept=pictures.retained,
            notes=(),
        )  # fmt: skip

    def _reader(self) -> ShopReader:
        whole = self.attachment.mode == "parallel"
        fields = {p.partition(".")[0] for ps in self.attachment.columns.to_meta().values()
                  for p in ps}  # fmt: skip
        source = True if whole else sorted({*fields, f"{RESERVED}.content"})
        return ShopReader(self.client, self.attachment.source, self.shards, source, self.endurance)

    def _take(self, page: Sequence[Document]) -> None:
        self._counted["read"] += len(page)
        if self.attachment.mode == "in_place":
            _require_counted_versions(page)
        held = self._content_hashes(page)
        read = {d.id: product_of(d.source, self.attachment.columns) for d in page}
        unfit = {i: product for i, product in read.items() if isinstance(product, str)}
        products = {i: product for i, product in read.items() if not isinstance(product, str)}
        pictures = self.embedder.pictures
        pictures.start_page([d.id for d in page])
        every = self.embedder.entries(products)
        entries = [e for e in every if e.content != held.get(e.id) or pictures.must_be_embedded(e)]
        made = self.embedder.fill(entries) if entries else {}
        pictures.put_down(every, made)
        self._counted["unchanged"] += len(page) - len(entries) - len(unfit)
        for reason in unfit.values():
            self._note("unfit", next(iter(unfit)), reason)
        self._counted["unfit"] += len(unfit)
        bare = self.attachment.reserved.fill(ProductVectors(), UNFIT)
        cleared = {i: bare for i in unfit if self._must_clear(held.get(i))}
        self._write([d for d in page if d.id in made], made)
        self._write([d for d in page if d.id in cleared], cleared, counted=False)

    def _must_clear(self, content: str | None) -> bool:
        """Tell whether a document without a product is to be written all the same."""
        if self.attachment.mode == "parallel":
            return content != UNFIT
        return content not in (None, UNFIT)

    def _content_hashes(self, page: Sequence[Document]) -> dict[str, str]:
        """Return the content hash that each document's vectors were made from, by id."""
        if self.attachment.mode == "in_place":
            held = {d.id: d.source.get(RESERVED) for d in page}
        else:
            docs = [
                {"_id": d.id, "_source": [f"{RESERVED}.content"]}
                | ({"routing": d.routing} if d.routing else {})
                for d in page
            ]
            reply = self.endurance.through(
                lambda: self.client.mget(index=self.attachment.index, body={"docs": docs})
            )
            same = {d.id: d.seq_no + 1 for d in page}
            held = {
                d["_id"]: d["_source"].get(RESERVED)
                for d in reply["docs"]
                if d.get("found") and d["_version"] >= same[d["_id"]]
            }
        return {i: str(h["content"]) for i, h in held.items() if h and h.get("content")}

    def _write(
        self, documents: list[Document], made: Mapping[str, Any], *, counted: bool = True
    ) -> None:
        if not documents:
            return
        in_place = self.attachment.mode == "in_place"
        change: Change = Added(made) if in_place else Mirrored(made)
        for one in write(self.client, self.attachment.index, documents, change, self.endurance):
            self._settle(one, counted)

    def _settle(self, one: Written, counted: bool) -> None:
        name = {"conflict": "conflicts"}.get(one.fate, one.fate)
        if one.fate == "failed":
            self._note("failed", one.id, one.reason)
        if counted:
            self._counted[name] += 1

    def _note(self, what: str, product_id: str, reason: str) -> None:
        if len(self._reasons) < SHOWN:
            self._reasons.setdefault(f"{what}: {reason}"[:200], product_id)


def _require_counted_versions(page: Sequence[Document]) -> None:
    for document in page:
        row = {"_id": document.id, "_version": document.version, "_seq_no": document.seq_no}
        if hindrance := external_version(row):
            raise InputError(hindrance.problem, hindrance.cure)

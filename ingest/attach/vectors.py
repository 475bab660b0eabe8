"""The vectors of a shop's documents, made by the same stages as those of a feed of our own."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from encoders.cache import VectorSpool
from encoders.space import Space
from ingest.changes import AcceptedPicture, Entry, Refusal, content_hash
from ingest.documents import documents
from ingest.embedding import embed_pictures, embed_texts
from ingest.options import TaskLimits, WorkerOptions
from ingest.picture_files import PictureUnavailable, picture_bytes
from mappings.attached_columns import AttachedColumns
from mappings.connection import Connection
from mappings.errors import StackError
from mappings.product import Product
from mappings.vectors import ProductVectors

if TYPE_CHECKING:
    from encoders.pictures import PictureDecoder
    from ingest.bench import Bench
    from mappings.schema import Schema


@dataclass(slots=True)
class Refusals:
    """What would be the ledger's: the pictures that were refused, and nothing else."""

    found: list[Refusal] = field(default_factory=list)

    def refusals_of(self, ids: Sequence[str]) -> list[Refusal]:
        """Return the refusals of these products."""
        wanted = frozenset(ids)
        return [r for r in self.found if r.id in wanted]

    def refuse(self, refusals: Iterable[Refusal]) -> None:
        """Keep refusals."""
        self.found += refusals

    def absences(self, pictures: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Return that each picture was looked for often enough: the next reconcile looks again."""
        return {place: TaskLimits().runs for place in pictures}

    def took(self, run: int, what: str, seconds: float, items: int) -> None:
        """Forget a time: nobody asks for it here."""


@dataclass(slots=True)
class Embedder:
    """Makes the reserved object of each product: from the spool where it can, else by the models.

    Args:
        opened: The models.
        spool: Where vectors are kept by content, so that nothing is embedded twice.
        columns: The reserved columns.
        root: The folder that the shop's picture paths start from; without one, no picture is read.
        decoder_source: Opens the capped child process that decodes pictures.
    """

    opened: Space
    spool: VectorSpool
    columns: AttachedColumns
    root: Path | None
    decoder_source: Callable[[], "PictureDecoder"]
    ledger: Refusals = field(default_factory=Refusals)
    unread: dict[str, int] = field(default_factory=dict)
    _decoder: "PictureDecoder | None" = None

    @property
    def decoder(self) -> "PictureDecoder":
        """The decoding process, started by the first picture."""
        if self._decoder is None:
            self._decoder = self.decoder_source()
        return self._decoder

    @property
    def options(self) -> WorkerOptions:
        """What the stages are told, as far as it is about vectors: what it is by default."""
        nowhere = Path("-")
        return WorkerOptions(
            "", Connection("http://localhost"), "-", nowhere, nowhere, nowhere,
            self.opened.text.card.name, "",
        )  # fmt: skip

    def space(self) -> Space:
        """Return the models."""
        return self.opened

    def entry(self, document_id: str, product: Product) -> Entry:
        """Return a product as the stages read it, with the hash of all that is made from it."""
        shown = product.pictures if self.opened.image is not None else ()
        kept = tuple(AcceptedPicture(p.path, p.role, self._sha(p.path)) for p in shown)
        content = content_hash(product, kept, self.opened.identity)
        return Entry(document_id, 0, 0, str(self.root or ""), product, kept, content, 0)

    def _sha(self, path: str) -> str:
        """Return the hash of a picture's bytes, empty where they cannot be had."""
        if self.root is None:
            reason = "no_folder"
        else:
            try:
                return hashlib.sha256(picture_bytes(self.root, path)).hexdigest()
            except PictureUnavailable as error:
                reason = error.reason
        self.unread[reason] = self.unread.get(reason, 0) + 1
        return ""

    def fill(self, entries: Sequence[Entry]) -> dict[str, dict[str, Any]]:
        """Return the reserved object of each product, by its document's id.

        Raises:
            StackError: The spool lost what was just put into it.
        """
        # The stages ask of their bench for these alone: space, spool, decoder, ledger, options.
        bench, schema = cast("Bench", self), cast("Schema", _Reserved(self.columns))
        embed_texts(bench, list(entries))
        embed_pictures(bench, list(entries))
        made, lacking = documents(bench, self.opened, schema, entries)
        self.ledger.found.clear()
        if lacking:
            raise StackError("The vectors' spool was emptied meanwhile.", "Start again.")
        return {write.id: dict(write.document) for write in made}

    def close(self) -> None:
        """End the decoding process."""
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None


@dataclass(frozen=True, slots=True)
class _Reserved:
    """The reserved columns where the stages expect a whole document's."""

    columns: AttachedColumns

    def document(
        self, product: Product, vectors: ProductVectors, *, order: int, content_hash: str
    ) -> Mapping[str, Any]:
        """Return the reserved object of a product."""
        return self.columns.fill(vectors, content_hash)

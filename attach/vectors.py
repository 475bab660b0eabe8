"""The vectors of a shop's documents, made by the same stages as those of a feed of our own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from attach.pictures import ShopPictures
from encoders.cache import VectorSpool
from encoders.space import Space
from ingest.ledger.changes import Entry, Refusal, content_hash
from ingest.options import TaskLimits, WorkerOptions
from ingest.stages.documents import documents
from ingest.stages.embedding import embed_pictures, embed_texts
from mappings.attached_columns import AttachedColumns
from mappings.connection import Connection
from mappings.errors import StackError
from mappings.product import Product
from mappings.vectors import ProductVectors

if TYPE_CHECKING:
    from encoders.pictures import PictureDecoder
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

    def add_timing(self, run: int, what: str, seconds: float, items: int) -> None:
        """Forget a time: nobody asks for it here."""


@dataclass(slots=True)
class Embedder:
    """Makes the reserved object of each product: from the spool where it can, else by the models.

    Args:
        opened: The models.
        spool: Where vectors are kept by content, so that nothing is embedded twice.
        columns: The reserved columns.
        pictures: The shop's picture files.
        decoder_source: Opens the capped child process that decodes pictures.
    """

    opened: Space
    spool: VectorSpool
    columns: AttachedColumns
    pictures: ShopPictures
    decoder_source: Callable[[], "PictureDecoder"]
    ledger: Refusals = field(default_factory=Refusals)
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

    def entries(self, products: Mapping[str, Product]) -> list[Entry]:
        """Return products as the stages read them, with the hash of all that is made from each.

        Args:
            products: By document's id; of the page that the pictures were told of.

        Raises:
            InputError: A picture cannot be read, and whether it has a vector is not known.
        """
        return [self._entry(i, product) for i, product in products.items()]

    def _entry(self, document_id: str, product: Product) -> Entry:
        readable = self.opened.image is not None
        read = self.pictures.accept if readable else self.pictures.leave_out
        kept = read(document_id, product.pictures)
        content = content_hash(product, kept, self.opened.identity)
        root = str(self.pictures.root or "")
        return Entry(document_id, 0, 0, root, product, kept, content, 0)

    def fill(self, entries: Sequence[Entry]) -> dict[str, dict[str, Any]]:
        """Return the reserved object of each product, by its document's id.

        Raises:
            InputError: A picture that was to keep its vector has lost it.
            StackError: The spool lost what was just put into it.
        """
        schema = cast("Schema", _Reserved(self.columns))
        embed_texts(self, list(entries))
        embed_pictures(self, list(entries))
        made, lacking = documents(self, self.opened, schema, entries)
        refusals = tuple(self.ledger.found)
        self.ledger.found.clear()
        if lacking:
            raise StackError("The vectors' spool was emptied meanwhile.", "Start again.")
        self.pictures.settle(refusals)
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
